import Events
import ReactorRuntime
import Synchronization

/// The clocks of a pipeline, turned by hand.
final class TestClock: Sendable {
    private struct State {
        var wall = Timestamp(seconds: 1_795_221_600)
        var monotonic: UInt64 = 1_000_000_000
        /// What each look at the monotonic clock adds, in nanoseconds: work that takes time.
        var step: UInt64 = 0
    }

    private let state = Mutex(State())

    var clock: PipelineClock {
        PipelineClock(
            wall: { self.state.withLock { $0.wall } },
            monotonic: {
                self.state.withLock { state in
                    state.monotonic += state.step
                    return state.monotonic
                }
            }
        )
    }

    var now: Timestamp { self.state.withLock { $0.wall } }

    func advance(by duration: Duration) {
        let microseconds = duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
        self.state.withLock { state in
            state.wall = Timestamp(microseconds: state.wall.microseconds + microseconds)
            state.monotonic += UInt64(microseconds) * 1000
        }
    }

    /// Somebody sets the wall clock.
    func setWall(by step: Duration) {
        self.state.withLock { $0.wall = $0.wall + step }
    }

    /// From now on each look at the monotonic clock adds so much.
    func setStep(nanoseconds: UInt64) { self.state.withLock { $0.step = nanoseconds } }
}
