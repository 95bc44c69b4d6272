import Events
import Reactions

/// Answer of `/v1/deliveries` and `/v1/dead-letters`: messages and what became of them, the newest first.
package struct DeliveriesResponse: Sendable, Hashable, Codable {
    /// How one attempt ended.
    package struct Attempt: Sendable, Hashable, Codable {
        package var number: Int
        package var at: String
        /// `retrying`, `delivered` or `dead`.
        package var outcome: String
        package var instance: String
        package var reason: String?
    }

    package struct Delivery: Sendable, Hashable, Codable {
        package var id: String
        package var receiver: String
        package var kind: String
        package var status: String
        package var alertIDs: [String]
        package var tenant: String
        package var title: String
        package var attempts: Int
        package var nextAttemptAt: String?
        package var lastReason: String?
        package var createdAt: String
        package var updatedAt: String
        package var instance: String
        /// The last attempts that ended, the oldest first.
        package var ended: [Attempt]

        enum CodingKeys: String, CodingKey {
            case id
            case receiver
            case kind
            case status
            case alertIDs = "alert_ids"
            case tenant
            case title
            case attempts
            case nextAttemptAt = "next_attempt_at"
            case lastReason = "last_reason"
            case createdAt = "created_at"
            case updatedAt = "updated_at"
            case instance
            case ended = "ended_attempts"
        }
    }

    package var deliveries: [Delivery]
}

extension DeliveriesResponse {
    init(_ records: [DeliveryRecord]) {
        self.deliveries = records.map(Delivery.init)
    }
}

extension DeliveriesResponse.Delivery {
    init(_ record: DeliveryRecord) {
        self.init(
            id: record.id,
            receiver: record.receiver,
            kind: record.kind.rawValue,
            status: record.status.rawValue,
            alertIDs: record.alertIDs,
            tenant: record.tenant,
            title: record.title,
            attempts: record.attempts,
            nextAttemptAt: record.nextAttemptAt?.rfc3339,
            lastReason: record.lastReason,
            createdAt: record.createdAt.rfc3339,
            updatedAt: record.updatedAt.rfc3339,
            instance: record.instance,
            ended: record.ended.map { attempt in
                DeliveriesResponse.Attempt(
                    number: attempt.number,
                    at: attempt.at.rfc3339,
                    outcome: attempt.outcome.rawValue,
                    instance: attempt.instance,
                    reason: attempt.reason
                )
            }
        )
    }
}

/// Answer of `/v1/dead-letters/{id}`: a message that was given up, whole.
package struct DeadLetterResponse: Sendable, Hashable, Codable {
    package var delivery: DeliveriesResponse.Delivery
    /// The message as a webhook gets it; nil when it was forgotten.
    package var payload: JSONDetails?
}

/// Answer to what was asked of a dead letter.
package struct DeadLetterChange: Sendable, Hashable, Codable {
    package var id: String
    /// `retried` or `dropped`.
    package var action: String
}
