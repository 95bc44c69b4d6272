import Events
import Glibc
import Reactions

/// One rule, slow and from the text: all samples are kept, and everything is worked out anew each time.
///
/// Time is counted in buckets; the window is the bucket of now and those before it.
struct ThresholdModel {
    struct Told: Hashable, CustomStringConvertible {
        var isExceeded: Bool
        var tier: String
        var key: String
        var bucket: Int

        var description: String {
            "\(self.key) \(self.isExceeded ? "exceeds" : "is below") \(self.tier) at \(self.bucket)"
        }
    }

    let rule: ThresholdRule
    let secondsOfBucket: Double
    private(set) var told: [Told] = []
    private(set) var evicted = 0
    private var samples: [(key: String, value: Double, distinct: String, bucket: Int)] = []
    /// The tiers that each key has reached, and those of which somebody was told.
    private var reached: [String: Set<String>] = [:]
    private var known: [String: Set<String>] = [:]
    /// The keys that are watched, the least recently used first.
    private var order: [String] = []

    init(_ rule: ThresholdRule, secondsOfBucket: Double) {
        self.rule = rule
        self.secondsOfBucket = secondsOfBucket
    }

    var keys: Set<String> { Set(self.order) }

    /// The bucket of now is over; what it held counts for as long as the window is.
    mutating func pass(to bucket: Int) {
        for key in self.order.sorted() {
            self.judge(key, bucket)
            if self.window(key, bucket).isEmpty { self.forget(key) }
        }
    }

    mutating func take(_ key: String, _ value: Double, _ distinct: String, in bucket: Int) {
        if !self.order.contains(key), self.order.count == self.rule.maxKeys, let oldest = self.order.first {
            self.evicted += 1
            for tier in self.rule.tiers where self.known[oldest]?.contains(tier.name) == true {
                self.told.append(Told(isExceeded: false, tier: tier.name, key: oldest, bucket: bucket))
            }
            self.forget(oldest)
        }
        self.order.removeAll { $0 == key }
        self.order.append(key)
        self.samples.append((key, value, distinct, bucket))
        self.judge(key, bucket)
    }

    private mutating func forget(_ key: String) {
        self.order.removeAll { $0 == key }
        self.samples.removeAll { $0.key == key }
        self.reached[key] = nil
        self.known[key] = nil
    }

    private func window(_ key: String, _ bucket: Int) -> [(value: Double, distinct: String)] {
        self.samples.filter { $0.key == key && $0.bucket > bucket - self.rule.buckets }
            .map { ($0.value, $0.distinct) }
    }

    func value(_ key: String, _ bucket: Int) -> Double {
        let window = self.window(key, bucket)
        let values = window.map(\.value)
        switch self.rule.aggregate {
        case .count: return Double(values.count)
        case .rate: return Double(values.count) / (self.secondsOfBucket * Double(self.rule.buckets))
        case .sum: return values.reduce(0, +)
        case .avg: return values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
        case .max: return values.max() ?? 0
        case .p95:
            let sorted = values.sorted()
            guard !sorted.isEmpty else { return 0 }
            return Self.stepped(sorted[Int((0.95 * Double(sorted.count)).rounded(.up)) - 1])
        case .distinct: return Double(Set(window.map(\.distinct)).count)
        }
    }

    /// Sizes are told apart in steps of 2 %; a value stands for the middle of its step.
    private static func stepped(_ value: Double) -> Double {
        guard value > 0 else { return 0 }
        let step = (log(value) / log(1.02)).rounded(.up)
        return exp(step * log(1.02)) * 2 / 2.02
    }

    private mutating func judge(_ key: String, _ bucket: Int) {
        let value = self.value(key, bucket)
        var new: [String] = []
        for tier in self.rule.tiers {
            let level = tier.ratio * self.rule.limit
            if self.reached[key]?.contains(tier.name) == true {
                guard value < level * (1 - self.rule.hysteresis) else { continue }
                self.reached[key]?.remove(tier.name)
                if self.known[key]?.remove(tier.name) != nil {
                    self.told.append(Told(isExceeded: false, tier: tier.name, key: key, bucket: bucket))
                }
            } else if tier.ratio < 1 ? value >= level : value > level {
                self.reached[key, default: []].insert(tier.name)
                new.append(tier.name)
            }
        }
        let highest = self.rule.tiers.last { self.reached[key]?.contains($0.name) == true }
        if let name = highest?.name, new.contains(name) {
            self.known[key, default: []].insert(name)
            self.told.append(Told(isExceeded: true, tier: name, key: key, bucket: bucket))
        }
    }
}
