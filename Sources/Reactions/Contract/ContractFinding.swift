package import Events

/// Something that is wrong with a run, or was and no longer is. Told once.
package struct ContractFinding: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A deadline has passed without an acknowledgement.
        case missing = "MISSING"
        /// An acknowledgement that nothing expected, or one too many.
        case drift = "DRIFT"
        /// The run has not ended by its deadline.
        case stale = "STALE"
        /// An acknowledgement with an error.
        case failed = "FAILED"
        /// An expectation without a deadline, or with one that is not in the future.
        case invalid = "INVALID"
        /// Acknowledged after its deadline. Nobody is alerted: it takes back `missing` and `stale`.
        case late = "LATE"
    }

    package var kind: Kind
    package var runID: String
    package var tenant: String
    package var action: AuditedAction
    /// How many acknowledgements too many; 1 for the other kinds.
    package var count = 1
    /// When it became true: the deadline itself, however late it was noticed.
    package var at: Timestamp
    /// What was allowed, in milliseconds of the run's clock, which stands still in a pause.
    package var deadlineMilliseconds: Int64?
    /// What it took, or has taken so far.
    package var elapsedMilliseconds: Int64?
    /// What the acknowledgement said.
    package var error: String?
    /// Why it may not be true: events may have been missed, or what is stored could not be read.
    package var doubt: String?
}

/// An event about findings, and the alert that says the same: both once.
package struct ContractReport: Sendable, Hashable {
    /// `audit.reconciliation.*` or `audit.expectation.timeout`, with the payload of the original and `tenant_id`, and for
    /// findings in doubt `suspect` and `suspect_reason`.
    package var eventType: String
    package var payload: JSONValue
    package var findings: [ContractFinding]

    package init(eventType: String, payload: JSONValue, findings: [ContractFinding]) {
        self.eventType = eventType
        self.payload = payload
        self.findings = findings
    }
}

/// What somebody is told about a run, by the names of the original's audit alerts.
package struct ContractAlert: Sendable, Hashable {
    /// `MISSING_ACK`, `EXPECTATION_TIMEOUT`, `STALE_RUN`, `DRIFT` or `RECONCILIATION_FAILED`.
    package var type: String
    package var severity: Severity
    package var runID: String
    package var tenant: String
    /// What a resolution names, beside tenant and domain. The domain is always `audit`.
    package var key: String
    package var summary: String
    package var details: JSONValue
}

/// What an earlier alert said is no longer so.
package struct ContractResolution: Sendable, Hashable {
    package var key: String
    package var runID: String
    package var tenant: String
    package var summary: String
}

extension Severity {
    /// The next less severe one.
    var lowered: Severity {
        switch self {
        case .low, .medium: .low
        case .high: .medium
        case .critical: .high
        }
    }
}
