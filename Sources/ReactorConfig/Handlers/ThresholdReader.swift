internal import EventPatterns
internal import Reactions

/// Reads `with: {…}` of `uses: threshold`: something added up over events (`aggregate`), the limits of runs
/// (`run_limits`), or what others say about limits (`signals`).
struct ThresholdReader {
    let context: ReadingContext

    private static let kinds = ["aggregate", "run_limits", "signals"]
    private static let reactionKeys = ["alert", "publish", "set_risk"]
    private static let aggregateKeys = [
        "aggregate", "on", "metric", "value", "key", "window", "limit", "near_percent", "hysteresis_percent", "buckets",
        "max_keys",
    ]
    private static let runKeys = ["run_limits", "on", "steps", "tokens", "cost", "max_runs"]
    private static let signalKeys = ["signals"]
    private static let windows: ClosedRange<Duration> = .milliseconds(100)...(.seconds(31 * 86_400))

    /// - Parameter uses: where the handler says that it is one of these.
    func read(_ name: String, _ with: YAMLNode?, at uses: YAMLMember) -> ThresholdDefinition {
        let empty = ThresholdDefinition(name: name, on: ThresholdDefinition.signalTypes, watch: .signals)
        guard let with, let members = self.context.members(with, of: "with") else {
            if with == nil {
                let message = "`threshold` needs `with`, and in it one of \(ValueNeeds.list(Self.kinds))"
                self.context.report(.missingField, at: uses, message)
            }
            return empty
        }
        var fields: [String: YAMLMember] = [:]
        for member in members { fields[member.key] = member }
        let chosen = Self.kinds.filter { fields[$0] != nil }
        guard chosen.count == 1 else {
            let found = chosen.isEmpty ? "none of them" : ValueNeeds.list(chosen)
            let message = "`with` needs one of \(ValueNeeds.list(Self.kinds)), found \(found)"
            self.context.report(chosen.isEmpty ? .missingField : .contradiction, at: with, message)
            return empty
        }
        let keys: [String] =
            switch chosen[0] {
            case "aggregate": Self.aggregateKeys
            case "run_limits": Self.runKeys
            default: Self.signalKeys
            }
        for member in members where !(keys + Self.reactionKeys).contains(member.key) {
            self.context.reportUnknown(member, known: keys + Self.reactionKeys, inside: "with")
        }
        var definition: ThresholdDefinition =
            switch chosen[0] {
            case "aggregate": self.aggregate(name, fields, with) ?? empty
            case "run_limits": self.runs(name, fields)
            default: self.signals(fields, empty)
            }
        self.readReactions(fields, &definition.reactions)
        return definition
    }

    private func signals(_ fields: [String: YAMLMember], _ definition: ThresholdDefinition) -> ThresholdDefinition {
        if let member = fields["signals"], self.context.boolean(member.value, of: "with.signals") == false {
            self.context.report(.badValue, at: member.value, "`with.signals` can only be true")
        }
        return definition
    }

    // MARK: Added up

    private func aggregate(
        _ name: String,
        _ fields: [String: YAMLMember],
        _ with: YAMLNode
    ) -> ThresholdDefinition? {
        let words = ThresholdRule.Aggregate.allCases.map(\.rawValue)
        let aggregate = fields["aggregate"]
            .flatMap { self.context.word($0.value, of: "with.aggregate", from: words) }
            .flatMap(ThresholdRule.Aggregate.init(rawValue:))
        let isCounting = aggregate == .count || aggregate == .rate
        let needed = ["on", "window", "limit"] + (isCounting ? [] : ["value"])
        let missing = needed.filter { fields[$0] == nil }
        if !missing.isEmpty {
            let message =
                "`with` of an aggregate needs \(ValueNeeds.list(needed)); missing: \(ValueNeeds.list(missing))"
            self.context.report(.missingField, at: with, message)
        }
        if isCounting, let value = fields["value"] {
            let message = "events themselves are counted by `\(aggregate?.rawValue ?? "")`; leave `value` out"
            self.context.report(.contradiction, at: value, message)
        }
        let on = self.types(fields["on"], of: "with.on")
        let value = fields["value"].flatMap { self.field($0.value, of: "with.value") }
        let key = fields["key"].map { member in
            self.context.elements(member.value).compactMap { self.field($0, of: "with.key") }
        }
        let metric = fields["metric"].flatMap { self.context.text($0.value, of: "with.metric")?.text }
        let window = fields["window"].flatMap {
            self.context.duration($0.value, of: "with.window", in: Self.windows)
        }
        let limit = fields["limit"].flatMap { self.number($0.value, of: "with.limit", from: 0) }
        let near = self.integer(fields["near_percent"], 0...99) ?? 80
        let hysteresis = self.integer(fields["hysteresis_percent"], 0...99) ?? 10
        let buckets = self.integer(fields["buckets"], 1...1000) ?? ThresholdRule.defaultBuckets
        let maxKeys = self.integer(fields["max_keys"], 1...1_000_000) ?? 10_000
        guard let aggregate, let window, let limit, missing.isEmpty, !on.isEmpty else { return nil }
        let nearTier = near > 0 ? [ThresholdRule.Tier(name: "near", ratio: Double(near) / 100)] : []
        let rule = ThresholdRule(
            name: name,
            metric: metric ?? value?.description.split(separator: ".").last.map(String.init) ?? name,
            aggregate: aggregate,
            window: window,
            limit: limit,
            buckets: buckets,
            tiers: nearTier + [.breach],
            hysteresis: Double(hysteresis) / 100,
            maxKeys: maxKeys
        )
        let watch = AggregateWatch(
            rule: rule,
            value: value,
            key: key ?? [EventField("payload.tenant_id")].compactMap(\.self)
        )
        return ThresholdDefinition(name: name, on: on, watch: .aggregate(watch))
    }

    // MARK: Runs

    private func runs(_ name: String, _ fields: [String: YAMLMember]) -> ThresholdDefinition {
        var settings = RunLimitWatchSettings()
        if let member = fields["run_limits"] {
            settings.limits = self.context.elements(member.value).compactMap { self.limits($0) }
        }
        if let steps = fields["steps"] { settings.steps = self.types(steps, of: "with.steps") }
        if let tokens = fields["tokens"] { settings.tokens = self.fieldList(tokens, of: "with.tokens") }
        if let cost = fields["cost"] { settings.cost = self.fieldList(cost, of: "with.cost") }
        if let most = self.integer(fields["max_runs"], 1...10_000_000) { settings.maxRuns = most }
        let on = fields["on"].map { self.types($0, of: "with.on") } ?? ThresholdDefinition.runTypes
        return ThresholdDefinition(name: name, on: on, watch: .runs(settings))
    }

    private static let scopes = ["tenant", "project", "agent"]
    private static let limitKeys = [
        "max_execution_time", "max_tokens", "max_cost_usd", "failure_signal",
    ]

    /// `{ tenant: acme, max_tokens: 20000 }`; without a scope for all runs.
    private func limits(_ node: YAMLNode) -> ScopedLimits? {
        guard let members = self.context.members(node, of: "with.run_limits") else { return nil }
        var fields: [String: YAMLNode] = [:]
        for member in members {
            if (Self.scopes + Self.limitKeys).contains(member.key) {
                fields[member.key] = member.value
            } else {
                self.context.reportUnknown(member, known: Self.scopes + Self.limitKeys, inside: "with.run_limits")
            }
        }
        let named = Self.scopes.filter { fields[$0] != nil }
        guard named.count <= 1 else {
            let message = "limits are for one of \(ValueNeeds.list(Self.scopes)), found \(ValueNeeds.list(named))"
            self.context.report(.contradiction, at: node, message)
            return nil
        }
        var scope = ScopedLimits.Scope.global
        if let kind = named.first, let value = fields[kind] {
            guard let text = self.context.text(value, of: "run_limits.\(kind)")?.text else { return nil }
            scope = kind == "tenant" ? .tenant(text) : kind == "project" ? .project(text) : .agent(text)
        }
        var limits = ScopedLimits(scope)
        limits.executionTime = fields["max_execution_time"].flatMap {
            self.context.duration($0, of: "run_limits.max_execution_time", in: RunLimits.executionTimes)
        }
        limits.tokens = fields["max_tokens"].flatMap {
            self.context.integer($0, of: "run_limits.max_tokens", in: RunLimits.tokenCounts)
        }
        limits.costUSD = fields["max_cost_usd"].flatMap {
            self.number($0, of: "run_limits.max_cost_usd", in: RunLimits.costs)
        }
        limits.failureSignal = fields["failure_signal"].flatMap {
            self.context.boolean($0, of: "run_limits.failure_signal")
        }
        return limits
    }

    // MARK: Reactions

    private func readReactions(_ fields: [String: YAMLMember], _ reactions: inout ThresholdReactions) {
        if let alert = fields["alert"] { self.readAlert(alert, &reactions) }
        if let publish = fields["publish"] {
            reactions.publishes = self.context.elements(publish.value).compactMap { node in
                guard let type = self.context.typePattern(node, of: "with.publish") else { return nil }
                guard case .exact(let name) = type else {
                    self.context.report(.badValue, at: node, "`with.publish` needs event types without a star")
                    return nil
                }
                return name
            }
        }
        if let risk = fields["set_risk"] {
            reactions.setsRisk = self.context.boolean(risk.value, of: "with.set_risk") ?? false
        }
    }

    /// `false`, or `{ severity: HIGH, near: MEDIUM, domain: policies }` where `near` may be `none`.
    private func readAlert(_ member: YAMLMember, _ reactions: inout ThresholdReactions) {
        if case .scalar = member.value {
            guard let raises = self.context.boolean(member.value, of: "with.alert") else { return }
            if !raises { (reactions.breach, reactions.near) = (nil, nil) }
            return
        }
        let keys = ["severity", "near", "domain"]
        for field in self.context.members(member.value, of: "with.alert") ?? [] {
            switch field.key {
            case "severity":
                if let severity = self.context.severity(field.value) { reactions.breach = severity }
            case "near":
                let words = Severity.allCases.map(\.rawValue) + ["none"]
                let word = self.context.word(field.value, of: "with.alert.near", from: words)
                if let word { reactions.near = Severity(rawValue: word) }
            case "domain":
                if let domain = self.context.text(field.value, of: "with.alert.domain") {
                    reactions.domain = domain.text
                }
            default: self.context.reportUnknown(field, known: keys, inside: "with.alert")
            }
        }
    }

    // MARK: Values

    private func types(_ member: YAMLMember?, of field: String) -> [TypePattern] {
        guard let member else { return [] }
        return self.context.elements(member.value).compactMap { self.context.typePattern($0, of: field) }
    }

    private func fieldList(_ member: YAMLMember, of field: String) -> [EventField] {
        self.context.elements(member.value).compactMap { self.field($0, of: field) }
    }

    private func field(_ node: YAMLNode, of field: String) -> EventField? {
        guard let text = self.context.text(node, of: field) else { return nil }
        if let found = EventField(text.text) { return found }
        let needs = "a place in the event: `payload.NAME`, `tenant_id`, `source` or `event_type`"
        self.context.report(.badValue, at: node, "`\(field)` needs \(needs), found `\(text.shown)`")
        return nil
    }

    private func integer(_ member: YAMLMember?, _ range: ClosedRange<Int>) -> Int? {
        member.flatMap { self.context.integer($0.value, of: "with.\($0.key)", in: range) }
    }

    /// A number above `lowest`.
    private func number(_ node: YAMLNode, of field: String, from lowest: Double) -> Double? {
        guard let value = self.number(node, of: field, in: lowest...1e15) else { return nil }
        guard value == lowest else { return value }
        self.context.report(.badValue, at: node, "`\(field)` must be above 0")
        return nil
    }

    private func number(_ node: YAMLNode, of field: String, in range: ClosedRange<Double>) -> Double? {
        let needs = "a number from \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))"
        guard let scalar = self.context.scalar(node, of: field, needs: needs) else { return nil }
        if let value = Double(scalar.text), value.isFinite, range.contains(value) { return value }
        self.context.report(.badValue, at: node, "`\(field)` needs \(needs), found `\(scalar.shown)`")
        return nil
    }

    private static func text(_ value: Double) -> String {
        value == value.rounded() ? String(Int64(value)) : String(value)
    }
}
