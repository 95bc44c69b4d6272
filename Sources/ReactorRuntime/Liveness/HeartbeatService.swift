import Events
package import Logging
import NIOCore
import Reactions
package import RedisClient
import Synchronization

/// Publishes the heartbeat, judges by four separate signs whether this reactor is well, and watches its peers.
package final class HeartbeatService: Sendable {
    /// What this reactor still does for its liveness while it stops.
    private enum Phase {
        case up
        /// Received events are being finished. The own subscription is closed, so that nothing can be judged by what
        /// arrives on it; the peers are told that this reactor lives.
        case draining
        /// The farewell is said; nothing may follow it.
        case gone
    }

    private struct State {
        var judge: HeartbeatJudge
        var peers: PeerWatch
        var counts = Counts()
        var phase = Phase.up
        var rounds: UInt64 = 0
        var lastBufferLook: Timestamp?
        /// The last numbers about the reactor: a heartbeat does not wait for a loop that stands still.
        var report = Report.none
        /// When the next heartbeat is due, by the monotonic clock.
        var nextBeatAt: UInt64 = 0
        /// The heartbeat that has not come back yet, and when it was sent.
        var awaited: (nonce: String, since: UInt64)?
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
    /// Open once there are numbers that a heartbeat can tell.
    private let hasReport = Gate()
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
            group.addTask { await self.watchOthers() }
        }
    }

    // MARK: Beating

    /// Sends a heartbeat each interval, and judges each one right before the next.
    ///
    /// The first follows the proof of the subscription at once, so that peers know of this reactor early. Until then none
    /// can be missed; what else is wrong is judged at the same pace. Nothing here waits for the event loop, which may stand
    /// still.
    private func beat() async {
        let interval = self.settings.heartbeatInterval
        let canBegin: @Sendable () async -> Void = {
            await self.ready.wait()
            await self.hasReport.wait()
        }
        while !Task.isCancelled, await !finishes(within: interval, canBegin) { self.judge() }
        while !Task.isCancelled {
            self.sendHeartbeat()
            try? await Task.sleep(for: interval)
            guard !Task.isCancelled else { return }
            self.judge()
        }
    }

    private func judge() {
        let isUp = self.isConnected
        let (isJudged, rounds) = self.state.withLock { ($0.phase == .up, $0.rounds) }
        guard isJudged else { return }
        self.tell(.connection(isUp: isUp))
        self.tell(.loopProgress(rounds: rounds))
        self.tell(.beatDue)
    }

    private var isConnected: Bool { self.commands.isConnected && self.link.facts.isSubscribed }

    private func sendHeartbeat() {
        let nonce = String(UInt64.random(in: 1 ... .max), radix: 16)
        let now = self.clock.monotonic()
        let report = self.state.withLock { state in
            state.nextBeatAt = now &+ UInt64(self.settings.heartbeatInterval.wholeMicroseconds) &* 1000
            state.awaited = (nonce, now)
            return state.report
        }
        self.tell(.sent(nonce: nonce))
        let payload: JSONValue = [
            "events_received": .number("\(report.eventsReceived)"),
            "events_handled": .number("\(report.eventsHandled)"),
            "uptime_seconds": .number(report.uptime.inSeconds),
            "handlers_registered": .number(report.handlersRegistered),
            "instance": .string(self.settings.instance),
            "nonce": .string(nonce),
            "interval_seconds": .number(self.settings.heartbeatInterval.inSeconds),
        ]
        let command = self.publisher.command(for: Self.event(InternalEvent.heartbeatType.string, payload))
        // Not by way of the publisher's queue: a heartbeat that waited would tell of a time that is over, and many of them
        // would go out at once when the connection is back. Under the lock, so that none can follow the farewell.
        self.state.withLock { state in
            guard state.phase != .gone else { return }
            self.commands.submit(command, deadline: self.settings.heartbeatInterval) { self.wasSent($0) }
        }
    }

    private func wasSent(_ result: Result<RedisReply, RedisError>) {
        do throws(RedisError) {
            _ = try result.get().orThrow()
            self.state.withLock { $0.counts.sent += 1 }
        } catch {
            self.logger.debug("heartbeat was not published", metadata: ["reason": "\(error.metricLabel)"])
        }
    }

    /// The own subscription is about to be closed: from now on nothing is judged, and no peer is missed.
    package func beginDraining() {
        self.state.withLock { state in
            if state.phase == .up { state.phase = .draining }
        }
    }

    /// Tells the peers that this reactor goes on purpose: the last that it publishes. Does not wait for a connection.
    package func sayFarewell() async {
        self.state.withLock { $0.phase = .gone }
        let farewell = Self.event(
            InternalEvent.stoppingType.string,
            ["instance": .string(self.settings.instance), "reason": "stopped"]
        )
        do throws(RedisError) {
            _ = try await self.commands.send(
                self.publisher.command(for: farewell),
                deadline: Self.farewellPatience,
                waitsForConnection: false
            )
        } catch {
            self.logger.warning("peers were not told of the stop", metadata: ["reason": "\(error.metricLabel)"])
        }
    }

    /// How long a stop waits for Redis to take the farewell.
    private static let farewellPatience: Duration = .seconds(1)

    private static func event(_ type: String, _ payload: JSONValue) -> OutgoingEvent {
        OutgoingEvent(handler: SystemAlerts.handler, eventType: type, payload: payload, hops: 0)
    }

    // MARK: Looking

    /// Makes the event loop turn, twice a second, and notes how long that took: a loop that stands still does not answer.
    private func feelThePulse() async {
        let pause = min(.milliseconds(500), self.settings.heartbeatInterval / 4)
        let soon = UInt64((pause * 2).wholeMicroseconds) &* 1000
        while !Task.isCancelled {
            let now = self.clock.monotonic()
            // Shortly before each heartbeat, so that what it says is fresh.
            await self.takePulse(withReport: self.state.withLock { now &+ soon >= $0.nextBeatAt })
            try? await Task.sleep(for: pause)
        }
    }

    private func takePulse(withReport: Bool) async {
        let asked = self.clock.monotonic()
        await self.engine.tick()
        let delay = Duration.nanoseconds(Int64(self.clock.monotonic() &- asked))
        let now = self.clock.wall()
        self.state.withLock { state in
            state.rounds += 1
            state.counts.loopDelay = max(state.counts.loopDelay, delay)
            state.counts.lastPulse = now
        }
        guard withReport else { return }
        let report = await self.report()
        self.state.withLock { $0.report = report }
        self.hasReport.open()
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
            if case .heartbeat(let nonce, _) = sighting.kind { self.cameBack(nonce) }
            return
        }
        switch sighting.kind {
        case .heartbeat(_, let interval): self.watch(.beat(instance: sighting.instance, interval: interval))
        case .stopping: self.watch(.stopping(instance: sighting.instance))
        case .peerLost(let lost): self.watch(.toldByPeer(lost: lost))
        }
    }

    private func cameBack(_ nonce: String) {
        self.state.withLock { state in
            if state.awaited?.nonce == nonce { state.awaited = nil }
        }
        // It proves the connection, which may have been judged last while it was down.
        self.tell(.connection(isUp: self.isConnected))
        self.tell(.cameBack(nonce: nonce))
    }

    /// The own subscription was interrupted until now.
    package func wasBlind() { self.watch(.wasBlind) }

    // MARK: Others

    /// Looks for peers that have fallen silent; and, as often as is useful, at what Redis holds for this reactor.
    private func watchOthers() async {
        let pause = min(.seconds(1), self.settings.heartbeatInterval / 4)
        let interval = UInt64(self.settings.heartbeatInterval.wholeMicroseconds) &* 1000
        var lookedAt = self.clock.monotonic()
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            guard !Task.isCancelled else { return }
            await self.lookAtBuffer()
            let now = self.clock.monotonic()
            let hasStalled = now &- lookedAt >= interval
            lookedAt = now
            // Who hears nothing, not even itself, cannot tell that somebody else is silent.
            self.watch(hasStalled || !self.isHearing(at: now) ? .wasBlind : .tick)
        }
    }

    /// Whether what peers publish now would arrive here, as far as is known: the subscription stands and is not suspect, and
    /// the own heartbeat came back or is not late yet.
    private func isHearing(at now: UInt64) -> Bool {
        let facts = self.link.facts
        guard facts.isSubscribed, facts.suspect == nil else { return false }
        let patience = UInt64(self.settings.heartbeatInterval.wholeMicroseconds) &* 500
        return self.state.withLock { state in
            guard let awaited = state.awaited else { return true }
            return now &- awaited.since < patience
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
        let actions = self.state.withLock { state in
            defer { state.counts.missedInARow = state.judge.consecutiveMisses }
            return state.judge.handle(input, at: now)
        }
        for action in actions { self.perform(action, now) }
    }

    private func perform(_ action: HeartbeatJudge.Action, _ now: Timestamp) {
        switch action {
        case .missed(let inARow, let cause):
            self.state.withLock { $0.counts.missed += 1 }
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
            self.state.withLock { $0.counts.unhealthy = nil }
            self.alerts.recovered(cause: cause, after: after)
        }
    }

    private func watch(_ input: PeerWatch.Input) {
        let now = self.clock.wall()
        let actions = self.state.withLock { state in
            state.phase == .up ? state.peers.handle(input, at: now) : []
        }
        for action in actions {
            switch action {
            case .lost(let instance, let silence):
                self.state.withLock { $0.counts.peersLost += 1 }
                self.alerts.peerLost(instance, silence: silence)
                self.logger.warning(
                    "peer is lost",
                    metadata: ["peer": "\(instance)", "silence_s": "\(silence.inSeconds)"]
                )
                self.publisher.submit(
                    Self.event(
                        InternalEvent.peerLostType.string,
                        [
                            "instance": .string(self.settings.instance), "lost": .string(instance),
                            "silence_seconds": .number(silence.inSeconds),
                        ]
                    )
                )
            case .returned(let instance):
                self.alerts.peerReturned(instance)
                self.logger.notice("peer is back", metadata: ["peer": "\(instance)"])
            }
        }
    }
}
