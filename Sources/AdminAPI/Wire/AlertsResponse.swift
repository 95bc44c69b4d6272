package import Reactions

/// Answer of `/v1/alerts`: alerts with what was decided about them, the newest first.
package struct AlertsResponse: Sendable, Hashable, Codable {
    package struct Alert: Sendable, Hashable, Codable {
        package var id: String
        package var status: AlertStatus
        package var type: String
        package var severity: Severity
        package var domain: String
        package var tenant: String
        package var runID: String
        package var key: String
        package var summary: String
        /// Nil for one that another reactor raised, or that was raised long ago.
        package var details: JSONDetails?
        package var handler: String
        package var event: Event?
        /// Nil where the details are.
        package var raisedAt: String?
        package var receipt: Receipt

        enum CodingKeys: String, CodingKey {
            case id
            case status
            case type
            case severity
            case domain
            case tenant
            case runID = "run_id"
            case key
            case summary
            case details
            case handler
            case event
            case raisedAt = "raised_at"
            case receipt
        }
    }

    /// The event that made somebody raise the alert.
    package struct Event: Sendable, Hashable, Codable {
        package var arrival: UInt64
        package var eventType: String
        package var timestamp: String
        package var arrivedAt: String
        package var source: String
        package var eventID: String?

        enum CodingKeys: String, CodingKey {
            case arrival
            case eventType = "event_type"
            case timestamp
            case arrivedAt = "arrived_at"
            case source
            case eventID = "event_id"
        }
    }

    /// What was decided, and the numbers that decided it.
    package struct Receipt: Sendable, Hashable, Codable {
        package var fingerprint: String
        package var verdict: Verdict
        package var reason: String
        package var windowSeconds: Double?
        package var count: Int
        package var limit: Int
        package var nextAllowedAt: String?
        package var remainingInWindow: Int?
        package var heldBackBy: String?
        package var configVersion: String
        package var instance: String
        package var decidedAt: String

        enum CodingKeys: String, CodingKey {
            case fingerprint
            case verdict
            case reason
            case windowSeconds = "window_seconds"
            case count
            case limit
            case nextAllowedAt = "next_allowed_at"
            case remainingInWindow = "remaining_in_window"
            case heldBackBy = "held_back_by"
            case configVersion = "config_version"
            case instance
            case decidedAt = "decided_at"
        }
    }

    /// Who answered.
    package enum Origin: String, Sendable, Hashable, Codable {
        /// The store that all reactors of a namespace share.
        case store
        /// This reactor's own memory, because there is no store, or it cannot be asked: its last alerts only.
        case memory
    }

    package var alerts: [Alert]
    package var source: Origin
    /// What the next page is asked for with, as `before`; nil on the last one.
    package var next: String?
}

/// Answer of `/v1/alerts/{id}`: an alert, what was decided, and who was told.
package struct AlertResponse: Sendable, Hashable, Codable {
    package var alert: AlertsResponse.Alert
    /// Messages that tell of it, the newest first; nil when nobody keeps them.
    package var deliveries: [DeliveriesResponse.Delivery]?

    package init(alert: AlertsResponse.Alert, deliveries: [DeliveriesResponse.Delivery]?) {
        self.alert = alert
        self.deliveries = deliveries
    }
}
