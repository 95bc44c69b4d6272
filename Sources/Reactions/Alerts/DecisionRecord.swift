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
}
