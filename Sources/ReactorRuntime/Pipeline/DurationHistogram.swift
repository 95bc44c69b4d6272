/// How long something took, counted in the default buckets of the Prometheus clients, confined to one thread.
package struct DurationHistogram: Sendable {
    /// Upper bounds in seconds: what the original system's client library uses.
    package static let bounds: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]

    private static let boundsInNanoseconds: [UInt64] = Self.bounds.map { UInt64(($0 * 1e9).rounded()) }

    /// Counts per bucket, not cumulative; the last one holds what is above every bound.
    package private(set) var counts = [UInt64](repeating: 0, count: Self.bounds.count + 1)
    /// Nanoseconds in all.
    package private(set) var sum: UInt64 = 0

    package init() {}

    package var count: UInt64 { self.counts.reduce(0, +) }

    package mutating func record(nanoseconds: UInt64) {
        self.sum &+= nanoseconds
        // Nearly everything is faster than the first bound.
        if nanoseconds <= 5_000_000 {
            self.counts[0] &+= 1
        } else {
            let bucket = Self.boundsInNanoseconds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count
            self.counts[bucket] &+= 1
        }
    }
}
