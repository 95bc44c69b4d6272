/// A limit on something that is added up over events: `uses: threshold`.
package struct ThresholdRule: Sendable, Hashable {
    /// What is made of the values in the window.
    package enum Aggregate: String, Sendable, Hashable, CaseIterable {
        /// How many there are. Exact.
        case count
        /// How many there are in a second, on the average of the window. Exact.
        case rate
        /// Exact but for the rounding of binary fractions.
        case sum
        case avg
        case max
        /// The value that 95 of 100 do not exceed (nearest rank), from a histogram whose steps are 2 % apart.
        case p95
        /// How many different ones there are. Exact up to `ThresholdRule.maxDistinct`, which more never exceeds.
        case distinct

        /// Whether it can become larger by old values leaving the window: small ones, or negative ones.
        var mayRiseByTime: Bool {
            switch self {
            case .sum, .avg, .p95: true
            case .count, .rate, .max, .distinct: false
            }
        }
    }

    /// How close to the limit something is told.
    package struct Tier: Sendable, Hashable {
        /// `near` and `breach` in the original.
        package var name: String
        /// Of the limit. Below 1 the tier is reached at its value, from 1 on it has to be exceeded.
        package var ratio: Double

        package init(name: String, ratio: Double) {
            self.name = name
            self.ratio = ratio
        }

        /// The original's `near_threshold_percentage` is 80.
        package static let near = Tier(name: "near", ratio: 0.8)
        package static let breach = Tier(name: "breach", ratio: 1)
    }

    /// Different values that are told apart for one key.
    package static let maxDistinct = 10_000
    /// What a window is divided into; it slides by one of them at a time.
    package static let defaultBuckets = 60

    package var name: String
    /// What signals call it: `token_usage`, `cost`, `burn_rate`, `step_count`, `latency`, ...
    package var metric: String
    package var aggregate: Aggregate
    package var window: Duration
    package var buckets: Int
    /// Above 0.
    package var limit: Double
    /// From the lowest to the highest.
    package var tiers: [Tier]
    /// A tier is left at that share below where it was reached, so that a value that sways around it is told once.
    package var hysteresis: Double
    /// Keys that are watched at a time; of more, the one that was seen least recently goes, and is counted.
    package var maxKeys: Int

    package init(
        name: String,
        metric: String,
        aggregate: Aggregate,
        window: Duration,
        limit: Double,
        buckets: Int = ThresholdRule.defaultBuckets,
        tiers: [Tier] = [.near, .breach],
        hysteresis: Double = 0.1,
        maxKeys: Int = 10_000
    ) {
        self.name = name
        self.metric = metric
        self.aggregate = aggregate
        self.window = window
        self.limit = limit
        self.buckets = max(1, buckets)
        self.tiers = tiers.sorted { $0.ratio < $1.ratio }
        self.hysteresis = min(max(0, hysteresis), 1)
        self.maxKeys = max(1, maxKeys)
    }

    func isReached(_ tier: Tier, by value: Double) -> Bool {
        let level = tier.ratio * self.limit
        return tier.ratio < 1 ? value >= level : value > level
    }

    func isLeft(_ tier: Tier, by value: Double) -> Bool {
        value < tier.ratio * self.limit * (1 - self.hysteresis)
            || (self.hysteresis == 0 && !self.isReached(tier, by: value))
    }
}
