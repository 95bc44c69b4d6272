import Events
import Reactions
import Testing

/// The faults of the original's fatigue control, by their numbers, each shown not to be ours. (That checking and recording
/// are one step, F-FA-1, is shown in `MemoryStateStoreTests`.)
@Suite struct FatigueFaultTests {
    private static let start = Timestamp(seconds: 1_795_221_600)

    private func gate(
        bounds: FatigueBounds = FatigueBounds(),
        _ change: (inout FatigueSettings) -> Void = { _ in }
    )
        -> FatigueGate
    {
        var settings = FatigueSettings()
        change(&settings)
        return FatigueGate(
            settings: AlertSettings(fatigue: settings),
            configVersion: "v1",
            instance: "i1",
            bounds: bounds
        )
    }

    private func time(_ seconds: Double) -> Timestamp { Self.start + .microseconds(Int64(seconds * 1_000_000)) }

    @Test(arguments: [(Severity.low, Severity.medium), (.medium, .high), (.low, .critical), (.high, .critical)])
    func `FA-3: a less severe alert never hides a more severe one`(sent: Severity, worse: Severity) {
        var gate = self.gate()
        #expect(gate.decide(.sample("k1", severity: sent), at: self.time(0)).verdict == .sent)
        #expect(gate.decide(.sample("k2", severity: worse, id: "worse"), at: self.time(1)).verdict == .sent)
        // Also when it is the same alert, grown worse.
        #expect(gate.decide(.sample("k1", tenant: "u", severity: sent), at: self.time(0)).verdict == .sent)
        #expect(gate.decide(.sample("k1", tenant: "u", severity: worse), at: self.time(1)).verdict == .sent)
        // Once is enough, and what is not worse than everything sent waits for the end of the cooldown.
        #expect(gate.decide(.sample("k3", severity: worse), at: self.time(2)).heldBackBy == "worse")
        #expect(gate.decide(.sample("k3", severity: sent), at: self.time(2)).heldBackBy == "worse")
    }

    @Test func `FA-3: a later and milder alert does not shorten what a severe one holds back`() {
        var gate = self.gate { $0.defaultCooldown = .seconds(100) }
        _ = gate.decide(.sample("k1", domain: "d", severity: .high, id: "high"), at: self.time(0))
        // The high one's cooldown has ended; a low one is sent.
        #expect(gate.decide(.sample("k2", domain: "d", severity: .low, id: "low"), at: self.time(100)).verdict == .sent)
        #expect(gate.decide(.sample("k3", domain: "d", severity: .low), at: self.time(150)).heldBackBy == "low")
        #expect(gate.decide(.sample("k3", domain: "d", severity: .medium), at: self.time(150)).verdict == .sent)
    }

    @Test func `FA-4: a repetition that a cooldown holds back is told from another alert`() {
        var gate = self.gate()
        _ = gate.decide(.sample("k1", id: "first"), at: self.time(0))
        let repetition = gate.decide(.sample("k1"), at: self.time(90))
        #expect(repetition.verdict == .cooldown)
        #expect(repetition.isRepetition)
        #expect(repetition.reason.hasPrefix("the same alert of domain incidents was sent 90 s ago"))
        let other = gate.decide(.sample("k2"), at: self.time(90.5))
        #expect(other.verdict == .cooldown)
        #expect(!other.isRepetition)
        #expect(other.reason.hasPrefix("another MEDIUM alert of domain incidents was sent 90.5 s ago"))
    }

    @Test func `FA-5: what is held back is counted and has its receipt`() {
        var gate = self.gate()
        let receipts = (0..<10).map { gate.decide(.sample(id: "a\($0)"), at: self.time(Double($0))) }
        #expect(receipts.map(\.alertID) == (0..<10).map { "a\($0)" })
        #expect(receipts.dropFirst().allSatisfy { $0.verdict == .duplicate && $0.heldBackBy == "a0" })
        #expect(gate.statistics.decided == [.sent: 1, .duplicate: 9])
    }

    @Test(arguments: [false, true])
    func `a tenant of many domains or kinds is decided and forgotten like one of few`(inOneDomain: Bool) {
        var settings = FatigueSettings()
        settings.dedupWindow = .seconds(3600)
        var gate = FatigueGate(settings: AlertSettings(fatigue: settings), configVersion: "1", instance: "i")
        func alert(_ number: Int, id: String) -> Alert {
            .sample(
                "k\(number)",
                domain: inOneDomain ? "d" : "d\(number)",
                severity: .high,
                id: id,
                type: "T\(number)"
            )
        }
        func time(_ seconds: Int) -> Timestamp { Timestamp(microseconds: Int64(seconds) * 1_000_000) }
        for number in 0..<40 {
            #expect(gate.decide(alert(number, id: "a\(number)"), at: time(number * 60)).verdict == .sent)
        }
        #expect(gate.statistics.identities == 40)
        for gone in 0..<40 {
            // Exactly the oldest is forgotten; each of the others still holds its own back.
            let now = time(3600 + gone * 60)
            for number in stride(from: gone + 1, to: 40, by: 7) {
                let receipt = gate.decide(alert(number, id: "b"), at: now)
                #expect(receipt.verdict == .duplicate && receipt.heldBackBy == "a\(number)")
            }
            #expect(gate.statistics(tenant: "t", at: now).alertsInLastHour == 39 - gone)
            #expect(gate.statistics.identities == 39 - gone && gate.statistics.records == 39 - gone)
        }
        #expect(gate.statistics.tenants == 0)
    }

    @Test func `FA-6: tenants and identities are forgotten when their windows have ended`() {
        var gate = self.gate()
        for number in 0..<1000 {
            _ = gate.decide(.sample("k\(number)", tenant: "t\(number)"), at: self.time(Double(number)))
        }
        #expect(gate.statistics.tenants == 1000)
        #expect(gate.statistics.identities == 1000)
        _ = gate.decide(.sample(tenant: "late"), at: self.time(3600 + 1000))
        #expect(gate.statistics.tenants == 1)
        #expect(gate.statistics.identities == 1)
        #expect(gate.statistics.records == 1)
        #expect(gate.statistics.forgottenEarly == 0)
    }

    @Test func `FA-6: a flood of tenants stays within the bound and is counted`() {
        var bounds = FatigueBounds()
        bounds.records = 500
        var gate = self.gate(bounds: bounds)
        for number in 0..<5000 { _ = gate.decide(.sample(tenant: "t\(number)"), at: self.time(0)) }
        #expect(gate.statistics.records == 500)
        #expect(gate.statistics.tenants == 500)
        #expect(gate.statistics.forgottenEarly == 4500)
        #expect(gate.decide(.sample(tenant: "t4999"), at: self.time(1)).verdict == .duplicate)
    }

    @Test func `FA-6: a tenant whose alerts are not checked cannot push out the others`() {
        var own = TenantFatigueSettings()
        own.enabled = false
        var bounds = FatigueBounds()
        bounds.records = 200
        bounds.uncheckedRecordsPerTenant = 50
        var gate = self.gate(bounds: bounds) { $0.tenants["loud"] = own }
        _ = gate.decide(.sample(tenant: "quiet"), at: self.time(0))
        for number in 0..<10_000 { _ = gate.decide(.sample("k\(number)", tenant: "loud"), at: self.time(1)) }
        #expect(gate.decide(.sample(tenant: "quiet"), at: self.time(2)).verdict == .duplicate)
        #expect(gate.statistics.unrecorded == 9950)
    }

    @Test func `FA-8: a clock that is set back does not silence alerts`() {
        var gate = self.gate { $0.cooldowns["logs"] = .zero }
        _ = gate.decide(.sample(domain: "logs"), at: self.time(0))
        // One hour back, then 30 s pass: the window has 30 s to go, by the clock as it now is.
        let held = gate.decide(.sample(domain: "logs"), at: self.time(-3600))
        #expect(held.verdict == .duplicate)
        #expect(held.nextAllowedAt == self.time(-3540))
        #expect(gate.decide(.sample(domain: "logs"), at: self.time(-3541)).verdict == .duplicate)
        #expect(gate.decide(.sample(domain: "logs"), at: self.time(-3540)).verdict == .sent)
        #expect(gate.statistics.clockSetbacks == 1)
    }

    @Test func `alerts of the reactor itself have no cooldown unless one is set`() {
        var gate = self.gate()
        let now = self.time(0)
        let one = SystemAlerts.peerLost("b", silence: .seconds(90), instance: "a", id: "1", now: now)
        let two = SystemAlerts.peerLost("c", silence: .seconds(90), instance: "a", id: "2", now: now)
        #expect(gate.decide(one, at: now).verdict == .sent)
        #expect(gate.decide(two, at: now).verdict == .sent)
        #expect(gate.decide(one, at: now).verdict == .duplicate)
    }
}
