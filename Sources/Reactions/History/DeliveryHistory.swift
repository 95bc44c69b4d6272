package import Events

/// How one attempt to tell a receiver of an alert ended: what `explain` answers "who got it when" with once the outbox has
/// forgotten the message.
package struct DeliveryHistory: Sendable, Hashable {
    package var alertID: String
    package var deliveryID: String
    package var receiver: String
    /// The raw value of a `ReceiverKind`.
    package var kind: String
    /// `delivered`, `retrying` or `dead`.
    package var outcome: String
    /// Counted from 1.
    package var attempt: Int
    /// What it failed of.
    package var reason: String?
    package var title: String
    /// When the message was made.
    package var createdAt: Timestamp
    /// The reactor that tried.
    package var instance: String

    package init(
        alertID: String,
        deliveryID: String,
        receiver: String,
        kind: String,
        outcome: String,
        attempt: Int,
        reason: String?,
        title: String,
        createdAt: Timestamp,
        instance: String
    ) {
        self.alertID = alertID
        self.deliveryID = deliveryID
        self.receiver = receiver
        self.kind = kind
        self.outcome = outcome
        self.attempt = attempt
        self.reason = reason
        self.title = title
        self.createdAt = createdAt
        self.instance = instance
    }
}

extension HistoryRow {
    /// One row for each alert that the message tells of. An attempt that two reactors believe to have made is one: what is
    /// told of it last changes nothing.
    package static func attempt(
        _ claim: DeliveryClaim,
        _ ending: DeliveryEnding,
        kind: ReceiverKind,
        instance: String,
        at now: Timestamp
    ) -> [HistoryRow] {
        guard let notification = claim.notification else { return [] }
        let (outcome, reason): (DeliveryRecord.Status, String?) =
            switch ending {
            case .delivered: (.delivered, nil)
            case .retry(let reason, _): (.retrying, reason)
            case .dead(let reason, _): (.dead, reason)
            }
        return notification.group.notices.map { notice in
            let content = DeliveryHistory(
                alertID: notice.alert.id,
                deliveryID: claim.deliveryID,
                receiver: claim.receiver,
                kind: kind.rawValue,
                outcome: outcome.rawValue,
                attempt: claim.attempt,
                reason: reason,
                title: notification.message.title,
                createdAt: claim.createdAt,
                instance: instance
            )
            return HistoryRow(
                id: "\(claim.deliveryID)#\(claim.attempt):\(outcome.rawValue)@\(notice.alert.id)",
                runID: notice.alert.runID,
                tenant: notice.alert.tenant,
                at: now,
                content: .delivery(content)
            )
        }
    }
}

extension DeliveryRecord {
    /// Messages as their attempts tell of them, the newest first. A dead letter that was sent again after all is delivered.
    package static func records(of rows: [HistoryRow]) -> [DeliveryRecord] {
        var records: [String: DeliveryRecord] = [:]
        for row in rows.sorted(by: { $0.at < $1.at }) {
            guard case .delivery(let told) = row.content,
                let kind = ReceiverKind(rawValue: told.kind), let outcome = Status(rawValue: told.outcome)
            else { continue }
            var record =
                records[told.deliveryID]
                ?? DeliveryRecord(
                    id: told.deliveryID,
                    receiver: told.receiver,
                    kind: kind,
                    status: outcome,
                    alertIDs: [],
                    tenant: row.tenant,
                    title: told.title,
                    attempts: 0,
                    nextAttemptAt: nil,
                    lastReason: nil,
                    createdAt: told.createdAt,
                    updatedAt: row.at,
                    instance: told.instance
                )
            if !record.alertIDs.contains(told.alertID) { record.alertIDs.append(told.alertID) }
            let attempt = Attempt(
                number: told.attempt,
                at: row.at,
                outcome: outcome,
                instance: told.instance,
                reason: told.reason
            )
            if !record.ended.contains(attempt) {
                record.ended.append(attempt)
                record.attempts = max(record.attempts, told.attempt)
                record.status = record.status == .delivered ? .delivered : outcome
                record.lastReason = told.reason ?? record.lastReason
                record.updatedAt = row.at
                record.instance = told.instance
            }
            records[told.deliveryID] = record
        }
        return records.values.sorted { ($1.createdAt, $1.id) < ($0.createdAt, $0.id) }
    }
}
