import EventPatterns
import Events
import Testing

@Suite struct `Events outside of the running reactor` {
    private static func explain(
        _ pattern: String,
        _ event: String,
        _ form: EventReader.Form = .either
    ) throws -> String {
        let explainer = PatternExplainer(try EventPattern.parse(json: pattern))
        let reader = EventReader(fields: explainer.fields, form: form)
        return try Array(event.utf8).withUnsafeBytes { bytes in
            try explainer.explain(ByteView(bytes), as: reader).description
        }
    }

    private static func refusal(_ event: String, _ form: EventReader.Form = .either) -> EventRefusal? {
        let reader = EventReader(form: form)
        return Array(event.utf8).withUnsafeBytes { bytes in
            do throws(EventRefusal) {
                _ = try reader.read(ByteView(bytes))
                return nil
            } catch {
                return error
            }
        }
    }

    @Test func `an envelope is read as the reactor reads it`() throws {
        let pattern = #"{"event_type":["t"],"payload":{"a":[1]}}"#
        let matched = "event_type: \"t\", found \"t\"\npayload.a: 1, found 1.0"
        let cloudEvent = #"{"specversion":"1.0","type":"t","source":"s","id":"1","data":{"a":1.0}}"#
        #expect(try Self.explain(pattern, #"{"event_type":"t","payload":{"a":1.0}}"#) == matched)
        #expect(try Self.explain(pattern, #"{"topic":"t","payload":{"a":1.0}}"#) == matched)
        #expect(try Self.explain(pattern, cloudEvent) == matched)
        #expect(try Self.explain(pattern, cloudEvent, .object) == "event_type: expected \"t\", found nothing")
        let object = #"{"specversion":"1.0","type":"t","source":"s","id":"1","data":{"a":{"b":1}}}"#
        #expect(try Self.explain(pattern, object) == "payload.a: expected 1, found an object")
        #expect(
            try Self.explain(#"{"event_type":{"x":[1]}}"#, #"{"topic":{"x":1}}"#, .object).contains("found nothing")
        )
    }

    @Test func `any other object is read as it stands`() throws {
        #expect(try Self.explain(#"{"detail":{"a":[1]}}"#, #"{"detail":{"a":1}}"#) == "detail.a: 1, found 1")
        #expect(try Self.explain(#"{"payload":["x"]}"#, #"{"payload":"x"}"#) == "payload: \"x\", found \"x\"")
        #expect(Self.refusal(#"{"payload":"x"}"#, .envelope)?.reason == .eventTypeMissing)
        #expect(Self.refusal(#"{"event_type":"t","payload":"x"}"#, .object) == nil)
    }

    @Test(arguments: [
        ("[1]", QuarantineReason.notAnObject), (" \"x\"", .notAnObject), ("", .notJSON), ("{", .notJSON),
        ("{\"a\":1} x", .notJSON), (#"{"event_type":5}"#, .eventTypeNotAString),
        (#"{"event_type":""}"#, .eventTypeEmpty),
        (#"{"event_type":"t","payload":5}"#, .payloadNotAnObject),
        (#"{"event_type":"t","event_type":"u"}"#, .duplicateKey),
        (#"{"specversion":"2.0","type":"t"}"#, .unsupportedSpecVersion), (String(repeating: "[", count: 70), .tooDeep),
    ])
    func `what the reactor would put into quarantine is refused with its reason`(
        event: String,
        reason: QuarantineReason
    ) {
        #expect(Self.refusal(event)?.reason == reason)
        #expect(Self.refusal(event)?.description.contains("(\(reason.rawValue))") == true)
    }

    @Test func `objects are refused as strictly`() {
        #expect(Self.refusal("[{}]", .object)?.reason == .notAnObject)
        #expect(Self.refusal("\n{\"a\":1,}", .object)?.reason == .notJSON)
        #expect(Self.refusal(String(repeating: "{\"a\":", count: 70), .object)?.reason == .tooDeep)
        #expect(Self.refusal("{\"a\":\"\(String(repeating: "x", count: 1 << 20))\"}", .object)?.reason == .oversize)
    }

    @Test func `a refusal knows its line and column`() throws {
        let text = "{\n \"a\": 1,\n  oops}"
        let refusal = try #require(Self.refusal(text))
        let place = Array(text.utf8).withUnsafeBytes { refusal.place(in: ByteView($0)) }
        #expect(place?.line == 3)
        #expect(place.map { $0.column >= 1 && $0.column <= 8 } == true)
        #expect(Array("[]".utf8).withUnsafeBytes { Self.refusal("[]")?.place(in: ByteView($0)) } == nil)
    }

    // MARK: Lines

    private static func lines(_ pieces: [String], limit: Int = 10) -> [String] {
        var found: [String] = []
        func note(_ number: Int, _ line: EventLines.Line) {
            switch line {
            case .text(let text): found.append("\(number) \(text.string)")
            case .tooLong: found.append("\(number) too long")
            }
        }
        var lines = EventLines(maximumBytes: limit)
        for piece in pieces { Array(piece.utf8).withUnsafeBytes { lines.append($0, note) } }
        lines.finish(note)
        return found
    }

    @Test func `lines are found however the bytes come`() {
        let text = "{}\n\n  \r\n[1]\r\n0123456789\n01234567890\n{\"a\":1}"
        let expected = ["1 {}", "4 [1]\r", "5 0123456789", "6 too long", "7 {\"a\":1}"]
        #expect(Self.lines([text]) == expected)
        #expect(Self.lines(text.map { String($0) }) == expected)
        #expect(Self.lines(text.unicodeScalars.map { String($0) }) == expected)
        #expect(Self.lines(["a\n"]) == ["1 a"])
        #expect(Self.lines([]) == [])
        #expect(Self.lines([String(repeating: "x", count: 1_000)]) == ["1 too long"])
        #expect(Self.lines([String(repeating: "x", count: 8), "yyyy", "\nz"]) == ["1 too long", "2 z"])
    }

    // MARK: Names

    @Test func `patterns with one name are alternatives`() throws {
        let patterns = try [("one", "1"), ("two", "2"), ("one", "3"), ("all", "{\"exists\":true}")].map {
            (name: $0.0, pattern: try EventPattern.parse(json: "{\"a\":[\($0.1)]}"))
        }
        let set = NamedPatterns(patterns, form: .either)
        func matches(_ event: String) throws -> [String] {
            try Array(event.utf8).withUnsafeBytes { try set.matches(ByteView($0)) }
        }
        #expect(try matches(#"{"a":[1,3]}"#) == ["one", "all"])
        #expect(try matches(#"{"a":[2,3]}"#) == ["two", "one", "all"])
        #expect(try matches(#"{"b":1}"#) == [])
        #expect(throws: EventRefusal.self) { try matches("5") }
    }
}
