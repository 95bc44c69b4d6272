/// The values of one key in the last so many buckets of time. Buckets without values take no room.
struct ThresholdWindow: Sendable, Hashable {
    struct Bucket: Sendable, Hashable {
        var number: Int64
        var count = 0
        var sum = 0.0
        var maximum = -Double.infinity
        var histogram = ValueHistogram()
    }

    /// From the oldest to the newest.
    private(set) var buckets: [Bucket] = []
    /// The values of all buckets; kept only for percentiles.
    private var histogram = ValueHistogram()
    /// The bucket in which each different value was last seen; kept only for `distinct`.
    private(set) var lastSeen: [UInt64: Int64] = [:]
    private let aggregate: ThresholdRule.Aggregate

    init(_ aggregate: ThresholdRule.Aggregate) { self.aggregate = aggregate }

    var isEmpty: Bool { self.buckets.isEmpty }
    var oldest: Int64? { self.buckets.first?.number }
    var newest: Int64? { self.buckets.last?.number }

    /// - Parameter identity: of the value itself, for `distinct`.
    mutating func add(_ value: Double, identity: UInt64, in now: Int64) {
        // Time does not go back, so a value never belongs to an older bucket than the newest, unless another clock has
        // made that one.
        let number = max(now, self.newest ?? now)
        if self.buckets.last?.number != number { self.buckets.append(Bucket(number: number)) }
        let last = self.buckets.count - 1
        self.buckets[last].count += 1
        self.buckets[last].sum += value
        self.buckets[last].maximum = max(self.buckets[last].maximum, value)
        switch self.aggregate {
        case .p95:
            self.buckets[last].histogram.add(value)
            self.histogram.add(value)
        case .distinct:
            guard self.lastSeen[identity] != nil || self.lastSeen.count < ThresholdRule.maxDistinct else { return }
            self.lastSeen[identity] = number
        case .count, .rate, .sum, .avg, .max: break
        }
    }

    /// Forgets buckets before `first`.
    mutating func slide(to first: Int64) {
        guard let oldest = self.oldest, oldest < first else { return }
        let gone = self.buckets.prefix { $0.number < first }
        let canSubtract = !self.histogram.hasCollapsed
        if self.aggregate == .p95, canSubtract { for bucket in gone { self.histogram.subtract(bucket.histogram) } }
        self.buckets.removeFirst(gone.count)
        if self.aggregate == .p95, !canSubtract {
            self.histogram = self.buckets.reduce(into: ValueHistogram()) { $0.add($1.histogram) }
        }
        if self.aggregate == .distinct { self.lastSeen = self.lastSeen.filter { $0.value >= first } }
    }

    /// - Parameter seconds: the length of the window.
    func value(seconds: Double) -> Double {
        switch self.aggregate {
        case .count: Double(self.count)
        case .rate: Double(self.count) / seconds
        case .sum: self.sum
        case .avg: self.isEmpty ? 0 : self.sum / Double(self.count)
        case .max: self.isEmpty ? 0 : self.buckets.reduce(-.infinity) { Swift.max($0, $1.maximum) }
        case .p95: self.histogram.value(atPercentile: 0.95)
        case .distinct: Double(self.lastSeen.count)
        }
    }

    private var count: Int { self.buckets.reduce(0) { $0 + $1.count } }
    private var sum: Double { self.buckets.reduce(0) { $0 + $1.sum } }

    /// A bucket that was stored, newer than all others.
    mutating func restore(_ bucket: Bucket) {
        guard bucket.number > self.newest ?? .min else { return }
        self.buckets.append(bucket)
        self.histogram.add(bucket.histogram)
    }

    mutating func restore(_ identity: UInt64, lastSeen number: Int64) { self.lastSeen[identity] = number }
}
