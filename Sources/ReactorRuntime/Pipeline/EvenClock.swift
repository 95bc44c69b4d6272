package import Events
package import NIOCore
import Synchronization

/// The time that machines and deliveries live by: it goes on evenly, whatever becomes of the wall clock.
///
/// It begins at the time of the wall clock, or of a store that is shared, and counts what the monotonic clock counts from
/// there. A wall clock that is set forward by an hour would call every run stale, and one that is set back would call
/// none, and hold a message back until the hour is over; a difference that comes about later stays one until the next start,
/// in what is published too.
package final class EvenClock: Sendable {
    private struct Start {
        var time: Timestamp
        var nanoseconds: UInt64
    }

    /// By how much the wall clock is ahead of the monotonic one, in microseconds.
    private struct Lead {
        var now: Int64
        /// Before the wall clock was set the last time, and when that was seen, by the monotonic clock.
        var before: Int64
        var setAt: Int64?
    }

    /// Less is the going of the clocks, and not somebody who sets one.
    private static let smallestStep: Int64 = 1_000_000
    /// What was read before the wall clock was set is handled within this time after it.
    private static let longestMemory: Int64 = 60_000_000

    private let clock: PipelineClock
    private let start: Mutex<Start>
    private let lead: Mutex<Lead>

    package init(_ clock: PipelineClock) {
        self.clock = clock
        let (wall, monotonic) = (clock.wall(), clock.monotonic())
        self.start = Mutex(Start(time: wall, nanoseconds: monotonic))
        let lead = wall.microseconds &- Int64(truncatingIfNeeded: monotonic / 1000)
        self.lead = Mutex(Lead(now: lead, before: lead))
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

    /// What the monotonic clock shows at a time; its beginning for what was before that.
    package func deadline(at time: Timestamp) -> NIODeadline {
        let start = self.start.withLock { $0 }
        let (since, isFarBack) = time.microseconds.subtractingReportingOverflow(start.time.microseconds)
        let (nanoseconds, isFarOff) = since.multipliedReportingOverflow(by: 1000)
        guard !isFarBack, !isFarOff else { return .uptimeNanoseconds(0) }
        let (reading, isBefore) = Int64(truncatingIfNeeded: start.nanoseconds).addingReportingOverflow(nanoseconds)
        return .uptimeNanoseconds(isBefore ? 0 : UInt64(max(0, reading)))
    }

    /// The time at which the wall clock showed a reading a short while ago; not later than now. One that was read before
    /// the wall clock was set is as old as it is, and not older by what it was set by.
    package func time(atWall reading: Timestamp) -> Timestamp {
        let monotonic = Int64(truncatingIfNeeded: self.clock.monotonic() / 1000)
        let now = self.now
        let lead = self.look(self.clock.wall().microseconds &- monotonic, at: monotonic)
        let ages = [lead.now, lead.before].map { monotonic &- (reading.microseconds &- $0) }
        return Timestamp(microseconds: now.microseconds &- (ages.filter { $0 >= 0 }.min() ?? 0))
    }

    private func look(_ current: Int64, at monotonic: Int64) -> Lead {
        self.lead.withLock { lead in
            if abs(current &- lead.now) >= Self.smallestStep {
                lead.before = lead.now
                lead.setAt = monotonic
            } else if lead.setAt.map({ monotonic &- $0 > Self.longestMemory }) ?? true {
                lead.before = current
                lead.setAt = nil
            }
            lead.now = current
            return lead
        }
    }
}
