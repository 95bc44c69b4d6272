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

    private static func withStore(_ body: (RedisMachineStore) async throws -> Void) async throws {
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

/// An event at a time in milliseconds, or only time that passes.
struct Step: Sendable {
    var time: Int
    var type: String?
    var payload: JSONValue
}

/// The machines of one reactor.
final class Replica {
    private static let start = Timestamp(seconds: 1_700_000_000)

    private let machines = MachineSet()
    private let number: Int
    private let sharing: MachineSharing?
    private var hasBegun = false

    init(_ store: RedisMachineStore?) {
        var definition = ContractDefinition(name: "contract")
        definition.runTimeout = .seconds(10)
        definition.grace = .seconds(1)
        definition.longestPause = .seconds(20)
        definition.events.progressed = [.exact("run.progress")]
        self.number = self.machines.number(of: "contract", .contract(definition))
        let machines = self.machines
        self.sharing = store.map { store in
            MachineSharing(store: store, machines: machines, logger: Logger(label: "tests")) { event in
                ("nobody", Array(event.eventType.utf8))
            }
        }
    }

    private func moment(_ time: Int) -> MachineMoment {
        MachineMoment(now: Self.start + .milliseconds(time)) { "id" }
    }

    func begin() async {
        guard !self.hasBegun else { return }
        self.hasBegun = true
        await self.sharing?.load(self.moment(0))
    }

    func learn(_ stored: StoredKey) { self.sharing?.learn(stored, machine: self.number, self.moment(0)) }

    /// What is told of a step and of what became due before it.
    func take(_ step: Step) async -> [String] {
        await self.begin()
        var told: [String] = []
        let now = Self.start + .milliseconds(step.time)
        while let due = self.machines.nextDeadline, due <= now {
            let moment = MachineMoment(now: due) { "id" }
            told += await self.settle(self.machines.advance(moment), moment)
        }
        guard let type = step.type else { return told }
        let writer = EnvelopeWriter(eventType: type, timestamp: now, source: "tests", payload: step.payload)
        guard let event = try? Event(frame: writer.bytes, arrivedAt: now) else { return told }
        let outputs = self.machines.handle(event, machine: self.number, self.moment(step.time))
        return told + (await self.settle(outputs, self.moment(step.time)))
    }

    private func settle(_ outputs: [MachineOutput], _ moment: MachineMoment) async -> [String] {
        guard let sharing = self.sharing else { return outputs.compactMap(Self.text) }
        return await sharing.settle(outputs, moment).flatMap { $0.outputs.compactMap(Self.text) }
    }

    /// Without the time of the last sign of life, which is written down with the next change only.
    private static func lasting(_ payload: JSONValue) -> JSONValue {
        guard case .object(let members) = payload else { return payload }
        return .object(members.filter { $0.name != "last_activity" })
    }

    private static func text(_ output: MachineOutput) -> String? {
        switch output.content {
        case .react(.publish(let event)): "publish \(event.eventType) \(Self.lasting(event.payload).compactText)"
        case .react(.alert(let alert)): "alert \(alert.key) \(alert.severity.rawValue)"
        case .react(.resolve(let resolution)): "resolve \(resolution.key)"
        case .react, .record, .count: nil
        }
    }
}

/// Runs that begin, are acknowledged, pause, end or do not, in whatever order; some events are heard twice.
struct RandomRuns {
    let events: [Step]

    init(seed: UInt64, first: Int, count: Int) {
        var generator = SplitMix64(seed: seed)
        var steps: [Step] = []
        let kinds = [
            "incident.created", "policy.evaluated", "trace.started", "trace.completed", "run.completed", "run.failed",
            "run.paused", "run.resumed", "run.progress", "audit.ack", "audit.expectation.declared",
        ]
        for number in first..<(first + count) {
            let run = JSONValue.string("run-\(number)")
            var time = Int.random(in: 0..<5_000, using: &generator)
            if Int.random(in: 0..<10, using: &generator) > 0 {
                steps.append(Step(time: time, type: "run.started", payload: ["run_id": run, "tenant_id": "t"]))
            }
            for _ in 0..<Int.random(in: 0..<12, using: &generator) {
                time += Int.random(in: 0..<4_000, using: &generator)
                let kind = kinds[Int.random(in: 0..<kinds.count, using: &generator)]
                let payload = Self.payload(of: kind, run, &generator)
                let step = Step(time: time, type: kind, payload: payload)
                steps.append(step)
                if Int.random(in: 0..<6, using: &generator) == 0 { steps.append(step) }
            }
        }
        let sorted = steps.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        self.events = sorted.map(\.element) + [Step(time: 200_000, type: nil, payload: .null)]
    }

    private static func payload(of kind: String, _ run: JSONValue, _ generator: inout SplitMix64) -> JSONValue {
        let id = JSONValue.number(Int.random(in: 1...2, using: &generator))
        switch kind {
        case "incident.created": return ["run_id": run, "incident_id": id]
        case "policy.evaluated": return ["run_id": run, "policy_id": id]
        case "trace.started", "trace.completed": return ["run_id": run, "trace_id": id]
        case "audit.ack":
            let status = ["SUCCESS", "FAILED", "ROLLED_BACK"][Int.random(in: 0..<3, using: &generator)]
            return [
                "run_id": run, "domain": "own", "action": "thing", "status": .string(status), "result_id": id,
            ]
        case "audit.expectation.declared":
            let deadline = Int.random(in: -1..<6, using: &generator) * 1000
            return ["run_id": run, "domain": "own", "action": "thing", "deadline_ms": .number(deadline), "id": id]
        default: return ["run_id": run]
        }
    }
}
