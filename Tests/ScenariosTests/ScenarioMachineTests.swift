import Testing

/// Built-ins that remember, in scenarios.
struct ScenarioMachineTests {
    @Test func `handlers that are written out take part beside those of files`() async throws {
        try await expectPasses(
            SampleHandlers.failures,
            """
            scenario: both
            handlers: [failures, { handler: audit, uses: run-liveness, with: { run_timeout: 10s, grace: 0s } }]
            steps:
              - event: { type: run.started, payload: { run_id: r1, tenant_id: acme } }
              - at: 9s
                event: { type: run.failed, payload: { run_id: r1, tenant_id: acme } }
                expect: { alerts: [{ handler: failures }], runs: [{ run_id: r1, status: COMPLETE }] }
              - at: 10s
                event: { type: run.started, payload: { run_id: r2, tenant_id: acme } }
              - at: 1m
                expect:
                  findings: [{ kind: STALE, run_id: r2, at: 20s }]
                  alerts: [{ handler: audit, type: STALE_RUN, at: 20s }]
                  published: [{ type: audit.reconciliation.stale, handler: audit, at: 20s }]
            """
        )
    }

    @Test func `what arrives in a blind time is lost, and nothing else is`() async throws {
        try await expectPasses(
            SampleHandlers.failures,
            """
            scenario: blind
            config: { alerts: { cooldowns: { default: 0s } } }
            steps:
              - blind: 10s
                event: { type: run.failed, payload: { run_id: r1 } }
              - at: 9999ms
                event: { type: run.failed, payload: { run_id: r2 } }
                expect: { no_alerts: true }
              - at: 10s
                event: { type: run.failed, payload: { run_id: r3 } }
                expect: { alerts: [{ run_id: r3 }] }
            """
        )
    }
}
