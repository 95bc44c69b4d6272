import EventPatterns
import Events
import Testing

@testable import Reactions

@Suite struct ThresholdMachineTests {
    /// Money by tenant: 100 in a minute.
    private static func spend(_ change: (inout ThresholdDefinition) -> Void = { _ in }) -> ThresholdMachine {
        let rule = ThresholdRule(
            name: "spend",
            metric: "cost_usd",
            aggregate: .sum,
            window: .seconds(60),
            limit: 100
        )
        let watch = AggregateWatch(
            rule: rule,
            value: EventField(payload: "cost_usd"),
            key: [EventField(payload: "tenant_id")]
        )
        var definition = ThresholdDefinition(
            name: "spend",
            on: [.exact("cost.recorded")],
            watch: .aggregate(watch)
        )
        change(&definition)
        return ThresholdMachine(name: "spend", definition)
    }

    private static func cost(_ amount: Double, tenant: String = "acme", run: String = "r1") -> JSONValue {
        [
            "cost_usd": .number(amount), "tenant_id": .string(tenant), "run_id": .string(run),
        ]
    }

    private func types(_ outputs: [MachineOutput]) -> [String] { outputs.published.map(\.eventType) }

    @Test func aCrossingIsToldOnceAndItsEndOnce() throws {
        var box = MachineBox(Self.spend())
        let told1 = try box.event("cost.recorded", at: 0, Self.cost(79))
        #expect(told1.isEmpty)
        let near = try box.event("cost.recorded", at: 10, Self.cost(2))
        #expect(self.types(near) == ["threshold.exceeded"])
        #expect(near.alerts.map(\.type) == ["THRESHOLD_NEAR"])
        #expect(near.alerts.map(\.severity) == [.medium])
        let told2 = try box.event("cost.recorded", at: 20, Self.cost(10))
        #expect(told2.isEmpty)
        let breach = try box.event("cost.recorded", at: 30, Self.cost(10))
        #expect(breach.alerts.map(\.type) == ["THRESHOLD_EXCEEDED"])
        #expect(breach.alerts.map(\.summary) == ["cost_usd of acme is 101 of 100 (101 %)"])
        #expect(breach.alerts.map(\.lasts) == [true])
        let payload = try #require(breach.published.first?.payload)
        // The original's six fields, and whose limit it is.
        for name in [
            "run_id", "tenant_id", "metric", "current_value", "threshold_value", "percentage", "signal_type", "rule",
            "key", "alerted_by",
        ] {
            #expect(payload[name] != nil, "\(name)")
        }
        #expect(payload["signal_type"]?.stringValue == "breach")
        #expect(breach.counts == [.signal("breach"): 1])
        let told3 = try box.event("cost.recorded", at: 40, Self.cost(500))
        #expect(told3.isEmpty)
        // Another tenant is another key.
        let told4 = try box.event("cost.recorded", at: 50, Self.cost(99, tenant: "umbrella"))
        #expect(told4.alerts.count == 1)
        let ends = box.pass(until: 120_000)
        #expect(self.types(ends).count { $0 == "threshold.recovered" } == 3)
        let ended = Set(ends.resolutions.map(\.key))
        #expect(ended == Set([near, breach].flatMap(\.alerts).map(\.key) + ["threshold:spend:umbrella:near"]))
        #expect(box.machine.figures.kept == 0)
    }

    @Test func signalsAreNotCountedAndWhatHasNoKeyOrValueIsRefused() throws {
        var box = MachineBox(Self.spend { $0.on = [.any] })
        for type in ["threshold.exceeded", "threshold.recovered", "run.risk_changed"] {
            let told5 = try box.event(type, at: 0, Self.cost(1000))
            #expect(told5.isEmpty)
        }
        let keyless = try box.event("cost.recorded", at: 1, ["cost_usd": 5])
        #expect(keyless.counts == [.refused("no_key"): 1])
        let worthless = try box.event("cost.recorded", at: 2, ["cost_usd": "a lot", "tenant_id": "acme"])
        #expect(worthless.counts == [.refused("no_value"): 1])
        #expect(box.machine.figures.kept == 0)
    }

    @Test func otherLimitsHoldAtOnceAndForWhatWasAddedUp() throws {
        var box = MachineBox(Self.spend())
        _ = try box.event("cost.recorded", at: 0, Self.cost(60))
        let lower = Self.spend { definition in
            guard case .aggregate(var watch) = definition.watch else { return }
            watch.rule.limit = 50
            definition.watch = .aggregate(watch)
            definition.reactions.near = nil
            definition.reactions.publishes = ["run.pause_requested"]
        }
        let isTaken = box.machine.update(.threshold(lower.definition))
        #expect(isTaken)
        let outputs = try box.event("cost.recorded", at: 10, Self.cost(1))
        #expect(outputs.alerts.map(\.type) == ["THRESHOLD_EXCEEDED"])
        #expect(self.types(outputs) == ["threshold.exceeded", "run.pause_requested"])
        #expect(outputs.published.last?.payload["run_id"]?.stringValue == "r1")
        #expect(outputs.published.last?.payload["reason"]?.stringValue == "cost_usd of acme is 61 of 50 (122 %)")
        let isTakenForAnother = box.machine.update(.contract(ContractDefinition(name: "x")))
        #expect(!isTakenForAnother)
    }

    @Test func runsAreLimitedByTheClosestScope() throws {
        var tenant = ScopedLimits(.tenant("acme"))
        tenant.tokens = 500
        tenant.executionTime = .seconds(10)
        var agent = ScopedLimits(.agent("biller"))
        agent.tokens = 1000
        var settings = RunLimitWatchSettings()
        // The agent's decide, although they come first.
        settings.limits = [agent, tenant]
        var definition = ThresholdDefinition(name: "limits", on: ThresholdDefinition.runTypes, watch: .runs(settings))
        definition.reactions.setsRisk = true
        var box = MachineBox(ThresholdMachine(name: "limits", definition))
        let who: [JSONMember] = [
            JSONMember("run_id", .string("r1")), JSONMember("tenant_id", .string("acme")),
            JSONMember("agent_id", .string("biller")),
        ]
        func used(_ tokens: Int) -> JSONValue { .object(who + [JSONMember("tokens_used", .number(tokens))]) }
        _ = try box.event("run.started", at: 0, .object(who))
        // Steps are added up.
        let told6 = try box.event("run.step.completed", at: 100, used(600))
        #expect(told6.isEmpty)
        let tokens = try box.event("run.step.completed", at: 200, used(401))
        #expect(tokens.published.map(\.eventType) == ["threshold.exceeded", "run.risk_changed"])
        #expect(tokens.published[0].payload["signal"]?.stringValue == "TOKEN_LIMIT_EXCEEDED")
        #expect(tokens.published[0].payload["current_value"]?.doubleValue == 1001)
        #expect(tokens.published[1].payload["risk_level"]?.stringValue == "AT_RISK")
        #expect(tokens.alerts.map(\.key) == ["threshold:limits:r1:TOKEN_LIMIT_EXCEEDED"])
        // Its time runs out by itself.
        let time = box.pass(until: 20_000)
        #expect(time.published.map { $0.payload["signal"]?.stringValue } == ["EXECUTION_TIME_EXCEEDED"])
        #expect(box.time == 20_000)
        let failed = try box.event("run.failed", at: 21_000, .object(who))
        #expect(failed.published.map(\.eventType) == ["threshold.exceeded", "run.risk_changed"])
        #expect(failed.published[1].payload["risk_level"]?.stringValue == "VIOLATED")
        #expect(box.machine.figures.kept == 0)
        let rest = box.pass(until: 500_000)
        #expect(rest.isEmpty)
    }

    @Test func ofTooManyRunsTheFirstIsWatchedNoLonger() throws {
        var settings = RunLimitWatchSettings()
        settings.maxRuns = 3
        let definition = ThresholdDefinition(name: "limits", on: ThresholdDefinition.runTypes, watch: .runs(settings))
        var box = MachineBox(ThresholdMachine(name: "limits", definition))
        for run in 0..<5 { _ = try box.event("run.started", at: run, ["run_id": .string("r\(run)")]) }
        #expect(box.machine.figures == MachineFigures(kept: 3, forgottenEarly: 2))
        let late = box.pass(until: 100_000)
        #expect(late.published.map { $0.payload["run_id"]?.stringValue } == ["r2", "r3", "r4"])
    }

    @Test func whatOthersSayAboutLimitsRaisesAndEndsAlerts() throws {
        var definition = ThresholdDefinition(name: "foreign", on: ThresholdDefinition.signalTypes, watch: .signals)
        definition.reactions.domain = "money"
        definition.reactions.publishes = ["run.pause_requested"]
        definition.reactions.setsRisk = true
        var box = MachineBox(ThresholdMachine(name: "foreign", definition))
        let payload: [JSONMember] = [
            JSONMember("run_id", .string("r1")), JSONMember("tenant_id", .string("acme")),
            JSONMember("metric", .string("cost")), JSONMember("current_value", .number(12.5)),
            JSONMember("threshold_value", .number(10)), JSONMember("percentage", .number(125)),
        ]
        let told = try box.event("threshold.exceeded", at: 0, .object(payload))
        #expect(told.alerts.map(\.summary) == ["cost of r1 is 12.5 of 10 (125 %)"])
        #expect(told.alerts.map(\.domain) == ["money"])
        #expect(told.published.map(\.eventType) == ["run.pause_requested", "run.risk_changed"])
        let over = try box.event("threshold.recovered", at: 10, .object(payload))
        #expect(over.resolutions.map(\.key) == told.alerts.map(\.key))
        #expect(over.published.isEmpty)
        // What a reactor has told already is not told again.
        let own = payload + [JSONMember("alerted_by", .string("spend"))]
        let told7 = try box.event("threshold.exceeded", at: 20, .object(own))
        #expect(told7.isEmpty)
        #expect(try box.event("threshold.exceeded", at: 30, ["run_id": "r1"]).isEmpty)
    }

    @Test func ofANumberThatASignalLeavesOutNothingIsClaimed() throws {
        let definition = ThresholdDefinition(name: "foreign", on: ThresholdDefinition.signalTypes, watch: .signals)
        func summary(_ type: String, _ members: [JSONMember]) throws -> [String] {
            var box = MachineBox(ThresholdMachine(name: "foreign", definition))
            let payload = [JSONMember("run_id", .string("r1")), JSONMember("metric", .string("cost"))] + members
            let told = try box.event(type, at: 0, .object(payload))
            return told.alerts.map(\.summary)
        }
        let (value, limit) = (
            JSONMember("current_value", .number(12.5)), JSONMember("threshold_value", .number(10))
        )
        #expect(try summary("threshold.exceeded", []) == ["cost of r1 is over its limit"])
        #expect(try summary("threshold.exceeded", [limit]) == ["cost of r1 is over its limit of 10"])
        #expect(try summary("threshold.exceeded", [value]) == ["cost of r1 is over its limit with 12.5"])
        let near = JSONMember("signal_type", .string("near"))
        #expect(try summary("threshold.exceeded", [near]) == ["cost of r1 is near its limit"])
    }

    @Test func everyCrossingIsARowOfHistory() throws {
        var box = MachineBox(Self.spend())
        var rows: [HistoryRow] = []
        for output in try box.event("cost.recorded", at: 0, Self.cost(150)) + box.pass(until: 100_000) {
            if case .record(let row) = output.content { rows.append(row) }
        }
        let signals = rows.compactMap { if case .threshold(let signal) = $0.content { signal } else { nil } }
        #expect(signals.map(\.tier) == ["breach", "breach"])
        #expect(signals.map(\.hasRecovered) == [false, true])
        #expect(Set(rows.map(\.id)).count == 2)
        #expect(rows.allSatisfy { $0.runID == "r1" && $0.tenant == "acme" })
    }

    @Test func itSaysHowKeysStand() throws {
        var box = MachineBox(Self.spend())
        _ = try box.event("cost.recorded", at: 0, Self.cost(30, tenant: "small"))
        _ = try box.event("cost.recorded", at: 1, Self.cost(150, tenant: "large"))
        let status = box.machine.status(limit: 10)
        #expect(status.kind == .aggregate)
        #expect(status.watched == 2)
        #expect(status.standings.map(\.key) == ["large", "small"])
        #expect(status.standings.map(\.tier) == ["breach", nil])
        #expect(status.standings.map(\.percentage) == [150, 30])
        #expect(box.machine.status(limit: 1).standings.count == 1)
    }
}
