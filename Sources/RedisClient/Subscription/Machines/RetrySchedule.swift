import NIOCore
import SeededRandom

/// When to try to connect again: at once with a little jitter after a link that had proven itself, then ever later; often
/// while the attempts are refused at once.
struct RetrySchedule {
    private var pauses: RetryPauses
    private var random: SplitMix64

    /// - Parameter seed: start of the jitter's random sequence.
    init(settings: SubscriptionSettings, seed: UInt64) {
        self.pauses = RetryPauses(settings: settings.backoff, ceiling: settings.refusedRetryCeiling)
        self.random = SplitMix64(seed: seed)
    }

    /// A link has proven itself; the next loss is a new one.
    mutating func succeeded() { self.pauses.reset() }

    /// The pause before the next attempt, after a link ended this way.
    mutating func nextPause(after end: LinkEnd) -> TimeAmount {
        let pause = self.pauses.next(
            isCheap: end.isCheapToRetry,
            needsOperator: end.needsOperator,
            using: &self.random
        )
        return TimeAmount(pause)
    }
}

extension LinkEnd {
    /// Whether another attempt soon costs nobody anything: the address has no listener, or the server is about to be
    /// ready.
    fileprivate var isCheapToRetry: Bool {
        switch self {
        case .connectionRefused: true
        case .refused(let error): error.code == .loading
        case .closed, .broken, .silent, .deaf, .connectFailed, .protocolViolation: false
        }
    }

    /// Whether only a person can change what keeps us out.
    fileprivate var needsOperator: Bool {
        switch self {
        case .refused(let error), .connectFailed(let error): error.needsOperator
        case .closed, .broken, .silent, .deaf, .connectionRefused, .protocolViolation: false
        }
    }
}
