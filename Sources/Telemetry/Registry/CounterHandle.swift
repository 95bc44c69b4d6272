import Metrics
import Synchronization

/// A counter: it only grows, until it is reset.
package final class CounterHandle: CounterHandler, FloatingPointCounterHandler, MetricHandle {
    private let whole = Atomic<UInt64>(0)
    private let fraction = AtomicDouble()
    private let prefix: [UInt8]

    init(_ name: SeriesName) {
        self.prefix = name.prefix
    }

    /// Adds one.
    package func increment() { self.whole.wrappingAdd(1, ordering: .relaxed) }

    /// Adds a whole amount; a negative one is ignored.
    package func increment(by amount: Int64) {
        guard amount > 0 else { return }
        self.whole.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// Adds an amount; a negative one, or one that is no number, is ignored.
    package func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        self.fraction.add(amount)
    }

    package func reset() {
        self.whole.store(0, ordering: .relaxed)
        self.fraction.value = 0
    }

    /// What was counted.
    package var value: Double { Double(self.whole.load(ordering: .relaxed)) + self.fraction.value }

    func write(into writer: inout ExpositionWriter) {
        let whole = self.whole.load(ordering: .relaxed)
        let fraction = self.fraction.value
        let text = fraction == 0 ? "\(whole)" : ExpositionWriter.text(Double(whole) + fraction)
        writer.sample(prefix: self.prefix, text)
    }
}
