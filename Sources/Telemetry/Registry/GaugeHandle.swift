import Metrics

/// A value that goes up and down.
package final class GaugeHandle: MeterHandler, RecorderHandler, MetricHandle {
    private let current = AtomicDouble()
    private let prefix: [UInt8]

    init(_ name: SeriesName) {
        self.prefix = name.prefix
    }

    package func set(_ value: Int64) { self.current.value = Double(value) }
    package func set(_ value: Double) { self.current.value = value }
    package func increment(by amount: Double) { self.current.add(amount) }
    package func decrement(by amount: Double) { self.current.add(-amount) }
    package func record(_ value: Int64) { self.set(value) }
    package func record(_ value: Double) { self.set(value) }

    /// What was set last.
    package var value: Double { self.current.value }

    func write(into writer: inout ExpositionWriter) {
        writer.sample(prefix: self.prefix, ExpositionWriter.text(self.value))
    }
}
