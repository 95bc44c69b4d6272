package import Reactions

/// Answer of `/v1/receipts`: what was decided, the newest first.
package struct ReceiptsResponse: Sendable, Hashable, Codable {
    /// A receipt with what it is about.
    package struct Entry: Sendable, Hashable, Codable {
        package var alertID: String
        package var status: AlertStatus
        package var type: String
        package var severity: Severity
        package var domain: String
        package var tenant: String
        package var runID: String
        package var key: String
        package var summary: String
        package var handler: String
        package var event: AlertsResponse.Event?
        package var receipt: AlertsResponse.Receipt
        /// What became of it at each receiver, for one that went out; nil where nobody keeps that.
        package var receivers: [ReceiverVerdict]?

        enum CodingKeys: String, CodingKey {
            case alertID = "alert_id"
            case status
            case type
            case severity
            case domain
            case tenant
            case runID = "run_id"
            case key
            case summary
            case handler
            case event
            case receipt
            case receivers
        }
    }

    /// What became of a message at one receiver.
    package struct ReceiverVerdict: Sendable, Hashable, Codable {
        package var receiver: String
        /// `delivered`, `retrying`, `dead`; before the first attempt has ended `pending` or `sending`.
        package var verdict: String
        package var attempts: Int
        package var at: String
        package var deliveryID: String
        package var instance: String
        package var reason: String?

        enum CodingKeys: String, CodingKey {
            case receiver
            case verdict
            case attempts
            case at
            case deliveryID = "delivery_id"
            case instance
            case reason
        }
    }

    package var receipts: [Entry]
    /// What the next page is asked for with, as `before`; nil on the last one.
    package var next: String?
}

extension ReceiptsResponse {
    /// - Parameter deliveries: of the alerts that went out; nil where nobody keeps them.
    init(_ page: RecordPage, _ deliveries: [DeliveryRecord]?) {
        var told: [String: [DeliveryRecord]] = [:]
        for delivery in deliveries ?? [] {
            for alert in delivery.alertIDs { told[alert, default: []].append(delivery) }
        }
        self.receipts = page.records.map { record in
            var entry = Entry(record)
            if deliveries != nil, record.receipt.verdict.isSent {
                entry.receivers = (told[record.receipt.alertID] ?? []).map(ReceiverVerdict.init)
            }
            return entry
        }
        self.next = page.next
    }
}

extension ReceiptsResponse.Entry {
    init(_ record: DecisionRecord) {
        self.init(
            alertID: record.receipt.alertID,
            status: record.receipt.status,
            type: record.subject.type,
            severity: record.subject.severity,
            domain: record.subject.domain,
            tenant: record.subject.tenant,
            runID: record.subject.runID,
            key: record.subject.key,
            summary: record.subject.summary,
            handler: record.receipt.handler,
            event: record.subject.event.map(AlertsResponse.Event.init),
            receipt: AlertsResponse.Receipt(record.receipt)
        )
    }
}

extension ReceiptsResponse.ReceiverVerdict {
    init(_ record: DeliveryRecord) {
        self.init(
            receiver: record.receiver,
            verdict: record.status.rawValue,
            attempts: record.attempts,
            at: record.updatedAt.rfc3339,
            deliveryID: record.id,
            instance: record.instance,
            reason: record.lastReason
        )
    }
}

/// Records of one answer, and where the next one begins.
struct RecordPage: Sendable {
    var records: [DecisionRecord]
    var next: String?

    /// - Parameter records: as many as were asked for, and one more where there are more.
    init(_ records: [DecisionRecord], limit: Int) {
        self.records = Array(records.prefix(limit))
        self.next = records.count > limit ? self.records.last?.cursor : nil
    }
}
