import Events
import Reactions
import ReactorTestKit
import RedisClient
import RedisServer
import Stores
import Testing

/// Where the receipts of an alert are found, by what keys, and what is left of these when the receipts are forgotten.
@Suite(.timeLimit(.minutes(5)))
struct ReceiptIndexTests {
    private static func receipts(_ store: RedisStateStore, ofAlert id: String) async throws -> [DecisionRecord] {
        var query = ReceiptQuery()
        query.alertID = id
        return try await store.receipts(query)
    }

    /// A receipt with its index as the version before wrote them.
    private static func writeAsBefore(_ alert: String, _ commands: RedisCommandClient) async throws {
        let reply = try await commands.send(
            RedisCommand(
                "XADD",
                "aos:{test}:receipts",
                "*",
                "alert",
                alert,
                "run",
                "r",
                "numbers",
                "0 1795221600000000 0 -1 -1 7 -1 -1 100 2 0",
                "subject",
                #"{"type":"T","severity":"HIGH","domain":"d","tenant_id":"t","run_id":"r","key":"k","handler":"h","#
                    + #""summary":"s","fingerprint":"0123456789abcdef","instance":"i","config":"c"}"#,
                "held_by",
                ""
            )
        ).orThrow()
        let id = try #require(reply.text)
        for list in ["of:" + alert, "run:r"] {
            _ = try await commands.send(RedisCommand("RPUSH", "aos:{test}:" + list, id)).orThrow()
        }
    }

    @Test func `receipts of the version before are found by alert, also among newer ones`() async throws {
        try await withTurnedStore { turned in
            let start: Int64 = 1_795_221_600_000_000
            try await turned.turn(to: start)
            try await Self.writeAsBefore("a", turned.commands)
            try await Self.writeAsBefore("b", turned.commands)
            #expect(try await Self.receipts(turned.store, ofAlert: "b").map(\.receipt.alertID) == ["b"])
            // Who asks again because the answer was lost gets it, for as long as anybody would.
            let asked = try await turned.store.decide([.sample("k", id: "a"), .sample("k", id: "c")])
            #expect(asked.map(\.verdict) == [.sent, .sent] && asked[0].remainingInWindow == 7)
            #expect(try await Self.receipts(turned.store, ofAlert: "a").count == 1)
            try await turned.turn(to: start + 86_400_000_000)
            _ = try await turned.store.decide([.sample("k", id: "a", lasts: true)])
            _ = try await turned.store.resolve([.sample("k")])
            let all = try await Self.receipts(turned.store, ofAlert: "a")
            #expect(all.map(\.receipt.alertID) == ["a", "a", "a"])
            #expect(all.map(\.place) == all.map(\.place).sorted(by: >))
            #expect(all.map(\.receipt.ground) == [.resolved, .withinLimit, .withinLimit])
            var query = ReceiptQuery()
            query.runID = "r"
            query.before = all[0].cursor
            #expect(try await turned.store.receipts(query).map(\.receipt.alertID) == ["a", "c", "b", "a"])
            query = ReceiptQuery()
            query.alertID = "a"
            query.before = all[0].cursor
            query.limit = 1
            #expect(try await turned.store.receipts(query).map(\.cursor) == [all[1].cursor])
        }
    }

    @Test func `many receipts of one alert are found, the first of them last`() async throws {
        try await withTurnedStore { turned in
            try await turned.turn(to: 1_795_221_600_000_000)
            _ = try await turned.store.decide([.sample("k", id: "a")])
            // Further ones stand in the list, as all did in the version before.
            for _ in 0..<600 { try await Self.writeAsBefore("a", turned.commands) }
            var query = ReceiptQuery()
            query.limit = 10_000
            let all = try await turned.store.receipts(query)
            query.alertID = "a"
            #expect(all.count == 601)
            #expect(try await turned.store.receipts(query).map(\.cursor) == all.map(\.cursor))
        }
    }

    @Test func `what the receipts forget leaves nothing in the index, whichever version wrote it`() async throws {
        try await withRedisServer { server in
            try await withCommands(to: server) { commands in
                let store = RedisStateStore(commands: commands, namespace: "test", instance: "i", receiptCapacity: 1)
                for number in 0..<50 { try await Self.writeAsBefore("old\(number)", commands) }
                _ = try await store.decide([.sample("k", id: "first", lasts: true)])
                _ = try await store.resolve([.sample("k")])
                #expect(try await Self.receipts(store, ofAlert: "first").count == 2)
                #expect(try await Self.receipts(store, ofAlert: "old0").count == 1)
                for call in 0..<3 {
                    _ = try await store.decide((0..<64).map { .sample("k", id: "new\(call)-\($0)") })
                }
                func integer(_ command: String, _ key: String) async throws -> Int64? {
                    try await commands.send(RedisCommand(command, "aos:{test}:" + key)).orThrow().integer
                }
                let kept = try await integer("XLEN", "receipts") ?? 0
                #expect(kept > 0 && kept < 192)
                #expect(try await integer("HLEN", "alerts") == kept)
                #expect(try await integer("LLEN", "run:r") == kept)
                let lists = try await commands.send(RedisCommand("KEYS", "aos:{test}:of:*")).orThrow().elements
                #expect(lists?.isEmpty == true)
                #expect(try await Self.receipts(store, ofAlert: "old0").isEmpty)
                #expect(try await Self.receipts(store, ofAlert: "new2-63").count == 1)
            }
        }
    }
}
