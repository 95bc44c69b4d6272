import Events
import Reactions
import ReactorTestKit
import RedisClient
import RedisServer
import Stores
import Synchronization
import Testing

/// What only a shared store can promise.
@Suite(.timeLimit(.minutes(5)))
struct RedisStateStoreTests {
    private static let start: Int64 = 1_795_221_600_000_000

    @Test func `receipts that the first versions wrote are read`() async throws {
        try await withTurnedStore { turned in
            _ = try await turned.commands.send(
                RedisCommand(
                    "XADD",
                    "aos:{test}:receipts",
                    "1-1",
                    "alert",
                    "a1",
                    "tenant",
                    "t",
                    "domain",
                    "audit",
                    "fingerprint",
                    "0123456789abcdef",
                    "numbers",
                    "1 1795221600000000 3 900000000 1795222500000000 -1 2 1795221599000000 100 2",
                    "held_by",
                    "a0",
                    "held_fingerprint",
                    "0123456789abcdef",
                    "why",
                    "",
                    "origin",
                    #"{"instance":"old","config":"c1"}"#,
                    "subject",
                    #"{"type":"DRIFT","severity":"HIGH","run_id":"r","key":"k","handler":"h","summary":"s"}"#,
                    "run",
                    "r"
                )
            ).orThrow()
            let record = try #require(try await turned.store.receipts(ReceiptQuery()).first)
            #expect(record.subject.tenant == "t" && record.subject.domain == "audit" && record.subject.runID == "r")
            #expect(record.receipt.verdict == .duplicate && record.receipt.isRepetition)
            #expect(record.receipt.fingerprint.description == "0123456789abcdef")
            #expect(record.receipt.instance == "old" && record.receipt.configVersion == "c1")
        }
    }

    @Test func `of equal alerts at one time on any number of reactors exactly one is sent`() async throws {
        try await withTurnedStore { turned in
            try await turned.turn(to: Self.start)
            let stores = (0..<4).map { turned.another(AlertSettings(), instance: "reactor-\($0)") }
            let receipts = try await withThrowingTaskGroup(of: [Receipt].self) { group in
                for (index, store) in stores.enumerated() {
                    for round in 0..<25 {
                        group.addTask {
                            try await store.decide((0..<4).map { .sample("same", id: "a\(index)-\(round)-\($0)") })
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(receipts.count == 400)
            #expect(receipts.filter(\.verdict.isSent).count == 1)
            let sent = try #require(receipts.first { $0.verdict.isSent })
            #expect(receipts.filter { !$0.verdict.isSent }.allSatisfy { $0.heldBackBy == sent.alertID })
        }
    }

    @Test func `who asks again because the answer was lost gets the same answer`() async throws {
        try await withTurnedStore { turned in
            try await turned.turn(to: Self.start)
            let alerts: [Alert] = [
                .sample("one", id: "a1"), .sample("one", id: "a2"), .sample("two", domain: "logs", id: "a3"),
            ]
            let first = try await turned.store.decide(alerts)
            #expect(first.map(\.verdict) == [.sent, .duplicate, .sent])
            try await turned.turn(to: Self.start + 3_000_000)
            let again = try await turned.store.decide(alerts)
            #expect(again.map(\.verdict) == [.sent, .duplicate, .sent])
            #expect(again[0] == first[0] && again[2] == first[2])
            let statistics = try await turned.store.statistics(tenant: "t")
            #expect(statistics.alertsInLastHour == 2)
        }
    }

    @Test func `what goes out is told whole, whatever its texts hold and whether or not an event raised it`()
        async throws
    {
        var settings = AlertSettings()
        settings.fatigue.enabled = false
        settings.routing = try RoutingTree(
            RouteDefinition(
                receivers: ["b \"x\"\n"],
                routes: [RouteDefinition(matchers: [LabelMatcher("severity", .equal, "HIGH")], receivers: ["a", "c"])]
            )
        )
        var alerts: [Alert] = []
        for (number, text) in ["plain", "\"},{\\ \u{0}\n%1 é", String(repeating: "x", count: 3_000)].enumerated() {
            for lasts in [false, true] {
                for eventID in [nil, "", text] {
                    let id = "a\(number)\(lasts)\(eventID?.utf8.count ?? -1)"
                    var alert = Alert.sample(text, tenant: text, severity: lasts ? .high : .low, id: id)
                    alert.runID = text
                    alert.details = .object([JSONMember(text, .number("25.10"))])
                    alert.lasts = lasts
                    alert.event = eventID.map { eventID in
                        EventReference(
                            arrival: .max,
                            eventType: text,
                            timestamp: Timestamp(microseconds: 1),
                            arrivedAt: Timestamp(microseconds: 2),
                            source: text,
                            eventID: eventID.isEmpty ? nil : eventID
                        )
                    }
                    alerts.append(alert)
                }
            }
        }
        let told = Mutex<[RoutedNotice]>([])
        let memory = MemoryStateStore(
            settings: settings,
            configVersion: "1",
            instance: "i",
            clock: { Timestamp(microseconds: Self.start) },
            notices: { notices in told.withLock { $0 += notices } }
        )
        try await withTurnedStore(settings) { turned in
            try await turned.turn(to: Self.start)
            #expect(try await turned.store.decide(alerts) == memory.decideNow(alerts))
            let notices = try await turned.notices()
            #expect(notices.count == alerts.count && notices.map(\.notice.alert) == alerts)
            #expect(notices == told.withLock { $0 })
        }
    }

    @Test func `what went out while the store was away holds back what comes after it`() async throws {
        try await withTurnedStore { turned in
            try await turned.turn(to: Self.start)
            let recorded = try await turned.store.reconcile([.sample("k", severity: .critical, id: "early")])
            #expect(recorded.map(\.verdict) == [.fatigueDisabled])
            #expect(recorded[0].reason == "sent undecided: the state store could not be asked")
            let next = try await turned.store.decide([.sample("k", severity: .high, id: "late")])
            #expect(next.map(\.verdict) == [.duplicate])
            #expect(next[0].heldBackBy == "early")
        }
    }

    @Test func `what is remembered lives on while alerts are sent, also where an older version had it end sooner`()
        async throws
    {
        try await withTurnedStore { turned in
            func milliseconds(_ name: String) async throws -> Int64 {
                try await turned.commands.send(RedisCommand("PTTL", "aos:{test}:" + name)).orThrow().integer ?? 0
            }
            let (hour, domain) = ("hour:t", "domain:1:t:logs")
            try await turned.turn(to: Self.start)
            let first = try await turned.store.decide([.sample("k1", domain: "logs", id: "a1")])
            #expect(first[0].verdict == .sent)
            // As an older version would have left them: it set the end with every alert, and kept no note of it.
            for name in [hour, domain] {
                _ = try await turned.commands.send(RedisCommand("PEXPIRE", "aos:{test}:" + name, "60000")).orThrow()
            }
            _ = try await turned.commands.send(RedisCommand("HDEL", "aos:{test}:" + domain, "x")).orThrow()
            try await turned.turn(to: Self.start + 61_000_000)
            let second = try await turned.store.decide([.sample("k2", domain: "logs", id: "a2")])
            #expect(second[0].verdict == .sent && second[0].count == 1)
            for name in [hour, domain] { #expect(try await milliseconds(name) > 3_660_000) }
            // Half of that time later, the end is put off again.
            try await turned.turn(to: Self.start + 61_000_000 + 3_700_000_000)
            for name in [hour, domain] {
                _ = try await turned.commands.send(RedisCommand("PEXPIRE", "aos:{test}:" + name, "3600000")).orThrow()
            }
            let third = try await turned.store.decide([.sample("k3", domain: "logs", id: "a3")])
            #expect(third[0].verdict == .sent && third[0].count == 0)
            for name in [hour, domain] { #expect(try await milliseconds(name) > 3_660_000) }
        }
    }

    @Test func `a clock that is set back does not open windows again nor hold them open`() async throws {
        try await withTurnedStore { turned in
            try await turned.turn(to: Self.start)
            _ = try await turned.store.decide([.sample("k", id: "a1")])
            try await turned.turn(to: Self.start - 3_600_000_000)
            let back = try await turned.store.decide([.sample("k", id: "a2")])
            #expect(back[0].verdict == .duplicate)
            #expect(back[0].nextAllowedAt == Timestamp(microseconds: Self.start + 60_000_000))
            #expect(back[0].decidedAt == Timestamp(microseconds: Self.start))
        }
    }

    @Test func `names of tenants and domains cannot make two pairs of them one`() async throws {
        try await withTurnedStore { turned in
            try await turned.turn(to: Self.start)
            let alerts: [Alert] = [
                .sample("k", tenant: "a:b", domain: "c", id: "1"), .sample("k2", tenant: "a", domain: "b:c", id: "2"),
                .sample("k3", tenant: "a b", domain: "c}\n{", id: "3"), .sample("k4", tenant: "", domain: "", id: "4"),
                .sample("k5", tenant: "é\u{0}", domain: "'\"--", id: "5"),
            ]
            #expect(try await turned.store.decide(alerts).map(\.verdict) == Array(repeating: .sent, count: 5))
            #expect(try await turned.store.statistics(tenant: "a b").alertsByDomain == ["c}\n{": 1])
        }
    }

    @Test func `nothing that was sent is forgotten when all reactors and the server are killed`() async throws {
        try await withRedisServer(appendOnly: true) { server in
            let settings = AlertSettings()
            let sent = try await withCommands(to: server) { commands in
                let store = RedisStateStore(commands: commands, namespace: "test", settings: settings, instance: "a")
                return try await store.decide((0..<50).map { .sample("k\($0)", tenant: "t\($0)", id: "a\($0)") })
            }
            #expect(sent.allSatisfy { $0.verdict == .sent })
            // What the kernel has outlives the process.
            try await server.kill()
            try await server.waitUntilReady()
            let again = try await withCommands(to: server) { commands in
                let store = RedisStateStore(commands: commands, namespace: "test", settings: settings, instance: "b")
                return try await store.decide((0..<50).map { .sample("k\($0)", tenant: "t\($0)", id: "b\($0)") })
            }
            #expect(again.allSatisfy { $0.verdict == .duplicate })
            #expect(again.map(\.heldBackBy) == (0..<50).map { "a\($0)" })
        }
    }

    @Test func `everything that is remembered has an end, the receipts a bound`() async throws {
        try await withRedisServer { server in
            try await withCommands(to: server) { commands in
                let store = RedisStateStore(
                    commands: commands,
                    namespace: "bounded",
                    instance: "a",
                    receiptCapacity: 200
                )
                for round in 0..<50 {
                    _ = try await store.decide(
                        (0..<40).map { .sample("k\($0)", tenant: "t\(round)", domain: "d\($0)", id: "\(round)-\($0)") }
                    )
                }
                let keys = try await commands.send(RedisCommand("KEYS", "aos:{bounded}:*")).orThrow().elements ?? []
                #expect(keys.count > 4_000)
                let lasting = try await commands.pipeline(keys.map { RedisCommand("TTL", $0.text ?? "") })
                let names = zip(keys, lasting).filter { $1.integer == -1 }.compactMap { $0.0.text }
                // Nothing ends before the last hour has been looked back at for the last time.
                let looked = zip(keys, lasting).filter { key, _ in
                    let name = key.text ?? ""
                    return name.hasPrefix("aos:{bounded}:hour:") || name.hasPrefix("aos:{bounded}:domain:")
                }
                #expect(looked.count > 2_000)
                #expect(looked.allSatisfy { ($1.integer ?? 0) > 3_600 })
                // What a digest will tell of ends with it, and the index with the receipts.
                let lists = ["alerts", "due", "held:", "run:"].map { "aos:{bounded}:" + $0 }
                let others = names.filter { name in !lists.contains { name.hasPrefix($0) } }
                #expect(
                    others.sorted() == ["clock", "notices", "receipts"].map { "aos:{bounded}:" + $0 }
                )
                let length =
                    try await commands.send(RedisCommand("XLEN", "aos:{bounded}:receipts")).orThrow().integer ?? 0
                // A few more are kept, so that the oldest go many at a time.
                #expect(length >= 200 && length < 300 + 64)
                let indexed = try await commands.send(RedisCommand("HLEN", "aos:{bounded}:alerts")).orThrow().integer
                #expect(indexed == length)
                let ofRun = try await commands.send(RedisCommand("LLEN", "aos:{bounded}:run:r")).orThrow().integer
                #expect(ofRun == length)
            }
        }
    }
}
