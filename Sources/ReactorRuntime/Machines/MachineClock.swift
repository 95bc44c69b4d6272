package import Events

/// The time that machines live by: it goes on evenly, whatever becomes of the wall clock.
///
/// It begins at the time of the wall clock and counts what the monotonic clock counts from there. A wall clock that is set
/// forward by an hour would call every run stale, and one that is set back would call none; a difference of more than
/// that stays one until the next start, in what is published too.
package struct MachineClock: Sendable {
    private let clock: PipelineClock
    private let start: Timestamp
    private let startNanoseconds: UInt64

    package init(_ clock: PipelineClock) {
        self.clock = clock
        self.start = clock.wall()
        self.startNanoseconds = clock.monotonic()
    }

    package var now: Timestamp { self.time(atNanoseconds: self.clock.monotonic()) }

    /// The time at a reading of the monotonic clock.
    package func time(atNanoseconds reading: UInt64) -> Timestamp {
        let elapsed = Int64(truncatingIfNeeded: reading &- self.startNanoseconds) / 1000
        return Timestamp(microseconds: self.start.microseconds &+ elapsed)
    }

    /// The time at which the wall clock showed a reading a short while ago; not later than now.
    package func time(atWall reading: Timestamp) -> Timestamp {
        let now = self.now
        let age = max(0, self.clock.wall().microseconds &- reading.microseconds)
        return Timestamp(microseconds: now.microseconds &- age)
    }
}
