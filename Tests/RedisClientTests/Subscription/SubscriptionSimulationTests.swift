import FoundationEssentials
import NIOCore
import Testing

@testable import RedisClient

/// Thousands of made-up runs with faults at random times. The seed of a run that fails is in its message.
@Suite struct SubscriptionSimulationTests {
    /// More of them with `SUBSCRIPTION_SEEDS=1000`.
    private static func seeds(_ portion: UInt64) -> Range<UInt64> {
        let count = ProcessInfo.processInfo.environment["SUBSCRIPTION_SEEDS"].flatMap(UInt64.init) ?? 10
        return portion * count..<(portion + 1) * count
    }

    private struct Outcome {
        let missing: [Int]
        let repeated: Int
        let isOrdered: Bool
        let windows: [BlindWindow]
        let labels: [String]
        let publishedAt: [Int64?]
        let history: String
    }

    private static func outcome(seed: UInt64, _ faults: [SubscriptionSimulation.Fault], count: Int) -> Outcome {
        var simulation = SubscriptionSimulation(seed: seed)
        simulation.run(faults, count: count)
        let first = simulation.delivered.first ?? 0
        let expected = simulation.publishedAt.indices.filter { $0 > first && simulation.publishedAt[$0] != nil }
        let delivered = Set(simulation.delivered)
        return Outcome(
            missing: expected.filter { !delivered.contains($0) },
            repeated: simulation.delivered.count - delivered.count,
            isOrdered: zip(simulation.delivered, simulation.delivered.dropFirst()).allSatisfy(<),
            windows: simulation.reports.compactMap { if case .blindWindow(let window) = $0 { window } else { nil } },
            labels: simulation.reports.map(\.label),
            publishedAt: simulation.publishedAt,
            history: simulation.history.joined(separator: "; ")
        )
    }

    @Test(arguments: 0..<4)
    func `a server that pauses, and pauses of our own, lose and repeat nothing`(portion: UInt64) {
        var replaced = 0
        for seed in Self.seeds(portion) {
            let outcome = Self.outcome(seed: seed, [.pause, .stall], count: 8)
            #expect(outcome.missing == [], "seed \(seed)")
            #expect(outcome.isOrdered, "seed \(seed)")
            #expect(outcome.windows == [], "seed \(seed)")
            replaced += outcome.labels.count { $0 == "replaced" }
        }
        // The runs are worth something only if links were replaced in them.
        #expect(replaced > 5)
    }

    /// Those in which probes are sent.
    private static let unstopped = SubscriptionSimulation.Fault.allCases.filter { !$0.isHarmless }

    @Test(arguments: 0..<4)
    func `whatever is lost lies in a window that is reported`(portion: UInt64) {
        for seed in Self.seeds(portion) {
            let faults = seed.isMultiple(of: 2) ? SubscriptionSimulation.Fault.evident : Self.unstopped
            let outcome = Self.outcome(seed: seed, faults, count: 8)
            let unexplained = outcome.missing.filter { number in
                let published = outcome.publishedAt[number].map { at($0) } ?? at(0)
                // What was on its way when the link broke was published a moment before its last byte.
                return !outcome.windows.contains { window in
                    published >= min(window.start, window.provenUntil ?? window.start) - .milliseconds(10)
                        && published <= window.end
                }
            }
            let first = unexplained.first.flatMap { outcome.publishedAt[$0] } ?? 0
            #expect(unexplained.count == 0, "seed \(seed): from \(first) ms on; \(outcome.history)")
            let end = outcome.labels.last ?? ""
            #expect(["probe", "ready"].contains(end), "seed \(seed): \(outcome.history)")
        }
    }

    @Test(arguments: 0..<4)
    func `telling of reads the short way changes no decision and no time of one`(portion: UInt64) {
        var readsAtEase = 0
        for seed in Self.seeds(portion) {
            var (short, long) = (
                SubscriptionSimulation(seed: seed), SubscriptionSimulation(seed: seed, makesUseOfEase: false)
            )
            short.run(SubscriptionSimulation.Fault.allCases, count: 8)
            long.run(SubscriptionSimulation.Fault.allCases, count: 8)
            #expect(short.history == long.history, "seed \(seed)")
            #expect(short.reports == long.reports, "seed \(seed)")
            #expect(short.delivered == long.delivered, "seed \(seed)")
            #expect(long.readsAtEase == 0)
            readsAtEase += short.readsAtEase
        }
        // A quiet run has some 10,000 reads.
        #expect(readsAtEase > Self.seeds(portion).count * 1_000)
    }

    @Test(arguments: 0..<4)
    func `the bound of a window is never below what it swallowed`(portion: UInt64) {
        var measured = 0
        for seed in Self.seeds(portion) {
            let outcome = Self.outcome(seed: seed, [.kill, .blackHole, .pause], count: 3)
            let bounds = outcome.windows.map(\.missed)
            guard bounds.allSatisfy({ if case .atMost = $0 { true } else { false } }) else { continue }
            let bound = bounds.reduce(0) { if case .atMost(let count) = $1 { $0 + Int(count) } else { $0 } }
            #expect(bound >= outcome.missing.count, "seed \(seed): \(outcome.history)")
            #expect(bound <= outcome.missing.count + outcome.repeated, "seed \(seed)")
            measured += bounds.count
        }
        #expect(measured > 5)
    }
}
