/// A series of the registry: it knows how to write itself.
protocol MetricHandle: AnyObject, Sendable {
    func write(into writer: inout ExpositionWriter)
}

/// How a handle is named in the exposition.
struct SeriesName: Sendable {
    var metric: MetricDescription
    var labels: LabelSet

    /// `name{labels} `, rendered when the handle is made so that a scrape only adds the value.
    var prefix: [UInt8] {
        var bytes: [UInt8] = []
        ExpositionWriter.appendName(self.metric.name, self.labels, to: &bytes)
        return bytes
    }
}
