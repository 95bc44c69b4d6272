package import Events

/// What lies between the decision that an alert goes out and its arrival.
///
/// A decision leaves a notice. Notices are planned: put into groups, and made into one delivery for each receiver, which
/// happens in one step, so that no alert is lost or told twice whoever dies in between. Deliveries are claimed, sent, and
/// only then finished; a claim that is not renewed falls to whoever asks next.
///
/// Any number of replicas may work on one outbox.
package protocol Outbox: DeliveryBook {
    /// Whether what lies in it outlives this process.
    var isLasting: Bool { get }

    // MARK: Planning

    /// Notices that nobody else plans at the moment.
    ///
    /// - Parameter patience: How long to wait when there are none.
    func takeNotices(upTo limit: Int, patience: Duration) async throws -> [ClaimedNotice]

    /// Groups as they are kept.
    func shelf(of keys: [String]) async throws -> GroupShelf

    /// Groups that have something to tell now; with `everything` also those that would wait longer.
    func dueShelf(upTo limit: Int, everything: Bool) async throws -> GroupShelf

    /// Writes all that a plan says, or nothing.
    func apply(_ plan: DeliveryPlan) async throws -> PlanOutcome

    // MARK: Sending

    func claim(_ requests: [ClaimRequest]) async throws -> ClaimAnswer

    /// Says that these are still being sent.
    func renew(_ claims: [DeliveryClaim]) async throws

    /// Writes down what became of an attempt. Of a claim that somebody else has taken over, only a success counts.
    func finish(_ claim: DeliveryClaim, _ ending: DeliveryEnding) async throws

    /// Forgets that receivers are disabled whose definition is another one now.
    ///
    /// - Parameter fingerprints: of the definitions, by the receivers' names.
    func enable(_ fingerprints: [String: String]) async throws

    // MARK: Looking after it

    func figures() async throws -> OutboxFigures

    /// Forgets what is kept for nobody any more.
    func tidy() async throws
}

/// A notice that was taken in order to be planned.
package struct ClaimedNotice: Sendable, Hashable {
    package var id: String
    /// Nil for one that cannot be read.
    package var routed: RoutedNotice?

    package init(id: String, routed: RoutedNotice?) {
        self.id = id
        self.routed = routed
    }
}

/// Groups as they are kept, and the time by the outbox's own clock.
package struct GroupShelf: Sendable, Hashable {
    package struct Kept: Sendable, Hashable {
        /// Grows with each change.
        package var version: Int
        package var record: GroupRecord

        package init(version: Int, record: GroupRecord) {
            self.version = version
            self.record = record
        }
    }

    package var now: Timestamp
    /// By the groups' keys.
    package var groups: [String: Kept]
    /// Groups that are kept at all.
    package var count: Int

    package init(now: Timestamp, groups: [String: Kept], count: Int) {
        self.now = now
        self.groups = groups
        self.count = count
    }
}

/// What is to be written in one step.
package struct DeliveryPlan: Sendable, Hashable {
    package struct GroupChange: Sendable, Hashable {
        package var key: String
        /// The version that the change was made from; 0 for a new group.
        package var version: Int
        /// Nil for a group that is over.
        package var record: GroupRecord?
        package var due: Timestamp?
    }

    package struct Delivery: Sendable, Hashable {
        package var notification: AlertNotification
        package var kind: ReceiverKind
        package var tenant: String

        package init(notification: AlertNotification, kind: ReceiverKind, tenant: String) {
            self.notification = notification
            self.kind = kind
            self.tenant = tenant
        }
    }

    /// Ids of notices that are done with.
    package var notices: [String] = []
    /// Ids of notices that cannot be read; they are put aside.
    package var refused: [String] = []
    package var groups: [GroupChange] = []
    package var deliveries: [Delivery] = []

    package init() {}

    package var isEmpty: Bool {
        self.notices.isEmpty && self.refused.isEmpty && self.groups.isEmpty && self.deliveries.isEmpty
    }
}

package enum PlanOutcome: Sendable, Hashable {
    case done
    /// Another replica has changed one of the groups; look again.
    case changed
    /// Another replica has planned this notice.
    case gone(notice: String)
}

package struct ClaimRequest: Sendable, Hashable {
    package var receiver: String
    package var limit: Int
    /// Deliveries that are younger are left alone.
    package var minimumAge: Duration

    package init(receiver: String, limit: Int, minimumAge: Duration = .zero) {
        self.receiver = receiver
        self.limit = limit
        self.minimumAge = minimumAge
    }
}

package struct ClaimAnswer: Sendable {
    package var claims: [DeliveryClaim]
    /// Receivers that said that they are no more, with what they said.
    package var disabled: [String: String]
    /// When the next delivery is due that waits for another attempt; nil when none does.
    package var nextDueIn: Duration?

    package init(claims: [DeliveryClaim], disabled: [String: String], nextDueIn: Duration?) {
        self.claims = claims
        self.disabled = disabled
        self.nextDueIn = nextDueIn
    }
}

/// The right to send a delivery.
package struct DeliveryClaim: Sendable, Hashable {
    /// The outbox's own mark of the claim.
    package var token: String
    package var deliveryID: String
    package var receiver: String
    /// From 1.
    package var attempt: Int
    /// How many of the attempts before this one came to nothing; of the others nobody said what came of them.
    package var failures: Int
    /// Whether somebody had begun the attempt before, and never told what came of it.
    package var isTakenOver: Bool
    /// Whether a person wants it sent, also to a receiver that is disabled.
    package var isForced: Bool
    package var lastReason: String?
    /// Nil for one that cannot be read.
    package var notification: AlertNotification?
    package var createdAt: Timestamp

    package init(
        token: String,
        deliveryID: String,
        receiver: String,
        attempt: Int,
        failures: Int,
        isTakenOver: Bool,
        isForced: Bool,
        lastReason: String?,
        notification: AlertNotification?,
        createdAt: Timestamp
    ) {
        self.token = token
        self.deliveryID = deliveryID
        self.receiver = receiver
        self.attempt = attempt
        self.failures = failures
        self.isTakenOver = isTakenOver
        self.isForced = isForced
        self.lastReason = lastReason
        self.notification = notification
        self.createdAt = createdAt
    }
}

/// What became of an attempt.
package enum DeliveryEnding: Sendable, Hashable {
    case delivered
    case retry(reason: String, after: Duration)
    /// - disables: the fingerprint of the receiver's definition when nothing more should be sent to it.
    case dead(reason: String, disables: String? = nil)
}

package struct OutboxFigures: Sendable, Hashable {
    /// Notices that are not planned yet.
    package var notices = 0
    package var groups = 0
    /// Deliveries that are not finished, by receiver.
    package var waiting: [String: Int] = [:]
    package var deadLetters = 0
    /// Receivers that said that they are no more, with what they said.
    package var disabled: [String: String] = [:]

    package init() {}
}
