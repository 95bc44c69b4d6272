package import Events
import Glibc
// `timespec` stands in a header that two modules of the toolchain include. Which of them the compiler takes it to come from
// depends on what else it compiles in one go; MemberImportVisibility wants that one.
import SwiftOverlayShims

/// The clocks of the pipeline, passed in so that tests turn them by hand.
package struct PipelineClock: Sendable {
    /// Wall-clock time: for what is stored and published.
    package var wall: @Sendable () -> Timestamp
    /// Nanoseconds that only grow: for durations and budgets.
    package var monotonic: @Sendable () -> UInt64

    package init(wall: @escaping @Sendable () -> Timestamp, monotonic: @escaping @Sendable () -> UInt64) {
        self.wall = wall
        self.monotonic = monotonic
    }

    /// The system's clocks.
    package static let system = PipelineClock(
        wall: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
        },
        monotonic: {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        }
    )
}
