import Testing

@testable import Telemetry

@Suite struct ExpositionWriterTests {
    private let requests = MetricDescription("requests_total", .counter, help: "Requests.", labels: ["path"])
    private let delay = MetricDescription("delay_seconds", .histogram, help: "Delay.", buckets: [0.1, 1])

    private func text(_ write: (inout ExpositionWriter) -> Void) -> String {
        var writer = ExpositionWriter()
        write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func `a family has its help and type once before its samples`() {
        let text = self.text { writer in
            writer.family(self.requests) { writer in
                writer.sample(["path": "/a"], 1 as UInt64)
                writer.sample(["path": "/b"], 2.5)
            }
        }
        #expect(
            text == """
                # HELP requests_total Requests.
                # TYPE requests_total counter
                requests_total{path="/a"} 1
                requests_total{path="/b"} 2.5

                """
        )
    }

    @Test func `backslashes, quotation marks and line feeds are escaped in label values`() {
        let text = self.text { writer in
            writer.family(self.requests) { $0.sample(["path": "a\\b\"c\nd"], 1 as UInt64) }
        }
        #expect(text.contains(#"requests_total{path="a\\b\"c\nd"} 1"#))
    }

    @Test func `line feeds and backslashes are escaped in help texts`() {
        let metric = MetricDescription("up", .gauge, help: "one\ntwo \\ three")
        #expect(self.text { $0.family(metric, true) }.contains(#"# HELP up one\ntwo \\ three"#))
    }

    @Test func `a histogram's buckets are cumulative and end with all observations`() {
        let text = self.text { writer in
            writer.family(self.delay) { $0.histogram(.none, counts: [2, 1, 4], sum: 12.25) }
        }
        #expect(
            text == """
                # HELP delay_seconds Delay.
                # TYPE delay_seconds histogram
                delay_seconds_bucket{le="0.1"} 2
                delay_seconds_bucket{le="1"} 3
                delay_seconds_bucket{le="+Inf"} 7
                delay_seconds_sum 12.25
                delay_seconds_count 7

                """
        )
    }

    @Test func `a family that is written twice is kept once`() {
        var writer = ExpositionWriter()
        writer.family(self.requests) { $0.sample(["path": "/a"], 1 as UInt64) }
        let once = writer.bytes
        writer.family(self.requests) { $0.sample(["path": "/b"], 1 as UInt64) }
        #expect(writer.bytes == once)
        #expect(writer.refused == ["requests_total"])
    }

    @Test(
        arguments: [
            (0, "0"), (-3, "-3"), (0.25, "0.25"), (1e-9, "1e-09"), (.nan, "NaN"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"), (1_700_000_000.125, "1700000000.125"), (0x1p60, "1.152921504606847e+18"),
        ] as [(Double, String)]
    )
    func `numbers are written as the format knows them`(value: Double, text: String) {
        #expect(ExpositionWriter.text(value) == text)
    }

    @Test func `a long label value is cut at a character`() {
        let labels = LabelSet([(name: "path", value: String(repeating: "a", count: 255) + "é")])
        #expect(labels.text == Array("path=\"\(String(repeating: "a", count: 255))\"".utf8))
    }

    @Test func `durations are counted in the bucket whose bound they do not exceed`() {
        var histogram = HistogramCounts(self.delay)
        for nanoseconds in [-5, 0, 100_000_000, 100_000_001, 1_000_000_000, 5_000_000_000] as [Int64] {
            histogram.record(nanoseconds: nanoseconds)
        }
        #expect(histogram.counts == [3, 2, 1])
        #expect(histogram.total == 6)
        #expect(histogram.sumNanoseconds == 6_200_000_001)
    }
}
