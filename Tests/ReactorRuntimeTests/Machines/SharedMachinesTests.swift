import EventPatterns
import Events
import FoundationEssentials
import Logging
import NIOPosix
import Reactions
import ReactorRuntime
import ReactorTestKit
import RedisClient
import RedisServer
import Stores
import SyntheticEvents
import Testing

/// Several reactors' machines on one Redis, on a clock of the test's own.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SharedMachinesTests {
    @Test func `two reactors and one alone find the same, each once, over restarts and lost writes`() async throws {
        let runs = ProcessInfo.processInfo.environment["AOS_SHARED_LIFECYCLES"].flatMap { Int($0) } ?? 600
        try await Self.withStore { store in
            for (seed, first) in stride(from: 0, to: runs, by: 100).enumerated() {
                let events = RandomRuns(seed: UInt64(seed + 1), first: first, count: min(100, runs - first)).events
                let alone = Replica(nil)
                var expected: [String: Int] = [:]
                for step in events { for text in await alone.take(step) { expected[text, default: 0] += 1 } }
                var generator = SplitMix64(seed: UInt64(seed) + 77)
                var pair = [Replica(store), Replica(store)]
                var found: [String: Int] = [:]
                for (index, step) in events.enumerated() {
                    // Now this one is first, now that one; at times one begins anew.
                    if index % 97 == 96 { pair[index / 97 % 2] = Replica(store) }
                    let turn = Bool.random(using: &generator) ? [0, 1] : [1, 0]
                    for place in turn { for text in await pair[place].take(step) { found[text, default: 0] += 1 } }
                }
                let differing = Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }.sorted()
                let shown = differing.prefix(10).map { "\(expected[$0] ?? 0) -> \(found[$0] ?? 0): \($0)" }
                #expect(shown.isEmpty, "seed \(seed)")
                #expect(expected.count > 100)
            }
        }
    }

    @Test func `what was found and not told is told by another one, once`() async throws {
        try await Self.withStore { store in
            let replica = Replica(store)
            _ = await replica.take(Step(time: 0, type: "run.started", payload: ["run_id": "r1"]))
            let told = await replica.take(Step(time: 60_000, type: nil, payload: .null))
            #expect(told.contains { $0.hasPrefix("alert STALE_RUN") })
            // It has ended before it could tell: that is known to the store.
            #expect(try await store.unconfirmed(for: .seconds(60), limit: 10).isEmpty)
            let stored = try await store.unconfirmed(for: .zero, limit: 10)
            let alerts = stored.flatMap(\.telling.alerts)
            #expect(alerts.map(\.type).sorted() == ["EXPECTATION_TIMEOUT", "STALE_RUN"])
            let stale = try #require(alerts.first { $0.type == "STALE_RUN" })
            #expect((stale.severity, stale.runID, stale.lasts) == (.high, "r1", true))
            // Whoever asked has it for himself.
            #expect(try await store.unconfirmed(for: .seconds(60), limit: 10).isEmpty)
            try await store.confirm(stored.map(\.version))
            #expect(try await store.unconfirmed(for: .zero, limit: 10).isEmpty)
        }
    }

    @Test func `what is due and nobody has looked at is found by who never heard of it`() async throws {
        try await Self.withStore { store in
            let replica = Replica(store)
            _ = await replica.take(Step(time: 0, type: "run.started", payload: ["run_id": "r1"]))
            let overdue = try await store.overdue("contract", by: .seconds(1), limit: 10)
            #expect(overdue.map(\.key) == ["r1"])
            let other = Replica(store)
            await other.begin()
            for stored in overdue { other.learn(stored) }
            let told = await other.take(Step(time: 60_000, type: nil, payload: .null))
            #expect(told.contains { $0.hasPrefix("alert STALE_RUN") })
            #expect(await replica.take(Step(time: 60_000, type: nil, payload: .null)) == [])
        }
    }

    @Test func `a store that has forgotten what it took is told again`() async throws {
        try await Self.withServedStore { store, server in
            let replica = Replica(store)
            _ = await replica.take(Step(time: 0, type: "run.started", payload: ["run_id": "r1"]))
            try await server.command("FLUSHALL")
            _ = await replica.take(Step(time: 10, type: "trace.started", payload: ["run_id": "r1", "trace_id": "t"]))
            let other = Replica(store)
            let told = await other.take(Step(time: 60_000, type: nil, payload: .null))
            #expect(told.filter { $0.contains("audit.expectation.timeout") }.count == 2)
            #expect(told.filter { $0.hasPrefix("alert STALE_RUN") }.count == 1)
        }
    }

    // MARK: Parts

    static func withStore(_ body: (RedisMachineStore) async throws -> Void) async throws {
        try await self.withServedStore { store, _ in try await body(store) }
    }

    private static func withServedStore(
        _ body: (RedisMachineStore, RedisServerProcess) async throws -> Void
    ) async throws {
        try await withRedisServer { server in
            let client = RedisCommandClient(
                endpoint: try RedisEndpoint(url: server.url),
                clientName: "tests",
                eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
                logger: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await client.run() }
                try await body(RedisMachineStore(commands: client, namespace: "tests"), server)
                await client.stop()
                group.cancelAll()
            }
        }
    }
}
