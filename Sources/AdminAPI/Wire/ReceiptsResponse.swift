package import Reactions

/// Answer of `/v1/receipts`: what was decided, the newest first.
package struct ReceiptsResponse: Sendable, Hashable, Codable {
    /// A receipt with what it is about.
    package struct Entry: Sendable, Hashable, Codable {
        package var alertID: String
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

        enum CodingKeys: String, CodingKey {
            case alertID = "alert_id"
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
        }
    }

    package var receipts: [Entry]
    /// What the next page is asked for with, as `before`; nil on the last one.
    package var next: String?
}

extension ReceiptsResponse {
    init(_ page: RecordPage) {
        self.receipts = page.records.map(Entry.init)
        self.next = page.next
    }
}

extension ReceiptsResponse.Entry {
    init(_ record: DecisionRecord) {
        self.init(
            alertID: record.receipt.alertID,
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
