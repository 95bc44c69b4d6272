import CScheduling
import Glibc

/// How long the kernel lets the calling thread run before it looks at whom else to run.
///
/// A thread that asks for little at a time gets its turn sooner: from Linux 6.12 on one that wakes with a shorter slice
/// need not wait for the end of the slice of the one that runs, about 3 ms. The thread that reads the events works for
/// some microseconds at a time, and wakes on a machine on which Redis and its publishers have work too. It gets no larger
/// share of the processor by that. Older kernels take the wish and ignore it.
enum TimeSlice {
    /// The shortest slice that the kernel grants, in nanoseconds: sched(7).
    static let shortest: UInt64 = 100_000

    /// Asks for the shortest slice for the calling thread, with all else as it is.
    ///
    /// - Returns: Whether the kernel took the wish. False, too, when the thread was given a policy other than the usual
    ///   one from outside, which is then left alone.
    static func shorten() -> Bool {
        var attributes = scheduling_attributes()
        guard scheduling_read(&attributes) == 0, attributes.policy == UInt32(SCHED_OTHER) else { return false }
        attributes.runtime = Self.shortest
        return scheduling_write(&attributes) == 0
    }
}

/// How exactly timers wake the calling thread.
enum TimerSlack {
    /// Lets none of them wait for another, as the kernel would for up to 50 microseconds: as long as reading rests.
    ///
    /// - Returns: Whether the kernel took the wish.
    static func forgo() -> Bool { timer_slack_write(1) == 0 }
}
