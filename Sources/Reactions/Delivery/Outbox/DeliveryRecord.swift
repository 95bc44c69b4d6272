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
        instance: String
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
    }
}

/// Which deliveries; nil means any.
package struct DeliveryQuery: Sendable, Hashable {
    package var receiver: String?
    package var status: DeliveryRecord.Status?
    package var alertID: String?
    package var limit = 100

    package init() {}
}
