/// Answer of `/v1/status`: the reactor in numbers.
package struct StatusResponse: Sendable, Hashable, Codable {
    /// What became of what was received: `received` = the other four + what still waits in the ring.
    package struct Events: Sendable, Hashable, Codable {
        package var received: UInt64
        package var matched: UInt64
        package var unmatched: UInt64
        package var quarantined: UInt64
        package var dropped: UInt64
        package var lastAt: String?

        enum CodingKeys: String, CodingKey {
            case received
            case matched
            case unmatched
            case quarantined
            case dropped
            case lastAt = "last_at"
        }
    }

    /// Calls of handlers: `calls` = `succeeded` + `failed` + `timed_out` + `in_flight`.
    package struct Handlers: Sendable, Hashable, Codable {
        package var registered: Int
        package var calls: UInt64
        package var succeeded: UInt64
        package var failed: UInt64
        package var timedOut: UInt64
        package var inFlight: UInt64

        enum CodingKeys: String, CodingKey {
            case registered
            case calls
            case succeeded
            case failed
            case timedOut = "timed_out"
            case inFlight = "in_flight"
        }
    }

    /// The buffer between the socket and the handlers.
    package struct Ring: Sendable, Hashable, Codable {
        package var bytes: Int
        package var capacityBytes: Int

        enum CodingKeys: String, CodingKey {
            case bytes
            case capacityBytes = "capacity_bytes"
        }
    }

    package struct Heartbeats: Sendable, Hashable, Codable {
        package var sent: UInt64
        package var missed: UInt64
    }

    package struct Subscription: Sendable, Hashable, Codable {
        package var reconnects: UInt64
        package var gaps: UInt64
    }

    /// Whether what was decided survives the death of what keeps it.
    package struct Durability: Sendable, Hashable, Codable {
        /// `durable`, `volatile` or `unknown`.
        package var verdict: String
        package var reason: String
    }

    /// STOPPED, STARTING, RUNNING, STOPPING or DISABLED.
    package var state: String
    package var instance: String
    package var version: String
    package var configVersion: String
    /// Why the last reload was refused.
    package var configError: String?
    package var durability: Durability
    package var startedAt: String?
    package var uptimeSeconds: Double
    package var events: Events
    package var handlers: Handlers
    package var ring: Ring
    package var heartbeats: Heartbeats
    package var subscription: Subscription
    package var peers: [String]

    enum CodingKeys: String, CodingKey {
        case state
        case instance
        case version
        case configVersion = "config_version"
        case configError = "config_error"
        case durability
        case startedAt = "started_at"
        case uptimeSeconds = "uptime_seconds"
        case events
        case handlers
        case ring
        case heartbeats
        case subscription
        case peers
    }
}
