package import Events

/// Where a delivery stands, for whoever asks.
package struct DeliveryRecord: Sendable, Hashable {
    package enum Status: String, Sendable, Hashable, CaseIterable {
        /// Not tried yet.
        case pending
        case sending
        /// Tried in vain, and to be tried again.
        case retrying
        case delivered
        case dead
    }

    /// How one attempt ended.
    package struct Attempt: Sendable, Hashable {
        /// At most so many of a delivery are kept, the newest.
        package static let kept = 20

        /// Counted from 1.
        package var number: Int
        package var at: Timestamp
        /// `retrying`, `delivered` or `dead`.
        package var outcome: Status
        /// The reactor that tried.
        package var instance: String
        /// What it failed of.
        package var reason: String?

        package init(number: Int, at: Timestamp, outcome: Status, instance: String, reason: String?) {
            self.number = number
            self.at = at
            self.outcome = outcome
            self.instance = instance
            self.reason = reason
        }
    }

    package var id: String
    package var receiver: String
    package var kind: ReceiverKind
    package var status: Status
    /// Ids of the alerts that the message tells of.
    package var alertIDs: [String]
    package var tenant: String
    package var title: String
    package var attempts: Int
    /// When the next attempt is due; nil for one that is over or under way.
    package var nextAttemptAt: Timestamp?
    /// What the last attempt that failed came to.
    package var lastReason: String?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// The reactor that tried last.
    package var instance: String
    /// The last attempts that ended, the oldest first.
    package var ended: [Attempt]

    package init(
        id: String,
        receiver: String,
        kind: ReceiverKind,
        status: Status,
        alertIDs: [String],
        tenant: String,
        title: String,
        attempts: Int,
        nextAttemptAt: Timestamp?,
        lastReason: String?,
        createdAt: Timestamp,
        updatedAt: Timestamp,
        instance: String,
        ended: [Attempt] = []
    ) {
        self.id = id
        self.receiver = receiver
        self.kind = kind
        self.status = status
        self.alertIDs = alertIDs
        self.tenant = tenant
        self.title = title
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.lastReason = lastReason
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.instance = instance
        self.ended = ended
    }
}

/// Which deliveries; nil means any.
package struct DeliveryQuery: Sendable, Hashable {
    package var receiver: String?
    package var status: DeliveryRecord.Status?
    /// Those that tell of one of these alerts.
    package var alertIDs: [String]?
    /// The one of that id.
    package var deliveryID: String?
    package var limit = 100

    package init() {}
}
