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

    @Test func `workers stand as those who watch them say`() async throws {
        try await expectPasses(
            "handler: beats\nuses: heartbeat-monitor\nwith: { every: 10s, grace: 5s, expect: [other] }\n",
            """
            scenario: beats
            config: { alerts: { cooldowns: { workers: 0s } } }
            steps:
              - event: { type: worker.heartbeat, payload: { worker_id: mailer } }
                expect: { workers: [{ worker: mailer, handler: beats, state: up, last_beat: 0s, expected: 10s }] }
              - at: 12s
                expect: { workers: [{ worker: mailer, state: grace }, { worker: other, state: new }] }
              - at: 20s
                expect:
                  workers: [{ worker: mailer, state: down, down_since: 15s }, { worker: other, state: down }]
                  alerts: [{ details: { worker: mailer } }, { details: { worker: other } }]
            """
        )
    }

    @Test func `what is added up stands as its handler says`() async throws {
        try await expectPasses(
            """
            handler: spend
            uses: threshold
            with: { aggregate: sum, on: cost, value: payload.usd, key: tenant_id, window: 1m, limit: 10, alert: false }
            """,
            """
            scenario: spend
            steps:
              - events:
                  - { type: cost, payload: { tenant_id: acme, usd: 9 } }
                  - { type: cost, payload: { tenant_id: globex, usd: 1 } }
                expect:
                  thresholds:
                    - { handler: spend, key: acme, tenant: acme, tier: near, value: 9, percent: 90 }
                    - { key: globex, tier: { exists: false } }
            """
        )
    }

    @Test func `how something stands can be told wrong, and is told with the difference`() async throws {
        let box = try ScenarioBox(
            "handler: beats\nuses: heartbeat-monitor\n",
            """
            scenario: wrong
            steps:
              - event: { type: worker.heartbeat, payload: { worker_id: mailer } }
                expect: { workers: [{ worker: mailer, state: down }] }
            """
        )
        let report = await box.report()
        #expect(report.contains("handlers/h_test.yaml:4:43: at 0s: the worker is not as expected"), "\(report)")
        #expect(report.contains("- state: \"down\"\n        + state: \"up\""), "\(report)")
    }

    @Test func `a handler that is switched off takes part where it is named, and only there`() async throws {
        try await expectPasses(
            SampleHandlers.failures + "\nenabled: false\n",
            """
            scenario: named
            handlers: failures
            steps: [{ event: { type: run.failed, payload: { run_id: r1 } }, expect: { alerts: [{ run_id: r1 }] } }]
            ---
            scenario: not named
            steps: [{ event: { type: run.failed, payload: { run_id: r1 } }, expect: { no_alerts: true } }]
            """
        )
    }

    @Test func `the number of the repetition and the time stand wherever a text does, escaped as JSON wants it`()
        async throws
    {
        try await expectPasses(
            SampleHandlers.failures,
            #"""
            scenario: marks
            config: { alerts: { cooldowns: { default: 0s } } }
            steps:
              - at: 1s
                times: 2
                every: 1s
                event: { type: run.failed, payload: { run_id: "\"{{n}}\" at {{now}}, {{n}}\n", list: [{ "{{n}}": "{{n}}" }] } }
                expect:
                  alerts:
                    - { run_id: "\"1\" at 2026-06-01T00:00:01+00:00, 1\n" }
                    - { run_id: "\"2\" at 2026-06-01T00:00:02+00:00, 2\n" }
            """#
        )
    }
}
