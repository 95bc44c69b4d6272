import Events
import SeededRandom

/// The events of one run, in order, as the original's publishers write them.
struct RunScript {
    private(set) var events: [SyntheticEvent] = []
    private let runID: String
    private let tenantID: String
    private let epoch: Timestamp
    private var offset: Duration

    /// - Parameters:
    ///   - start: when the run starts, within its scenario.
    ///   - epoch: the wall-clock time at which the scenario begins, for times inside payloads.
    init(runID: String, tenantID: String, start: Duration, epoch: Timestamp) {
        self.runID = runID
        self.tenantID = tenantID
        self.offset = start
        self.epoch = epoch
    }

    private var run: JSONValue { .string(self.runID) }
    private var tenant: JSONValue { .string(self.tenantID) }
    private var now: Timestamp { self.epoch + self.offset }

    /// Writes a whole run of the given fate.
    mutating func play(_ fate: RunFate, publishesFindings: Bool, using random: inout SplitMix64) {
        let steps = Int.random(in: 2...6, using: &random)
        self.begin(using: &random)
        switch fate {
        case .completing:
            self.steps(steps, using: &random)
            self.complete(steps: steps)
        case .failing:
            self.steps(steps / 2, using: &random)
            self.fail()
        case .stalling:
            self.steps(steps / 2, using: &random)
            if publishesFindings { self.findStale() }
        case .drifting:
            self.steps(steps, using: &random)
            self.complete(steps: steps)
            if publishesFindings { self.findDrift(missing: Bool.random(using: &random)) }
        }
    }

    private mutating func begin(using random: inout SplitMix64) {
        let agent = "agent-\(Int.random(in: 1...9, using: &random))"
        self.add(
            "run.started",
            ["run_id": self.run, "tenant_id": self.tenant, "agent_id": .string(agent), "goal": "answer a ticket"]
        )
        self.wait(milliseconds: 20...80, using: &random)
        self.add("trace.started", ["trace_id": self.trace, "run_id": self.run, "tenant_id": self.tenant])
        self.add(
            "policy.evaluated",
            ["run_id": self.run, "tenant_id": self.tenant, "policy_id": "pol-default", "outcome": "ALLOW"]
        )
    }

    private mutating func steps(_ count: Int, using random: inout SplitMix64) {
        for step in 0..<count {
            let milliseconds = self.wait(milliseconds: 100...900, using: &random)
            self.add(
                "run.step.completed",
                [
                    "run_id": self.run, "tenant_id": self.tenant, "step_id": .string("step-\(step + 1)"),
                    "skill": .string(Self.skills.randomElement(using: &random) ?? "http_call"),
                    "duration": .number(Double(milliseconds) / 1000), "status": "succeeded", "result": ["ok": true],
                ]
            )
        }
    }

    private mutating func complete(steps: Int) {
        self.add(
            "trace.completed",
            ["trace_id": self.trace, "run_id": self.run, "step_count": .number(steps), "status": "completed"]
        )
        self.add(
            "run.completed",
            [
                "run_id": self.run, "tenant_id": self.tenant, "status": "succeeded",
                "duration_ms": .number(steps * 500), "trace_id": self.trace,
            ]
        )
    }

    private mutating func fail() {
        self.add(
            "run.failed",
            ["run_id": self.run, "tenant_id": self.tenant, "attempts": 1, "error": "the tool answered 503"]
        )
        let incident = JSONValue.string("inc-\(self.runID)")
        self.add(
            "incident.created",
            ["incident_id": incident, "run_id": self.run, "tenant_id": self.tenant, "severity": "HIGH"]
        )
        self.add("run.retry_scheduled", ["run_id": self.run, "attempts": 1, "backoff_seconds": 60])
    }

    private mutating func findStale() {
        let lastActivity = self.now
        self.offset += .seconds(3)
        self.add(
            "audit.reconciliation.stale",
            RunFinding.stale(self.run, expectedBy: self.now, lastActivity: lastActivity)
        )
    }

    private mutating func findDrift(missing: Bool) {
        self.offset += .milliseconds(500)
        if missing {
            self.add("audit.reconciliation.missing", RunFinding.missing(self.run))
        } else {
            self.add("audit.reconciliation.drift", RunFinding.drift(self.run))
        }
    }

    private static let skills = ["http_call", "llm_invoke", "json_transform", "sql_query"]

    private var trace: JSONValue { .string("trace-\(self.runID)") }

    private mutating func add(_ type: String, _ payload: JSONValue) {
        self.events.append(SyntheticEvent(at: self.offset, type, source: "aos", payload: payload))
    }

    @discardableResult
    private mutating func wait(milliseconds range: ClosedRange<Int>, using random: inout SplitMix64) -> Int {
        let milliseconds = Int.random(in: range, using: &random)
        self.offset += .milliseconds(milliseconds)
        return milliseconds
    }
}
