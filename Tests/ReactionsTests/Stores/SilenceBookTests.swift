import Events
import Reactions
import ReactorTestKit
import RedisClient
import RedisServer
import Stores
import Synchronization
import Testing

/// Silences in memory and in Redis.
@Suite(.timeLimit(.minutes(5))) struct SilenceBookTests {
    private static let start: Int64 = 1_795_221_600_000_000
    private static func at(_ seconds: Double) -> Timestamp {
        Timestamp(microseconds: Self.start + Int64(seconds * 1_000_000))
    }

    private func request(
        _ matchers: [String] = ["tenant_id=t"],
        from: Double? = nil,
        until: Double = 600,
        by: String = "ann",
        reason: String = "known",
        onResolve: Bool = false
    ) throws -> SilenceRequest {
        SilenceRequest(
            matchers: try matchers.map { try LabelMatcher.read($0) },
            startsAt: from.map { Self.at($0) },
            endsAt: Self.at(until),
            createdBy: by,
            reason: reason,
            expiresOnResolve: onResolve
        )
    }

    /// The same for both kinds of store, whose time `turn` sets in seconds.
    private func each(
        _ body: (any StateStore & SilenceBook, _ turn: (Double) async throws -> Void) async throws -> Void
    ) async throws {
        let now = Mutex(Self.at(0))
        let memory = MemoryStateStore(instance: "i") { now.withLock { $0 } }
        try await body(memory) { seconds in now.withLock { $0 = Self.at(seconds) } }
        try await withTurnedStore { turned in
            try await turned.turn(to: Self.start)
            try await body(turned.store) { try await turned.turn(to: Self.at($0).microseconds) }
        }
    }

    @Test func `a silence that was answered hides on every reactor at once, and what is expired hides no more`()
        async throws
    {
        try await withTurnedStore { turned in
            try await turned.turn(to: Self.start)
            let other = turned.another(AlertSettings(), instance: "other")
            for round in 0..<20 {
                let tenant = "t\(round)"
                // The other has decided before, so it knows silences already: not this one.
                #expect(try await other.decide([.sample("a", tenant: tenant, id: "a\(round)")])[0].verdict == .sent)
                let silence = try await turned.store.add(self.request(["tenant_id=\(tenant)"]))
                let hidden = try await other.decide([.sample("b", tenant: tenant, domain: "d", id: "b\(round)")])[0]
                #expect(hidden.verdict == .silenced)
                #expect(hidden.ground == .silenced(id: silence.id))
                #expect(hidden.nextAllowedAt == silence.endsAt)
                _ = try await turned.store.expire(silence.id, by: "bob")
                let told = try await other.decide([.sample("c", tenant: tenant, domain: "e", id: "c\(round)")])[0]
                #expect(told.verdict == .sent)
            }
        }
    }

    @Test func `many alerts that were prepared without a silence are all hidden by it, in their order`() async throws {
        try await withTurnedStore { turned in
            try await turned.turn(to: Self.start)
            let other = turned.another(AlertSettings(), instance: "other")
            _ = try await other.decide([.sample("a", tenant: "t", id: "first")])
            _ = try await turned.store.add(self.request(["tenant_id=t"]))
            let alerts = (0..<300).map { Alert.sample("k\($0)", tenant: "t", id: "a\($0)") }
            let receipts = try await other.decide(alerts)
            #expect(receipts.map(\.alertID) == alerts.map(\.id))
            #expect(receipts.allSatisfy { $0.verdict == .silenced })
            // Asked again, as after a lost answer: nothing is decided a second time.
            #expect(try await other.decide(alerts).map(\.verdict) == receipts.map(\.verdict))
            var query = ReceiptQuery()
            query.limit = 1000
            #expect(try await other.receipts(query).count == 301)
        }
    }

    @Test func `silences outlive all reactors and the server`() async throws {
        try await withRedisServer(appendOnly: true) { server in
            let silence = try await withCommands(to: server) { commands in
                let store = RedisStateStore(commands: commands, namespace: "test", instance: "a")
                let now = try await store.silences(includingExpired: false).count
                #expect(now == 0)
                return try await store.add(
                    SilenceRequest(
                        matchers: [LabelMatcher("tenant_id", .matches, "t.*")],
                        endsAt: Timestamp(microseconds: 4_000_000_000_000_000),
                        createdBy: "ann",
                        reason: "known"
                    )
                )
            }
            try await server.kill()
            try await server.waitUntilReady()
            try await withCommands(to: server) { commands in
                let store = RedisStateStore(commands: commands, namespace: "test", instance: "b")
                let receipts = try await store.decide([.sample("k")])
                #expect(receipts.map(\.verdict) == [.silenced])
                let silences = try await store.silences(includingExpired: false)
                #expect(silences == [silence])
                let log = try await store.auditLog(limit: 10)
                #expect(log.map(\.action) == ["silence.created"])
            }
        }
    }

    @Test func `a silence begins and ends by the store's clock`() async throws {
        try await self.each { store, turn in
            try await turn(0)
            let silence = try await store.add(self.request(from: 60, until: 120))
            var verdicts: [Verdict] = []
            for (index, second) in [0, 59.999_999, 60, 119.999_999, 120].enumerated() {
                try await turn(second)
                let alert = Alert.sample("k\(index)", domain: "d\(index)", id: "\(index)")
                verdicts += try await store.decide([alert]).map(\.verdict)
            }
            #expect(verdicts == [.sent, .sent, .silenced, .silenced, .sent])
            #expect(try await store.silences(includingExpired: false).isEmpty)
            #expect(try await store.silences(includingExpired: true) == [silence])
            try await turn(120 + 5 * 86_400)
            #expect(try await store.silences(includingExpired: true).isEmpty)
        }
    }

    @Test func `what was acknowledged until it is over ends with it, and who did what is on record`() async throws {
        try await self.each { store, turn in
            try await turn(0)
            let silence = try await store.add(self.request(["key=k"], onResolve: true))
            let lasting = try await store.add(self.request(["key=k", "domain=d"], until: 60))
            #expect(try await store.decide([.sample("k", id: "1", lasts: true)])[0].verdict == .silenced)
            try await turn(10)
            // Nobody was told that it fires, so nobody is told that it does not.
            #expect(try await store.resolve([.sample("k")]).isEmpty)
            let left = try await store.silences(includingExpired: true)
            #expect(left.first { $0.id == silence.id }?.endsAt == Self.at(10))
            #expect(left.first { $0.id == lasting.id }?.endsAt == Self.at(60))
            #expect(try await store.decide([.sample("k", id: "2", lasts: true)])[0].verdict == .sent)
            _ = try await store.expire(lasting.id, by: "bob")
            let log = try await store.auditLog(limit: 3)
            #expect(log.map(\.action) == ["silence.expired", "silence.expired", "silence.created"])
            #expect(log.map(\.actor) == ["bob", "reactor", "ann"])
            #expect(log.map(\.subject) == [lasting.id, silence.id, lasting.id])
        }
    }

    @Test func `what makes no sense is refused, and says where`() async throws {
        try await self.each { store, turn in
            try await turn(0)
            let refused: [(SilenceRequest, String)] = [
                (try self.request([]), "matchers"), (try self.request(["tenant_id=~'.*'", "key!=x"]), "matchers"),
                (try self.request(by: " "), "created_by"), (try self.request(reason: ""), "reason"),
                (try self.request(from: 60, until: 60), "ends_at"), (try self.request(until: -1), "ends_at"),
                (try self.request(until: 0), "ends_at"),
                (try self.request(reason: String(repeating: "x", count: 2000)), "reason"),
            ]
            for (request, field) in refused {
                let error = await #expect(throws: SilenceError.self) { _ = try await store.add(request) }
                #expect(error?.code == .invalid && error?.field == field)
            }
            let error = await #expect(throws: SilenceError.self) { _ = try await store.expire("sil_none", by: "bob") }
            #expect(error?.code == .unknown)
            #expect(try await store.silences(includingExpired: true).isEmpty)
            #expect(try await store.auditLog(limit: 10).isEmpty)
        }
    }
}
