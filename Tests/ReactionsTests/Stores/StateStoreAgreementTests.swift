import Events
import Reactions
import ReactorTestKit
import RedisClient
import SeededRandom
import Stores
import Synchronization
import Testing

/// Memory and Redis against each other on random alerts, and against the slow model of the text, with which
/// `FatigueModelTests` compares memory at length.
@Suite(.timeLimit(.minutes(10)))
struct StateStoreAgreementTests {
    /// Both stores, and what they were asked so far.
    private struct Pair {
        let memory: MemoryStateStore
        let turned: TurnedStore
        var silences: [String] = []
        var number = 0
        /// The model is slow: it is asked about the first alerts only.
        let modelled = 800

        /// The same settings, silences, ends and alerts for both.
        mutating func step(
            _ settings: inout AlertSettings,
            _ model: inout FatigueModel,
            at now: Timestamp,
            _ generator: inout SplitMix64
        ) async throws {
            let redis = self.turned.store
            switch Int.random(in: 0..<60, using: &generator) {
            case 0:
                settings = try RandomFatigue.all(&generator)
                await self.memory.update(settings, configVersion: "\(self.number)")
                await redis.update(settings, configVersion: "\(self.number)")
                model.settings = settings
            case 1..<6:
                let request = try RandomFatigue.silence(at: now, &generator)
                let silence = try await redis.add(request, id: "sil\(self.number)")
                #expect(try await self.memory.add(request, id: "sil\(self.number)") == silence)
                self.silences.append(silence.id)
                model.silences.append(silence)
            case 6..<9:
                guard let id = self.silences.randomElement(using: &generator) else { break }
                let silence = try await redis.expire(id, by: "bob")
                #expect(try await self.memory.expire(id, by: "bob") == silence)
                model.silences = model.silences.map { $0.id == id ? silence : $0 }
            default: break
            }
            for _ in 0..<Int.random(in: 0..<8, using: &generator) {
                let resolution = RandomFatigue.resolution(self.number, &generator)
                let told = try await redis.resolve([resolution])
                try #require(told == (try await self.memory.resolve([resolution])))
                guard self.number < self.modelled else { continue }
                let said = model.resolve(resolution, at: now)
                try #require(told.map { "\($0.alert.id) \($0.receipt.verdict.rawValue)" }.sorted() == said)
            }
            let told = try await redis.settle()
            try #require(told == (try await self.memory.settle()))
            if self.number < self.modelled { _ = model.settle(at: now) }
        }
    }

    @Test(arguments: 0..<8)
    func `100,000 random alerts: memory and Redis, and the model at first, give the same verdicts and numbers`(
        seed: Int
    ) async throws {
        var generator = SplitMix64(seed: UInt64(900 + seed))
        var settings = try RandomFatigue.all(&generator)
        let now = Mutex<Int64>(1_795_221_600_000_000)
        let told = Mutex<[RoutedNotice]>([])
        let memory = MemoryStateStore(
            settings: settings,
            configVersion: "1",
            instance: "i",
            receiptCapacity: 100_000,
            clock: { Timestamp(microseconds: now.withLock { $0 }) },
            notices: { notices in told.withLock { $0 += notices } }
        )
        var model = FatigueModel(settings)
        try await withTurnedStore(settings) { turned in
            var pair = Pair(memory: memory, turned: turned)
            while pair.number < 12_500 {
                let step = max(0, RandomFatigue.step(&generator))
                let instant = now.withLock { now in
                    now += step
                    return Timestamp(microseconds: now)
                }
                try await turned.turn(to: instant.microseconds)
                try await pair.step(&settings, &model, at: instant, &generator)
                let alerts = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                    pair.number += 1
                    return RandomFatigue.alert(pair.number, &generator)
                }
                let seen = try await turned.store.decide(alerts)
                try #require(seen == memory.decideNow(alerts), "seed \(seed), up to alert \(pair.number)")
                if pair.number < pair.modelled {
                    let said = alerts.map { model.decide($0, at: instant) }
                    try #require(
                        seen.map { FatigueModel.Decision($0) } == said,
                        "seed \(seed), up to alert \(pair.number)"
                    )
                }
                let tenant = "t\(Int.random(in: 0..<4, using: &generator))"
                #expect(try await turned.store.statistics(tenant: tenant) == memory.statistics(tenant: tenant))
            }
            // What is handed on is what was decided to go out, in that order; and everything has its receipt.
            #expect(try await turned.notices() == told.withLock { $0 })
            var query = ReceiptQuery()
            query.limit = 100_000
            let kept = try await turned.store.receipts(query)
            let expected = try await memory.receipts(query)
            #expect(kept.map(\.receipt) == expected.map(\.receipt))
            #expect(kept.map(\.subject) == expected.map(\.subject))
            let verdicts = Set(kept.map(\.receipt.verdict))
            #expect(verdicts == Set(Verdict.allCases))
        }
    }

    @Test func `what is read back from the receipts is what was answered`() async throws {
        var generator = SplitMix64(seed: 77)
        try await withTurnedStore(try RandomFatigue.all(&generator)) { turned in
            var answered: [Receipt] = []
            for round in 0..<60 {
                try await turned.turn(to: 1_795_221_600_000_000 + Int64(round) * 20_000_000)
                let alerts = (0..<20).map { RandomFatigue.alert(round * 20 + $0, &generator) }
                answered += try await turned.store.decide(alerts)
            }
            var query = ReceiptQuery()
            query.limit = 10_000
            #expect(try await turned.store.receipts(query).map(\.receipt) == Array(answered.reversed()))
            query.verdict = .duplicate
            #expect(
                try await turned.store.receipts(query).map(\.receipt)
                    == answered.reversed().filter { $0.verdict == .duplicate }
            )
            query = ReceiptQuery()
            query.since = answered[600].decidedAt
            query.limit = 700
            #expect(
                try await turned.store.receipts(query).map(\.receipt)
                    == answered.reversed().filter { $0.decidedAt >= answered[600].decidedAt }
            )
            query = ReceiptQuery()
            query.alertID = answered[3].alertID
            #expect(try await turned.store.receipts(query).map(\.receipt) == [answered[3]])
        }
    }

    @Test func `texts that merely look alike are two tenants, domains and kinds in both stores`() async throws {
        // The same letter, written in two ways: Swift takes them for equal, their bytes are not.
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        let alerts: [Alert] = [
            .sample("k", tenant: composed, id: "a1"), .sample("k", tenant: decomposed, id: "a2"),
            .sample("k", tenant: composed, domain: composed, id: "a3"),
            .sample("k", tenant: composed, domain: decomposed, id: "a4"),
            .sample("k1", tenant: "t", severity: .high, id: "a5", type: composed),
            .sample("k2", tenant: "t", severity: .high, id: "a6", type: decomposed),
            // And each holds back its own.
            .sample("k", tenant: composed, id: "b1"), .sample("k", tenant: decomposed, id: "b2"),
            .sample("k3", tenant: "t", severity: .high, id: "b3", type: decomposed),
        ]
        let expected = Array(repeating: Verdict.sent, count: 6) + [.duplicate, .duplicate, .cooldown]
        let now: Int64 = 1_795_221_600_000_000
        let memory = MemoryStateStore(configVersion: "1", instance: "i", clock: { Timestamp(microseconds: now) })
        try await withTurnedStore { turned in
            try await turned.turn(to: now)
            let seen = try await turned.store.decide(alerts)
            #expect(seen.map(\.verdict) == expected)
            #expect(seen.compactMap(\.heldBackBy) == ["a1", "a2", "a6"])
            #expect(seen == memory.decideNow(alerts))
            for tenant in [composed, decomposed] {
                #expect(try await turned.store.statistics(tenant: tenant) == memory.statistics(tenant: tenant))
            }
            #expect(try await memory.statistics(tenant: decomposed).alertsInLastHour == 1)
        }
    }

    @Test func `a digest counts types that merely look alike apart, in both stores`() async throws {
        let now = Mutex<Int64>(1_795_221_600_000_000)
        let memory = MemoryStateStore(
            configVersion: "1",
            instance: "i",
            clock: { Timestamp(microseconds: now.withLock { $0 }) }
        )
        let alerts: [Alert] = [
            .sample("k0", id: "a0"), .sample("k1", id: "a1", type: "caf\u{E9}"),
            .sample("k2", id: "a2", type: "cafe\u{301}"), .sample("k3", id: "a3", type: "cafe\u{301}"),
        ]
        try await withTurnedStore { turned in
            try await turned.turn(to: now.withLock { $0 })
            let seen = try await turned.store.decide(alerts)
            #expect(seen == memory.decideNow(alerts))
            #expect(seen.map(\.verdict) == [.sent, .cooldown, .cooldown, .cooldown])
            now.withLock { $0 += 3_600_000_000 }
            try await turned.turn(to: now.withLock { $0 })
            let told = try await turned.store.settle()
            #expect(told == (try await memory.settle()))
            #expect(told.map(\.receipt.ground) == [.digest(alerts: 3)])
            let counts = told.first?.alert.details["counts"]?.arrayValue ?? []
            #expect(counts.compactMap { $0["alerts"]?.intValue }.sorted() == [1, 2])
        }
    }
}
