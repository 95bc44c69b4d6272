package import Events

/// An event says that what an alert was about is over.
package struct Resolution: Sendable, Hashable {
    /// Unique for each.
    package var id: String
    /// The identity of the alert: key, tenant and domain.
    package var key: String
    package var tenant: String
    package var domain: String
    package var runID: String
    /// Why it is over, for a person.
    package var summary: String
    package var handler: String
    package var event: EventReference?
    package var raisedAt: Timestamp

    package init(
        id: String,
        key: String,
        tenant: String,
        domain: String,
        runID: String,
        summary: String,
        handler: String,
        event: EventReference?,
        raisedAt: Timestamp
    ) {
        self.id = id
        self.key = key
        self.tenant = tenant
        self.domain = domain
        self.runID = runID
        self.summary = summary
        self.handler = handler
        self.event = event
        self.raisedAt = raisedAt
    }
}
