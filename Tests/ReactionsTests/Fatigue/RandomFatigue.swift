import Events
import Reactions
import SeededRandom

/// Settings, alerts and steps of time that meet each other often.
enum RandomFatigue {
    static func settings(_ generator: inout SplitMix64) -> FatigueSettings {
        var settings = FatigueSettings()
        settings.enabled = Int.random(in: 0..<12, using: &generator) > 0
        settings.dedupWindow = .seconds([0, 10, 60, 400].randomElement(using: &generator) ?? 60)
        settings.cooldowns["logs"] = .seconds([0, 30, 60].randomElement(using: &generator) ?? 60)
        settings.defaultCooldown = .seconds([0, 120, 300].randomElement(using: &generator) ?? 300)
        settings.maxAlertsPerTenantPerHour = [0, 1, 5, 20, 100].randomElement(using: &generator) ?? 100
        var own = TenantFatigueSettings()
        own.enabled = Bool.random(using: &generator)
        own.maxAlertsPerHour = [nil, 3, 50].randomElement(using: &generator) ?? nil
        own.dedupWindow = [nil, .seconds(5), .seconds(900)].randomElement(using: &generator) ?? nil
        own.cooldowns = ["audit": .seconds(7), "other": .zero]
        settings.tenants["t0"] = own
        return settings
    }

    /// Settings in which everything that can hold an alert back does so now and then.
    static func all(_ generator: inout SplitMix64) throws -> AlertSettings {
        var settings = AlertSettings(fatigue: Self.settings(&generator))
        settings.sendsDigests = Int.random(in: 0..<6, using: &generator) > 0
        settings.flapping.isEnabled = Int.random(in: 0..<6, using: &generator) > 0
        settings.flapping.highPercent = [10, 25, 50].randomElement(using: &generator) ?? 50
        settings.flapping.lowPercent = [5, 10].randomElement(using: &generator) ?? 10
        settings.flapping.settlesAfter = .seconds([60, 900].randomElement(using: &generator) ?? 60)
        settings.routing = try Self.routing(&generator)
        if Bool.random(using: &generator) { settings.inhibition = try Self.inhibition(&generator) }
        var night = MuteInterval.Part()
        night.times = [0..<240, 1320..<1440]
        var weekend = MuteInterval.Part()
        weekend.weekdays = [0...0, 6...6]
        var quarter = MuteInterval.Part()
        quarter.times = (0..<24).map { $0 * 60..<$0 * 60 + 15 }
        settings.muteIntervals = [
            "nights": MuteInterval(parts: [night, weekend]), "quarters": MuteInterval(parts: [quarter]),
        ]
        return settings
    }

    private static func inhibition(_ generator: inout SplitMix64) throws -> [InhibitionRule] {
        func matcher(_ text: String) throws -> LabelMatcher { try LabelMatcher.read(text) }
        let hold = Duration.seconds([20, 300].randomElement(using: &generator) ?? 20)
        let all = [
            InhibitionRule(
                name: "severe",
                source: [try matcher("severity=CRITICAL"), try matcher("domain=incidents")],
                target: [try matcher("severity=~'LOW|MEDIUM'")],
                equal: ["tenant_id"],
                holdsFor: hold
            ),
            InhibitionRule(
                name: "both",
                source: [try matcher("domain=~'audit|logs'")],
                target: [try matcher("domain=~'logs|other'"), try matcher("severity!=CRITICAL")],
                equal: ["tenant_id", "key"]
            ),
        ]
        return all.filter { _ in Bool.random(using: &generator) }
    }

    /// Somebody is told of everything, or of everything but one domain, or of nothing, some of them not at all times.
    private static func routing(_ generator: inout SplitMix64) throws -> RoutingTree {
        let quiet = RouteDefinition(
            matchers: [try LabelMatcher("domain", .equal, "audit")],
            receivers: ["audit"],
            mute: ["quarters"]
        )
        let twice = RouteDefinition(
            matchers: [try LabelMatcher("tenant_id", .matches, "t[12]")],
            receivers: ["night", "ops"],
            continues: true,
            mute: ["nights", "quarters"]
        )
        let others = RouteDefinition(matchers: [try LabelMatcher("domain", .notEqual, "logs")], receivers: ["ops"])
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: return try RoutingTree(RouteDefinition())
        case 1..<3: return try RoutingTree(RouteDefinition(routes: [others]))
        case 3..<6: return try RoutingTree(RouteDefinition(receivers: ["ops"], routes: [twice, quiet]))
        default: return .everything(to: ["ops"])
        }
    }

    static func alert(_ number: Int, _ generator: inout SplitMix64) -> Alert {
        let key = Int.random(in: 0..<5, using: &generator)
        return Alert.sample(
            "k\(key)",
            tenant: "t\(Int.random(in: 0..<4, using: &generator))",
            domain: ["incidents", "policies", "logs", "audit", "other"].randomElement(using: &generator) ?? "logs",
            severity: Severity.allCases.randomElement(using: &generator) ?? .low,
            id: "a\(number)",
            type: ["RUN_FAILED", "STALE"].randomElement(using: &generator) ?? "STALE",
            lasts: key < 2
        )
    }

    static func resolution(_ number: Int, _ generator: inout SplitMix64) -> Resolution {
        Resolution.sample(
            "k\(Int.random(in: 0..<3, using: &generator))",
            tenant: "t\(Int.random(in: 0..<4, using: &generator))",
            domain: ["incidents", "policies", "logs", "audit", "other"].randomElement(using: &generator) ?? "logs",
            id: "r\(number)"
        )
    }

    static func silence(at now: Timestamp, _ generator: inout SplitMix64) throws -> SilenceRequest {
        let matchers = [
            ["tenant_id=t1"], ["domain=~'l.*'", "severity!=CRITICAL"], ["key=k1", "alertname!=STALE"],
            ["tenant_id=~'t[02]'", "key=k0"],
        ]
        let start = Int64.random(in: -60..<600, using: &generator)
        let length = Int64.random(in: 1..<900, using: &generator)
        return SilenceRequest(
            matchers: try (matchers.randomElement(using: &generator) ?? []).map { try LabelMatcher.read($0) },
            startsAt: start < 0 ? nil : now + .seconds(start),
            endsAt: now + .seconds(max(0, start) + length),
            createdBy: "ann",
            reason: "being looked at",
            expiresOnResolve: Bool.random(using: &generator)
        )
    }

    /// Mostly small steps, at times exactly a window's length, seldom a jump back.
    static func step(_ generator: inout SplitMix64) -> Int64 {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<50: Int64.random(in: 0..<5_000_000, using: &generator)
        case 50..<80: Int64.random(in: 0..<120_000_000, using: &generator)
        case 80..<95: [10, 30, 60, 300, 600].randomElement(using: &generator).map { $0 * 1_000_000 } ?? 0
        case 95..<99: 0
        default: Int64.random(in: -7_200_000_000..<3_600_000_000, using: &generator)
        }
    }
}
