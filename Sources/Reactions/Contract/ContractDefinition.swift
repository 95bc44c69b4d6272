package import EventPatterns
import Events

/// What must happen to a run, by when, and which events say that it did: `uses: audit-contract`.
///
/// A definition holds for the runs of some tenants and agents; one that holds for runs that match a pattern is a handler
/// with that `match`, and its events are all that reach it.
package struct ContractDefinition: Sendable, Hashable {
    /// One action that a run must do.
    package struct Expectation: Sendable, Hashable {
        package var action: AuditedAction
        /// How long after the start of the run; zero or less makes the contract invalid, which is found and told.
        package var deadline: Duration

        package init(_ action: AuditedAction, within deadline: Duration) {
            self.action = action
            self.deadline = deadline
        }
    }

    /// An action that a run may do and need not.
    package struct Allowance: Sendable, Hashable {
        package var action: AuditedAction
        /// More often than that is drift.
        package var times: Int

        package init(_ action: AuditedAction, times: Int = 1) {
            self.action = action
            self.times = times
        }
    }

    package var name: String
    /// Runs of these tenants; empty: of all.
    package var tenants: Set<String> = []
    /// Runs of these agents; empty: of all.
    package var agents: Set<String> = []

    /// What a run is expected to do once it has started, beside its end.
    package var expectations: [Expectation]
    /// What ends a run. Not acknowledged by its deadline, the run is stale.
    package var finalize: AuditedAction = .finalizeRun
    /// `ROK_DEFAULT_RUN_TIMEOUT_MS`
    package var runTimeout: Duration = .seconds(30)
    /// `ROK_GRACE_PERIOD_MS`
    package var grace: Duration = .seconds(5)
    package var allowed: [Allowance] = [Allowance(.completeTrace)]

    /// Which events mean what.
    package var events = ContractEvents()

    /// How long an acknowledgement may be there before what it acknowledges is expected: producers overtake each other.
    package var driftPatience: Duration = .seconds(5)
    /// How long the answer to "is this run still open, as far as is stored?" may take before a stale run is told all the
    /// same. Zero: not asked.
    package var truthPatience: Duration = .milliseconds(500)
    /// A pause that nobody ends is over after this: a lost `run.resumed` must not stop the clock for ever. The original's
    /// `PAUSE_SLA_SECONDS`.
    package var longestPause: Duration = .seconds(3600)

    package var severities = ContractSeverities()
    /// Whether findings are alerted here, rather than by whoever listens to what is published about them.
    package var raisesAlerts = true

    /// The standard four of the original: three actions within 5 s, the end within time-out and grace.
    package init(
        name: String = "audit-contract",
        expectations: [Expectation] = [
            Expectation(.createIncident, within: .milliseconds(5000)),
            Expectation(.evaluatePolicy, within: .milliseconds(5000)),
            Expectation(.startTrace, within: .milliseconds(5000)),
        ]
    ) {
        self.name = name
        self.expectations = expectations
    }

    /// A run only has to end, and every sign of life gives it its time anew: `uses: run-liveness`.
    package static func liveness(
        name: String = "run-liveness",
        runTimeout: Duration = .seconds(30),
        grace: Duration = .seconds(5),
        extendOn: [TypePattern] = []
    ) -> ContractDefinition {
        var definition = ContractDefinition(name: name, expectations: [])
        definition.runTimeout = runTimeout
        definition.grace = grace
        definition.events.progressed = extendOn
        // What else a run does is not looked at.
        definition.events.declared = []
        definition.events.acknowledged = []
        definition.events.acks.removeAll { $0.action != definition.finalize }
        return definition
    }

    /// Whether it holds for a run of that tenant and agent.
    package func holds(tenant: String, agent: String) -> Bool {
        (self.tenants.isEmpty || self.tenants.contains(tenant)) && (self.agents.isEmpty || self.agents.contains(agent))
    }
}

/// How severe the alert of each finding is, before the doubt after a blind window lowers it by one.
package struct ContractSeverities: Sendable, Hashable {
    /// `AUDIT_ALERT_SEVERITY_MISSING`
    package var missing: Severity = .high
    /// `AUDIT_ALERT_SEVERITY_DRIFT`
    package var drift: Severity = .medium
    /// `AUDIT_ALERT_SEVERITY_STALE`
    package var stale: Severity = .high
    /// Fixed in the original.
    package var failed: Severity = .high
    package var invalid: Severity = .high

    package init() {}
}

/// A definition that many runs share.
package final class ContractTerms: Sendable {
    package let definition: ContractDefinition
    let driftPatience: Int64
    let truthPatience: Int64
    let longestPause: Int64

    package init(_ definition: ContractDefinition) {
        self.definition = definition
        self.driftPatience = max(0, definition.driftPatience.wholeMicroseconds)
        self.truthPatience = max(0, definition.truthPatience.wholeMicroseconds)
        self.longestPause = max(1, definition.longestPause.wholeMicroseconds)
    }

    /// How often a run may do an action that nothing expects.
    func allowance(_ action: AuditedAction) -> Int {
        self.definition.allowed.first { $0.action == action }?.times ?? 0
    }
}
