import Metrics
import Synchronization

/// Observations counted in buckets, with their sum.
package final class HistogramHandle: RecorderHandler, TimerHandler, MetricHandle {
    /// `Atomic` cannot be copied, so an array holds references to them.
    private final class Cell: Sendable {
        let count = Atomic<UInt64>(0)
    }

    private let bounds: [Double]
    private let cells: [Cell]
    private let sum = AtomicDouble()
    private let prefixes: Prefixes

    init(_ name: SeriesName) {
        self.bounds = name.metric.buckets
        self.cells = (0...name.metric.buckets.count).map { _ in Cell() }
        self.prefixes = Prefixes(name)
    }

    /// Counts one observation in the family's unit; one that is no number is ignored.
    package func record(_ value: Double) {
        guard !value.isNaN else { return }
        var index = 0
        while index < self.bounds.count, value > self.bounds[index] { index += 1 }
        self.cells[index].count.wrappingAdd(1, ordering: .relaxed)
        self.sum.add(value)
    }

    package func record(_ value: Int64) { self.record(Double(value)) }

    /// Counts a duration, in seconds.
    package func recordNanoseconds(_ duration: Int64) { self.record(Double(duration) / 1e9) }

    func write(into writer: inout ExpositionWriter) {
        // The total is the sum of the cells as they were read, so that it always equals the last bucket.
        var total: UInt64 = 0
        for (cell, prefix) in zip(self.cells, self.prefixes.buckets) {
            total &+= cell.count.load(ordering: .relaxed)
            writer.sample(prefix: prefix, "\(total)")
        }
        writer.sample(prefix: self.prefixes.sum, ExpositionWriter.text(self.sum.value))
        writer.sample(prefix: self.prefixes.count, "\(total)")
    }

    /// The names of a histogram's lines, rendered once.
    private struct Prefixes {
        let buckets: [[UInt8]]
        let sum: [UInt8]
        let count: [UInt8]

        init(_ name: SeriesName) {
            let bounds = name.metric.buckets.map { ExpositionWriter.text($0) } + ["+Inf"]
            self.buckets = bounds.map { Self.render(name, "_bucket", bound: $0) }
            self.sum = Self.render(name, "_sum")
            self.count = Self.render(name, "_count")
        }

        private static func render(_ name: SeriesName, _ suffix: String, bound: String? = nil) -> [UInt8] {
            var bytes: [UInt8] = []
            ExpositionWriter.appendName(name.metric.name + suffix, name.labels, bound: bound, to: &bytes)
            return bytes
        }
    }
}
