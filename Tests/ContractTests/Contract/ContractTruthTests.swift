import Events
import Reactions
import Testing

/// What a reactor does about its own doubts: the stored truth is read before a run is called stale, and after a time in
/// which events may have been missed nothing is told as if it were certain.
@Suite struct ContractTruthTests {
    private func asked() -> ContractScenario {
        var scenario = ContractScenario(ContractDefinition())
        scenario.tell(.started, at: 0)
        scenario.acknowledgeAll(at: 1)
        scenario.advance(to: 35)
        return scenario
    }

    @Test func `before a run is called stale it is asked what is stored`() {
        var scenario = self.asked()
        #expect(scenario.actions == [.readTruth(runID: "r1")])
        #expect(scenario.status == .pending)
        scenario.tell(.truth(.open), at: 35.1)
        #expect(scenario.kinds == [.stale])
        #expect(scenario.findings.first?.at == scenario.time(35))
        #expect(scenario.findings.first?.doubt == nil)
        scenario.tell(.truth(.open), at: 35.2)
        scenario.advance(to: 100)
        #expect(scenario.kinds == [.stale])
    }

    @Test func `an end that was stored in time is no finding, even when its event comes after all`() {
        var scenario = self.asked()
        let end = Acknowledgement(id: "end", action: .finalizeRun)
        scenario.tell(.truth(.finalized(end, at: scenario.time(20))), at: 35.1)
        scenario.tell(.acknowledged(end), at: 36)
        scenario.advance(to: 100)
        #expect(scenario.reports.isEmpty)
        #expect(scenario.status == .complete)
    }

    @Test func `an end that was stored late is late and never stale`() {
        var scenario = self.asked()
        let end = Acknowledgement(id: "end", action: .finalizeRun)
        scenario.tell(.truth(.finalized(end, at: scenario.time(35.05))), at: 35.1)
        scenario.advance(to: 100)
        #expect(scenario.kinds == [.late])
        #expect(scenario.alerts.isEmpty)
        #expect(scenario.resolutions.isEmpty)
        #expect(scenario.status == .complete)
    }

    @Test(arguments: [true, false])
    func `who does not answer in time, or cannot, does not keep a stale run from being told`(answers: Bool) throws {
        var scenario = self.asked()
        if answers { scenario.tell(.truth(.unreadable), at: 35.2) }
        scenario.advance(to: 35.5)
        #expect(scenario.kinds == [.stale])
        let alert = try #require(scenario.alerts.first)
        // In doubt, so one degree less severe, and the reason is given.
        #expect(alert.severity == .medium)
        #expect(alert.details["suspect"] == true)
        #expect(alert.details["suspect_reason"]?.stringValue?.contains("could not be read") == true)
    }

    @Test func `an end or a sign of life while it is asked ends the question`() {
        var ended = self.asked()
        ended.acknowledge(.finalizeRun, at: 35.2)
        ended.advance(to: 100)
        #expect(ended.kinds == [.late])
        #expect(ended.alerts.isEmpty)
        var alive = self.asked()
        alive.tell(.progressed, at: 35.2)
        alive.advance(to: 70.1)
        #expect(alive.reports.isEmpty)
        alive.advance(to: 70.2)
        #expect(alive.actions == [.readTruth(runID: "r1"), .readTruth(runID: "r1")])
    }

    @Test func `findings of runs that were open while events may have been missed are in doubt`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.advance(to: 2)
        scenario.handle(.blindnessBegan(at: scenario.time(2), reason: "link down"))
        scenario.advance(to: 5)
        scenario.handle(
            .blindnessEnded(from: scenario.time(2), to: scenario.time(6), reason: "link down, 3 messages at most")
        )
        // Of a run that began after it nothing can have been missed.
        scenario.tell(.started, run: "r2", at: 7)
        scenario.advance(to: 60)
        let first = scenario.findings.filter { $0.runID == "r1" }
        #expect(first.map(\.kind) == [.missing, .missing, .missing, .stale])
        #expect(first.prefix(3).allSatisfy { $0.doubt == "link down" })
        #expect(first.last?.doubt == "link down, 3 messages at most")
        #expect(scenario.alerts.filter { $0.runID == "r1" }.allSatisfy { $0.severity == .medium })
        let timeout = scenario.reports.first?.payload
        #expect(timeout?["suspect"] == true)
        #expect(timeout?["suspect_reason"] == "link down")
        #expect(scenario.findings.filter { $0.runID == "r2" }.allSatisfy { $0.doubt == nil })
        #expect(scenario.alerts.filter { $0.runID == "r2" }.allSatisfy { $0.severity == .high })
        // A later event settles what was in doubt.
        scenario.acknowledge(.finalizeRun, at: 61)
        #expect(scenario.resolutions.map(\.key) == ["STALE_RUN:r1"])
    }

    @Test func `however many windows there were, none is forgotten while it matters`() {
        var scenario = ContractScenario()
        scenario.tell(.started, run: "old", at: 0)
        for second in stride(from: 1.0, to: 30, by: 0.5) {
            scenario.advance(to: second)
            scenario.handle(
                .blindnessEnded(from: scenario.time(second - 0.1), to: scenario.time(second), reason: "a blink")
            )
        }
        scenario.advance(to: 40)
        #expect(!scenario.findings.isEmpty)
        #expect(scenario.findings.allSatisfy { $0.doubt != nil })
    }

    @Test func `a clock that is set back or forth on the way neither hastens nor delays`() {
        // Set back by an hour after 3 s: the deadline stays where it was, 2 s later.
        var registry = ContractRegistry(ContractScenario.definition())
        let epoch = ContractScenario.epoch
        func second(_ second: Int64) -> Timestamp { Timestamp(microseconds: epoch + second * 1_000_000) }
        _ = registry.handle(.run(id: "r", tenant: "", .started), at: second(0))
        _ = registry.handle(.deadlineReached, at: second(3))
        #expect(registry.handle(.deadlineReached, at: second(-3600)).isEmpty)
        #expect(registry.nextDeadline == second(-3600 + 2))
        #expect(registry.handle(.deadlineReached, at: second(-3600 + 1)).isEmpty)
        #expect(!registry.handle(.deadlineReached, at: second(-3600 + 2)).isEmpty)
    }
}
