import Events
import Reactions
import RedisClient
import Synchronization

extension Reactor {
    /// Ready: subscribed, a probe came back within 15 s, the configuration is valid, the ring is below 80 %, and nobody has
    /// asked to stop.
    package func health() async -> ReactorHealth {
        let (life, state) = self.visit()
        defer { life?.visits.leave() }
        let uptime = state.startedAt.map { self.clock.wall() - $0 } ?? .zero
        var components: [ComponentHealth] = [self.configHealth(state)]
        if let life {
            let facts = life.link.facts
            components += [
                self.redisHealth(life), self.subscriptionHealth(facts), self.probeHealth(facts),
                self.ringHealth(await life.engine.snapshot()), self.heartbeatHealth(life.heartbeat.counts),
                self.stateHealth(life),
            ]
        } else {
            let message =
                self.settings.isEnabled ? "the reactor is \(state.lifecycle)" : "disabled: subscribes to nothing"
            let status: ComponentStatus = self.settings.isEnabled ? .unhealthy : .healthy
            components.append(ComponentHealth(name: "subscription", status: status, message: message))
        }
        if let history { components.append(Self.historyHealth(history.figures)) }
        let worst = components.map(\.status).max { $0.rank < $1.rank } ?? .healthy
        let isUp = state.isRunning || !self.settings.isEnabled
        return ReactorHealth(
            isReady: isUp && worst != .unhealthy,
            isAlive: true,
            status: isUp ? worst : .unhealthy,
            components: components,
            version: self.version,
            uptime: uptime
        )
    }

    /// Whether the subscription has been proven and nobody has asked to stop. Asks nobody, so that it can be asked while
    /// the reactor ends, when there is no event loop any more that would answer.
    package var isRunning: Bool { self.state.withLock { StateView($0).isRunning } }

    /// Whether events that are published now will be handled.
    public var isReady: Bool {
        get async { await self.health().isReady }
    }

    private func configHealth(_ state: StateView) -> ComponentHealth {
        guard let error = state.configError else {
            return ComponentHealth(name: "config", status: .healthy, message: "version \(state.configVersion)")
        }
        return ComponentHealth(
            name: "config",
            status: .unhealthy,
            message: "the files are refused, version \(state.configVersion) stays in force: \(error)"
        )
    }

    private func redisHealth(_ life: ReactorLife) -> ComponentHealth {
        switch life.commands.state {
        case .connected:
            return ComponentHealth(name: "redis", status: .healthy, message: "\(self.endpoint)")
        case .connecting:
            return ComponentHealth(name: "redis", status: .degraded, message: "connecting to \(self.endpoint)")
        case .disconnected(let error):
            return ComponentHealth(name: "redis", status: .degraded, message: "\(self.endpoint): \(error)")
        case .stopped:
            return ComponentHealth(name: "redis", status: .degraded, message: "stopped")
        }
    }

    /// Decisions wait while the store fails: for a moment that is a nuisance, for good it is an outage.
    private func stateHealth(_ life: ReactorLife) -> ComponentHealth {
        if let trouble = life.desk.trouble {
            let seconds = Int(trouble.lasts.inSeconds)
            return ComponentHealth(
                name: "state",
                status: trouble.lasts >= Self.storePatience ? .unhealthy : .degraded,
                message: "alerts cannot be decided for \(seconds) s: \(trouble.reason)"
            )
        }
        let message = self.durability.map { "\($0.verdict.rawValue): \($0.reason)" } ?? "not judged yet"
        return ComponentHealth(name: "state", status: .healthy, message: message)
    }

    private func subscriptionHealth(_ facts: LinkMonitor.Facts) -> ComponentHealth {
        let name = "subscription"
        guard facts.isSubscribed else {
            let cause = facts.lastEnd.map { ": \($0.label)" } ?? ""
            return ComponentHealth(name: name, status: .unhealthy, message: "not subscribed\(cause)")
        }
        if let suspect = facts.suspect {
            return ComponentHealth(
                name: name,
                status: .degraded,
                message: "suspect (\(suspect.rawValue)), being replaced"
            )
        }
        return ComponentHealth(name: name, status: .healthy, message: "subscribed")
    }

    private func probeHealth(_ facts: LinkMonitor.Facts) -> ComponentHealth {
        guard let age = facts.probeAge(self.clock) else {
            return ComponentHealth(name: "probe", status: .unhealthy, message: "no probe has come back yet")
        }
        guard age <= Self.probeMaxAge else {
            let seconds = Int(age.inSeconds)
            return ComponentHealth(name: "probe", status: .unhealthy, message: "last came back \(seconds) s ago")
        }
        return ComponentHealth(name: "probe", status: .healthy, latency: facts.roundTrip, message: "came back")
    }

    private func ringHealth(_ snapshot: PipelineSnapshot) -> ComponentHealth {
        let fill = Double(snapshot.ringBytes) / Double(max(1, snapshot.ringCapacity))
        let message = "\(Int(fill * 100)) % full, \(snapshot.dropped) events dropped so far"
        let status: ComponentStatus =
            fill >= Self.ringHighWater ? .unhealthy : snapshot.isPaused ? .degraded : .healthy
        return ComponentHealth(name: "ring", status: status, message: message)
    }

    /// Never unhealthy: whatever becomes of history, alerts go out.
    private static func historyHealth(_ figures: HistoryFigures) -> ComponentHealth {
        let name = "history"
        if figures.lost > 0 {
            let message = "\(figures.lost) rows were lost for want of room"
            return ComponentHealth(name: name, status: .degraded, message: message)
        }
        if let trouble = figures.trouble {
            let message = "\(trouble); \(figures.buffered) rows in memory, \(figures.spillBytes) bytes on disk"
            return ComponentHealth(name: name, status: .degraded, message: message)
        }
        return ComponentHealth(name: name, status: .healthy, message: "\(figures.written) rows written")
    }

    private func heartbeatHealth(_ counts: HeartbeatService.Counts) -> ComponentHealth {
        if let cause = counts.unhealthy {
            return ComponentHealth(
                name: "heartbeat",
                status: .degraded,
                message: "\(counts.missedInARow) missed in a row: \(cause.rawValue)"
            )
        }
        return ComponentHealth(name: "heartbeat", status: .healthy, message: "\(counts.sent) sent")
    }
}

extension ComponentStatus {
    fileprivate var rank: Int {
        switch self {
        case .healthy: 0
        case .degraded: 1
        case .unhealthy: 2
        }
    }
}
