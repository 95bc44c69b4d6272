extension MetricCatalog {
    /// The text of `docs/metrics.md`.
    package static var markdown: String {
        var text = """
            # Metrics

            Written from `MetricCatalog` by the tests of `Telemetry`; do not edit.
            (`AOS_UPDATE_DOCS=1 swift test --filter TelemetryTests` writes it anew.)

            The `event_type` label holds the types that handlers name; all others are counted as `other`.


            """
        for section in self.sections {
            text += "## \(section.title)\n\n"
            text += "| name | type | labels | unit | meaning |\n| --- | --- | --- | --- | --- |\n"
            for metric in section.metrics {
                text += self.row(metric)
            }
            text += "\n"
        }
        text.removeLast()
        return text
    }

    private static func row(_ metric: MetricDescription) -> String {
        let labels = metric.labels.isEmpty ? "-" : metric.labels.map { "`\($0)`" }.joined(separator: ", ")
        let unit = metric.unit == .count || metric.unit == .flag ? "-" : metric.unit.rawValue
        let buckets = metric.buckets.map { ExpositionWriter.text($0) }.joined(separator: " ")
        let meaning = metric.type == .histogram ? "\(metric.help) Buckets: \(buckets)." : metric.help
        return "| `\(metric.name)` | \(metric.type.rawValue) | \(labels) | \(unit) | \(meaning) |\n"
    }
}
