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
import SeededRandom
import Stores
import SyntheticEvents
import Testing

/// How many random runs are compared; a million take eighty minutes, ten in a release build.
private let lifecycles = ProcessInfo.processInfo.environment["AOS_SHARED_LIFECYCLES"].flatMap { Int($0) } ?? 500

/// The one history that is compared, to look into one that differs; nil for all.
private let onlySeed = ProcessInfo.processInfo.environment["AOS_SHARED_SEED"].flatMap { Int($0) }

/// Several reactors' machines on one Redis, on a clock of the test's own.
@Suite(.serialized, .timeLimit(.minutes(lifecycles > 10_000 ? 240 : 10))) struct SharedMachinesTests {
    @Test func `two reactors and one alone find the same, each once, over restarts and lost writes`() async throws {
        let runs = onlySeed.map { $0 * Self.runsPerHistory } ?? lifecycles
        let started = ContinuousClock.now
        try await Self.withServedCommands { commands, server in
            var next = onlySeed.map { ($0 - 1) * Self.runsPerHistory } ?? 0
            while next < runs {
                // Some at a time, for none of them waits for itself; and what they have left is no burden to the next.
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 where next < runs {
                        let first = next
                        group.addTask { await Self.compare(first..<min(first + Self.runsPerHistory, runs), commands) }
                        next += Self.runsPerHistory
                    }
                    try await group.waitForAll()
                }
                try await server.command("FLUSHALL")
            }
        }
        let seconds = (ContinuousClock.now - started).components.seconds
        print("\(runs) lifecycles on one Redis within \(seconds) s")
    }

    private static let runsPerHistory = 100

    /// What two reactors that share a store tell of runs, and what one alone does.
    private static func compare(_ runs: Range<Int>, _ commands: RedisCommandClient) async {
        let seed = UInt64(runs.lowerBound / Self.runsPerHistory + 1)
        let store = RedisMachineStore(commands: commands, namespace: "tests-\(seed)")
        let events = RandomRuns(seed: seed, first: runs.lowerBound, count: runs.count).events
        let alone = Replica(nil)
        var expected: [String: Int] = [:]
        for step in events { for text in await alone.take(step) { expected[text, default: 0] += 1 } }
        var generator = SplitMix64(seed: seed &+ 76)
        var pair = [Replica(store), Replica(store)]
        var found: [String: Int] = [:]
        var (index, untilRestart) = (0, 0)
        while index < events.count {
            // Now this one is first, now that one; now single events wait, now many; at times one begins anew.
            if untilRestart >= 97 {
                untilRestart -= 97
                pair[Int.random(in: 0...1, using: &generator)] = Replica(store)
            }
            let count = Bool.random(using: &generator) ? 1 : Int.random(in: 1...40, using: &generator)
            let waiting = Array(events[index..<min(index + count, events.count)])
            let turn = Bool.random(using: &generator) ? [0, 1] : [1, 0]
            for place in turn {
                let told = waiting.count == 1 ? await pair[place].take(waiting[0]) : await pair[place].take(waiting)
                for text in told { found[text, default: 0] += 1 }
            }
            index += waiting.count
            untilRestart += waiting.count
        }
        let differing = Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }.sorted()
        let shown = differing.prefix(10).map { "\(expected[$0] ?? 0) -> \(found[$0] ?? 0): \($0)" }
        #expect(shown.isEmpty, "seed \(seed)")
        #expect(expected.count >= min(100, runs.count), "seed \(seed)")
    }

    @Test func `what meant nothing to anybody means nothing when it is handled again`() async throws {
        try await Self.withStore { store in
            // Nothing is known of a run by its pause, and what others have written down since does not change that.
            let steps = [
                Step(time: 0, type: "run.paused", payload: ["run_id": "r1"]),
                Step(time: 100, type: "run.started", payload: ["run_id": "r1"]),
            ]
            let pair = [Replica(store), Replica(store)]
            for replica in pair { await replica.begin() }
            for replica in pair { _ = await replica.take(steps) }
            let told = await pair[1].take(Step(time: 60_000, type: nil, payload: .null))
            #expect(told.contains { $0.hasPrefix("alert STALE_RUN") })
        }
    }

    @Test func `a pause from before a run was known means nothing to who reads of the run first, either`() async throws
    {
        try await Self.withStore { store in
            let steps = [
                Step(time: 0, type: "run.paused", payload: ["run_id": "r1"]),
                Step(time: 100, type: "run.started", payload: ["run_id": "r1"]),
            ]
            _ = await Replica(store).take(steps)
            // It begins now: with what the other one has written, and with the same events still to be heard.
            let late = Replica(store)
            _ = await late.take(steps)
            // Due after eleven seconds; a pause would end by itself after twenty.
            let told = await late.take(Step(time: 15_000, type: nil, payload: .null))
            #expect(told.contains { $0.hasPrefix("alert STALE_RUN") })
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
        try await self.withServedCommands { commands, server in
            try await body(RedisMachineStore(commands: commands, namespace: "tests"), server)
        }
    }

    static func withServedCommands(
        _ body: (RedisCommandClient, RedisServerProcess) async throws -> Void
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
                try await body(client, server)
                await client.stop()
                group.cancelAll()
            }
        }
    }
}
