/// What a receipt was written about: the alert, without its details.
package struct AlertSubject: Sendable, Hashable {
    package var type: String
    package var severity: Severity
    package var domain: String
    package var tenant: String
    package var runID: String
    package var key: String
    package var summary: String
    package var event: EventReference?

    package init(
        type: String,
        severity: Severity,
        domain: String,
        tenant: String,
        runID: String,
        key: String,
        summary: String,
        event: EventReference?
    ) {
        self.type = type
        self.severity = severity
        self.domain = domain
        self.tenant = tenant
        self.runID = runID
        self.key = key
        self.summary = summary
        self.event = event
    }

    package init(_ alert: Alert) {
        self.init(
            type: alert.type,
            severity: alert.severity,
            domain: alert.domain,
            tenant: alert.tenant,
            runID: alert.runID,
            key: alert.key,
            summary: alert.summary,
            event: alert.event
        )
    }
}

/// A receipt with what it is about, as a store keeps it.
package struct DecisionRecord: Sendable, Hashable {
    /// The place in the order of decisions; what a page of answers ends with and the next one begins behind.
    package var cursor: String
    package var subject: AlertSubject
    package var receipt: Receipt

    package init(cursor: String, subject: AlertSubject, receipt: Receipt) {
        self.cursor = cursor
        self.subject = subject
        self.receipt = receipt
    }

    /// The first of all for a cursor that is no place.
    package var place: DecisionPlace { DecisionPlace(self.cursor) ?? DecisionPlace(milliseconds: 0, number: 0) }
}

/// What was decided behind a place, the oldest first.
package struct DecisionTail: Sendable, Hashable {
    package var records: [DecisionRecord]
    /// The place up to which was looked; nil when there is nothing at all.
    package var end: String?
    /// Whether there may be more behind that.
    package var hasMore: Bool
    /// Whether the place is no longer kept, so that decisions between it and the first record may be missing.
    package var hasGap: Bool

    package init(records: [DecisionRecord], end: String?, hasMore: Bool, hasGap: Bool) {
        self.records = records
        self.end = end
        self.hasMore = hasMore
        self.hasGap = hasGap
    }
}
