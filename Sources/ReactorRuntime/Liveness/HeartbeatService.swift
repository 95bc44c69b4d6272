package import Events
package import Logging
import NIOCore
package import Reactions
package import RedisClient
import Synchronization

/// Publishes the heartbeat, judges by four separate signs whether this reactor is well, and watches its peers.
package final class HeartbeatService: Sendable {
    /// What a heartbeat says about the reactor: the original's four numbers.
    package struct Report: Sendable {
        package var eventsReceived: UInt64
        package var eventsHandled: UInt64
        package var uptime: Duration
        package var handlersRegistered: Int

        /// Of a reactor that is gone.
        static let none = Report(eventsReceived: 0, eventsHandled: 0, uptime: .zero, handlersRegistered: 0)
    }

    package struct Counts: Sendable {
        package var sent: UInt64 = 0
        package var missed: UInt64 = 0
        package var missedInARow = 0
        package var unhealthy: HeartbeatJudge.Cause?
        package var episodes: [HeartbeatJudge.Cause: UInt64] = [:]
        package var peers: [String] = []
        package var peersLost: UInt64 = 0
        package var loopDelay: Duration = .zero
        package var lastPulse: Timestamp?
    }

    private struct State {
        var judge: HeartbeatJudge
        var peers: PeerWatch
        var counts = Counts()
        var rounds: UInt64 = 0
        var lastBufferLook: Timestamp?
    }

    private let settings: ReactorSettings
    private let engine: IntakeEngine
    private let commands: RedisCommandClient
    private let link: LinkMonitor
    private let publisher: EventPublisher
    private let alerts: SelfAlerts
    private let clock: PipelineClock
    /// The name of the subscription's connection at Redis.
    private let subscriberName: String
    private let ready: Gate
    private let report: @Sendable () async -> Report
    private let logger: Logger
    private let state: Mutex<State>

    package init(
        settings: ReactorSettings,
        engine: IntakeEngine,
        commands: RedisCommandClient,
        link: LinkMonitor,
        publisher: EventPublisher,
        alerts: SelfAlerts,
        subscriberName: String,
        ready: Gate,
        clock: PipelineClock,
        logger: Logger,
        report: @escaping @Sendable () async -> Report
    ) {
        self.settings = settings
        self.engine = engine
        self.commands = commands
        self.link = link
        self.publisher = publisher
        self.alerts = alerts
        self.clock = clock
        self.subscriberName = subscriberName
        self.ready = ready
        self.report = report
        self.logger = logger
        self.state = Mutex(
            State(
                judge: HeartbeatJudge(
                    interval: settings.heartbeatInterval,
                    missThreshold: settings.heartbeatMissThreshold
                ),
                peers: PeerWatch(instance: settings.instance, interval: settings.heartbeatInterval)
            )
        )
    }

    package var counts: Counts {
        self.state.withLock { state in
            var counts = state.counts
            counts.peers = state.peers.peers
            return counts
        }
    }

    /// Beats, looks and judges until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.beat() }
            group.addTask { await self.feelThePulse() }
            group.addTask { await self.judge() }
        }
    }

    // MARK: Beating

    /// The first beat follows the proof of the subscription at once, so that peers know of this reactor early.
    private func beat() async {
        await self.ready.wait()
        while !Task.isCancelled {
            await self.sendHeartbeat()
            try? await Task.sleep(for: self.settings.heartbeatInterval)
        }
    }

    private func sendHeartbeat() async {
        let nonce = String(UInt64.random(in: 1 ... .max), radix: 16)
        let report = await self.report()
        self.tell(.sent(nonce: nonce))
        self.state.withLock { $0.counts.sent += 1 }
        let payload: JSONValue = [
            "events_received": .number("\(report.eventsReceived)"),
            "events_handled": .number("\(report.eventsHandled)"),
            "uptime_seconds": .number(report.uptime.inSeconds),
            "handlers_registered": .number(report.handlersRegistered),
            "instance": .string(self.settings.instance),
            "nonce": .string(nonce),
            "interval_seconds": .number(self.settings.heartbeatInterval.inSeconds),
        ]
        self.publishAboutSelf(InternalEvent.heartbeatType.string, payload)
    }

    /// Tells the peers that this reactor goes on purpose.
    package func sayFarewell() async {
        self.publishAboutSelf(
            InternalEvent.stoppingType.string,
            ["instance": .string(self.settings.instance), "reason": "stopped"]
        )
    }

    private func publishAboutSelf(_ type: String, _ payload: JSONValue) {
        self.publisher.submit(
            OutgoingEvent(handler: SystemAlerts.handler, eventType: type, payload: payload, hops: 0)
        )
    }

    // MARK: Looking

    /// Makes the event loop turn, twice a second, and notes how long that took: a loop that stands still does not answer.
    private func feelThePulse() async {
        while !Task.isCancelled {
            let asked = self.clock.monotonic()
            await self.engine.tick()
            let delay = Duration.nanoseconds(Int64(self.clock.monotonic() &- asked))
            let now = self.clock.wall()
            self.state.withLock { state in
                state.rounds += 1
                state.counts.loopDelay = max(state.counts.loopDelay, delay)
                state.counts.lastPulse = now
            }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    /// The longest time that the loop took to answer since this was asked last.
    package func takeLoopDelay() -> Duration {
        self.state.withLock { state in
            defer { state.counts.loopDelay = .zero }
            return state.counts.loopDelay
        }
    }

    /// Takes note of a reactor that made itself known on the channel; called on the event loop.
    package func sighted(_ sighting: PeerSighting) {
        guard sighting.instance != self.settings.instance else {
            if case .heartbeat(let nonce, _) = sighting.kind { self.tell(.cameBack(nonce: nonce)) }
            return
        }
        switch sighting.kind {
        case .heartbeat(_, let interval): self.watch(.beat(instance: sighting.instance, interval: interval))
        case .stopping: self.watch(.stopping(instance: sighting.instance))
        case .peerLost(let lost): self.watch(.toldByPeer(lost: lost))
        }
    }

    /// The own subscription was interrupted until now.
    package func wasBlind() { self.watch(.wasBlind) }

    // MARK: Judging

    private func judge() async {
        let pause = min(.seconds(1), self.settings.heartbeatInterval / 4)
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            await self.lookAtBuffer()
            let isUp = self.commands.isConnected && self.link.facts.isSubscribed
            let rounds = self.state.withLock { $0.rounds }
            self.tell(.connection(isUp: isUp))
            self.tell(.loopProgress(rounds: rounds))
            self.tell(.tick)
            self.watch(.tick)
        }
    }

    /// What Redis holds for our subscription, asked once in a while: it cuts off who lets too much pile up.
    private func lookAtBuffer() async {
        guard self.commands.isConnected, self.isBufferLookDue() else { return }
        do throws(RedisError) {
            let backlog = try await self.commands.subscriberBacklog(id: nil, name: self.subscriberName)
            self.tell(.outputBuffer(bytes: Int(backlog ?? 0), limit: 0))
        } catch {
            // Not allowed, or the connection is down: then this sign says nothing, the other three do.
            self.logger.debug("output buffer cannot be asked for", metadata: ["reason": "\(error.metricLabel)"])
        }
    }

    private func isBufferLookDue() -> Bool {
        let now = self.clock.wall()
        let pause = min(.seconds(5), self.settings.heartbeatInterval / 2)
        return self.state.withLock { state in
            if let last = state.lastBufferLook, now - last < pause, now >= last { return false }
            state.lastBufferLook = now
            return true
        }
    }

    private func tell(_ input: HeartbeatJudge.Input) {
        let now = self.clock.wall()
        let actions = self.state.withLock { $0.judge.handle(input, at: now) }
        for action in actions { self.perform(action, now) }
    }

    private func perform(_ action: HeartbeatJudge.Action, _ now: Timestamp) {
        switch action {
        case .missed(let inARow, let cause):
            self.state.withLock { state in
                state.counts.missed += 1
                state.counts.missedInARow = inARow
            }
            self.logger.warning(
                "own heartbeat missed",
                metadata: ["in_a_row": "\(inARow)", "cause": "\(cause.rawValue)"]
            )
        case .becameUnhealthy(let cause, let misses, let since):
            self.state.withLock { state in
                state.counts.unhealthy = cause
                state.counts.episodes[cause, default: 0] += 1
            }
            self.alerts.unhealthy(cause: cause, misses: misses, since: since)
        case .recovered(let cause, let after):
            self.state.withLock { state in
                state.counts.unhealthy = nil
                state.counts.missedInARow = 0
            }
            self.alerts.recovered(cause: cause, after: after)
        }
    }

    private func watch(_ input: PeerWatch.Input) {
        let now = self.clock.wall()
        let actions = self.state.withLock { $0.peers.handle(input, at: now) }
        for action in actions {
            switch action {
            case .lost(let instance, let silence):
                self.state.withLock { $0.counts.peersLost += 1 }
                self.alerts.peerLost(instance, silence: silence)
                self.publishAboutSelf(
                    InternalEvent.peerLostType.string,
                    [
                        "instance": .string(self.settings.instance), "lost": .string(instance),
                        "silence_seconds": .number(silence.inSeconds),
                    ]
                )
            case .returned(let instance):
                self.logger.notice("peer is back", metadata: ["peer": "\(instance)"])
            }
        }
    }
}
