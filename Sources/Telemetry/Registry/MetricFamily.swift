/// The series of one metric name, by their labels. A value type: the registry holds it in its lock.
struct MetricFamily: Sendable {
    let metric: MetricDescription
    private var series: [LabelSet: any MetricHandle] = [:]

    init(_ metric: MetricDescription) {
        self.metric = metric
    }

    /// The handle for these label values, which are in the order of the metric's labels.
    ///
    /// Once the family has `limit` series, every new one is the series whose labels are all `other`; `isFolded` says
    /// that this happened.
    mutating func handle(
        _ values: [String],
        limit: Int,
        make: (SeriesName) -> any MetricHandle
    ) -> (handle: any MetricHandle, isFolded: Bool) {
        let labels = self.labels(values)
        if let known = self.series[labels] { return (known, false) }
        let isFolded = self.series.count >= limit
        let key = isFolded ? self.labels(self.metric.labels.map { _ in "other" }) : labels
        if let known = self.series[key] { return (known, isFolded) }
        let handle = make(SeriesName(metric: self.metric, labels: key))
        self.series[key] = handle
        return (handle, isFolded)
    }

    /// Forgets a series, so that it is exposed no more.
    mutating func remove(_ handle: AnyObject) {
        guard let labels = self.series.first(where: { $0.value === handle })?.key else { return }
        self.series[labels] = nil
    }

    /// Writes the family, ordered by labels.
    func write(into writer: inout ExpositionWriter) {
        let ordered = self.series.sorted { $0.key.text.lexicographicallyPrecedes($1.key.text) }
        writer.family(self.metric) { writer in
            for (_, handle) in ordered { handle.write(into: &writer) }
        }
    }

    private func labels(_ values: [String]) -> LabelSet {
        LabelSet(zip(self.metric.labels, values).map { (name: $0, value: $1) })
    }
}
