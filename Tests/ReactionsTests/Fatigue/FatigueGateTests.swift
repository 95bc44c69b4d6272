import Events
import Reactions
import Testing

@Suite struct FatigueGateTests {
    private static let start = Timestamp(seconds: 1_795_221_600)

    private func gate(_ change: (inout FatigueSettings) -> Void = { _ in }) -> FatigueGate {
        var settings = FatigueSettings()
        change(&settings)
        return FatigueGate(settings: AlertSettings(fatigue: settings), configVersion: "v1", instance: "i1")
    }

    private func time(_ seconds: Double) -> Timestamp { Self.start + .microseconds(Int64(seconds * 1_000_000)) }

    @Test func `the fingerprint is the original's`() {
        #expect(Fingerprint(key: "k", tenant: "t", domain: "incidents").description == "2f419c51842c1e32")
    }

    @Test func `the first alert is sent, and the receipt says what is left`() {
        var gate = self.gate()
        let receipt = gate.decide(.sample(), at: self.time(0))
        #expect(receipt.verdict == .sent)
        #expect(receipt.fingerprint.description == "2f419c51842c1e32")
        #expect(receipt.count == 0)
        #expect(receipt.limit == 100)
        #expect(receipt.remainingInWindow == 100)
        #expect(receipt.nextAllowedAt == nil)
        #expect(receipt.window == nil)
        #expect(receipt.heldBackBy == nil)
        #expect(receipt.handler == "h")
        #expect(receipt.configVersion == "v1")
        #expect(receipt.instance == "i1")
        #expect(receipt.decidedAt == self.time(0))
    }

    @Test func `the same alert within the dedup window is a duplicate, exactly at its end it is not`() {
        var gate = self.gate { $0.cooldowns["logs"] = .zero }
        #expect(gate.decide(.sample(domain: "logs", id: "first"), at: self.time(0)).verdict == .sent)
        let held = gate.decide(.sample(domain: "logs"), at: self.time(59.999999))
        #expect(held.verdict == .duplicate)
        #expect(held.nextAllowedAt == self.time(60))
        #expect(held.window == .seconds(60))
        #expect(held.heldBackBy == "first")
        #expect(held.remainingInWindow == nil)
        #expect(held.isRepetition)
        #expect(gate.decide(.sample(domain: "logs"), at: self.time(60)).verdict == .sent)
    }

    @Test func `an alert that was held back does not prolong the window`() {
        var gate = self.gate { $0.cooldowns["logs"] = .zero }
        _ = gate.decide(.sample(domain: "logs"), at: self.time(0))
        #expect(gate.decide(.sample(domain: "logs"), at: self.time(59)).verdict == .duplicate)
        #expect(gate.decide(.sample(domain: "logs"), at: self.time(61)).verdict == .sent)
    }

    @Test(arguments: [
        ("incidents", 300.0), ("policies", 600), ("logs", 60), ("orchestrator", 300), ("audit", 300), ("other", 300),
    ])
    func `another alert of the domain waits for the cooldown`(domain: String, cooldown: Double) {
        var gate = self.gate()
        _ = gate.decide(.sample("k1", domain: domain, id: "first"), at: self.time(0))
        let held = gate.decide(.sample("k2", domain: domain), at: self.time(cooldown - 0.000001))
        #expect(held.verdict == .cooldown)
        #expect(held.nextAllowedAt == self.time(cooldown))
        #expect(held.window == .seconds(cooldown))
        #expect(held.heldBackBy == "first")
        #expect(!held.isRepetition)
        #expect(gate.decide(.sample("k2", domain: domain), at: self.time(cooldown)).verdict == .sent)
    }

    @Test func `domains and tenants do not hold each other back`() {
        var gate = self.gate()
        #expect(gate.decide(.sample(tenant: "t1", domain: "logs"), at: self.time(0)).verdict == .sent)
        #expect(gate.decide(.sample(tenant: "t1", domain: "audit"), at: self.time(0)).verdict == .sent)
        #expect(gate.decide(.sample(tenant: "t2", domain: "logs"), at: self.time(0)).verdict == .sent)
    }

    @Test func `ids that run together into one text do not hold each other back`() {
        var gate = self.gate()
        #expect(gate.decide(.sample("k", tenant: "t:x", domain: "d"), at: self.time(0)).verdict == .sent)
        #expect(gate.decide(.sample("k:t", tenant: "x", domain: "d"), at: self.time(0)).verdict == .sent)
    }

    @Test func `the tenant limit counts what was sent strictly within the hour`() {
        var gate = self.gate {
            $0.maxAlertsPerTenantPerHour = 2
            $0.defaultCooldown = .zero
        }
        #expect(gate.decide(.sample("k1", domain: "d"), at: self.time(0)).remainingInWindow == 2)
        #expect(gate.decide(.sample("k2", domain: "d"), at: self.time(10)).remainingInWindow == 1)
        let held = gate.decide(.sample("k3", domain: "d"), at: self.time(3599.999999))
        #expect(held.verdict == .tenantRateLimit)
        #expect(held.count == 2)
        #expect(held.limit == 2)
        #expect(held.remainingInWindow == 0)
        #expect(held.nextAllowedAt == self.time(3600))
        #expect(held.window == .seconds(3600))
        #expect(gate.decide(.sample("k3", domain: "d"), at: self.time(3600)).verdict == .sent)
    }

    @Test func `a limit of zero sends nothing and looks again in a minute`() {
        var gate = self.gate { $0.maxAlertsPerTenantPerHour = 0 }
        let held = gate.decide(.sample(), at: self.time(0))
        #expect(held.verdict == .tenantRateLimit)
        #expect(held.nextAllowedAt == self.time(60))
        #expect(held.remainingInWindow == 0)
    }

    @Test func `checks come in their order`() {
        // Duplicate, in cooldown and over the limit at once: the first of them is named.
        var gate = self.gate { $0.maxAlertsPerTenantPerHour = 1 }
        _ = gate.decide(.sample(), at: self.time(0))
        #expect(gate.decide(.sample(), at: self.time(1)).verdict == .duplicate)
        #expect(gate.decide(.sample("k2"), at: self.time(1)).verdict == .cooldown)
        #expect(gate.decide(.sample("k2", domain: "audit"), at: self.time(1)).verdict == .tenantRateLimit)
    }

    @Test func `switched off, for all or for one tenant, everything is sent and counted`() async {
        var gate = self.gate { $0.enabled = false }
        for _ in 0..<3 { #expect(gate.decide(.sample(), at: self.time(0)).verdict == .fatigueDisabled) }
        #expect(gate.statistics(tenant: "t", at: self.time(0)).alertsInLastHour == 3)
        #expect(!gate.statistics(tenant: "t", at: self.time(0)).fatigueEnabled)

        var own = TenantFatigueSettings()
        own.enabled = false
        gate = self.gate { $0.tenants["t"] = own }
        for _ in 0..<3 { #expect(gate.decide(.sample(), at: self.time(0)).verdict == .fatigueDisabled) }
        #expect(gate.decide(.sample(tenant: "u"), at: self.time(0)).verdict == .sent)
        #expect(gate.decide(.sample(tenant: "u"), at: self.time(0)).verdict == .duplicate)
    }

    @Test func `a tenant's own settings win`() {
        var own = TenantFatigueSettings()
        own.maxAlertsPerHour = 1
        own.cooldowns = ["incidents": .seconds(5)]
        own.dedupWindow = .seconds(2)
        var gate = self.gate { $0.tenants["t"] = own }
        _ = gate.decide(.sample("k1"), at: self.time(0))
        #expect(gate.decide(.sample("k1"), at: self.time(1.9)).verdict == .duplicate)
        #expect(gate.decide(.sample("k1"), at: self.time(4.9)).window == .seconds(5))
        #expect(gate.decide(.sample("k2"), at: self.time(5)).limit == 1)
        #expect(gate.decide(.sample("k2"), at: self.time(5)).verdict == .tenantRateLimit)
    }

    @Test func `new settings count what was sent under the old ones`() {
        var gate = self.gate()
        _ = gate.decide(.sample("k1"), at: self.time(0))
        var settings = FatigueSettings()
        settings.cooldowns["incidents"] = .seconds(1000)
        gate.update(AlertSettings(fatigue: settings), configVersion: "v2")
        let held = gate.decide(.sample("k2"), at: self.time(999))
        #expect(held.verdict == .cooldown)
        #expect(held.configVersion == "v2")
    }

    @Test func `the statistics are those of the last hour`() {
        var gate = self.gate { $0.defaultCooldown = .zero }
        _ = gate.decide(.sample(domain: "a"), at: self.time(0))
        _ = gate.decide(.sample(domain: "b"), at: self.time(1800))
        _ = gate.decide(.sample("k2", domain: "b"), at: self.time(1801))
        let expected = TenantFatigueStatistics(
            tenant: "t",
            alertsInLastHour: 2,
            maxAlertsPerHour: 100,
            alertsByDomain: ["b": 2],
            fatigueEnabled: true
        )
        #expect(gate.statistics(tenant: "t", at: self.time(3600)) == expected)
        #expect(gate.statistics(tenant: "nobody", at: self.time(3600)).alertsInLastHour == 0)
    }
}
