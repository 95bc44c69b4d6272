/// The counts of a histogram of durations, for an owner that keeps them to one thread: plain integers, no atomics.
package struct HistogramCounts: Sendable, Hashable {
    /// Observations of each bucket by itself; the last holds what is above all bounds.
    package var counts: [UInt64] { self.cells }
    /// Of all observations.
    package var sumNanoseconds: UInt64 { self.sum }

    @usableFromInline var cells: [UInt64]
    @usableFromInline var sum: UInt64 = 0
    @usableFromInline let bounds: [Int64]

    /// - Parameter metric: a histogram whose bounds are in seconds.
    package init(_ metric: MetricDescription) {
        self.bounds = metric.buckets.map { Int64(($0 * 1e9).rounded()) }
        self.cells = [UInt64](repeating: 0, count: metric.buckets.count + 1)
    }

    /// Counts an observation, or several equal ones; a negative one as zero.
    @inlinable
    package mutating func record(nanoseconds: Int64, times: UInt64 = 1) {
        let value = max(0, nanoseconds)
        // Most observations belong to the first buckets, so the search from the front is the short one.
        var index = 0
        while index < self.bounds.count, value > self.bounds[index] { index += 1 }
        self.cells[index] &+= times
        self.sum &+= UInt64(value) &* times
    }

    /// Takes over the observations of another one with the same bounds.
    package mutating func add(_ other: HistogramCounts) {
        precondition(self.bounds == other.bounds, "the histograms have different bounds")
        for index in self.cells.indices { self.cells[index] &+= other.cells[index] }
        self.sum &+= other.sum
    }

    /// Of all observations, in seconds.
    package var sumSeconds: Double { Double(self.sum) / 1e9 }

    /// How many observations there were.
    package var total: UInt64 { self.cells.reduce(0, &+) }
}

extension ExpositionWriter {
    /// One histogram of the family that is being written.
    package mutating func histogram(_ labels: LabelSet, _ histogram: HistogramCounts) {
        self.histogram(labels, counts: histogram.counts, sum: histogram.sumSeconds)
    }
}
