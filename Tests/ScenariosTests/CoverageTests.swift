import ReactorConfig
import Scenarios
import Testing

/// Which handlers were called, and which conditions were seen true and false.
struct CoverageTests {
    @Test func `what no scenario has reached is named with its place`() async throws {
        let box = try ScenarioBox(
            SampleHandlers.chain + "\n---\n" + SampleHandlers.failures,
            """
            scenario: cheap and dear
            steps:
              - events:
                  - { type: cost.recorded, payload: { run_id: r1, cost_usd: 25, tenant_id: acme } }
                  - { type: cost.recorded, payload: { run_id: r1, cost_usd: 26, tenant_id: trial } }
                  - { type: run.completed, payload: { run_id: r1, tenant_id: free } }
                expect: { no_alerts: true }
            """
        )
        let recorder = CoverageRecorder(box.load().handlers)
        _ = await box.run(coverage: recorder)
        let coverage = recorder.coverage
        #expect(coverage.handlers == 3)
        // `failures` was called to end its alerts.
        #expect(coverage.handlersCalled == 1)
        #expect(coverage.leaves == 3)
        #expect(coverage.leavesSeenBoth == 2)
        let text = box.shortened(ScenarioReport(colour: false).text(coverage))
        #expect(
            text == """
                coverage: 1 of 3 handlers called, 2 of 3 conditions seen true and false
                  never called  handlers/h.yaml:1:10  first
                  never true    handlers/h.yaml:4:30  first: not payload.tenant_id "free"
                  never called  handlers/h.yaml:7:10  second

                """
        )
    }
}
