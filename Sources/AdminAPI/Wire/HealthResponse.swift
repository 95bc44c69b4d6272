import Events
package import ReactorRuntime

/// Answer of `/readyz`: whether the reactor is ready, part by part.
package struct ReadinessResponse: Sendable, Hashable, Codable {
    package struct Component: Sendable, Hashable, Codable {
        package var name: String
        package var status: ComponentStatus
        package var latencyMilliseconds: Double?
        package var message: String

        enum CodingKeys: String, CodingKey {
            case name
            case status
            case latencyMilliseconds = "latency_ms"
            case message
        }
    }

    package var status: ComponentStatus
    package var isReady: Bool
    package var version: String
    package var uptimeSeconds: Double
    package var components: [Component]

    enum CodingKeys: String, CodingKey {
        case status
        case isReady = "ready"
        case version
        case uptimeSeconds = "uptime_seconds"
        case components
    }

    package init(_ health: ReactorHealth) {
        self.status = health.status
        self.isReady = health.isReady
        self.version = health.version
        self.uptimeSeconds = health.uptime.inSeconds
        self.components = health.components.map { component in
            Component(
                name: component.name,
                status: component.status,
                latencyMilliseconds: component.latency.map { $0.inSeconds * 1_000 },
                message: component.message
            )
        }
    }
}

/// Answer of `/healthz`: whether the process makes progress.
package struct LivenessResponse: Sendable, Hashable, Codable {
    package var status: ComponentStatus
    package var isAlive: Bool
    /// STOPPED, STARTING, RUNNING, STOPPING or DISABLED: alive is not the same as at work.
    package var state: String
    package var version: String
    package var uptimeSeconds: Double

    enum CodingKeys: String, CodingKey {
        case status
        case isAlive = "alive"
        case state
        case version
        case uptimeSeconds = "uptime_seconds"
    }

    package init(_ health: ReactorHealth, state: String) {
        self.state = state
        self.status = health.isAlive ? .healthy : .unhealthy
        self.isAlive = health.isAlive
        self.version = health.version
        self.uptimeSeconds = health.uptime.inSeconds
    }
}

/// Answer of `/version`.
package struct VersionResponse: Sendable, Hashable, Codable {
    package var name: String
    package var version: String

    package init(version: String) {
        self.name = "aos-reactor"
        self.version = version
    }
}
