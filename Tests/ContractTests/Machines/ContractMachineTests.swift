import EventPatterns
import Events
import Reactions
import Testing

@Suite struct ContractMachineTests {
    private func box(_ change: (inout ContractDefinition) -> Void = { _ in }) -> MachineBox<ContractMachine> {
        var definition = ContractDefinition(name: "audit-contract")
        change(&definition)
        return MachineBox(ContractMachine(name: "contract", definition))
    }

    @Test func `a run that falls silent times out and is stale, each told once`() throws {
        var box = self.box()
        #expect(try box.event("run.started", at: 0, ["run_id": "r1", "tenant_id": "acme"]).isEmpty)
        let missing = box.pass(until: 5_000)
        #expect(missing.alerts.map(\.key) == ["EXPECTATION_TIMEOUT:r1"])
        #expect(missing.published.map(\.eventType) == Array(repeating: "audit.expectation.timeout", count: 3))
        #expect(missing.counts == [.finding(.missing): 3])
        let stale = box.pass(until: 60_000)
        let alert = try #require(stale.alerts.first)
        #expect(stale.alerts.count == 1)
        #expect((alert.type, alert.key, alert.severity) == ("STALE_RUN", "STALE_RUN:r1", .high))
        #expect((alert.domain, alert.tenant, alert.handler, alert.lasts) == ("audit", "acme", "contract", true))
        let event = try #require(stale.published.first)
        #expect((event.eventType, event.hops) == ("audit.reconciliation.stale", 1))
        #expect(event.payload["alerted_by"] == "contract")
        #expect(event.payload["run_id"] == "r1")
        #expect(Set(stale.map(\.key)) == ["r1"])

        let late = try box.event("run.completed", at: 61_000, ["run_id": "r1"])
        #expect(late.resolutions.map(\.key) == ["STALE_RUN:r1"])
        #expect(late.counts == [.finding(.late): 1])
        #expect(try box.event("run.completed", at: 62_000, ["run_id": "r1"]).isEmpty)
    }

    @Test func `what is due costs what it costs, however many other runs are open`() throws {
        /// The shortest time in which 100 deadlines, each at a time of its own, are worked off.
        func cost(open count: Int) throws -> Duration {
            var box = MachineBox(ContractMachine(name: "runs", .liveness(runTimeout: .seconds(600), grace: .zero)))
            for run in 0..<count { _ = try box.event("run.started", at: run, ["run_id": .string("r\(run)")]) }
            return (0..<3).map { round in
                let begin = ContinuousClock.now
                let told = box.pass(until: 600_000 + round * 100 + 99)
                #expect(told.alerts.count == 100)
                return ContinuousClock.now - begin
            }.min() ?? .zero
        }
        let few = try cost(open: 300)
        let many = try cost(open: 12_000)
        #expect(many < few * 5, "\(few) with few open runs, \(many) with many")
    }

    @Test func `without alerts of its own, what is published is left to others to alert`() throws {
        var box = self.box { $0.raisesAlerts = false }
        _ = try box.event("run.started", at: 0, ["run_id": "r1"])
        let outputs = box.pass(until: 60_000) + (try box.event("run.completed", at: 61_000, ["run_id": "r1"]))
        #expect(outputs.alerts.isEmpty)
        #expect(outputs.resolutions.isEmpty)
        #expect(outputs.published.count == 5)
        #expect(outputs.published.allSatisfy { $0.payload["alerted_by"] == nil })
    }

    @Test func `a contract of some tenants and agents leaves other runs alone`() throws {
        var box = self.box { definition in
            definition.tenants = ["acme"]
            definition.agents = ["a1", "a2"]
        }
        let starts: [JSONValue] = [
            ["run_id": "mine", "tenant_id": "acme", "agent_id": "a2"],
            ["run_id": "other-tenant", "tenant_id": "umbrella", "agent_id": "a1"],
            ["run_id": "other-agent", "tenant_id": "acme", "agent_id": "a3"],
            ["run_id": "nobody-says", "tenant_id": "acme"],
        ]
        for start in starts { _ = try box.event("run.started", at: 0, start) }
        // Who acknowledges need not say whose the run is.
        _ = try box.event("trace.started", at: 10, ["run_id": "mine", "trace_id": "t"])
        _ = try box.event("trace.started", at: 10, ["run_id": "other-agent", "trace_id": "t"])
        let outputs = box.pass(until: 60_000)
        #expect(Set(outputs.alerts.map(\.runID)) == ["mine"])
        #expect(outputs.counts[.finding(.missing)] == 2)
    }

    @Test func `what was found is no evidence, even where a rule would take it for an acknowledgement`() throws {
        let audit = try #require(TypePattern("audit.*"))
        var box = self.box { $0.events.acks.append(.init(on: audit, action: AuditedAction("logs", "anything"))) }
        _ = try box.event("run.started", at: 0, ["run_id": "r1"])
        for _ in 0..<3 {
            #expect(try box.event("audit.reconciliation.drift", at: 1, ["run_id": "r1"]).isEmpty)
            #expect(try box.event("audit.expectation.timeout", at: 1, ["run_id": "r1"]).isEmpty)
        }
        #expect(box.machine.summary(of: "r1")?.actions.contains { $0.action.action == "anything" } == false)
        _ = try box.event("audit.something", at: 1, ["run_id": "r1"])
        #expect(box.machine.summary(of: "r1")?.actions.contains { $0.action.action == "anything" } == true)
    }

    @Test func `run ids may be numbers, and what has none or too long ones is left alone or counted`() throws {
        var box = self.box()
        _ = try box.event("run.started", at: 0, ["run_id": 17])
        #expect(box.machine.summary(of: "17")?.status == .pending)
        #expect(try box.event("run.started", at: 0).isEmpty)
        let long = JSONValue.string(String(repeating: "x", count: 129))
        #expect(try box.event("run.started", at: 0, ["run_id": long]).counts == [.refused("bad_run_id"): 1])
        #expect(box.machine.figures.kept == 1)
    }

    @Test func `after a blind window a stale run is suspect and less severe; a blindness that missed nothing is none`()
        throws
    {
        var box = self.box()
        _ = try box.event("run.started", at: 0, ["run_id": "r1"])
        _ = box.notice(.blindnessBegan(at: MachineBox<ContractMachine>.start + .seconds(1), reason: "lost"), at: 1_000)
        _ = box.notice(.blindnessDismissed, at: 2_000)
        let missing = try #require(box.pass(until: 5_000).alerts.first)
        #expect(missing.severity == .high)
        let from = MachineBox<ContractMachine>.start + .seconds(10)
        _ = box.notice(.blindnessEnded(from: from, to: from + .seconds(1), reason: "killed"), at: 11_000)
        let stale = try #require(box.pass(until: 60_000).alerts.first)
        #expect((stale.type, stale.severity) == ("STALE_RUN", .medium))
        #expect(stale.details["suspect_reason"] == "killed")
    }

    @Test func `other settings hold for runs that begin later`() throws {
        var box = self.box()
        _ = try box.event("run.started", at: 0, ["run_id": "old"])
        var liveness = ContractDefinition.liveness(runTimeout: .seconds(1), grace: .zero)
        liveness.name = "contract"
        let isTaken = box.machine.update(.contract(liveness))
        #expect(isTaken)
        _ = try box.event("run.started", at: 0, ["run_id": "new"])
        #expect(box.pass(until: 1_000).alerts.map(\.key) == ["STALE_RUN:new"])
        #expect(Set(box.pass(until: 60_000).alerts.map(\.runID)) == ["old"])
    }
}
