package import Events

/// How well a part is.
package enum ComponentStatus: String, Sendable, Codable {
    case healthy = "Healthy"
    case degraded = "Degraded"
    case unhealthy = "Unhealthy"
}

/// One part of the reactor: `redis`, `subscription`, `probe`, `config`, `ring`, `heartbeat`, `state`.
package struct ComponentHealth: Sendable {
    package var name: String
    package var status: ComponentStatus
    /// For example the round trip of the last probe.
    package var latency: Duration?
    package var message: String

    package init(name: String, status: ComponentStatus, latency: Duration? = nil, message: String) {
        self.name = name
        self.status = status
        self.latency = latency
        self.message = message
    }
}

package struct ReactorHealth: Sendable {
    /// Whether events that are published now will be handled.
    package var isReady: Bool
    /// Whether the process makes progress.
    package var isAlive: Bool
    package var status: ComponentStatus
    package var components: [ComponentHealth]
    package var version: String
    package var uptime: Duration

    package init(
        isReady: Bool,
        isAlive: Bool,
        status: ComponentStatus,
        components: [ComponentHealth],
        version: String,
        uptime: Duration
    ) {
        self.isReady = isReady
        self.isAlive = isAlive
        self.status = status
        self.components = components
        self.version = version
        self.uptime = uptime
    }
}

/// The reactor in numbers. `received` = `matched` + `unmatched` + `quarantined` + `dropped` + what is still in the ring.
package struct ReactorStatus: Sendable {
    /// STOPPED, STARTING, RUNNING or STOPPING; `DISABLED` when `EVENT_REACTOR_ENABLED` is false.
    package var state: String
    package var instance: String
    package var version: String
    package var configVersion: String
    package var configError: String?
    /// Whether what was decided survives the death of what keeps it: `durable`, `volatile` or `unknown`, and why.
    package var durability: (verdict: String, reason: String)
    package var startedAt: Timestamp?
    package var uptime: Duration
    package var received: UInt64
    package var matched: UInt64
    package var unmatched: UInt64
    package var quarantined: UInt64
    package var dropped: UInt64
    package var ringBytes: Int
    package var ringCapacity: Int
    package var handlerCalls: UInt64
    package var handlersSucceeded: UInt64
    package var handlersFailed: UInt64
    package var handlersTimedOut: UInt64
    package var handlersInFlight: UInt64
    package var handlersRegistered: Int
    package var heartbeatsSent: UInt64
    package var heartbeatsMissed: UInt64
    package var reconnects: UInt64
    package var gaps: UInt64
    package var lastEventAt: Timestamp?
    package var peers: [String]

    package init(instance: String, version: String, configVersion: String) {
        self.state = "STOPPED"
        self.instance = instance
        self.version = version
        self.configVersion = configVersion
        self.durability = ("unknown", "not judged yet")
        self.uptime = .zero
        self.received = 0
        self.matched = 0
        self.unmatched = 0
        self.quarantined = 0
        self.dropped = 0
        self.ringBytes = 0
        self.ringCapacity = 0
        self.handlerCalls = 0
        self.handlersSucceeded = 0
        self.handlersFailed = 0
        self.handlersTimedOut = 0
        self.handlersInFlight = 0
        self.handlersRegistered = 0
        self.heartbeatsSent = 0
        self.heartbeatsMissed = 0
        self.reconnects = 0
        self.gaps = 0
        self.peers = []
    }
}
