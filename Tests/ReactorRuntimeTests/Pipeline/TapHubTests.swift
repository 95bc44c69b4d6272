import EventPatterns
import Events
import ReactorRuntime
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10))) struct TapHubTests {
    private static func parse(_ line: [UInt8]) throws -> JSONValue {
        #expect(!line.contains(UInt8(ascii: "\n")))
        return try line.withUnsafeBytes { try JSONValue.parse(ByteView($0)) }
    }

    @Test func `a watcher sees each event with its payload as it came and what each handler did`() async throws {
        let log = CallLog()
        let box = PipelineBox([
            .noting("notes", on: "run.failed", into: log), .failing("breaks", on: "run.failed"),
            try .rule("rule", on: "run.failed", .alert(key: "k"), .log("seen")),
        ])
        var lines = box.pipeline.taps.add([]) { _ in }.makeAsyncIterator()
        box.receive([PipelineBox.event("run.failed", payload: #"{"run_id": "r1", "cost":  1.50}"#)])
        let line = try #require(await lines.next())
        #expect(String(decoding: line, as: UTF8.self).hasSuffix(#","payload":{"run_id": "r1", "cost":  1.50}}"#))
        let event = try Self.parse(line)
        #expect(event["event_type"]?.stringValue == "run.failed")
        #expect(event["channel"]?.stringValue == "aos.events")
        #expect(event["arrival"]?.doubleValue == 1)
        #expect(event["missed_before"]?.doubleValue == 0)
        let handlers = (event["handlers"]?.arrayValue ?? []).map {
            "\($0["handler"]?.stringValue ?? "") \($0["did"]?.stringValue ?? "")"
        }
        #expect(handlers == ["notes nothing", "breaks failed", "rule alert, log"])
    }

    @Test func `a payload with NaN is shown as null, so that the line is JSON`() async throws {
        let box = PipelineBox([])
        var lines = box.pipeline.taps.add([]) { _ in }.makeAsyncIterator()
        box.receive([PipelineBox.event("cost", payload: #"{"cost": NaN}"#)])
        #expect(try Self.parse(try #require(await lines.next()))["payload"] == JSONValue.null)
    }

    @Test func `patterns choose what is shown, unmatched events included`() async throws {
        let box = PipelineBox([])
        var lines = box.pipeline.taps.add([.prefix("run."), .exact("cost")]) { _ in }.makeAsyncIterator()
        box.receive(["cost", "run.a", "trace.a", "runs", "run.b"].map { PipelineBox.event($0) })
        box.pipeline.taps.finish()
        var seen: [String] = []
        while let line = await lines.next() { seen.append(try Self.parse(line)["event_type"]?.stringValue ?? "") }
        #expect(seen == ["cost", "run.a", "run.b"])
    }

    @Test func `a watcher that does not read misses lines, and is told how many`() async throws {
        let box = PipelineBox([])
        var lines = box.pipeline.taps.add([]) { _ in }.makeAsyncIterator()
        for _ in 0..<10 { box.receive(Array(repeating: PipelineBox.event("a"), count: 500)) }
        for _ in 0..<4096 { _ = await lines.next() }
        box.receive([PipelineBox.event("b")])
        let line = try Self.parse(try #require(await lines.next()))
        #expect(line["event_type"]?.stringValue == "b")
        #expect(line["missed_before"]?.doubleValue == 904.0)
        #expect(line["arrival"]?.doubleValue == 5001)
    }

    @Test func `one that stops reading is taken out, and the others go on`() async throws {
        let box = PipelineBox([])
        let ended = Mutex<[Int]>([])
        do {
            var brief = box.pipeline.taps.add([]) { id in ended.withLock { $0.append(id) } }.makeAsyncIterator()
            box.receive([PipelineBox.event("a")])
            _ = await brief.next()
        }
        var other = box.pipeline.taps.add([]) { _ in }.makeAsyncIterator()
        for id in ended.withLock({ $0 }) { box.pipeline.taps.remove(id) }
        box.receive([PipelineBox.event("b")])
        #expect(try Self.parse(try #require(await other.next()))["event_type"]?.stringValue == "b")
        box.pipeline.taps.finish()
        #expect(box.pipeline.taps.isEmpty)
        #expect(await other.next() == nil)
    }
}
