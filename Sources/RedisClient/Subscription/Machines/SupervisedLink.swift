import NIOCore

/// Number of a link, counted from the start of the subscription; never used twice.
typealias LinkID = Int

/// What the supervisor knows of one link.
struct SupervisedLink {
    enum Stage: Equatable {
        /// Connecting, TLS, handshake.
        case connecting
        /// `SUBSCRIBE` is sent, confirmations are missing.
        case confirming
        /// The server has confirmed every target.
        case confirmed(at: NIODeadline)
    }

    /// The first probe that came back.
    struct Proof {
        let number: UInt64
        let roundTrip: TimeAmount
    }

    let id: LinkID
    let openedAt: NIODeadline
    var stage = Stage.connecting
    /// When the current stage must be over; nil once confirmed.
    var deadline: NIODeadline?
    var liveness: LinkLiveness
    var horizon: ReadHorizon
    var confirmations: TargetConfirmations
    var probes: ProbeLedger
    /// Whether something that was published came back on it.
    var isProven = false
    /// The probe that proved it, while the server's answer to that one is awaited.
    var unansweredProof: Proof?
    /// Whether the server let it wait for its confirmation.
    var waitedForServer = false

    init(id: LinkID, targets: [SubscriptionTarget], settings: SubscriptionSettings, at now: NIODeadline) {
        self.id = id
        self.openedAt = now
        self.deadline = now + TimeAmount(settings.connectDeadline)
        self.liveness = LinkLiveness(settings: settings, at: now)
        self.horizon = ReadHorizon(at: now)
        self.confirmations = TargetConfirmations(targets: targets)
        self.probes = ProbeLedger(settings: settings)
    }

    /// When the server confirmed every target; nil before.
    var confirmedAt: NIODeadline? {
        switch self.stage {
        case .connecting, .confirming: nil
        case .confirmed(let at): at
        }
    }

    /// The last time at which it is certain that messages arrived on it.
    var lastProofAt: NIODeadline { self.probes.provenAt ?? self.confirmedAt ?? self.openedAt }
}

/// What a link does with the messages that arrive on it.
enum FeedMode: Equatable {
    /// Hands them to the sink.
    case deliver
    /// Keeps them until it is known from where on they count.
    case keep
    /// Drops them: another link delivers the same.
    case skip
}
