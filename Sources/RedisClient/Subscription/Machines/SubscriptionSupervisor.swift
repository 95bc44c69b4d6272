import NIOCore

/// Decides everything about a subscription: when to connect, when a link is trusted, suspect, replaced or given up, and
/// what is reported. Knows no socket and no clock; who owns it feeds in what happened and performs the actions.
///
/// There is at most one primary link, whose messages are delivered, and one successor, which is opened while the
/// primary is suspect and takes over from it as `Handover` says.
struct SubscriptionSupervisor {
    enum Input {
        case start
        case stop
        /// Stop without waiting for anything.
        case abandon
        /// Connected and past the handshake.
        case connected(LinkID)
        /// Bytes were read; `drained`: until the socket was empty.
        case received(LinkID, drained: Bool)
        case confirmed(LinkID, name: [UInt8], isPattern: Bool)
        case unconfirmed(LinkID, name: [UInt8], isPattern: Bool)
        case pong(LinkID, UInt64)
        case probe(LinkID, UInt64, DeliveryTally)
        case marker(LinkID, UInt64)
        /// A link that keeps its messages can keep no more and has stopped reading.
        case keptIsFull(LinkID)
        case ended(LinkID, LinkEnd)
        case published(UInt64, receivers: Int, reading: LossAssessment.Reading?)
        case publishFailed(UInt64, RedisError)
        /// Somebody needs to know that nothing from before a moment is still to come.
        case doubted(since: NIODeadline)
        /// The timer fired.
        case tick
    }

    enum Action: Equatable {
        case open(LinkID, FeedMode)
        case subscribe(LinkID)
        case unsubscribe(LinkID)
        case ping(LinkID, UInt64)
        case close(LinkID)
        /// From here on the link's messages are dropped, those that it kept included.
        case skip(LinkID)
        /// From here on the link's messages are delivered.
        case deliver(LinkID)
        /// Remember the place behind the messages that the link keeps.
        case markKept(LinkID)
        /// Hand over what the link kept, from the marked place or from the first message; then deliver.
        case release(LinkID, fromMark: Bool)
        case publishProbe(UInt64)
        case publishMarker(UInt64)
        case report(SubscriptionEvent)
        /// Everything is over.
        case finished
    }

    enum Phase: Equatable {
        case idle
        case running
        case stopping(deadline: NIODeadline)
    }

    /// Why the primary is suspect, and since when.
    struct Suspicion {
        let cause: SuspectCause
        let since: NIODeadline
    }

    /// The time without a confirmed link, while it lasts.
    struct Blindness {
        let start: NIODeadline
        var evidence: BlindEvidence
    }

    /// The old link has delivered the marker, and the primary's messages count from its own marker on.
    struct Skipping {
        let since: NIODeadline
        let marker: UInt64
        let suspicion: Suspicion
    }

    let settings: SubscriptionSettings
    let targets: [SubscriptionTarget]

    var phase = Phase.idle
    var primary: SupervisedLink?
    var successor: SupervisedLink?
    var handover: Handover?
    /// First marker of the current handover; later numbers are repetitions of it.
    var marker: UInt64?
    var markerDeadline: NIODeadline?
    var markerRetryAt: NIODeadline?
    var suspicion: Suspicion?
    var skipping: Skipping?
    var blindness: Blindness?
    var retry: RetrySchedule
    var retryAt: NIODeadline?
    var nextProbeAt: NIODeadline?
    var assessment: LossAssessment
    var lag: LagMeter
    private var links = 0
    private var numbers: UInt64 = 0
    var actions: [Action] = []

    /// - Parameters:
    ///   - targets: what to listen to; the private channel is added.
    ///   - seed: of the jitter.
    init(settings: SubscriptionSettings, targets: [SubscriptionTarget], seed: UInt64) {
        self.settings = settings
        self.targets = targets + [.channel(settings.privateChannel)]
        self.retry = RetrySchedule(settings: settings, seed: seed)
        self.assessment = LossAssessment(patterns: targets.count(where: \.isPattern))
        self.lag = LagMeter(settings: settings)
    }

    /// Takes in what happened.
    ///
    /// - Returns: what is to be done now, in this order.
    mutating func handle(_ input: Input, at now: NIODeadline) -> [Action] {
        self.apply(input, at: now)
        guard !self.actions.isEmpty else { return [] }
        defer { self.actions = [] }
        return self.actions
    }

    private mutating func apply(_ input: Input, at now: NIODeadline) {
        switch input {
        case .start: self.start(at: now)
        case .stop: self.stop(at: now)
        case .abandon: self.finish(at: now)
        case .connected(let id): self.connected(id, at: now)
        case .received(let id, let drained): self.received(id, drained: drained, at: now)
        case .confirmed(let id, let name, let isPattern): self.confirmed(id, name, isPattern, at: now)
        case .unconfirmed(let id, let name, let isPattern): self.unconfirmed(id, name, isPattern, at: now)
        case .pong(let id, let number): self.pong(id, number, at: now)
        case .probe(let id, let number, let tally): self.probeReturned(id, number, tally, at: now)
        case .marker(let id, let number): self.markerReturned(id, number, at: now)
        case .keptIsFull(let id): self.keptIsFull(id, at: now)
        case .ended(let id, let end): self.ended(id, end, at: now)
        case .published(let number, let receivers, let reading): self.published(number, receivers, reading)
        case .publishFailed(let number, let error): self.publishFailed(number, error, at: now)
        case .doubted(let since): self.doubted(since: since, at: now)
        case .tick: self.tick(at: now)
        }
    }

    // MARK: Start and stop

    private mutating func start(at now: NIODeadline) {
        guard case .idle = self.phase else { return }
        self.phase = .running
        self.openPrimary(at: now)
    }

    /// Stops taking messages: the server confirms the end of the subscription after the last message that it sent.
    private mutating func stop(at now: NIODeadline) {
        guard case .running = self.phase else { return }
        self.settleHandover()
        guard var link = self.primary, link.confirmedAt != nil, self.suspicion?.cause != .silent else {
            return self.finish(at: now)
        }
        link.confirmations = TargetConfirmations(targets: self.targets)
        self.primary = link
        self.phase = .stopping(deadline: now + TimeAmount(self.settings.stopPatience))
        self.actions.append(.unsubscribe(link.id))
    }

    /// Ends a replacement that is under way: keeps the old link if it delivers, takes the successor's messages if not.
    private mutating func settleHandover() {
        guard let successor = self.successor else { return }
        let oldDelivers = self.primary.map { !$0.liveness.isSuspect } ?? false
        if self.handover != nil, !oldDelivers || self.suspicion?.cause == .deaf {
            self.actions.append(.release(successor.id, fromMark: false))
        }
        self.actions.append(.close(successor.id))
        self.dropSuccessor()
    }

    private mutating func unconfirmed(_ id: LinkID, _ name: [UInt8], _ isPattern: Bool, at now: NIODeadline) {
        guard case .stopping = self.phase, self.primary?.id == id else { return }
        if self.primary?.confirmations.confirm(name, isPattern: isPattern) == true { self.finish(at: now) }
    }

    /// Closes everything, reports what is still open, and is ready for another start.
    mutating func finish(at now: NIODeadline) {
        if case .idle = self.phase { return }
        for link in [self.primary, self.successor].compactMap(\.self) { self.actions.append(.close(link.id)) }
        if let measured = self.assessment.giveUp(.notMeasured) { self.report(.blindWindow(measured)) }
        if let blindness = self.blindness {
            self.report(.blindWindow(blindness.evidence.window(from: blindness.start, to: now)))
        }
        let restarted = SubscriptionSupervisor(
            settings: self.settings,
            targets: Array(self.targets.dropLast()),
            seed: self.numbers
        )
        let (links, numbers, actions) = (self.links, self.numbers, self.actions)
        self = restarted
        // Numbers go on, so that nothing late from before is taken for something new.
        self.links = links
        self.numbers = numbers
        self.actions = actions + [.report(.stopped), .finished]
    }

    // MARK: Numbers and reports

    mutating func nextNumber() -> UInt64 {
        self.numbers += 1
        return self.numbers
    }

    /// The number that `nextNumber()` will return.
    var upcomingNumber: UInt64 { self.numbers + 1 }

    mutating func nextLink(at now: NIODeadline) -> SupervisedLink {
        self.links += 1
        return SupervisedLink(id: self.links, targets: self.targets, settings: self.settings, at: now)
    }

    mutating func report(_ event: SubscriptionEvent) {
        self.actions.append(.report(event))
    }
}
