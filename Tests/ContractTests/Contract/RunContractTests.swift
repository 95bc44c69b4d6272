import Events
import Reactions
import Testing

@Suite struct RunContractTests {
    @Test func `a run that does all it should is complete and nothing is found`() {
        var scenario = ContractScenario()
        #expect(scenario.status == .unknown)
        scenario.tell(.started, at: 0)
        #expect(scenario.status == .pending)
        scenario.acknowledgeAll(at: 1)
        scenario.acknowledge(.completeTrace, at: 1.5)
        scenario.acknowledge(.finalizeRun, at: 2)
        #expect(scenario.status == .complete)
        scenario.advance(to: 100)
        #expect(scenario.status == .complete)
        #expect(scenario.actions.isEmpty)
    }

    @Test func `what is missing while the run goes on times out, each for itself, with one alert`() throws {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.acknowledge(.evaluatePolicy, at: 1)
        scenario.advance(to: 4.999)
        #expect(scenario.actions.isEmpty)
        scenario.advance(to: 5)
        #expect(scenario.kinds == [.missing, .missing])
        #expect(scenario.findings.map(\.at) == [scenario.time(5), scenario.time(5)])
        #expect(scenario.reports.map(\.eventType) == Array(repeating: "audit.expectation.timeout", count: 2))
        #expect(
            scenario.reports.first?.payload.compactText
                == #"{"run_id":"r1","domain":"incidents","action":"create_incident","deadline_ms":5000,"elapsed_ms":5000,"tenant_id":"t1"}"#
        )
        let alert = try #require(scenario.alerts.first)
        #expect(scenario.alerts.count == 1)
        #expect(alert.type == "EXPECTATION_TIMEOUT")
        #expect(alert.severity == .high)
        #expect(
            alert.summary
                == "Run r1: 2 of 4 expected actions not acknowledged: incidents/create_incident, logs/start_trace"
        )
        #expect(scenario.status == .incomplete)
    }

    @Test func `what is missing in a run that has ended is found by its reconciliation`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.acknowledge(.evaluatePolicy, at: 1)
        scenario.acknowledge(.finalizeRun, at: 2)
        scenario.advance(to: 60)
        #expect(scenario.reports.map(\.eventType) == ["audit.reconciliation.missing"])
        #expect(
            scenario.reports.first?.payload.compactText
                == #"{"run_id":"r1","missing_actions":[["incidents","create_incident"],["logs","start_trace"]],"expected_count":4,"acked_count":2,"tenant_id":"t1"}"#
        )
        #expect(scenario.alerts.map(\.type) == ["MISSING_ACK"])
        #expect(scenario.kinds == [.missing, .missing])
    }

    @Test(arguments: [Int64(1), 500, 1_500, 59_999])
    func `deadlines are kept to the millisecond`(milliseconds: Int64) {
        var definition = ContractScenario.definition()
        definition.expectations = [.init(.createIncident, within: .milliseconds(milliseconds))]
        definition.runTimeout = .milliseconds(milliseconds + 60_000)
        definition.grace = .milliseconds(250)
        var scenario = ContractScenario(definition)
        scenario.tell(.started)
        scenario.advance(to: 200)
        #expect(scenario.kinds == [.missing, .stale])
        #expect(
            scenario.findings.map { $0.at - scenario.time(0) }
                == [.milliseconds(milliseconds), .milliseconds(milliseconds + 60_250)]
        )
    }

    @Test func `an acknowledgement at the deadline is late, one before it is not`() {
        for (second, kinds) in [(4.999, []), (5.0, [ContractFinding.Kind.missing, .late])] {
            var scenario = ContractScenario()
            scenario.tell(.started, at: 0)
            scenario.acknowledge(.evaluatePolicy, at: 1)
            scenario.acknowledge(.startTrace)
            scenario.acknowledge(.createIncident, at: second)
            scenario.acknowledge(.finalizeRun, at: 6)
            #expect(scenario.kinds == kinds, "at \(second)")
            #expect(scenario.status == .complete)
        }
    }

    @Test func `late acknowledgements take back what was missing, with the last of them`() throws {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.acknowledge(.finalizeRun, at: 1)
        scenario.advance(to: 5)
        scenario.acknowledge(.createIncident, at: 6)
        scenario.acknowledge(.startTrace, at: 7)
        #expect(scenario.resolutions.isEmpty)
        #expect(scenario.status == .incomplete)
        scenario.acknowledge(.evaluatePolicy, at: 8)
        #expect(scenario.resolutions.map(\.key) == ["MISSING_ACK:r1"])
        #expect(scenario.alerts.map(\.key) == ["MISSING_ACK:r1"])
        #expect(scenario.status == .complete)
        #expect(scenario.kinds == [.missing, .missing, .missing, .late, .late, .late])
        let late = try #require(scenario.findings.last)
        #expect(late.deadlineMilliseconds == 5000)
        #expect(late.elapsedMilliseconds == 8000)
    }

    @Test func `a run that does not end is stale, once, and its late end takes that back`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.acknowledgeAll(at: 1)
        scenario.advance(to: 34.9)
        #expect(scenario.status == .pending)
        scenario.advance(to: 35)
        #expect(scenario.status == .stale)
        #expect(scenario.kinds == [.stale])
        #expect(
            scenario.reports.first?.payload.compactText
                == #"{"run_id":"r1","expected_finalize_by":"2026-11-21T00:40:35+00:00","last_activity":"2026-11-21T00:40:01+00:00","tenant_id":"t1"}"#
        )
        #expect(scenario.alerts.map(\.key) == ["STALE_RUN:r1"])
        for second in 36...60 { scenario.tell(.progressed, at: Double(second)) }
        #expect(scenario.kinds == [.stale])
        scenario.acknowledge(.finalizeRun, at: 61)
        #expect(scenario.kinds == [.stale, .late])
        #expect(scenario.resolutions.map(\.key) == ["STALE_RUN:r1"])
        #expect(scenario.status == .complete)
    }

    @Test func `a second incident where one is expected is drift, told with its number`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.acknowledgeAll(at: 1)
        scenario.acknowledge(.createIncident, id: "2", at: 2)
        scenario.acknowledge(.createIncident, id: "3", at: 3)
        scenario.acknowledge(AuditedAction("mail", "send"), at: 3)
        scenario.acknowledge(.finalizeRun, at: 4)
        scenario.advance(to: 30)
        #expect(scenario.kinds == [.drift, .drift])
        #expect(scenario.findings.map(\.count) == [2, 1])
        #expect(
            scenario.reports.map(\.payload.compactText) == [
                #"{"run_id":"r1","drift_actions":[["incidents","create_incident"],["incidents","create_incident"]],"tenant_id":"t1"}"#,
                #"{"run_id":"r1","drift_actions":[["mail","send"]],"tenant_id":"t1"}"#,
            ]
        )
        #expect(scenario.alerts.allSatisfy { $0.severity == .medium && $0.key == "DRIFT:r1" })
        #expect(scenario.status == .incomplete)
    }

    @Test func `the same acknowledgement told again changes nothing`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        for second in 1...4 {
            scenario.acknowledgeAll(at: Double(second))
            scenario.acknowledge(.finalizeRun)
            scenario.tell(.started)
        }
        scenario.advance(to: 200)
        #expect(scenario.actions.isEmpty)
        #expect(scenario.status == .complete)
    }

    @Test func `an acknowledgement before its expectation counts`() {
        var scenario = ContractScenario()
        scenario.acknowledgeAll(at: 0)
        scenario.acknowledge(.finalizeRun)
        #expect(scenario.status == .unknown)
        scenario.tell(.started, at: 2)
        #expect(scenario.status == .complete)
        // And one that is expected only by a declaration that comes after it.
        let mail = AuditedAction("mail", "send")
        scenario.acknowledge(mail, at: 3)
        scenario.tell(.declared(ExpectationDeclaration(id: "e", action: mail, deadline: .seconds(1))), at: 4)
        scenario.advance(to: 100)
        #expect(scenario.actions.isEmpty)
        #expect(scenario.status == .complete)
    }

    @Test func `declaring what the contract expects anyway does not make it expected twice`() {
        for declaresFirst in [true, false] {
            var scenario = ContractScenario()
            if !declaresFirst { scenario.tell(.started, at: 0) }
            let four: [AuditedAction] = [.createIncident, .evaluatePolicy, .startTrace, .finalizeRun]
            for action in four {
                let deadline: Duration = action == .finalizeRun ? .seconds(20) : .seconds(4)
                scenario.tell(.declared(ExpectationDeclaration(id: "\(action)", action: action, deadline: deadline)))
            }
            if declaresFirst { scenario.tell(.started, at: 0) }
            scenario.acknowledgeAll(at: 1)
            scenario.advance(to: 19.9)
            #expect(scenario.actions.isEmpty)
            scenario.advance(to: 30)
            #expect(scenario.kinds == [.stale])
            #expect(scenario.findings.first?.at == scenario.time(20))
        }
    }

    @Test func `an end with an error is an end, an action with an error is a failure that a success makes good`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.acknowledge(.evaluatePolicy, at: 1)
        scenario.acknowledge(.startTrace)
        scenario.acknowledge(.createIncident, status: .failed, error: "no database", at: 1)
        scenario.acknowledge(.finalizeRun, status: .failed, error: "out of budget", at: 2)
        #expect(scenario.kinds == [.failed])
        #expect(scenario.reports.first?.eventType == "audit.reconciliation.failed")
        #expect(scenario.reports.first?.payload["error"] == "incidents/create_incident failed: no database")
        #expect(scenario.status == .incomplete)
        scenario.acknowledge(.createIncident, id: "2", at: 3)
        #expect(scenario.resolutions.map(\.key) == scenario.alerts.map(\.key))
        #expect(scenario.status == .complete)
        scenario.advance(to: 100)
        #expect(scenario.kinds == [.failed])
    }

    @Test func `a success with an error text is a failure`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.acknowledge(.startTrace, error: "no such module", at: 1)
        #expect(scenario.kinds == [.failed])
    }

    @Test func `a rollback is kept as a trail and is neither drift nor failure`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.acknowledgeAll(at: 1)
        scenario.acknowledge(.createIncident, id: "back", status: .rolledBack, error: "not supported", at: 2)
        scenario.acknowledge(.finalizeRun, at: 3)
        scenario.advance(to: 60)
        #expect(scenario.actions.isEmpty)
        #expect(scenario.status == .complete)
        // A rollback is also all that is heard of an action at times.
        var other = ContractScenario()
        other.tell(.started, at: 0)
        other.acknowledge(.createIncident, status: .rolledBack, at: 1)
        other.acknowledge(.evaluatePolicy)
        other.acknowledge(.startTrace)
        other.acknowledge(.finalizeRun, at: 3)
        other.advance(to: 60)
        #expect(other.actions.isEmpty)
    }

    @Test(arguments: [nil, .zero, .seconds(-3)] as [Duration?])
    func `an expectation without a deadline in the future is an invalid contract`(deadline: Duration?) {
        var scenario = ContractScenario()
        let mail = AuditedAction("mail", "send")
        let declaration = ExpectationDeclaration(id: "e", action: mail, deadline: deadline)
        scenario.tell(.declared(declaration), at: 0)
        scenario.tell(.declared(declaration), at: 1)
        #expect(scenario.kinds == [.invalid])
        #expect(scenario.alerts.map(\.severity) == [.high])
        scenario.acknowledge(mail, at: 2)
        scenario.advance(to: 100)
        #expect(scenario.kinds == [.invalid])
        #expect(scenario.status == .incomplete)
    }

    @Test func `the clock of a paused run stands still`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.tell(.paused, at: 2)
        scenario.tell(.paused, at: 500)
        scenario.tell(.resumed, at: 1002)
        scenario.tell(.resumed, at: 1003)
        scenario.advance(to: 1004.9)
        #expect(scenario.actions.isEmpty)
        scenario.advance(to: 1005)
        #expect(scenario.kinds == [.missing, .missing, .missing])
        #expect(scenario.findings.allSatisfy { $0.elapsedMilliseconds == 5000 })
        scenario.advance(to: 1034.9)
        #expect(scenario.status == .incomplete)
        scenario.advance(to: 1035)
        #expect(scenario.status == .stale)
    }

    @Test func `a pause that nobody ends is over after an hour`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.acknowledgeAll(at: 1)
        scenario.tell(.paused, at: 5)
        scenario.advance(to: 3634.9)
        #expect(scenario.actions.isEmpty)
        scenario.advance(to: 3635)
        #expect(scenario.kinds == [.stale])
    }

    @Test func `signs of life move the end, and only the end`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        for second in stride(from: 3.0, through: 300, by: 30) { scenario.tell(.progressed, at: second) }
        #expect(scenario.kinds == [.missing, .missing, .missing])
        #expect(scenario.status == .incomplete)
        scenario.advance(to: 307.9)
        #expect(scenario.status == .incomplete)
        scenario.advance(to: 308)
        #expect(scenario.status == .stale)
    }
}
