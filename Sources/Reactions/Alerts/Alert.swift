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
    /// What it is about; its fields are the alert's own.
    package private(set) var subject: AlertSubject
    package var details: JSONValue
    /// The handler that raised it.
    package var handler: String
    package var raisedAt: Timestamp
    /// Whether its end will be known: something resolves it. All others are told once and forgotten.
    package var lasts: Bool

    /// What the parameters mean is said of the properties, and of those of `AlertSubject`.
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
        self.subject = AlertSubject(
            type: type,
            severity: severity,
            domain: domain,
            tenant: tenant,
            runID: runID,
            key: key,
            summary: summary,
            event: event
        )
        self.details = details
        self.handler = handler
        self.raisedAt = raisedAt
        self.lasts = lasts
    }
}

extension Alert {
    package var type: String {
        get { self.subject.type }
        set { self.subject.type = newValue }
    }

    package var severity: Severity {
        get { self.subject.severity }
        set { self.subject.severity = newValue }
    }

    package var domain: String {
        get { self.subject.domain }
        set { self.subject.domain = newValue }
    }

    package var tenant: String {
        get { self.subject.tenant }
        set { self.subject.tenant = newValue }
    }

    package var runID: String {
        get { self.subject.runID }
        set { self.subject.runID = newValue }
    }

    package var key: String {
        get { self.subject.key }
        set { self.subject.key = newValue }
    }

    package var fingerprint: Fingerprint { self.subject.fingerprint }

    package var summary: String {
        get { self.subject.summary }
        set { self.subject.summary = newValue }
    }

    package var event: EventReference? {
        get { self.subject.event }
        set { self.subject.event = newValue }
    }
}
