import Events
import Reactions

/// Settings, alerts and steps of time that meet each other often.
enum RandomFatigue {
    static func settings(_ generator: inout SeededGenerator) -> FatigueSettings {
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

    /// Somebody is told of everything, or of everything but one domain, or of nothing.
    static func routing(_ generator: inout SeededGenerator) throws -> RoutingTree {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: try RoutingTree(RouteDefinition())
        case 1..<4:
            try RoutingTree(
                RouteDefinition(routes: [
                    RouteDefinition(matchers: [LabelMatcher("domain", .notEqual, "logs")], receivers: ["ops"])
                ])
            )
        default: .everything(to: ["ops"])
        }
    }

    static func alert(_ number: Int, _ generator: inout SeededGenerator) -> Alert {
        Alert.sample(
            "k\(Int.random(in: 0..<5, using: &generator))",
            tenant: "t\(Int.random(in: 0..<4, using: &generator))",
            domain: ["incidents", "policies", "logs", "audit", "other"].randomElement(using: &generator) ?? "logs",
            severity: Severity.allCases.randomElement(using: &generator) ?? .low,
            id: "a\(number)"
        )
    }

    /// Mostly small steps, at times exactly a window's length, seldom a jump back.
    static func step(_ generator: inout SeededGenerator) -> Int64 {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<50: Int64.random(in: 0..<5_000_000, using: &generator)
        case 50..<80: Int64.random(in: 0..<120_000_000, using: &generator)
        case 80..<95: [10, 30, 60, 300, 600].randomElement(using: &generator).map { $0 * 1_000_000 } ?? 0
        case 95..<99: 0
        default: Int64.random(in: -7_200_000_000..<3_600_000_000, using: &generator)
        }
    }
}
