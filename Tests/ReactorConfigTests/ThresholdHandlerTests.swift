import EventPatterns
import Reactions
import Testing

@testable import ReactorConfig

@Suite struct ThresholdHandlerTests {
    private func threshold(_ text: String) throws -> ThresholdDefinition {
        let folder = try TemporaryFolder(["handlers/a.yaml": text])
        let result = folder.load([:])
        #expect(folder.text(result) == "")
        let handler = try #require(result.handlers.first)
        guard case .machine(.threshold(let definition)) = handler.body else { throw TestFailure() }
        #expect(handler.name == definition.name)
        #expect(handler.on == definition.on)
        return definition
    }

    private struct TestFailure: Error {}

    @Test func `something added up is read with everything it can have`() throws {
        let definition = try self.threshold(
            """
            handler: spend
            uses: threshold
            with:
              aggregate: p95
              on: [cost.recorded, "run.*"]
              value: payload.cost.usd
              key: [tenant_id, payload.agent_id]
              metric: burn_rate
              window: 5m
              limit: 2.5
              near_percent: 70
              hysteresis_percent: 20
              buckets: 30
              max_keys: 500
              alert: { severity: CRITICAL, near: none, domain: money }
              publish: [run.pause_requested]
              set_risk: true
            """
        )
        guard case .aggregate(let watch) = definition.watch else { throw TestFailure() }
        #expect(watch.rule.aggregate == .p95)
        #expect(watch.rule.window == .seconds(300))
        #expect(watch.rule.limit == 2.5)
        #expect(watch.rule.metric == "burn_rate")
        #expect(watch.rule.tiers == [.init(name: "near", ratio: 0.7), .breach])
        #expect(watch.rule.hysteresis == 0.2)
        #expect(watch.rule.buckets == 30)
        #expect(watch.rule.maxKeys == 500)
        #expect(watch.value?.description == "payload.cost.usd")
        #expect(watch.key.map(\.description) == ["tenant_id", "payload.agent_id"])
        #expect(definition.on == [.exact("cost.recorded"), .prefix("run.")])
        #expect(definition.reactions.breach == .critical)
        #expect(definition.reactions.near == nil)
        #expect(definition.reactions.domain == "money")
        #expect(definition.reactions.publishes == ["run.pause_requested"])
        #expect(definition.reactions.setsRisk)
    }

    @Test func `what is left out has its default`() throws {
        let definition = try self.threshold(
            """
            handler: busy
            uses: threshold
            with: { aggregate: count, on: run.started, window: 1m, limit: 100 }
            """
        )
        guard case .aggregate(let watch) = definition.watch else { throw TestFailure() }
        #expect(watch.rule.tiers == [.near, .breach])
        #expect(watch.rule.metric == "busy")
        #expect(watch.value == nil)
        #expect(watch.key.map(\.description) == ["payload.tenant_id"])
        #expect(definition.reactions == ThresholdReactions())
    }

    @Test func `limits of runs are read with their scopes`() throws {
        let definition = try self.threshold(
            """
            handler: run-limits
            uses: threshold
            with:
              run_limits:
                - { max_execution_time: 30s, failure_signal: false }
                - { tenant: acme, max_tokens: 20000 }
                - { agent: biller, max_cost_usd: 0.5 }
              max_runs: 1000
              alert: false
            """
        )
        guard case .runs(let settings) = definition.watch else { throw TestFailure() }
        #expect(settings.limits.map(\.scope) == [.global, .tenant("acme"), .agent("biller")])
        #expect(settings.limits[0].executionTime == .seconds(30))
        #expect(settings.limits[0].failureSignal == false)
        #expect(settings.limits[1].tokens == 20_000)
        #expect(settings.limits[2].costUSD == 0.5)
        #expect(settings.maxRuns == 1000)
        #expect(definition.on == ThresholdDefinition.runTypes)
        #expect(definition.reactions.breach == nil)
        #expect(definition.reactions.near == nil)
    }

    @Test func `what others say about limits is listened to`() throws {
        let definition = try self.threshold(
            "handler: foreign\nuses: threshold\nwith: { signals: true, publish: run.pause_requested }\n"
        )
        #expect(definition.watch == .signals)
        #expect(definition.on == ThresholdDefinition.signalTypes)
    }

    @Test func `mistakes are told with their place`() throws {
        let text = try check(
            handler: """
                handler: spend
                uses: threshold
                with:
                  aggregate: summ
                  on: cost.recorded
                  value: cost_usd
                  window: 10ms
                  limit: 0
                  near_percent: 120
                  colour: red
                  publish: "run.*"
                """
        )
        for part in [
            "a.yaml:4:14: error[R014]: unknown with.aggregate `summ`; did you mean `sum`?",
            ":6:10: error[R014]: `with.value` needs a place in the event: `payload.NAME`, `tenant_id`, `source` or "
                + "`event_type`, found `cost_usd`",
            ":7:11: error[R014]: `with.window` needs a duration",
            ":8:10: error[R014]: `with.limit` must be above 0",
            ":9:17: error[R014]: `with.near_percent` needs a whole number from 0 to 99, found `120`",
            ":10:3: error[R012]: unknown field `colour` in `with`; known here:",
            ":11:12: error[R014]: `with.publish` needs event types without a star",
        ] {
            #expect(text.contains(part), "\(part)\n\(text)")
        }
        let none = try check(handler: "handler: x\nuses: threshold\n")
        #expect(none.contains("error[R011]: `threshold` needs `with`, and in it one of `aggregate`, `run_limits` or"))
        let both = try check(handler: "handler: x\nuses: threshold\nwith: { signals: true, run_limits: [] }\n")
        #expect(both.contains("error[R015]: `with` needs one of"))
        let lacking = try check(handler: "handler: x\nuses: threshold\nwith: { aggregate: sum, on: a.b, limit: 5 }\n")
        #expect(lacking.contains("missing: `window` or `value`"))
        let bounds = try check(
            handler:
                "handler: x\nuses: threshold\nwith: { run_limits: [ { tenant: a, agent: b }, { max_tokens: 5 } ] }\n"
        )
        #expect(bounds.contains("limits are for one of"))
        #expect(bounds.contains("`run_limits.max_tokens` needs a whole number from 256 to 200000, found `5`"))
    }
}
