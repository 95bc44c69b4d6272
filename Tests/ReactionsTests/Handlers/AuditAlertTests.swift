import EventPatterns
import Events
import Reactions
import Testing

@Suite struct AuditAlertTests {
    private func react(_ kind: AuditAlertKind, _ payload: JSONValue, tenant: String = "") throws -> [Reaction] {
        let definition = try #require(
            BuiltIns.auditAlerts().first { $0.name == kind.handlerName }
        )
        return try SampleEvent(kind.rawValue, payload: payload, tenant: tenant).react(definition)
    }

    @Test func `the seven registrations have the original's names, types and priorities`() {
        let definitions = BuiltIns.auditAlerts()
        let rows = definitions.map { "\($0.on.map(\.description).joined()) \($0.name) \($0.priority)" }
        #expect(
            rows == [
                "audit.reconciliation.missing audit_missing_ack_handler 100",
                "audit.reconciliation.stale audit_stale_run_handler 100",
                "audit.reconciliation.drift audit_drift_handler 90",
                "audit.expectation.timeout audit_expectation_timeout_handler 90",
                "audit.reconciliation.failed audit_reconciliation_failed_handler 80",
                "run.failed audit_run_failed_handler 50",
                "run.completed audit_run_completed_handler 50",
            ]
        )
    }

    @Test func `a missing acknowledgement alerts and logs one line a pair`() throws {
        let reactions = try self.react(
            .missingAck,
            [
                "run_id": "r-1", "missing_actions": [["incidents", "create_incident"], ["logs", "start_trace"]],
                "expected_count": 4, "acked_count": 2,
            ],
            tenant: "t-1"
        )
        let alert = try #require(reactions.first?.alert)
        #expect(alert.type == "MISSING_ACK")
        #expect(alert.severity == .high)
        #expect(alert.domain == "audit")
        #expect(alert.tenant == "t-1")
        #expect(alert.runID == "r-1")
        #expect(alert.key == "MISSING_ACK:r-1")
        #expect(alert.handler == "audit_missing_ack_handler")
        #expect(
            alert.summary
                == "Run r-1: 2 of 4 expected actions not acknowledged: incidents/create_incident, logs/start_trace"
        )
        #expect(
            alert.details == [
                "missing_actions": [["incidents", "create_incident"], ["logs", "start_trace"]], "expected_count": 4,
                "acked_count": 2,
            ]
        )
        #expect(
            reactions.dropFirst().compactMap(\.line) == [
                "audit: run r-1 has no acknowledgement of incidents/create_incident",
                "audit: run r-1 has no acknowledgement of logs/start_trace",
            ]
        )
    }

    @Test(arguments: [
        (nil, "1 expected action"), (0, "1 expected action"), (1, "1 of 1 expected actions"),
        (2, "1 of 2 expected actions"),
    ])
    func `the summary names how many actions were expected only where the producer does`(
        expected: Int?,
        words: String
    ) throws {
        var payload: [JSONMember] = [
            JSONMember("run_id", "r-1"), JSONMember("missing_actions", [["incidents", "create_incident"]]),
        ]
        if let expected { payload.append(JSONMember("expected_count", .number(expected))) }
        let reactions = try self.react(.missingAck, .object(payload))
        let alert = try #require(reactions.first?.alert)
        #expect(alert.summary == "Run r-1: \(words) not acknowledged: incidents/create_incident")
    }

    @Test(arguments: [
        JSONValue.string("incidents"), .null, .number(3), [["incidents"]], ["incidents"], [["a", 1]],
        [["a", "b", "c"]], [nil],
    ])
    func `malformed missing actions still alert, and the details say what was malformed`(value: JSONValue) throws {
        let reactions = try self.react(.missingAck, ["run_id": "r-1", "missing_actions": value])
        let alert = try #require(reactions.first?.alert)
        #expect(alert.type == "MISSING_ACK")
        #expect(alert.details["missing_actions"] == value)
        #expect(alert.details["expected_count"] == 0)
        let notes = try #require(alert.details["malformed"]?.arrayValue)
        #expect(notes.count == 1)
        #expect(notes[0].stringValue?.hasPrefix("missing_actions") == true)
    }

    @Test func `good pairs beside malformed ones are still listed`() throws {
        let reactions = try self.react(.drift, ["run_id": "r-1", "drift_actions": [["logs", "start_trace"], 7]])
        let alert = try #require(reactions.first?.alert)
        #expect(alert.type == "DRIFT")
        #expect(alert.severity == .medium)
        #expect(alert.summary == "Run r-1: 1 acknowledged action was not expected: logs/start_trace")
        #expect(alert.details["malformed"] == ["drift_actions[1]: expected [domain, action], found a number"])
        #expect(reactions.count == 2)
    }

    @Test func `a stale run names its deadline`() throws {
        let alert = try #require(
            try self.react(.staleRun, ["run_id": "r-1", "expected_finalize_by": "2026-11-21T00:00:35+00:00"])
                .first?.alert
        )
        #expect(alert.type == "STALE_RUN")
        #expect(
            alert.summary == "Run r-1 is stale: not finalized by 2026-11-21T00:00:35+00:00, no activity known"
        )
        #expect(alert.details == ["expected_finalize_by": "2026-11-21T00:00:35+00:00", "last_activity": nil])
    }

    @Test func `an expectation that timed out names domain, action and times`() throws {
        let alert = try #require(
            try self.react(
                .expectationTimeout,
                ["run_id": "r-1", "domain": "logs", "action": "start_trace", "deadline_ms": 5000, "elapsed_ms": 5120]
            ).first?.alert
        )
        #expect(alert.type == "EXPECTATION_TIMEOUT")
        #expect(alert.severity == .high)
        #expect(alert.summary == "Run r-1: logs/start_trace not acknowledged after 5120 ms (deadline 5000 ms)")
    }

    @Test func `a failed reconciliation names its error`() throws {
        let alert = try #require(
            try self.react(.reconciliationFailed, ["run_id": "r-1", "error": "store away"]).first?.alert
        )
        #expect(alert.type == "RECONCILIATION_FAILED")
        #expect(alert.summary == "Run r-1: reconciliation failed: store away")
        #expect(alert.details == ["error": "store away"])
    }

    @Test func `a finding that a reactor has alerted itself is not alerted again; who only claims so is not believed`()
        throws
    {
        let definition = try #require(BuiltIns.auditAlerts().first { $0.name == AuditAlertKind.staleRun.handlerName })
        func alerts(source: String, _ payload: JSONValue) throws -> Int {
            let event: JSONValue = [
                "event_type": "audit.reconciliation.stale", "source": .string(source), "payload": payload,
            ]
            return try SampleEvent(json: event.compactText).react(definition).count
        }
        let marked: JSONValue = ["run_id": "r-1", "alerted_by": "contract"]
        #expect(try alerts(source: "aos-reactor", marked) == 0)
        #expect(try alerts(source: "somebody", marked) == 1)
        #expect(try alerts(source: "aos-reactor", ["run_id": "r-1"]) == 1)
    }

    @Test(arguments: [AuditAlertKind.runFailed, .runCompleted])
    func `run.failed and run.completed are registered and raise nothing`(kind: AuditAlertKind) throws {
        let definition = try #require(BuiltIns.auditAlerts().first { $0.name == kind.handlerName })
        #expect(try self.react(kind, ["run_id": "r-1"]).isEmpty)
        #expect(!CompiledHandler(definition).canReact)
    }

    @Test(arguments: AuditAlertKind.allCases.filter { $0.alertType != nil })
    func `an empty payload alerts about an unknown run`(kind: AuditAlertKind) throws {
        let alert = try #require(try self.react(kind, .object([])).first?.alert)
        #expect(alert.runID == "unknown")
        #expect(alert.key == "\(alert.type):unknown")
    }

    @Test func `a run id that is a number is understood`() throws {
        let alert = try #require(try self.react(.drift, ["run_id": 17, "drift_actions": []]).first?.alert)
        #expect(alert.runID == "17")
    }

    @Test func `the lines of one finding are bounded`() throws {
        let pairs = JSONValue.array((0..<1000).map { ["logs", .string("a\($0)")] })
        let reactions = try self.react(.missingAck, ["run_id": "r", "missing_actions": pairs, "expected_count": 1000])
        #expect(reactions.count == 21)
        #expect(reactions.last?.line == "audit: run r has no acknowledgement of 981 more actions")
    }

    @Test func `severities come from the environment`() throws {
        let settings = try AuditAlertSettings(environment: [
            "AUDIT_ALERT_SEVERITY_MISSING": "CRITICAL", "AUDIT_ALERT_SEVERITY_DRIFT": "LOW",
            "AUDIT_ALERT_SEVERITY_STALE": "", "AUDIT_ALERTS_ENABLED": "Yes",
        ])
        #expect(settings.missingSeverity == .critical)
        #expect(settings.driftSeverity == .low)
        #expect(settings.staleSeverity == .high)
        #expect(AuditAlertKind.missingAck.severity(settings) == .critical)
        #expect(AuditAlertKind.reconciliationFailed.severity(settings) == .high)
    }

    @Test func `alerts that are switched off register nothing`() throws {
        let settings = try AuditAlertSettings(environment: ["AUDIT_ALERTS_ENABLED": "false"])
        #expect(BuiltIns.auditAlerts(settings).isEmpty)
    }

    @Test func `every invalid variable is named with what it holds and what is allowed`() {
        let error = #expect(throws: AuditAlertSettingsError.self) {
            try AuditAlertSettings(environment: [
                "AUDIT_ALERT_SEVERITY_MISSING": "URGENT", "AUDIT_ALERTS_ENABLED": "perhaps",
            ])
        }
        #expect(
            error?.description
                == "AUDIT_ALERTS_ENABLED is \"perhaps\"; allowed are true, false; "
                + "AUDIT_ALERT_SEVERITY_MISSING is \"URGENT\"; allowed are LOW, MEDIUM, HIGH, CRITICAL"
        )
    }
}
