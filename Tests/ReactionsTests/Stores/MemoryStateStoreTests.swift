import Events
import Reactions
import SeededRandom
import Stores
import Synchronization
import Testing

@Suite struct MemoryStateStoreTests {
    /// A clock that is moved by hand.
    private final class HandClock: Sendable {
        private let time = Mutex(Timestamp(seconds: 1_795_221_600))

        var now: Timestamp { self.time.withLock { $0 } }

        func advance(_ duration: Duration) { self.time.withLock { $0 = $0 + duration } }
    }

    private let clock = HandClock()

    private func store(receipts: Int = 100) -> MemoryStateStore {
        MemoryStateStore(
            settings: AlertSettings(),
            configVersion: "v1",
            instance: "i1",
            receiptCapacity: receipts,
            clock: { [clock] in clock.now }
        )
    }

    @Test(.timeLimit(.minutes(10)), arguments: [2, 16, 64])
    func `FA-1: of equal alerts at one time exactly one is sent`(tasks: Int) async throws {
        for round in 0..<50 {
            let store = self.store(receipts: 10_000)
            let sent = try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<tasks {
                    group.addTask { @concurrent in
                        let alerts = (0..<4).map { Alert.sample("k\(round)", id: "\(task).\($0)") }
                        return try await store.decide(alerts).count { $0.verdict == .sent }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sent == 1)
            #expect(store.statistics.decided == [.sent: 1, .duplicate: UInt64(tasks * 4 - 1)])
        }
    }

    @Test func `receipts are kept, newest first, the oldest go`() async throws {
        let store = self.store(receipts: 3)
        for number in 0..<5 {
            _ = try await store.decide([.sample(id: "a\(number)")])
            self.clock.advance(.seconds(1))
        }
        let all = try await store.receipts(ReceiptQuery())
        #expect(all.map(\.receipt.alertID) == ["a4", "a3", "a2"])
    }

    @Test(arguments: [0, 1, 5, 20, 64])
    func `however many are decided at one time, the newest are kept and each place is found`(
        capacity: Int
    ) async throws {
        let store = self.store(receipts: capacity)
        var random = SplitMix64(seed: UInt64(capacity + 1))
        var ids: [String] = []
        for _ in 0..<60 {
            let first = ids.count
            let alerts = (0..<Int.random(in: 0...30, using: &random)).map {
                Alert.sample("k\(first + $0)", id: "a\(first + $0)")
            }
            _ = try await store.decide(alerts)
            ids += alerts.map(\.id)
            // Forwards, back, or not at all.
            self.clock.advance(.milliseconds(Int.random(in: -2...3, using: &random)))
            var query = ReceiptQuery()
            query.limit = 1000
            let all = Array(try await store.receipts(query).reversed())
            #expect(all.map(\.receipt.alertID) == ids.suffix(capacity))
            #expect(all.map(\.subject.key) == all.map { "k" + $0.receipt.alertID.dropFirst() })
            let places = all.map(\.place)
            #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 })
            for (number, record) in all.enumerated() {
                query.before = record.cursor
                let older = try await store.receipts(query)
                #expect(older.map(\.cursor) == all.prefix(number).reversed().map(\.cursor))
                let newer = try await store.decisions(after: record.cursor, limit: 1000)
                #expect(newer.records.map(\.cursor) == all.dropFirst(number + 1).map(\.cursor) && !newer.hasGap)
            }
            let fromStart = try await store.decisions(after: nil, limit: 1000)
            #expect(fromStart.hasGap == (ids.count > capacity))
        }
    }

    @Test(arguments: [0, 1, 3, 7])
    func `whoever follows the receipts gets each that is kept once, in order, and hears of a gap`(
        capacity: Int
    ) async throws {
        let store = self.store(receipts: capacity)
        var cursor: String?
        for number in 0..<40 {
            _ = try await store.decide([.sample(id: "a\(number)")])
            // Several in one millisecond, too.
            if number % 3 == 0 { self.clock.advance(.milliseconds(1)) }
            let all = try await store.receipts(ReceiptQuery())
            #expect(all.map(\.receipt.alertID) == (0...number).suffix(capacity).reversed().map { "a\($0)" })
            guard number % 5 == 4 else { continue }
            let tail = try await store.decisions(after: cursor, limit: 100)
            #expect(tail.records.map(\.receipt.alertID) == (0...number).suffix(min(5, capacity)).map { "a\($0)" })
            #expect(tail.hasGap == (capacity < 5))
            var query = ReceiptQuery()
            query.before = tail.records.last?.cursor
            let older = try await store.receipts(query).map(\.receipt.alertID)
            #expect(older == (0..<number).suffix(max(0, capacity - 1)).reversed().map { "a\($0)" } || capacity == 0)
            cursor = tail.end
        }
    }

    @Test func `receipts can be asked for by alert, verdict, time and number`() async throws {
        let store = self.store()
        let begin = self.clock.now
        for number in 0..<5 {
            _ = try await store.decide([.sample(id: "a\(number)")])
            self.clock.advance(.seconds(1))
        }
        var query = ReceiptQuery()
        query.alertID = "a3"
        #expect(try await store.receipts(query).map(\.receipt.alertID) == ["a3"])
        query = ReceiptQuery()
        query.verdict = .sent
        #expect(try await store.receipts(query).map(\.receipt.alertID) == ["a0"])
        query = ReceiptQuery()
        query.since = begin + .seconds(3)
        #expect(try await store.receipts(query).map(\.receipt.alertID) == ["a4", "a3"])
        query = ReceiptQuery()
        query.limit = 1
        #expect(try await store.receipts(query).map(\.receipt.alertID) == ["a4"])
    }

    @Test func `new settings take effect and are named in receipts`() async throws {
        let store = self.store()
        _ = try await store.decide([.sample()])
        var settings = AlertSettings()
        settings.fatigue.enabled = false
        await store.update(settings, configVersion: "v2")
        let receipt = try #require(try await store.decide([.sample()]).first)
        #expect(receipt.verdict == .fatigueDisabled)
        #expect(receipt.configVersion == "v2")
        #expect(try await store.statistics(tenant: "t").alertsInLastHour == 2)
    }
}
