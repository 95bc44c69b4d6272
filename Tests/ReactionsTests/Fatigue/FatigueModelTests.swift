import Events
import Reactions
import SeededRandom
import Stores
import Synchronization
import Testing

/// The gate against a slow model of the text, on random alerts.
@Suite struct FatigueModelTests {
    @Test(arguments: 0..<50)
    func `a store in memory decides as the text says`(seed: Int) async throws {
        var generator = SplitMix64(seed: UInt64(seed))
        let now = Mutex<Int64>(1_795_221_600_000_000)
        var settings = try RandomFatigue.all(&generator)
        let store = MemoryStateStore(settings: settings, configVersion: "1", instance: "i", receiptCapacity: 0) {
            Timestamp(microseconds: now.withLock { $0 })
        }
        var model = FatigueModel(settings)
        for number in 0..<500 {
            let step = RandomFatigue.step(&generator)
            let reading = Timestamp(
                microseconds: now.withLock { now in
                    now += step
                    return now
                }
            )
            switch Int.random(in: 0..<400, using: &generator) {
            case 0:
                settings = try RandomFatigue.all(&generator)
                await store.update(settings, configVersion: "\(number)")
                model.settings = settings
            case 1..<5:
                let request = try RandomFatigue.silence(at: reading, &generator)
                model.silences.append(try await store.add(request, id: "sil\(number)"))
            case 5..<8:
                guard let index = model.silences.indices.randomElement(using: &generator) else { break }
                model.silences[index] = try await store.expire(model.silences[index].id, by: "bob")
            case 8..<120:
                let resolution = RandomFatigue.resolution(number, &generator)
                let told = try await store.resolve([resolution])
                let expected = model.resolve(resolution, at: reading)
                try #require(told.map { "\($0.alert.id) \($0.receipt.verdict.rawValue)" }.sorted() == expected)
            default: break
            }
            let told = try await store.settle()
            let due = model.settle(at: reading)
            let digests = told.filter { $0.alert.type == HeldBack.digestType }
            try #require(Set(digests.map { Digest($0) }) == Set(due.digests.map { Digest($0) }))
            let settled = told.filter { $0.alert.type != HeldBack.digestType }
            try #require(Set(settled.map { "\($0.alert.id) \($0.status.rawValue)" }) == due.settled)
            let alert = RandomFatigue.alert(number, &generator)
            let receipt = try #require(store.decideNow([alert]).first)
            let expected = model.decide(alert, at: reading)
            try #require(FatigueModel.Decision(receipt) == expected, "alert \(number), seed \(seed): \(receipt)")
        }
    }

    /// What a digest tells, in numbers.
    private struct Digest: Hashable {
        var receiver: String
        var tenant: String
        var domain: String
        var counts: [String: Int]
        var first: String
        var last: String

        init(_ held: FatigueModel.Held) {
            self.receiver = held.receiver
            self.tenant = held.tenant
            self.domain = held.domain
            self.counts = [:]
            for (alert, verdict) in zip(held.alerts, held.verdicts) {
                self.counts["\(verdict.rawValue) \(alert.type) \(alert.severity.rawValue)", default: 0] += 1
            }
            self.first = held.alerts.first?.id ?? ""
            self.last = held.alerts.last?.id ?? ""
        }

        init(_ telling: Telling) {
            func text(_ json: JSONValue?) -> String { json?.stringValue ?? "" }
            let details = telling.alert.details
            self.receiver = telling.route?.receivers.first ?? ""
            self.tenant = telling.alert.tenant
            self.domain = telling.alert.domain
            self.counts = [:]
            for row in details["counts"]?.arrayValue ?? [] {
                let kind = "\(text(row["verdict"])) \(text(row["type"])) \(text(row["severity"]))"
                self.counts[kind] = row["alerts"]?.intValue
            }
            self.first = text(details["first"]?["alert_id"])
            self.last = text(details["last"]?["alert_id"])
        }
    }

    @Test func `deciding the same log again gives the same receipts and the same state`() throws {
        var generator = SplitMix64(seed: 5)
        let settings = try RandomFatigue.all(&generator)
        var now: Int64 = 0
        let log = (0..<1500).map { number in
            now += RandomFatigue.step(&generator)
            return (RandomFatigue.alert(number, &generator), Timestamp(microseconds: now))
        }
        var rules = AlertRules(settings)
        var first = FatigueGate(settings: settings, configVersion: "1", instance: "i")
        let receipts = log.map { first.decide($0.0, rules.surroundings(of: $0.0, SilenceSet(), at: $0.1), at: $0.1) }
        var second = FatigueGate(settings: settings, configVersion: "1", instance: "i")
        var copies: [FatigueGate] = []
        for (index, entry) in log.enumerated() {
            if index % 500 == 0 { copies.append(second) }
            #expect(
                second.decide(entry.0, rules.surroundings(of: entry.0, SilenceSet(), at: entry.1), at: entry.1)
                    == receipts[index]
            )
        }
        #expect(first == second)
        // From any copy made on the way, the rest leads to the same end.
        for (index, copy) in copies.enumerated() {
            var resumed = copy
            for entry in log[(index * 500)...] {
                _ = resumed.decide(entry.0, rules.surroundings(of: entry.0, SilenceSet(), at: entry.1), at: entry.1)
            }
            #expect(resumed == first)
        }
    }
}
