package import Events
package import ReactorRuntime
import Synchronization

/// A clock that stands until somebody turns it.
package final class VirtualClock: Sendable {
    private let microseconds: Mutex<Int64>

    package init(at start: Timestamp) {
        self.microseconds = Mutex(start.microseconds)
    }

    package var now: Timestamp { Timestamp(microseconds: self.microseconds.withLock(\.self)) }

    /// Turns it forward; never back.
    package func turn(to time: Timestamp) {
        self.microseconds.withLock { $0 = max($0, time.microseconds) }
    }

    /// Both clocks of a pipeline.
    package var clocks: PipelineClock {
        PipelineClock(wall: { self.now }, monotonic: { UInt64(max(0, self.now.microseconds)) &* 1000 })
    }
}
