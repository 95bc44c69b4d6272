package import Events

/// The event that an alert or a receipt speaks of.
package struct EventReference: Sendable, Hashable {
    /// The running number that this reactor gave the event when it arrived.
    package var arrival: UInt64
    package var eventType: String
    /// The event's own time.
    package var timestamp: Timestamp
    package var arrivedAt: Timestamp
    package var source: String
    /// The producer's id of the event, if it gave one. Never invented: two equal events can both be real.
    package var eventID: String?

    package init(
        arrival: UInt64,
        eventType: String,
        timestamp: Timestamp,
        arrivedAt: Timestamp,
        source: String,
        eventID: String? = nil
    ) {
        self.arrival = arrival
        self.eventType = eventType
        self.timestamp = timestamp
        self.arrivedAt = arrivedAt
        self.source = source
        self.eventID = eventID
    }
}

/// Something a person may have to be told, before it is decided whether they are.
package struct Alert: Sendable, Hashable {
    /// Unique for each alert raised.
    package var id: String
    /// What kind of alert: `MISSING_ACK`, `STALE_RUN`, ... or the name of the rule that raised it.
    package var type: String
    package var severity: Severity
    /// The cooldown group: `incidents`, `policies`, `logs`, `orchestrator`, `audit`, or any other text.
    package var domain: String
    /// Empty when the event names no tenant.
    package var tenant: String
    /// `unknown` when the event names no run.
    package var runID: String
    /// What makes two alerts of one tenant and domain the same alert.
    package var key: String
    package var summary: String
    package var details: JSONValue
    /// The handler that raised it.
    package var handler: String
    /// Missing for alerts that the reactor raises about itself.
    package var event: EventReference?
    package var raisedAt: Timestamp
    /// Whether its end will be known: something resolves it. All others are told once and forgotten.
    package var lasts: Bool

    package init(
        id: String,
        type: String,
        severity: Severity,
        domain: String,
        tenant: String,
        runID: String,
        key: String,
        summary: String,
        details: JSONValue,
        handler: String,
        event: EventReference?,
        raisedAt: Timestamp,
        lasts: Bool = false
    ) {
        self.id = id
        self.type = type
        self.severity = severity
        self.domain = domain
        self.tenant = tenant
        self.runID = runID
        self.key = key
        self.summary = summary
        self.details = details
        self.handler = handler
        self.event = event
        self.raisedAt = raisedAt
        self.lasts = lasts
    }
}
