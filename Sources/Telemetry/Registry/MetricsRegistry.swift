import Synchronization

/// All metrics of the process: those whose handles it gave out, and collectors that own their values themselves.
///
/// A metric that clashes with another (its type, its labels, an illegal name) is not exposed: whoever asked for it gets
/// a handle that counts for itself, and the refusal is counted by reason. A metric never stops the program.
package final class MetricsRegistry: Sendable {
    private struct State {
        var families: [String: MetricFamily] = [:]
        var collectors: [any MetricsCollector] = []
        var refused: [MetricRefusal: UInt64] = [:]
        /// Label sets that were folded into `other`, by metric name.
        var folded: [String: UInt64] = [:]
    }

    private let state = Mutex(State())
    private let catalog: [String: MetricDescription]
    private let seriesLimit: Int

    /// - Parameters:
    ///   - catalog: metrics that are known by name: their help, labels and buckets.
    ///   - seriesLimit: most series of one family; further ones are counted under `other`.
    package init(catalog: [MetricDescription] = MetricCatalog.all, seriesLimit: Int = 1_000) {
        self.catalog = Dictionary(catalog.map { ($0.name, $0) }) { first, _ in first }
        self.seriesLimit = seriesLimit
    }

    /// The counter with these labels; the same handle each time.
    package func counter(_ metric: MetricDescription, _ labels: [(String, String)] = []) -> CounterHandle {
        self.handle(metric, .counter, labels, CounterHandle.init)
    }

    /// The gauge with these labels; the same handle each time.
    package func gauge(_ metric: MetricDescription, _ labels: [(String, String)] = []) -> GaugeHandle {
        self.handle(metric, .gauge, labels, GaugeHandle.init)
    }

    /// The histogram with these labels; the same handle each time.
    package func histogram(_ metric: MetricDescription, _ labels: [(String, String)] = []) -> HistogramHandle {
        self.handle(metric, .histogram, labels, HistogramHandle.init)
    }

    /// Adds something that writes its families at every scrape.
    package func add(_ collector: any MetricsCollector) {
        self.state.withLock { $0.collectors.append(collector) }
    }

    /// How many metrics were refused for this reason.
    package func refusals(_ reason: MetricRefusal) -> UInt64 {
        self.state.withLock { $0.refused[reason] ?? 0 }
    }

    /// What the catalog says of a name.
    func described(_ name: String) -> MetricDescription? { self.catalog[name] }

    /// Forgets a handle, so that it is exposed no more.
    func remove(_ handle: AnyObject) {
        self.state.withLock { state in
            for name in state.families.keys { state.families[name]?.remove(handle) }
        }
    }
}

// MARK: - Handles

extension MetricsRegistry {
    private func handle<Handle: MetricHandle>(
        _ metric: MetricDescription,
        _ type: MetricType,
        _ labels: [(String, String)],
        _ make: (SeriesName) -> Handle
    ) -> Handle {
        self.state.withLock { state in
            do throws(MetricRefusal) {
                let values = try Self.values(of: metric, type, labels, in: state.families[metric.name])
                var family = state.families[metric.name] ?? MetricFamily(metric)
                let (handle, isFolded) = family.handle(values, limit: self.seriesLimit, make: make)
                state.families[metric.name] = family
                if isFolded { state.folded[metric.name, default: 0] += 1 }
                guard let handle = handle as? Handle else { throw .typeClash }
                return handle
            } catch {
                state.refused[error, default: 0] += 1
                return make(SeriesName(metric: metric, labels: .none))
            }
        }
    }

    /// The values of `labels` in the order of the metric's labels.
    private static func values(
        of metric: MetricDescription,
        _ type: MetricType,
        _ labels: [(String, String)],
        in family: MetricFamily?
    ) throws(MetricRefusal) -> [String] {
        guard MetricDescription.isLegalName(metric.name) else { throw .illegalName }
        guard metric.labels.allSatisfy(MetricDescription.isLegalLabel) else { throw .illegalLabel }
        guard metric.type == type, family?.metric.type ?? type == type else { throw .typeClash }
        let names = family?.metric.labels ?? metric.labels
        guard labels.count == names.count else { throw .labelClash }
        var values: [String] = []
        for name in names {
            guard let value = labels.first(where: { $0.0 == name })?.1 else { throw .labelClash }
            values.append(value)
        }
        return values
    }
}

// MARK: - Exposition

extension MetricsRegistry {
    /// Everything in the Prometheus text format.
    ///
    /// - Parameter own: writes families of the caller, whose values belong to the same instant.
    package func render(_ own: (inout ExpositionWriter) -> Void = { _ in }) -> [UInt8] {
        var writer = ExpositionWriter()
        own(&writer)
        // Handles are read and collectors called outside the lock: a collector may ask for a handle.
        let (families, collectors) = self.state.withLock { ($0.families, $0.collectors) }
        for collector in collectors { collector.collect(into: &writer) }
        for family in families.values.sorted(by: { $0.metric.name < $1.metric.name }) { family.write(into: &writer) }
        self.writeOwnFamilies(into: &writer)
        return writer.bytes
    }

    private func writeOwnFamilies(into writer: inout ExpositionWriter) {
        let twice = UInt64(writer.refused.count)
        let (refused, folded) = self.state.withLock { state in
            // Set, not added: each scrape finds the same families twice.
            if twice > 0 { state.refused[.writtenTwice] = max(twice, state.refused[.writtenTwice] ?? 0) }
            return (state.refused, state.folded)
        }
        writer.family(MetricCatalog.SelfReport.metricsRefused) { writer in
            for reason in MetricRefusal.allCases {
                writer.sample(["reason": reason.rawValue], refused[reason] ?? 0)
            }
        }
        writer.family(MetricCatalog.SelfReport.seriesFolded) { writer in
            for (metric, count) in folded.sorted(by: { $0.key < $1.key }) {
                writer.sample(["metric": metric], count)
            }
        }
    }
}
