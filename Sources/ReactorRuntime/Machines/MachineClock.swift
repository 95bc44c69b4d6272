package import Events
import Synchronization

/// The time that machines live by: it goes on evenly, whatever becomes of the wall clock.
///
/// It begins at the time of the wall clock, or of a store that is shared, and counts what the monotonic clock counts from
/// there. A wall clock that is set forward by an hour would call every run stale, and one that is set back would call
/// none; a difference that comes about later stays one until the next start, in what is published too.
package final class MachineClock: Sendable {
    private struct Start {
        var time: Timestamp
        var nanoseconds: UInt64
    }

    private let clock: PipelineClock
    private let start: Mutex<Start>

    package init(_ clock: PipelineClock) {
        self.clock = clock
        self.start = Mutex(Start(time: clock.wall(), nanoseconds: clock.monotonic()))
    }

    /// Goes by another clock, which shows this time now.
    package func set(_ now: Timestamp) {
        let start = Start(time: now, nanoseconds: self.clock.monotonic())
        self.start.withLock { $0 = start }
    }

    package var now: Timestamp { self.time(atNanoseconds: self.clock.monotonic()) }

    /// The time at a reading of the monotonic clock.
    package func time(atNanoseconds reading: UInt64) -> Timestamp {
        let start = self.start.withLock { $0 }
        let elapsed = Int64(truncatingIfNeeded: reading &- start.nanoseconds) / 1000
        return Timestamp(microseconds: start.time.microseconds &+ elapsed)
    }

    /// The time at which the wall clock showed a reading a short while ago; not later than now.
    package func time(atWall reading: Timestamp) -> Timestamp {
        let now = self.now
        let age = max(0, self.clock.wall().microseconds &- reading.microseconds)
        return Timestamp(microseconds: now.microseconds &- age)
    }
}
