import Events
import Reactions
import Testing

/// The gate against a slow model of the text, on random alerts.
@Suite struct FatigueModelTests {
    private static func settings(_ generator: inout SeededGenerator) -> FatigueSettings {
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

    private static func alert(_ number: Int, _ generator: inout SeededGenerator) -> Alert {
        Alert.sample(
            "k\(Int.random(in: 0..<5, using: &generator))",
            tenant: "t\(Int.random(in: 0..<4, using: &generator))",
            domain: ["incidents", "policies", "logs", "audit", "other"].randomElement(using: &generator) ?? "logs",
            severity: Severity.allCases.randomElement(using: &generator) ?? .low,
            id: "a\(number)"
        )
    }

    /// Mostly small steps, at times exactly a window's length, seldom a jump back.
    private static func step(_ generator: inout SeededGenerator) -> Int64 {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<50: Int64.random(in: 0..<5_000_000, using: &generator)
        case 50..<80: Int64.random(in: 0..<120_000_000, using: &generator)
        case 80..<95: [10, 30, 60, 300, 600].randomElement(using: &generator).map { $0 * 1_000_000 } ?? 0
        case 95..<99: 0
        default: Int64.random(in: -7_200_000_000..<3_600_000_000, using: &generator)
        }
    }

    @Test(arguments: 0..<100)
    func `the gate decides as the text says`(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var settings = Self.settings(&generator)
        var gate = FatigueGate(settings: settings, configVersion: "1", instance: "i")
        var model = FatigueModel(settings)
        var now: Int64 = 1_795_221_600_000_000
        for number in 0..<1200 {
            if Int.random(in: 0..<400, using: &generator) == 0 {
                settings = Self.settings(&generator)
                gate.update(settings, configVersion: "\(number)")
                model.settings = settings
            }
            now += Self.step(&generator)
            let alert = Self.alert(number, &generator)
            let receipt = gate.decide(alert, at: Timestamp(microseconds: now))
            let expected = model.decide(alert, at: Timestamp(microseconds: now))
            #expect(FatigueModel.Decision(receipt) == expected, "alert \(number), seed \(seed): \(receipt)")
            guard FatigueModel.Decision(receipt) == expected else { return }
        }
    }

    @Test func `deciding the same log again gives the same receipts and the same state`() {
        var generator = SeededGenerator(seed: 5)
        let settings = Self.settings(&generator)
        var now: Int64 = 0
        let log = (0..<5000).map { number in
            now += Self.step(&generator)
            return (Self.alert(number, &generator), Timestamp(microseconds: now))
        }
        var first = FatigueGate(settings: settings, configVersion: "1", instance: "i")
        let receipts = log.map { first.decide($0.0, at: $0.1) }
        var second = FatigueGate(settings: settings, configVersion: "1", instance: "i")
        var copies: [FatigueGate] = []
        for (index, entry) in log.enumerated() {
            if index % 1000 == 0 { copies.append(second) }
            #expect(second.decide(entry.0, at: entry.1) == receipts[index])
        }
        #expect(first == second)
        // From any copy made on the way, the rest leads to the same end.
        for (index, copy) in copies.enumerated() {
            var resumed = copy
            for entry in log[(index * 1000)...] { _ = resumed.decide(entry.0, at: entry.1) }
            #expect(resumed == first)
        }
    }
}
