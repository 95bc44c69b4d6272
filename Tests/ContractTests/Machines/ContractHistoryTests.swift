import Events
import Reactions
import Testing

@Suite struct ContractHistoryTests {
    private func box(keepsHistory: Bool) -> MachineBox<ContractMachine> {
        var machine = ContractMachine(name: "contract", ContractDefinition(name: "audit-contract"))
        machine.keepsHistory = keepsHistory
        return MachineBox(machine)
    }

    @Test func `an event is recorded with what it expects and acknowledges, and with its run as it is then`() throws {
        var box = self.box(keepsHistory: true)
        let start = try box.event("run.started", at: 0, ["run_id": "r1", "tenant_id": "acme", "agent_id": "a7"]).rows
        let summary = try #require(box.machine.summary(of: "r1"))
        #expect(start.map(\.kind) == ["event"] + summary.expectations.map { _ in "expectation" } + ["run"])
        #expect(Set(start.map(\.runID)) == ["r1"])
        #expect(Set(start.map(\.tenant)) == ["acme"])
        #expect(Set(start.map { "\($0.kind) \($0.id)" }).count == start.count)
        let opened = try #require(start.last?.run)
        #expect((opened.status, opened.agent, opened.endedAt) == ("PENDING", "a7", nil))
        #expect(opened.details["open"] == .number(summary.expectations.count))

        let policy = try box.event("policy.evaluated", at: 1000, ["run_id": "r1", "policy_id": "p1"]).rows
        #expect(policy.map(\.kind) == ["event", "acknowledgement", "run"])
        #expect(policy.last?.run?.details["answered"] == 1)

        let end = try box.event("run.completed", at: 2000, ["run_id": "r1"]).rows
        #expect(end.last?.run?.outcome == "completed")
        #expect(end.last?.run?.endedAt != nil)
    }

    @Test func `what is no part of the contract, or is about an unknown run, is not recorded`() throws {
        var box = self.box(keepsHistory: true)
        _ = try box.event("run.started", at: 0, ["run_id": "r1"])
        #expect(try box.event("incident.resolved", at: 1, ["run_id": "r1"]).rows.isEmpty)
        #expect(try box.event("run.resumed", at: 2, ["run_id": "r2"]).rows.isEmpty)
    }

    @Test func `nobody who keeps it, no rows of events`() throws {
        var box = self.box(keepsHistory: false)
        #expect(try box.event("run.started", at: 0, ["run_id": "r1"]).isEmpty)
    }
}

extension [MachineOutput] {
    fileprivate var rows: [HistoryRow] {
        self.compactMap { if case .record(let row) = $0.content { row } else { nil } }
    }
}

extension HistoryRow {
    fileprivate var run: RunHistory? { if case .run(let run) = self.content { run } else { nil } }

    fileprivate var kind: String {
        switch self.content {
        case .run: "run"
        case .event: "event"
        case .expectation: "expectation"
        case .acknowledgement: "acknowledgement"
        default: "other"
        }
    }
}
