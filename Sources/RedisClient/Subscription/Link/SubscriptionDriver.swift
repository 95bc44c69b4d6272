import DequeModule
import Logging
import NIOCore

/// What a subscription needs done off its event loop.
enum SubscriptionWork: Sendable, Equatable {
    case connect(LinkID)
    case publishProbe(UInt64)
    case publishMarker(UInt64)
}

/// The shell around `SubscriptionSupervisor`: feeds it what happens and performs what it decides. Lives on one event
/// loop and is never touched from elsewhere.
final class SubscriptionDriver: SubscriptionLinkOwner {
    let sink: any SubscriptionSink
    var tally = DeliveryTally()
    var debt = DeliveryTally()
    /// How much had been delivered when a link subscribed: from then on another link delivers the same.
    private var tallyAtSubscribe: [LinkID: DeliveryTally] = [:]
    private var supervisor: SubscriptionSupervisor
    private let endpoint: RedisEndpoint
    private let clientName: String
    private let settings: SubscriptionSettings
    private let targets: [SubscriptionTarget]
    private let privateChannel: PrivateChannel
    private let eventLoop: any EventLoop
    private let work: AsyncStream<SubscriptionWork>.Continuation
    private let finished: EventLoopPromise<Void>
    private let logger: Logger
    private var links: [LinkID: SubscriptionLink] = [:]
    /// The link of the same name of the supervisor.
    private var linkAtEase: SubscriptionLink?
    /// Links that are wanted but have no channel yet.
    private var awaited: [LinkID: FeedMode] = [:]
    /// What happened while an earlier happening was still being acted on.
    private var inputs: Deque<SubscriptionSupervisor.Input> = []
    private var isActing = false
    private var timer: Scheduled<Void>?

    init(
        configuration: RedisSubscription.Configuration,
        privateChannel: PrivateChannel,
        sink: any SubscriptionSink,
        work: AsyncStream<SubscriptionWork>.Continuation,
        finished: EventLoopPromise<Void>
    ) {
        self.sink = sink
        self.endpoint = configuration.endpoint
        self.clientName = configuration.clientName
        self.settings = configuration.settings
        self.targets = configuration.targets
        self.privateChannel = privateChannel
        self.eventLoop = configuration.eventLoop
        self.logger = configuration.logger
        self.work = work
        self.finished = finished
        self.supervisor = SubscriptionSupervisor(
            settings: configuration.settings,
            targets: configuration.targets,
            seed: UInt64.random(in: 0...UInt64.max)
        )
    }

    /// Completed when everything is over.
    var end: EventLoopFuture<Void> { self.finished.futureResult }

    // MARK: What happens

    /// Takes in what happened, acts on it, and then on what happened through that.
    func handle(_ input: SubscriptionSupervisor.Input) {
        self.inputs.append(input)
        guard !self.isActing else { return }
        self.isActing = true
        while let next = self.inputs.popFirst() {
            for action in self.supervisor.handle(next, at: self.eventLoop.now) { self.perform(action) }
        }
        self.isActing = false
        self.linkAtEase = self.supervisor.linkAtEase.flatMap { self.links[$0] }
        self.armTimer()
    }

    func link(_ link: SubscriptionLink, did input: SubscriptionSupervisor.Input) {
        guard self.links[link.id] === link else { return }
        self.handle(input)
    }

    func isAtEase(_ link: SubscriptionLink) -> Bool { self.linkAtEase === link }

    func link(_ link: SubscriptionLink, readAtEase drained: Bool) {
        guard self.linkAtEase === link else { return self.link(link, did: .received(link.id, drained: drained)) }
        self.supervisor.receivedAtEase(drained: drained, at: self.eventLoop.now)
    }

    func link(_ link: SubscriptionLink, skipped message: OversizeMessage) {
        self.report(.oversize(message))
    }

    /// As `RedisSubscription.heard(since:)`.
    func heard(since: NIODeadline) -> NIODeadline? {
        if self.supervisor.heardUntil < since { self.handle(.doubted(since: since)) }
        let until = self.supervisor.heardUntil
        return until < since ? nil : until
    }

    private func armTimer() {
        guard let deadline = self.supervisor.armTimer() else { return }
        self.timer?.cancel()
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            self.handle(.tick)
        }
    }

    // MARK: Channels

    /// The handler for a channel that may become the link's.
    func makeLink(_ id: LinkID) -> SubscriptionLink {
        SubscriptionLink(
            id: id,
            mode: self.awaited[id] ?? .skip,
            settings: self.settings,
            privateChannel: self.privateChannel,
            owner: self
        )
    }

    /// The link has its channel.
    func connected(_ id: LinkID, _ channel: any Channel) throws {
        guard let mode = self.awaited.removeValue(forKey: id) else { return channel.close(promise: nil) }
        let link = try channel.pipeline.syncOperations.handler(type: SubscriptionLink.self)
        try channel.syncOptions?.setOption(.maxMessagesPerRead, value: SubscriptionLink.readsPerTurn)
        self.links[id] = link
        guard channel.isActive else { return self.handle(.ended(id, .closed(midFrame: false, announced: nil))) }
        link.start(mode, RedisHandshake(endpoint: self.endpoint, clientName: self.clientName))
    }

    /// No channel could be made for the link.
    func connectFailed(_ id: LinkID, _ end: LinkEnd) {
        guard self.awaited.removeValue(forKey: id) != nil else { return }
        self.handle(.ended(id, end))
    }

    // MARK: What is to be done

    private func perform(_ action: SubscriptionSupervisor.Action) {
        switch action {
        case .open(let id, let mode):
            self.awaited[id] = mode
            self.work.yield(.connect(id))
        case .subscribe(let id):
            self.tallyAtSubscribe[id] = self.tally
            self.links[id]?.send(self.commands("SUBSCRIBE", "PSUBSCRIBE"))
        case .unsubscribe(let id): self.links[id]?.send(self.commands("UNSUBSCRIBE", "PUNSUBSCRIBE"))
        case .ping(let id, let number): self.links[id]?.send([RedisCommand("PING", "\(number)")])
        case .close(let id):
            self.awaited[id] = nil
            self.tallyAtSubscribe[id] = nil
            self.links.removeValue(forKey: id)?.close()
        case .skip(let id): self.links[id]?.skip()
        case .deliver(let id): self.links[id]?.deliver()
        case .markKept(let id): self.links[id]?.markKept()
        case .release(let id, let fromMark):
            if self.awaited[id] != nil { self.awaited[id] = .deliver }
            // From the first message on: the old link may have delivered some of it before it died.
            if !fromMark, let then = self.tallyAtSubscribe[id] { self.debt = self.tally.since(then) }
            self.links[id]?.release(fromMark: fromMark)
        case .publishProbe(let number): self.work.yield(.publishProbe(number))
        case .publishMarker(let number): self.work.yield(.publishMarker(number))
        case .report(let event): self.report(event)
        case .finished: self.finish()
        }
    }

    /// One command for the channels, the private one among them, and one for the patterns.
    private func commands(_ forChannels: String, _ forPatterns: String) -> [RedisCommand] {
        let channels = self.targets.filter { !$0.isPattern }.map { Array($0.description.utf8) }
        let patterns = self.targets.filter(\.isPattern).map { Array($0.description.utf8) }
        let first = RedisCommand([Array(forChannels.utf8)] + channels + [self.privateChannel.name])
        guard !patterns.isEmpty else { return [first] }
        return [first, RedisCommand([Array(forPatterns.utf8)] + patterns)]
    }

    private func finish() {
        self.timer?.cancel()
        self.timer = nil
        self.work.finish()
        self.finished.succeed()
    }

    private func report(_ event: SubscriptionEvent) {
        self.log(event)
        self.sink.handle(event)
    }

    private func log(_ event: SubscriptionEvent) {
        switch event {
        case .subscribed, .stopped, .probe, .recovered, .oversize:
            self.logger.debug("Redis subscription", metadata: ["redis.event": "\(event.label)"])
        case .ready, .replaced:
            self.logger.info("Redis subscription", metadata: ["redis.event": "\(event.label)"])
        case .suspect(let cause, _):
            self.logger.warning("Redis subscription is suspect", metadata: ["redis.reason": "\(cause.rawValue)"])
        case .lost(let end), .attemptFailed(let end):
            let level: Logger.Level = if case .lost = event { .warning } else { .debug }
            self.logger.log(
                level: level,
                "Redis subscription has no connection",
                metadata: ["redis.event": "\(event.label)", "redis.reason": "\(end)"]
            )
        case .blindWindow(let window):
            self.logger.warning(
                "Redis subscription was blind",
                metadata: [
                    "redis.reason": "\(window.cause.rawValue)", "redis.blind_for": "\(window.length)",
                    "redis.missed": "\(window.missed)",
                ]
            )
        case .probeFailed(let error):
            self.logger.warning("Redis probe could not be published", metadata: ["redis.reason": "\(error)"])
        case .probeOverdue(let age), .ownStall(let age):
            let metadata: Logger.Metadata = ["redis.event": "\(event.label)", "redis.duration": "\(age)"]
            self.logger.warning("Redis subscription is late", metadata: metadata)
        }
    }
}
