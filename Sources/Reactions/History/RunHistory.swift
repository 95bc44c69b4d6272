package import Events

/// What is known of a run. All of it, not what changed: a row with a higher revision replaces the one before.
package struct RunHistory: Sendable, Hashable {
    /// Higher for what is known later; equal ones are equal.
    package var revision: Int64
    /// Where its contract stands: `UNKNOWN`, `PENDING`, `COMPLETE`, `INCOMPLETE`, `STALE`.
    package var status: String
    package var agent: String?
    /// How it ended: `completed`, `failed`, `halted`.
    package var outcome: String?
    /// Nil while it is open.
    package var endedAt: Timestamp?
    /// When it is stale unless something happens.
    package var deadlineAt: Timestamp?
    package var details: JSONValue

    package init(
        revision: Int64,
        status: String,
        agent: String? = nil,
        outcome: String? = nil,
        endedAt: Timestamp? = nil,
        deadlineAt: Timestamp? = nil,
        details: JSONValue = .null
    ) {
        self.revision = revision
        self.status = status
        self.agent = agent
        self.outcome = outcome
        self.endedAt = endedAt
        self.deadlineAt = deadlineAt
        self.details = details
    }
}

/// An event of a run, without its payload but for what `details` keeps.
package struct EventHistory: Sendable, Hashable {
    package var type: String
    package var source: String
    package var arrivedAt: Timestamp
    /// The producer's id of it, if it gave one.
    package var eventID: String?
    package var details: JSONValue

    package init(
        type: String,
        source: String,
        arrivedAt: Timestamp,
        eventID: String? = nil,
        details: JSONValue = .null
    ) {
        self.type = type
        self.source = source
        self.arrivedAt = arrivedAt
        self.eventID = eventID
        self.details = details
    }
}

/// That a run is expected to do something.
package struct ExpectationHistory: Sendable, Hashable {
    package var domain: String
    package var action: String
    /// Nil for an invalid expectation.
    package var deadlineAt: Timestamp?
    /// Who says so: `contract`, `event`, `http`.
    package var origin: String

    package init(domain: String, action: String, deadlineAt: Timestamp?, origin: String) {
        self.domain = domain
        self.action = action
        self.deadlineAt = deadlineAt
        self.origin = origin
    }
}

/// That a run has done something, or tried.
package struct AcknowledgementHistory: Sendable, Hashable {
    package var domain: String
    package var action: String
    /// `SUCCESS`, `FAILED`, `ROLLED_BACK`.
    package var status: String
    package var resultID: String?
    package var error: String?

    package init(domain: String, action: String, status: String, resultID: String? = nil, error: String? = nil) {
        self.domain = domain
        self.action = action
        self.status = status
        self.resultID = resultID
        self.error = error
    }
}

/// What was found wrong with a run.
package struct FindingHistory: Sendable, Hashable {
    /// `MISSING`, `DRIFT`, `STALE`, `FAILED`, `INVALID`, `LATE`.
    package var kind: String
    package var domain: String
    package var action: String
    package var severity: Severity
    package var count: Int
    /// Why it may not be true.
    package var doubt: String?
    package var deadlineMilliseconds: Int64?
    package var elapsedMilliseconds: Int64?
    package var error: String?

    package init(
        kind: String,
        domain: String,
        action: String,
        severity: Severity,
        count: Int = 1,
        doubt: String? = nil,
        deadlineMilliseconds: Int64? = nil,
        elapsedMilliseconds: Int64? = nil,
        error: String? = nil
    ) {
        self.kind = kind
        self.domain = domain
        self.action = action
        self.severity = severity
        self.count = count
        self.doubt = doubt
        self.deadlineMilliseconds = deadlineMilliseconds
        self.elapsedMilliseconds = elapsedMilliseconds
        self.error = error
    }
}
