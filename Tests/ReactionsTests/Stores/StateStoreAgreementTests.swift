import Events
import Reactions
import ReactorTestKit
import RedisClient
import Stores
import Synchronization
import Testing

/// Memory and Redis against each other on random alerts, and against the slow model of the text, with which
/// `FatigueModelTests` compares memory at length.
@Suite(.timeLimit(.minutes(10)))
struct StateStoreAgreementTests {
    @Test(arguments: 0..<8)
    func `100,000 random alerts: memory and Redis, and the model at first, give the same verdicts and numbers`(
        seed: Int
    ) async throws {
        var generator = SeededGenerator(seed: UInt64(900 + seed))
        var settings = AlertSettings(fatigue: RandomFatigue.settings(&generator))
        let now = Mutex<Int64>(1_795_221_600_000_000)
        let told = Mutex<[String]>([])
        let memory = MemoryStateStore(
            settings: settings,
            configVersion: "1",
            instance: "i",
            clock: { Timestamp(microseconds: now.withLock { $0 }) },
            notices: { notices in told.withLock { $0 += notices.map(\.notice.alert.id) } }
        )
        var model = FatigueModel(settings.fatigue)
        try await withTurnedStore(settings) { turned in
            var number = 0
            while number < 12_500 {
                if Int.random(in: 0..<60, using: &generator) == 0 {
                    settings = AlertSettings(fatigue: RandomFatigue.settings(&generator))
                    settings.routing = try RandomFatigue.routing(&generator)
                    await memory.update(settings, configVersion: "\(number)")
                    await turned.store.update(settings, configVersion: "\(number)")
                    model.settings = settings.fatigue
                }
                let step = max(0, RandomFatigue.step(&generator))
                let instant = now.withLock { now in
                    now += step
                    return now
                }
                let alerts = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                    number += 1
                    return RandomFatigue.alert(number, &generator)
                }
                try await turned.turn(to: instant)
                let seen = try await turned.store.decide(alerts)
                let expected = memory.decideNow(alerts)
                #expect(seen == expected, "seed \(seed), up to alert \(number)")
                guard seen == expected else { return }
                if number < 800 {
                    let rules = AlertRules(settings)
                    let said = alerts.map {
                        model.decide($0, isRouted: !rules.routes(of: $0).isEmpty, at: Timestamp(microseconds: instant))
                    }
                    #expect(seen.map { FatigueModel.Decision($0) } == said, "seed \(seed), up to alert \(number)")
                }
                let tenant = "t\(Int.random(in: 0..<4, using: &generator))"
                #expect(try await turned.store.statistics(tenant: tenant) == memory.statistics(tenant: tenant))
            }
            // What is handed on is what was decided to go out, in that order.
            let handedOn = try await turned.notices()
            #expect(handedOn.compactMap(\.["alert"]) == told.withLock { $0 })
            #expect(
                handedOn.allSatisfy { $0["notice"]?.contains("ops") == true || $0["notice"]?.contains("log") == true }
            )
        }
    }

    @Test func `what is read back from the receipts is what was answered`() async throws {
        var generator = SeededGenerator(seed: 77)
        try await withTurnedStore(AlertSettings(fatigue: RandomFatigue.settings(&generator))) { turned in
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
}
