package import Metrics

/// Lets `swift-metrics` write into a registry.
///
/// Labels of metrics become Prometheus names (`hb.requests` is `hb_requests`), a counter's name gets its `_total`, and
/// durations are seconds.
package struct PrometheusMetricsFactory: MetricsFactory {
    private let registry: MetricsRegistry

    package init(_ registry: MetricsRegistry) {
        self.registry = registry
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let (metric, labels) = self.metric(label, .counter, dimensions)
        return self.registry.counter(metric, labels)
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        let (metric, labels) = self.metric(label, .counter, dimensions)
        return self.registry.counter(metric, labels)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        let (metric, labels) = self.metric(label, .gauge, dimensions)
        return self.registry.gauge(metric, labels)
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        let (metric, labels) = self.metric(label, aggregate ? .histogram : .gauge, dimensions)
        return aggregate ? self.registry.histogram(metric, labels) : self.registry.gauge(metric, labels)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let (metric, labels) = self.metric(label, .histogram, dimensions, unit: .seconds)
        return self.registry.histogram(metric, labels)
    }

    package func destroyCounter(_ handler: any CounterHandler) { self.registry.remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        self.registry.remove(handler)
    }
    package func destroyMeter(_ handler: any MeterHandler) { self.registry.remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { self.registry.remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { self.registry.remove(handler) }
}

extension PrometheusMetricsFactory {
    /// The catalog's description of a name, or one made up from what is known.
    private func metric(
        _ label: String,
        _ type: MetricType,
        _ dimensions: [(String, String)],
        unit: MetricUnit = .count
    ) -> (MetricDescription, [(String, String)]) {
        let labels = dimensions.map { (Self.legal($0.0), $0.1) }
        if let known = self.registry.described(label) { return (known, labels) }
        var name = Self.legal(label)
        if unit == .seconds, !name.hasSuffix("_seconds") { name += "_seconds" }
        if type == .counter, !name.hasSuffix("_total") { name += "_total" }
        if let known = self.registry.described(name) { return (known, labels) }
        let help = "Reported by a library as \(label)."
        return (MetricDescription(name, type, help: help, labels: labels.map(\.0), unit: unit), labels)
    }

    /// The text with everything that a name must not hold replaced by `_`.
    private static func legal(_ text: String) -> String {
        let bytes = text.utf8.map { byte in
            MetricDescription.isLetter(byte) || MetricDescription.isDigit(byte) ? byte : UInt8(ascii: "_")
        }
        let name = String(decoding: bytes, as: UTF8.self)
        return bytes.first.map(MetricDescription.isDigit) ?? true ? "_" + name : name
    }
}
