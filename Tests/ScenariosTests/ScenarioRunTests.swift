import Reactions
import ReactorConfig
import Scenarios
import Testing

/// What a scenario can make happen, and see.
struct ScenarioRunTests {
    @Test func `what handlers publish comes back to the reactor, at the same time`() async throws {
        try await expectPasses(
            SampleHandlers.chain,
            """
            scenario: a chain
            steps:
              - at: 3s
                event: { type: cost.recorded, payload: { run_id: r1, cost_usd: 26 } }
                expect:
                  published: [{ type: run.pause_requested, handler: first, hops: 1, at: 3s, exact_payload: { run_id: r1 } }]
                  alerts: [{ handler: second, event_type: run.pause_requested, at: 3s }]
            """
        )
    }

    @Test func `an alert is resolved, and what comes and goes is told as that`() async throws {
        try await expectPasses(
            SampleHandlers.failures,
            """
            scenario: resolved
            config: { alerts: { dedup_window: 0s, cooldowns: { default: 0s } } }
            steps:
              - event: { type: run.failed, payload: { run_id: r1 } }
                expect: { alerts: [{ status: firing }] }
              - at: 1m
                event: { type: run.completed, payload: { run_id: r1 } }
                expect:
                  alerts: [{ status: resolved, key: "failed:r1", at: 1m }]
                  deliveries: [{ status: delivered, at: 0s }, { status: delivered, at: 1m }]
            ---
            scenario: flapping
            config: { alerts: { dedup_window: 0s, cooldowns: { default: 0s } } }
            steps:
              - times: 12
                every: 10s
                events:
                  - { type: run.failed, payload: { run_id: r1 } }
                  - { type: run.completed, payload: { run_id: r1 } }
                expect:
                  verdicts:
                    - { verdict: sent, status: firing, times: 6 }
                    - { verdict: sent, status: resolved, times: 5 }
                    - { verdict: flapping, times: 13 }
            """
        )
    }

    @Test func `pauses between attempts are those of the receiver's kind, and its breaker spares it`() async throws {
        let config = """
            version: 1
            alerts:
              receivers:
                - { name: ops, webhook: { url: "https://ops.example/hook" } }
                - { name: chat, slack: { url: "https://chat.example/hook" } }
              default_to: [ops]
              routes: [{ match: { severity: LOW }, to: [chat] }]
            """
        try await expectPasses(
            SampleHandlers.onceOnly,
            """
            scenario: ten attempts in three days, then a dead letter
            steps:
              - receiver: { name: ops, answers: [500] }
                event: { type: run.failed, payload: { run_id: r1 } }
                expect: { deliveries: [{ receiver: ops, kind: webhook, status: retrying, attempts: 1, reason: HTTP 500 }] }
              - at: 7s
                expect: { deliveries: [{ attempts: 2 }] }
              - at: 96h
                expect:
                  deliveries: [{ status: dead, attempts: 10, reason: "given up after 10 attempts: HTTP 500" }]
                  receivers: [{ name: ops, dead_letters: 1 }, { name: chat, dead_letters: 0 }]
            ---
            scenario: five failures in a row, and it is left alone until somebody has looked
            config: { alerts: { cooldowns: { default: 0s } } }
            steps:
              - receiver: { name: ops, answers: [refused, refused, refused, refused, refused, 200] }
                times: 5
                every: 1ms
                event: { type: run.failed, payload: { run_id: "r{{n}}" } }
                expect: { receivers: [{ name: ops, breaker: open }] }
              - event: { type: run.failed, payload: { run_id: late } }
                expect: { deliveries: [{ status: retrying, times: 5 }, { status: pending, attempts: 0 }] }
              - advance: 10s
                expect: { receivers: [{ name: ops, breaker: closed }] }
              - advance: 1m
                expect: { deliveries: [{ status: delivered, times: 6 }] }
            ---
            scenario: one that is gone is told nothing more
            config: { alerts: { cooldowns: { default: 0s } } }
            steps:
              - receiver: { name: ops, answers: [410] }
                events:
                  - { type: run.failed, payload: { run_id: r1 } }
                  - { type: run.failed, payload: { run_id: r2 } }
                expect:
                  deliveries:
                    - { status: dead, attempts: 1, reason: HTTP 410 }
                    - { status: dead, reason: { prefix: "the receiver is disabled" } }
            ---
            scenario: it comes back when it says
            steps:
              - receiver: { name: ops, answers: [{ status: 429, retry_after: 2h }, 200] }
                event: { type: run.failed, payload: { run_id: r1 } }
              - at: 119m
                expect: { deliveries: [{ status: retrying, attempts: 1 }] }
              - at: 125m
                expect: { deliveries: [{ status: delivered, attempts: 2 }] }
            """,
            config: config
        )
    }

    @Test func `groups wait, and are told together`() async throws {
        try await expectPasses(
            SampleHandlers.failures,
            """
            scenario: grouped
            config:
              alerts:
                cooldowns: { default: 0s }
                receivers: [{ name: ops, webhook: { url: "https://ops.example/hook" } }]
                routes: [{ match: { severity: HIGH }, to: [ops], group_by: [domain], group_wait: 30s }]
            steps:
              - event: { type: run.failed, payload: { run_id: r1 } }
              - at: 10s
                event: { type: run.failed, payload: { run_id: r2 } }
                expect: { alerts: [{}, {}], no_deliveries: true }
              - at: 30s
                expect: { deliveries: [{ receiver: ops, status: delivered, alerts: 2, at: 30s }] }
            """
        )
    }

    @Test func `what is due at a time is done before what arrives at that time`() async throws {
        try await expectPasses(
            SampleHandlers.failures,
            """
            scenario: exactly the window
            steps:
              - event: { type: run.failed, payload: { run_id: r1 } }
              - at: 59s
                event: { type: run.failed, payload: { run_id: r1 } }
                expect: { verdicts: [{ verdict: sent }, { verdict: duplicate }] }
              - at: 5m
                event: { type: run.failed, payload: { run_id: r1 } }
                expect: { alerts: [{ at: 0s }, { type: DIGEST, at: 1m }, { at: 5m }] }
            """
        )
    }

    @Test func `mute intervals and inhibition say why nobody was told`() async throws {
        try await expectPasses(
            SampleHandlers.failures + "\n---\n" + """
                handler: outage
                on: provider.down
                do: [{ alert: { severity: CRITICAL, domain: providers, key: down, summary: down } }]
                """,
            """
            scenario: muted at night
            start: 2026-06-01T23:00:00Z
            config:
              alerts:
                routes: [{ match: { severity: HIGH }, to: [log], mute: [nights] }]
                mute_intervals: { nights: [{ times: ["22:00-24:00", "00:00-06:00"] }] }
            steps:
              - event: { type: run.failed, payload: { run_id: r1 } }
                expect: { no_alerts: true, verdicts: [{ verdict: muted, intervals: [nights] }] }
              - at: 7h
                event: { type: run.failed, payload: { run_id: r1 } }
                expect: { alerts: [{ run_id: r1, at: 7h }] }
            ---
            scenario: inhibited while the provider is down
            config:
              alerts:
                inhibit: [{ name: outage, source: { alertname: outage }, target: { alertname: failures } }]
            steps:
              - event: { type: provider.down }
              - event: { type: run.failed, payload: { run_id: r1 } }
                expect: { alerts: [{ type: outage }], verdicts: [{ verdict: sent }, { verdict: inhibited, rule: outage }] }
            """
        )
    }

    @Test func `all forms of events arrive as they are written`() async throws {
        try await expectPasses(
            """
            handler: everything
            on: "*"
            do: [{ log: { level: notice, message: "{{event_type}} {{source}} {{tenant_id}} {{timestamp}} {{payload.n}}" } }]
            """,
            """
            scenario: forms
            start: 2026-06-01T00:00:00Z
            steps:
              - at: 1s
                events:
                  - { type: a.b, payload: { n: 1 }, source: s, tenant_id: t }
                  - { event_type: a.c, timestamp: "2026-05-01T00:00:00Z", payload: { n: "at {{now}}" } }
                  - cloudevent: { specversion: "1.0", id: "1", type: a.d, source: /x, data: { n: 3 } }
                expect:
                  logs:
                    - { level: notice, message: { prefix: "a.b s t 2026-06-01T00:00:01" }, handler: everything, at: 1s }
                    - { message: { wildcard: "a.c scenario  2026-05-01*at 2026-06-01T00:00:01*" } }
                    - { message: { prefix: "a.d /x  2026-06-01T00:00:01" } }
              - raw: '[1]'
                expect: { quarantined: [{ reason: not_an_object, text: "[1]" }], no_logs: true }
              - raw: '{"event_type": "x", "payload": {"n": 4}}'
                expect: { logs: [{ message: { suffix: " 4" } }], no_quarantined: true }
            """
        )
    }

    @Test func `a day of scenario time is as many steps as things are due, and the same each time`() async throws {
        let box = try ScenarioBox(
            SampleHandlers.onceOnly,
            """
            scenario: a day
            config:
              alerts:
                receivers: [{ name: ops, webhook: { url: "https://ops.example/hook" } }]
                default_to: [ops]
            steps:
              - receiver: { name: ops, answers: [500, 500, 200] }
                times: 24
                every: 1h
                event: { type: run.failed, payload: { run_id: "r{{n}}" } }
              - at: 24h
                expect: { alerts: [{ times: 24 }], deliveries: [{ status: delivered, times: 24 }] }
            """
        )
        let results = await box.run()
        let first = try #require(results.first)
        #expect(first.failures == [])
        #expect(first.length == .seconds(86_400))
        #expect(first.frames == 24)
        // Two pauses of the first message, and nothing else.
        #expect(first.wakes == 2)
        #expect(await box.run() == results)
    }
}
