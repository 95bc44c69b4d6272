import Events
import Reactions
import SeededRandom
import SyntheticEvents
import Testing

/// Random samples of random rules against the slow model: the same signals at the same times, through restarts too.
@Suite struct ThresholdModelTests {
    private static let bucketSeconds = 10
    private static let epoch: Int64 = 1_795_221_600

    private func rule(_ generator: inout SplitMix64, _ aggregate: ThresholdRule.Aggregate) -> ThresholdRule {
        let limit: Double =
            switch aggregate {
            case .count, .distinct: Double(Int.random(in: 3...8, using: &generator))
            case .rate: 0.1
            case .sum: 60
            case .avg, .p95: 12
            case .max: 17
            }
        let buckets = Int.random(in: 1...6, using: &generator)
        var rule = ThresholdRule(
            name: "rule",
            metric: "cost",
            aggregate: aggregate,
            window: .seconds(buckets * Self.bucketSeconds),
            limit: limit,
            buckets: buckets
        )
        rule.maxKeys = Int.random(in: 2...5, using: &generator)
        rule.hysteresis = [0.05, 0.1, 0.4].randomElement(using: &generator) ?? 0.1
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: rule.tiers = [.breach]
        case 1: rule.tiers = [50, 70, 80, 90, 100].map { .init(name: "\($0)", ratio: Double($0) / 100) }
        default: break
        }
        return rule
    }

    @Test(arguments: ThresholdRule.Aggregate.allCases)
    func `signals are those of the text`(aggregate: ThresholdRule.Aggregate) throws {
        var generator = SplitMix64(seed: UInt64(aggregate.rawValue.utf8.reduce(7) { $0 * 31 + Int($1) }))
        var total = 0
        for round in 0..<60 {
            let rule = self.rule(&generator, aggregate)
            var detector = ThresholdDetector(rule)
            var model = ThresholdModel(rule, secondsOfBucket: Double(Self.bucketSeconds))
            var told: [ThresholdModel.Told] = []
            var evicted: UInt64 = 0
            let restartAt = Int.random(in: 0..<60, using: &generator)
            for bucket in 0..<60 {
                let start = (Self.epoch + Int64(bucket * Self.bucketSeconds)) * 1_000_000
                if bucket == restartAt {
                    evicted += detector.counters.evicted
                    detector = try self.restarted(detector, at: Timestamp(microseconds: start - 1))
                }
                model.pass(to: bucket)
                // It must not matter whether somebody looks when time has passed.
                if Bool.random(using: &generator) {
                    self.note(detector.handle(.deadlineReached, at: Timestamp(microseconds: start)), &told)
                }
                for number in 0..<Int.random(in: 0..<5, using: &generator) {
                    let key = "k\(Int.random(in: 0..<4, using: &generator))"
                    let value = Double(Int.random(in: -1...20, using: &generator))
                    let distinct = "v\(Int.random(in: 0..<12, using: &generator))"
                    model.take(key, value, distinct, in: bucket)
                    let sample = ThresholdSample(key: key, value: value, runID: "r", tenant: "t", distinct: distinct)
                    let now = Timestamp(microseconds: start + Int64(number) * 1_000_000)
                    self.note(detector.handle(.sample(sample), at: now), &told)
                }
            }
            let end = Timestamp(microseconds: (Self.epoch + 59 * Int64(Self.bucketSeconds) + 5) * 1_000_000)
            self.note(detector.handle(.deadlineReached, at: end), &told)
            #expect(detector.count == model.keys.count)
            for key in model.keys { #expect(detector.value(of: key) != nil) }
            let (got, expected) = (told.map(\.description).sorted(), model.told.map(\.description).sorted())
            #expect(got == expected, "round \(round), \(rule)")
            guard got == expected else { return }
            #expect(evicted + detector.counters.evicted == UInt64(model.evicted))
            total += told.count
        }
        #expect(total > 100, "the samples are too tame: \(total)")
    }

    private func note(_ actions: [ThresholdDetector.Action], _ told: inout [ThresholdModel.Told]) {
        for action in actions {
            let (isExceeded, signal) =
                switch action {
                case .exceeded(let signal): (true, signal)
                case .recovered(let signal): (false, signal)
                }
            let bucket = (signal.at.microseconds / 1_000_000 - Self.epoch) / Int64(Self.bucketSeconds)
            told.append(
                ThresholdModel.Told(isExceeded: isExceeded, tier: signal.tier, key: signal.key, bucket: Int(bucket))
            )
        }
    }

    /// What a new process knows, from what the old one wrote.
    private func restarted(_ detector: ThresholdDetector, at now: Timestamp) throws -> ThresholdDetector {
        var next = ThresholdDetector(detector.rule)
        let isTaken = next.restore(try JSONValue.parse(detector.json.compactText), at: now)
        #expect(isTaken)
        #expect(next.count == detector.count)
        return next
    }
}
