import EventPatterns
import Events
import FoundationEssentials
import Reactions
import SeededRandom
import SyntheticEvents
import Testing

/// Thresholds of several reactors on one store, on a clock of the test's own.
@Suite(.timeLimit(.minutes(5))) struct SharedThresholdsTests {
    /// How many random histories are compared of each kind.
    private static let seeds = ProcessInfo.processInfo.environment["AOS_SHARED_THRESHOLDS"].flatMap { UInt64($0) } ?? 4

    /// In milliseconds.
    private static let longestStart = 20_000

    private static func spend(_ aggregate: ThresholdRule.Aggregate = .sum) -> MachineDefinition {
        let rule = ThresholdRule(name: "spend", metric: "m", aggregate: aggregate, window: .seconds(60), limit: 100)
        let watch = AggregateWatch(
            rule: rule,
            value: EventField("payload.cost_usd"),
            key: [EventField("payload.tenant_id")].compactMap(\.self)
        )
        return .threshold(
            ThresholdDefinition(name: "spend", on: [.exact("cost.recorded")], watch: .aggregate(watch))
        )
    }

    private static var limits: MachineDefinition {
        var definition = ThresholdDefinition(
            name: "spend",
            on: ThresholdDefinition.runTypes,
            watch: .runs(RunLimitWatchSettings())
        )
        definition.reactions.setsRisk = true
        return .threshold(definition)
    }

    private static func cost(_ amount: Int, tenant: String = "acme", at time: Int) -> Step {
        Step(time: time, type: "cost.recorded", payload: ["cost_usd": .number(amount), "tenant_id": .string(tenant)])
    }

    private static func time(_ time: Int) -> Step { Step(time: time, type: nil, payload: .null) }

    /// Both see the time go on at about the same time.
    private static func passing(from start: Int, to end: Int) -> [Step] {
        stride(from: start + 5_000, through: end, by: 5_000).map { Self.time($0) }
    }

    /// Values of a few tenants that come near a limit, cross it and leave it again.
    private static func costs(_ seed: UInt64) -> [Step] {
        var generator = SplitMix64(seed: seed)
        var steps: [Step] = []
        var time = 0
        while time < 900_000 {
            time += Int.random(in: 0..<4_000, using: &generator)
            // Now and then it is quiet for a while.
            if Int.random(in: 0..<40, using: &generator) == 0 { time += 30_000 }
            let tenant = "t\(Int.random(in: 0..<3, using: &generator))"
            steps.append(Self.cost(Int.random(in: 0..<16, using: &generator), tenant: tenant, at: time))
        }
        return steps + Self.passing(from: time, to: time + 300_000)
    }

    /// Runs that use time, tokens and money, and end or do not.
    private static func runs(_ seed: UInt64) -> [Step] {
        var generator = SplitMix64(seed: seed)
        var steps: [Step] = []
        for number in 0..<60 {
            let run = JSONValue.string("run-\(number)")
            var time = Int.random(in: 0..<600_000, using: &generator)
            steps.append(Step(time: time, type: "run.started", payload: ["run_id": run, "tenant_id": "t"]))
            for _ in 0..<Int.random(in: 0..<6, using: &generator) {
                time += Int.random(in: 1_000..<20_000, using: &generator)
                let tokens = Int.random(in: 0..<4_000, using: &generator)
                let payload: JSONValue = ["run_id": run, "tokens_used": .number(tokens), "cost_usd": .number(0.3)]
                steps.append(Step(time: time, type: "run.step.completed", payload: payload))
            }
            let ends = ["run.completed", "run.failed", nil]
            guard let end = ends[Int.random(in: 0..<3, using: &generator)] else { continue }
            steps.append(Step(time: time + 1_000, type: end, payload: ["run_id": run, "tenant_id": "t"]))
        }
        let sorted = steps.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        return sorted.map(\.element) + Self.passing(from: sorted.last?.element.time ?? 0, to: 1_200_000)
    }

    /// What two reactors that share a store tell, of which now this one is first, now that one, and what one alone tells.
    ///
    /// At times one begins anew, where what was added up is written down; while it reads that, the other one goes on, and
    /// what it hears meanwhile it handles afterwards.
    private static func compare(
        _ steps: [Step],
        _ definition: MachineDefinition,
        on store: any MachineStore,
        seed: UInt64
    ) async {
        let alone = Replica(nil, name: "spend", definition)
        var expected: [String: Int] = [:]
        for step in steps { for text in await alone.take(step) { expected[text, default: 0] += 1 } }
        var generator = SplitMix64(seed: seed &+ 77)
        var pair = [Replica(store, name: "spend", definition), Replica(store, name: "spend", definition)]
        var found: [String: Int] = [:]
        var last = 0
        /// Who reads, since when and until which step, and what it has heard meanwhile.
        var reading: (place: Int, since: Int, until: Int, heard: [Step])?
        for (index, step) in steps.enumerated() {
            if let (place, since, until, heard) = reading, index >= until || step.time - since > Self.longestStart {
                reading = nil
                for step in heard { for text in await pair[place].take(step) { found[text, default: 0] += 1 } }
            }
            if reading == nil, step.time - last > 3_000, index % 3 == 0 {
                for replica in pair {
                    for text in await replica.take(Self.time(last + 1_500)) { found[text, default: 0] += 1 }
                }
                pair[index % 2] = Replica(store, name: "spend", definition, startsAt: last + 1_500)
                let length = Int.random(in: 0..<6, using: &generator)
                if length > 0, step.time - last < Self.longestStart {
                    reading = (index % 2, last + 1_500, index + length, [])
                } else {
                    await pair[index % 2].begin()
                }
            }
            last = step.time
            let turn = Bool.random(using: &generator) ? [0, 1] : [1, 0]
            for place in turn {
                if place == reading?.place {
                    reading?.heard.append(step)
                } else {
                    for text in await pair[place].take(step) { found[text, default: 0] += 1 }
                }
            }
        }
        let differing = Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }.sorted()
        let shown = differing.prefix(5).map { "\(expected[$0] ?? 0) -> \(found[$0] ?? 0): \($0)" }
        #expect(shown.isEmpty, "seed \(seed)")
        #expect(expected.count > 10, "seed \(seed)")
    }

    @Test(arguments: ThresholdRule.Aggregate.allCases)
    func `two reactors and one alone tell the same crossings, each once`(
        aggregate: ThresholdRule.Aggregate
    ) async throws {
        for seed in 1...Self.seeds {
            let store = MemoryMachineStore()
            // Something is crossed by every aggregate.
            guard case .threshold(var definition) = Self.spend(aggregate),
                case .aggregate(var watch) = definition.watch
            else { return }
            watch.rule.limit =
                switch aggregate {
                case .count: 12
                case .rate: 0.2
                case .sum: 100
                case .avg: 9
                case .max: 14
                case .p95: 14
                case .distinct: 9
                }
            definition.watch = .aggregate(watch)
            let settings = MachineDefinition.threshold(definition)
            await Self.compare(Self.costs(seed), settings, on: store, seed: seed)
            #expect(store.count(of: "spend") == 0)
        }
    }

    @Test func `two reactors and one alone tell the same of runs, each once`() async throws {
        for seed in 1...Self.seeds {
            let store = MemoryMachineStore()
            await Self.compare(Self.runs(seed), Self.limits, on: store, seed: seed)
        }
    }

    @Test func `two reactors and one alone tell the same crossings on Redis`() async throws {
        try await SharedMachinesTests.withStore { store in
            await Self.compare(Self.costs(11), Self.spend(), on: store, seed: 11)
        }
    }

    @Test func `two reactors write once a second what was added up, and nothing because of each other`() async throws {
        let store = MemoryMachineStore()
        let pair = [Replica(store, name: "spend", Self.spend()), Replica(store, name: "spend", Self.spend())]
        var told: [String] = []
        for event in 0..<5_000 {
            let step = Self.cost(event == 2_500 ? 200 : 0, at: 2 * event)
            for replica in pair { told += await replica.take(step) }
        }
        // One of them writes, and the other one learns that by trying to: ten seconds, and one crossing.
        let busy = store.counts
        #expect((10...13).contains(busy.written), "\(busy)")
        #expect(busy.refused <= busy.written)
        #expect(told.count { $0.hasPrefix("alert") } == 1)
        #expect(told.count { $0.hasPrefix("publish threshold.exceeded") } == 1)
        // Then nobody says anything: what is left is the end, and that everything is forgotten.
        for time in stride(from: 10_000, through: 300_000, by: 500) {
            for replica in pair { told += await replica.take(Self.time(time)) }
        }
        let idle = store.counts
        #expect(idle.written + idle.refused - busy.written - busy.refused <= 8, "\(idle)")
        #expect(told.count { $0.hasPrefix("resolve") } == 1)
        #expect(told.count { $0.hasPrefix("publish threshold.recovered") } == 1)
        #expect(store.count(of: "spend") == 0)
    }

    @Test func `a key that one has removed and begun anew is not begun anew by the other one`() async throws {
        let store = MemoryMachineStore()
        var pair = [Replica(store, name: "spend", Self.spend()), Replica(store, name: "spend", Self.spend())]
        for time in [100, 1_900] { for replica in pair { _ = await replica.take(Self.cost(10, at: time)) } }
        for replica in pair { _ = await replica.take(Self.time(5_000)) }
        // It knows to the second only when the key was used, and forgets it before the other one does.
        pair[1] = Replica(store, name: "spend", Self.spend(), startsAt: 6_000)
        _ = await pair[1].take(Self.time(121_500))
        #expect(store.count(of: "spend") == 0)
        var told: [String] = []
        for replica in pair.reversed() { told += await replica.take(Self.cost(150, at: 121_600)) }
        #expect(told.filter { $0.hasPrefix("alert") } == ["alert threshold:spend:acme:breach HIGH"])
        #expect(told.count { $0.hasPrefix("publish") } == 1)
        for time in [200_000, 400_000] {
            for replica in pair.reversed() { told += await replica.take(Self.time(time)) }
        }
        #expect(told.count { $0.hasPrefix("resolve") } == 1)
        #expect(store.count(of: "spend") == 0)
    }

    @Test func `a window goes on in a reactor that begins anew`() async throws {
        let store = MemoryMachineStore()
        let first = Replica(store, name: "spend", Self.spend())
        for event in 0..<3 { #expect(await first.take(Self.cost(18, at: event)) == []) }
        // It writes once a second, and is gone then.
        #expect(await first.take(Self.time(1_500)) == [])
        let second = Replica(store, name: "spend", Self.spend(), startsAt: 2_000)
        var told: [String] = []
        for event in 0..<3 { told += await second.take(Self.cost(18, at: 3_000 + event)) }
        #expect(
            told.filter { $0.hasPrefix("alert") } == [
                "alert threshold:spend:acme:near MEDIUM", "alert threshold:spend:acme:breach HIGH",
            ]
        )
        let third = Replica(store, name: "spend", Self.spend(), startsAt: 4_000)
        #expect(await third.take(Self.cost(18, at: 5_000)) == [])
        #expect(await third.take(Self.time(200_000)).count { $0.hasPrefix("resolve") } == 2)
    }
}
