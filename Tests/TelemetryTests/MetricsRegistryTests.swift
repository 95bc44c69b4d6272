import Metrics
import Testing

@testable import Telemetry

@Suite struct MetricsRegistryTests {
    private let counter = MetricDescription("jobs_total", .counter, help: "Jobs.", labels: ["kind", "result"])

    private func lines(_ registry: MetricsRegistry) -> [String] {
        String(decoding: registry.render(), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func `the same labels in any order are the same counter`() {
        let registry = MetricsRegistry()
        registry.counter(self.counter, [("kind", "a"), ("result", "ok")]).increment()
        registry.counter(self.counter, [("result", "ok"), ("kind", "a")]).increment(by: 2 as Int64)
        #expect(self.lines(registry).contains(#"jobs_total{kind="a",result="ok"} 3"#))
    }

    @Test func `a counter never falls`() {
        let handle = MetricsRegistry().counter(self.counter, [("kind", "a"), ("result", "ok")])
        handle.increment(by: 5 as Int64)
        handle.increment(by: -3 as Int64)
        handle.increment(by: -0.5)
        handle.increment(by: Double.nan)
        handle.increment(by: 0.5)
        #expect(handle.value == 5.5)
    }

    @Test func `label sets beyond the limit are counted under other`() {
        let registry = MetricsRegistry(seriesLimit: 2)
        for kind in ["a", "b", "c", "d"] {
            registry.counter(self.counter, [("kind", kind), ("result", "ok")]).increment()
        }
        registry.counter(self.counter, [("kind", "a"), ("result", "ok")]).increment()
        let lines = self.lines(registry)
        #expect(lines.filter { $0.hasPrefix("jobs_total{") }.count == 3)
        #expect(lines.contains(#"jobs_total{kind="a",result="ok"} 2"#))
        #expect(lines.contains(#"jobs_total{kind="other",result="other"} 2"#))
        #expect(lines.contains(#"aos_telemetry_series_folded_total{metric="jobs_total"} 2"#))
    }

    @Test func `one name with labels and without is refused`() {
        let registry = MetricsRegistry()
        registry.counter(self.counter, [("kind", "a"), ("result", "ok")]).increment()
        registry.counter(self.counter).increment()
        registry.counter(self.counter, [("kind", "a"), ("color", "red")]).increment()
        #expect(registry.refusals(.labelClash) == 2)
        #expect(self.lines(registry).filter { $0.hasPrefix("jobs_total") }.count == 1)
    }

    @Test func `one name with two types is refused`() {
        let registry = MetricsRegistry()
        registry.counter(self.counter, [("kind", "a"), ("result", "ok")]).increment()
        let gauge = MetricDescription("jobs_total", .gauge, help: "Jobs.", labels: ["kind", "result"])
        registry.gauge(gauge, [("kind", "a"), ("result", "ok")]).set(9 as Int64)
        #expect(registry.refusals(.typeClash) == 1)
        #expect(self.lines(registry).contains(#"aos_telemetry_metrics_refused_total{reason="type_clash"} 1"#))
    }

    @Test func `illegal names are refused`() {
        let registry = MetricsRegistry()
        registry.counter(MetricDescription("1st", .counter, help: "?")).increment()
        registry.counter(MetricDescription("a", .counter, help: "?", labels: ["__x"]), [("__x", "")]).increment()
        #expect(registry.refusals(.illegalName) == 1)
        #expect(registry.refusals(.illegalLabel) == 1)
    }

    @Test func `a family that a collector writes too is exposed once`() {
        struct Twin: MetricsCollector {
            let metric: MetricDescription
            func collect(into writer: inout ExpositionWriter) {
                writer.family(self.metric) { $0.sample(["kind": "c", "result": "ok"], 7 as UInt64) }
            }
        }
        let registry = MetricsRegistry()
        registry.add(Twin(metric: self.counter))
        registry.counter(self.counter, [("kind", "a"), ("result", "ok")]).increment()
        _ = registry.render()
        let lines = self.lines(registry)
        #expect(lines.filter { $0.hasPrefix("jobs_total") } == [#"jobs_total{kind="c",result="ok"} 7"#])
        #expect(lines.contains(#"aos_telemetry_metrics_refused_total{reason="written_twice"} 1"#))
    }

    @Test func `concurrent increments are all counted`() async {
        let registry = MetricsRegistry()
        let histogram = MetricDescription("work_seconds", .histogram, help: "Work.")
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let labels = [("kind", "\(task % 2)"), ("result", "ok")]
                    for _ in 0..<1_000 {
                        registry.counter(self.counter, labels).increment()
                        registry.histogram(histogram).record(0.5)
                    }
                }
            }
        }
        let lines = self.lines(registry)
        #expect(lines.contains(#"jobs_total{kind="0",result="ok"} 4000"#))
        #expect(lines.contains("work_seconds_count 8000"))
        #expect(lines.contains("work_seconds_sum 4000"))
    }
}

@Suite struct PrometheusMetricsFactoryTests {
    private let registry = MetricsRegistry()
    private var factory: PrometheusMetricsFactory { PrometheusMetricsFactory(self.registry) }
    private var text: String { String(decoding: self.registry.render(), as: UTF8.self) }

    @Test func `names of libraries become names of Prometheus`() {
        Counter(label: "hb.requests", dimensions: [("hb.uri", "/a"), ("http-method", "GET")], factory: self.factory)
            .increment()
        #expect(self.text.contains(#"hb_requests_total{hb_uri="/a",http_method="GET"} 1"#))
    }

    @Test func `timers are histograms in seconds`() {
        Timer(label: "wait", factory: self.factory).recordMilliseconds(250)
        #expect(self.text.contains("wait_seconds_sum 0.25"))
        #expect(self.text.contains(#"wait_seconds_bucket{le="0.25"} 1"#))
    }

    @Test func `a recorder is a gauge unless it aggregates`() {
        Recorder(label: "depth", aggregate: false, factory: self.factory).record(7)
        Recorder(label: "sizes", aggregate: true, factory: self.factory).record(3)
        Meter(label: "level", factory: self.factory).set(1.5)
        #expect(self.text.contains("\ndepth 7\n"))
        #expect(self.text.contains("sizes_count 1"))
        #expect(self.text.contains("\nlevel 1.5\n"))
    }

    @Test func `a metric of the catalog gets its help and buckets`() {
        Timer(
            label: "aos_event_handler_duration_seconds",
            dimensions: [("event_type", "run.failed"), ("handler", "pager")],
            factory: self.factory
        ).recordSeconds(0.06)
        #expect(self.text.contains("# HELP aos_event_handler_duration_seconds How long a handler took with an event."))
        let bucket = #"aos_event_handler_duration_seconds_bucket{event_type="run.failed",handler="pager",le="0.075"} 1"#
        #expect(self.text.contains(bucket))
    }

    @Test func `a destroyed metric is no longer exposed`() {
        let counter = Counter(label: "gone", factory: self.factory)
        counter.increment()
        #expect(self.text.contains("gone_total 1"))
        counter.destroy()
        #expect(!self.text.contains("gone_total 1"))
    }
}
