import EventPatterns
import Events
import Reactions
import Testing

@Suite struct ContractEventsTests {
    private let events = ContractEvents()

    private func inputs(_ type: String, _ payload: JSONValue, eventID: String? = nil) -> [RunInput] {
        self.events.inputs(
            of: ContractEvent(
                eventType: type,
                runID: "r1",
                eventID: eventID,
                timestamp: Timestamp(microseconds: 42),
                payload: payload
            )
        )
    }

    @Test func `events of the original acknowledge what they stand for`() {
        let incident: JSONValue = ["run_id": "r1", "incident_id": "inc_1"]
        #expect(
            self.inputs("incident.created", incident)
                == [.acknowledged(Acknowledgement(id: "inc_1", action: .createIncident, resultID: "inc_1"))]
        )
        #expect(
            self.inputs("trace.completed", ["trace_id": "t"])
                == [.acknowledged(Acknowledgement(id: "t", action: .completeTrace, resultID: "t"))]
        )
        for type in ["run.completed", "run.failed", "run.halted"] {
            #expect(
                self.inputs(type, ["error": "out of budget"])
                    == [.acknowledged(Acknowledgement(id: "r1", action: .finalizeRun))]
            )
        }
        #expect(self.inputs("run.started", [:]) == [.started])
        #expect(self.inputs("run.paused", [:]) == [.paused])
        #expect(self.inputs("run.resumed", [:]) == [.resumed])
        #expect(self.inputs("run.step.completed", [:]).isEmpty)
    }

    @Test func `an incident that is acknowledged and announced is one incident`() {
        let ack: JSONValue = [
            "domain": "incidents", "action": "create_incident", "status": "SUCCESS", "result_id": "inc_1", "id": "a1",
        ]
        let both = self.inputs("audit.ack", ack) + self.inputs("incident.created", ["incident_id": "inc_1"])
        #expect(both.count == 2)
        #expect(Set(both).count == 1)
        // Its rollback is something else, and so is a second incident.
        var members: JSONValue = ["domain": "incidents", "action": "create_incident", "result_id": "inc_1"]
        guard case .object(let plain) = members else { return }
        members = .object(plain + [JSONMember("rolled_back", true)])
        #expect(
            self.inputs("audit.ack", members) == [
                .acknowledged(
                    Acknowledgement(
                        id: "inc_1",
                        action: .createIncident,
                        status: .rolledBack,
                        resultID: "inc_1"
                    )
                )
            ]
        )
        #expect(self.inputs("incident.created", ["incident_id": "inc_2"]) != [both[1]])
    }

    @Test func `acknowledgements without any id are told apart by the event, else by its time`() {
        let ack: JSONValue = ["domain": "d", "action": "a", "status": "FAILED", "error": "e"]
        guard case .acknowledged(let byEvent)? = self.inputs("audit.ack", ack, eventID: "ev").first,
            case .acknowledged(let byTime)? = self.inputs("audit.ack", ack).first
        else {
            Issue.record("not understood")
            return
        }
        #expect(byEvent.id == "ev")
        #expect(byTime.id == "at 42")
        #expect(byTime.status == .failed)
        #expect(byTime.error == "e")
        #expect(self.inputs("audit.ack", ["domain": "d"]).isEmpty)
    }

    @Test func `expectations are declared one by one or in a list`() {
        #expect(
            self.inputs(
                "audit.expectation.declared",
                ["id": "e1", "domain": "d", "action": "a", "deadline_ms": 1500]
            ) == [
                .declared(
                    ExpectationDeclaration(id: "e1", action: AuditedAction("d", "a"), deadline: .milliseconds(1500))
                )
            ]
        )
        let list: JSONValue = [
            "expectations": [
                ["domain": "d", "action": "a", "deadline_ms": -5], ["domain": "d", "action": "a"], ["domain": "d"],
                ["domain": "d", "action": "b", "deadline_ms": .number(1e300)],
            ]
        ]
        let inputs = self.inputs("audit.expectation.declared", list)
        guard inputs.count == 3, case .declared(let negative) = inputs[0], case .declared(let none) = inputs[1],
            case .declared(let endless) = inputs[2]
        else {
            Issue.record("\(inputs)")
            return
        }
        #expect(negative.deadline.map { $0 <= .zero } == true)
        #expect(none.deadline == nil)
        #expect(negative.id != none.id)
        #expect(endless.deadline.map { $0 <= .seconds(315_360_000) } == true)
    }

    @Test func `what counts is configuration`() {
        var events = ContractEvents()
        events.started = [.prefix("job.started.")]
        events.progressed = [.exact("job.progress.updated")]
        events.acks = [ContractEvents.AckRule(on: .prefix("job."), action: AuditedAction("jobs", "seen"))]
        let event = ContractEvent(eventType: "job.progress.updated", runID: "j", payload: [:])
        #expect(
            events.inputs(of: event)
                == [.acknowledged(Acknowledgement(id: "j", action: AuditedAction("jobs", "seen"))), .progressed]
        )
        var definition = ContractDefinition()
        #expect(definition.holds(tenant: "t", agent: ""))
        definition.tenants = ["t"]
        definition.agents = ["a"]
        #expect(definition.holds(tenant: "t", agent: "a"))
        #expect(!definition.holds(tenant: "t", agent: "b"))
        #expect(!definition.holds(tenant: "", agent: "a"))
    }

    @Test func `a run that is only watched for life has to end, and nothing else`() {
        let definition = ContractDefinition.liveness(extendOn: [.exact("run.step.completed")])
        var scenario = ContractScenario(definition)
        func inputs(_ type: String) -> [RunInput] {
            definition.events.inputs(
                of: ContractEvent(
                    eventType: type,
                    runID: "r1",
                    payload: ["domain": "d", "action": "a", "trace_id": "t"]
                )
            )
        }
        for type in ["incident.created", "audit.ack", "audit.expectation.declared", "trace.completed"] {
            #expect(inputs(type).isEmpty)
        }
        scenario.tell(inputs("run.started")[0], at: 0)
        scenario.tell(inputs("run.step.completed")[0], at: 30)
        scenario.advance(to: 64.9)
        #expect(scenario.actions.isEmpty)
        scenario.advance(to: 65)
        #expect(scenario.actions == [.readTruth(runID: "r1")])
        scenario.tell(inputs("run.halted")[0], at: 65.1)
        #expect(scenario.kinds == [.late])
        #expect(scenario.status == .complete)
    }
}
