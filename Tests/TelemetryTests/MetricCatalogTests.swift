import FoundationEssentials
import Glibc
import Testing

@testable import Telemetry

@Suite struct MetricCatalogTests {
    @Test(arguments: MetricCatalog.all)
    func `every metric has a help text, a legal name and legal labels`(metric: MetricDescription) {
        #expect(MetricDescription.isLegalName(metric.name))
        #expect(metric.labels.allSatisfy(MetricDescription.isLegalLabel))
        #expect(metric.help.hasSuffix("."))
        #expect(metric.name.hasPrefix("aos_") || metric.name.hasPrefix("process_"))
        #expect(metric.buckets == metric.buckets.sorted())
    }

    @Test(arguments: MetricCatalog.all)
    func `names end with what they count`(metric: MetricDescription) {
        #expect(metric.name.hasSuffix("_total") == (metric.type == .counter))
        let stem = metric.type == .counter ? String(metric.name.dropLast("_total".count)) : metric.name
        #expect((metric.unit == .seconds) == stem.hasSuffix("_seconds"))
        #expect((metric.unit == .bytes) == stem.hasSuffix("_bytes"))
    }

    @Test func `no name is used twice`() {
        #expect(Set(MetricCatalog.all.map(\.name)).count == MetricCatalog.all.count)
    }

    @Test func `the original metrics keep their names, types, labels and buckets`() {
        let original = MetricCatalog.Original.all.map { "\($0.name) \($0.type) \($0.labels.joined(separator: ","))" }
        #expect(
            original == [
                "aos_events_received_total counter event_type",
                "aos_events_handled_total counter event_type,handler",
                "aos_events_failed_total counter event_type,handler",
                "aos_event_handler_duration_seconds histogram event_type,handler",
                "aos_reactor_heartbeat_total counter ",
                "aos_reactor_heartbeat_missed_total counter ",
                "aos_audit_alerts_total counter alert_type,severity",
            ]
        )
        let buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
        #expect(MetricCatalog.Original.handlerDuration.buckets == buckets)
    }

    @Test func `docs/metrics.md is what the catalog says`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "docs/metrics.md")
        if getenv("AOS_UPDATE_DOCS") != nil {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(MetricCatalog.markdown.utf8).write(to: file)
        }
        #expect(
            try String(decoding: Data(contentsOf: file), as: UTF8.self) == MetricCatalog.markdown,
            "write it anew: AOS_UPDATE_DOCS=1 swift test --filter TelemetryTests"
        )
    }

    @Test(.enabled(if: Promtool.path != nil, "promtool is not installed"))
    func `promtool accepts everything that can be exposed`() throws {
        let registry = MetricsRegistry()
        registry.add(ProcessCollector())
        registry.add(LogOutput(LogSettings()))
        for metric in MetricCatalog.all where !metric.name.hasPrefix("process_") {
            guard !MetricCatalog.SelfReport.all.contains(metric) else { continue }
            let labels = metric.labels.map { ($0, "v\"\\\n\($0)") }
            switch metric.type {
            case .counter: registry.counter(metric, labels).increment(by: 3 as Int64)
            case .gauge: registry.gauge(metric, labels).set(1.5)
            case .histogram: registry.histogram(metric, labels).record(0.3)
            }
        }
        let own = MetricDescription("own_seconds", .histogram, help: "Own.", labels: ["a"], unit: .seconds)
        let exposition = registry.render { writer in
            writer.family(own) { $0.histogram(["a": "ü"], HistogramCounts(own)) }
        }
        let verdict = try Promtool.check(exposition)
        #expect(verdict.isAccepted && verdict.output.isEmpty, "\(verdict.output)")
        for metric in MetricCatalog.all where !MetricCatalog.SelfReport.all.contains(metric) {
            #expect(String(decoding: exposition, as: UTF8.self).contains("# TYPE \(metric.name) "))
        }
    }

    @Test func `the process tells of itself`() throws {
        var writer = ExpositionWriter()
        ProcessCollector().collect(into: &writer)
        let values = String(decoding: writer.bytes, as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: " ") }
        let value = Dictionary(uniqueKeysWithValues: values.map { (String($0[0]), Double($0[1]) ?? .nan) })
        #expect(try #require(value["process_resident_memory_bytes"]) > 1_000_000)
        #expect(try #require(value["process_open_fds"]) >= 3)
        #expect(try #require(value["process_cpu_seconds_total"]) > 0)
        let started = try #require(value["process_start_time_seconds"])
        let now = Double(LogOutput.systemTime()) / 1e6
        #expect(started > now - 86_400 && started < now + 2)
    }
}
