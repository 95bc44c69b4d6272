package import EventPatterns
import Events
import Reactions
import RedisClient
import Synchronization

extension Reactor: ReactorInspecting {
    /// How long ago a probe may have come back for the subscription to count as proven.
    static let probeMaxAge: Duration = .seconds(15)
    /// How long the store may fail before the reactor no longer counts as ready.
    static let storePatience: Duration = .seconds(30)
    /// How full the ring may be for the reactor to count as keeping up.
    static let ringHighWater = 0.8

    /// The life to ask, which then waits for `visits.leave()` before it ends.
    func visit() -> (life: ReactorLife?, state: StateView) {
        self.state.withLock { state in
            state.life?.visits.enter()
            return (state.life, StateView(state))
        }
    }

    package func status() async -> ReactorStatus {
        let (life, state) = self.visit()
        defer { life?.visits.leave() }
        var status = ReactorStatus(
            instance: self.settings.instance,
            version: self.version,
            configVersion: state.configVersion
        )
        status.state = self.settings.isEnabled ? state.lifecycle : "DISABLED"
        status.configError = state.configError
        if let durability = self.durability {
            status.durability = (durability.verdict.rawValue, durability.reason)
        }
        status.startedAt = state.startedAt
        status.uptime = state.startedAt.map { self.clock.wall() - $0 } ?? .zero
        status.handlersRegistered = state.handlers
        guard let life else { return status }
        status.fill(from: await life.engine.snapshot(), lanes: self.lanes)
        let link = life.link.facts
        let heartbeat = life.heartbeat.counts
        status.reconnects = link.reconnects
        status.gaps = link.gaps
        status.heartbeatsSent = heartbeat.sent
        status.heartbeatsMissed = heartbeat.missed
        status.peers = heartbeat.peers
        return status
    }

    package func handlers() async -> [HandlerStatus] {
        guard let life = self.visit().life else {
            let entries = self.state.withLock { $0.fileHandlers + $0.closures }
            return RouteTable(entries).order.map { HandlerStatus(entries[$0.entry], order: $0.order) }
        }
        defer { life.visits.leave() }
        let snapshot = await life.engine.snapshot()
        return snapshot.order.map { place in
            var status = HandlerStatus(snapshot.entries[place.entry], order: place.order)
            for (slot, label) in snapshot.slots.enumerated() where label.handler == place.entry {
                status.succeeded += snapshot.counters.succeeded[slot]
                status.failed += snapshot.counters.failed[slot]
            }
            status.dispatched = status.succeeded + status.failed
            if case .lane(let lane) = snapshot.entries[place.entry].body {
                status.add(self.lanes.counts(lane: lane))
            }
            return status
        }
    }

    package func alerts(limit: Int) async -> [DecidedAlert] { self.alerts.newest(limit) }

    package func quarantine(limit: Int) async -> [QuarantineEntry] {
        guard let life = self.visit().life else { return [] }
        defer { life.visits.leave() }
        return await life.engine.quarantine(limit)
    }

    package func tap(on patterns: [TypePattern]) async -> AsyncStream<[UInt8]> {
        guard let life = self.visit().life else { return AsyncStream { $0.finish() } }
        defer { life.visits.leave() }
        return await life.engine.tap(patterns)
    }
}

/// What inspection needs of the reactor's state.
struct StateView {
    var lifecycle: String
    var isRunning: Bool
    var configVersion: String
    var configError: String?
    var configLoadedAt: Timestamp?
    var startedAt: Timestamp?
    var handlers: Int
    var reloads: [Bool: UInt64]

    init(_ state: borrowing Reactor.State) {
        self.lifecycle = state.lifecycle.state.rawValue
        self.isRunning = state.lifecycle.state == .running
        self.configVersion = state.configVersion
        self.configError = state.configError
        self.configLoadedAt = state.configLoadedAt
        self.startedAt = state.startedAt
        self.handlers = (state.fileHandlers + state.closures).count { $0.enabled }
        self.reloads = state.reloads
    }
}

extension ReactorStatus {
    mutating func fill(from snapshot: PipelineSnapshot, lanes: LaneExecutor) {
        self.received = snapshot.counters.received
        self.matched = snapshot.counters.matched
        self.unmatched = snapshot.counters.unmatched
        self.quarantined = snapshot.quarantinedTotal
        self.dropped = snapshot.dropped
        self.ringBytes = snapshot.ringBytes
        self.ringCapacity = snapshot.ringCapacity
        self.handlersSucceeded = snapshot.succeededTotal
        self.handlersFailed = snapshot.failedTotal
        self.handlerCalls = self.handlersSucceeded + self.handlersFailed
        for case .lane(let lane) in snapshot.entries.map(\.body) {
            for counts in lanes.counts(lane: lane).values {
                self.handlerCalls += counts.dispatched
                self.handlersSucceeded += counts.succeeded
                self.handlersFailed += counts.failed
                self.handlersTimedOut += counts.timedOut
                self.handlersInFlight += counts.inFlight
            }
        }
        if snapshot.counters.lastEventAt > 0 {
            self.lastEventAt = Timestamp(microseconds: snapshot.counters.lastEventAt)
        }
    }
}

extension HandlerStatus {
    init(_ entry: HandlerEntry, order: Int) {
        self.init(
            name: entry.name,
            order: order,
            on: entry.on.map(\.description),
            hasMatch: entry.match != nil,
            priority: entry.priority,
            enabled: entry.enabled,
            does: entry.does,
            location: entry.location,
            dispatched: 0,
            succeeded: 0,
            failed: 0,
            timedOut: 0,
            inFlight: 0
        )
    }

    mutating func add(_ counts: [String: LaneExecutor.Counts]) {
        for counts in counts.values {
            self.dispatched += counts.dispatched
            self.succeeded += counts.succeeded
            self.failed += counts.failed
            self.timedOut += counts.timedOut
            self.inFlight += counts.inFlight
        }
    }
}
