import Events
import Testing

@Suite struct QuarantineTests {
    @Test(arguments: [
        ("[1]", QuarantineReason.notAnObject),
        ("5", .notAnObject),
        ("null", .notAnObject),
        (#""text""#, .notAnObject),
        ("[]", .notAnObject),
        ("NaN", .notAnObject),
        ("{oops", .notJSON),
        ("", .notJSON),
        ("  \n ", .notJSON),
        ("not json at all", .notJSON),
        ("{}", .eventTypeMissing),
        (#"{"payload": {}}"#, .eventTypeMissing),
        (#"{"event_type": ["x"]}"#, .eventTypeNotAString),
        (#"{"event_type": {"x": 1}}"#, .eventTypeNotAString),
        (#"{"event_type": 5}"#, .eventTypeNotAString),
        (#"{"event_type": null}"#, .eventTypeNotAString),
        (#"{"topic": 5}"#, .eventTypeNotAString),
        (#"{"event_type": ""}"#, .eventTypeEmpty),
        (#"{"event_type": "t", "payload": null}"#, .payloadNotAnObject),
        (#"{"event_type": "t", "payload": [1]}"#, .payloadNotAnObject),
        (#"{"event_type": "t", "payload": [{"run_id": "r"}]}"#, .payloadNotAnObject),
        (#"{"event_type": "t", "payload": "{}"}"#, .payloadNotAnObject),
        (#"{"event_type": "t", "payload": NaN}"#, .payloadNotAnObject),
        (#"{"event_type": "t", "event_type": "t"}"#, .duplicateKey),
        (#"{"event_type": "t", "event\u005ftype": "t"}"#, .duplicateKey),
        (#"{"event_type": "t", "x": 1, "x": 1}"#, .duplicateKey),
        (#"{"event_type": "t", "": 1, "y": 2, "": 1}"#, .duplicateKey),
        (#"{"event_type": 5, "payload": null, "x": 1, "x": 1}"#, .duplicateKey),
    ])
    func `a frame is refused for what it is`(frame: String, expected: QuarantineReason) {
        #expect(reason(frame) == expected)
    }

    @Test(arguments: [
        #"{"event_type":"t",}"#, #"{"event_type":"t"},"#, #"{"event_type":"t"} x"#, #"{"event_type":"t"}{}"#,
        #"{"event_type":"t","payload":{"a":[1,]}}"#, #"{"event_type":"t","payload":{"a":1,}}"#,
        #"{"event_type":"t" "payload":{}}"#, #"{"event_type":"t",,"payload":{}}"#, #"{"event_type""t"}"#,
        #"{"event_type":"t","payload":{"a":01}}"#, #"{"event_type":"t","payload":{"a":+1}}"#,
        #"{"event_type":"t","payload":{"a":1.}}"#, #"{"event_type":"t","payload":{"a":.5}}"#,
        #"{"event_type":"t","payload":{"a":1e}}"#, #"{"event_type":"t","payload":{"a":-}}"#,
        #"{"event_type":"t","payload":{"a":tru}}"#, #"{"event_type":"t","payload":{"a":True}}"#,
        #"{"event_type":"t","payload":{"a":nul}}"#, #"{"event_type":"t","payload":{"a":NaNs}}"#,
        #"{"event_type":"t","payload":{"a":-NaN}}"#, #"{"event_type":"t","payload":{"a":'x'}}"#,
        #"{"event_type":"t","payload":{"a":"\q"}}"#, #"{"event_type":"t","payload":{"a":"\u12"}}"#,
        #"{"event_type":"t","payload":{"a":"\ud800"}}"#, #"{"event_type":"t","payload":{"a":"\ud800\u0041"}}"#,
        #"{"event_type":"t","payload":{"a":"\udc00"}}"#, #"{"event_type":"t","payload":{"\ud800":1}}"#,
        #"{"event_type":"t","payload":{a:1}}"#, #"{"event_type":"t","payload":{1:1}}"#,
        #"{"event_type":"t","payload":{"a":[1}}}"#, #"{"event_type":"t","payload":{"a":{]}}"#,
        #"{"event_type":"t","payload":{"a":"x"y}}"#, #"{"event_type":"t","payload":{"a":true"x"}}"#,
        #"{"event_type":"t","payload":{"a":\"x"}}"#, #"{"event_type":"t","payload":{"a":1 2}}"#,
        #"{"event_type":"t","payload":{"a"}}"#, #"{"event_type":"t","payload":{"a":}}"#, #"{"event_type":}"#,
        #"{"event_type":"t","payload":{"a":"unended}}"#, "{\"event_type\":\"t\",\"payload\":{\"a\":\"\u{1}\"}}",
        "{\"event_type\":\"t\",\"payload\":{\"a\":1\u{0C}}}", "{\"event_type\":\"t\"}\u{0}",
        "{\"event_type\":\"t\",\u{1A}\"payload\":{}}", #"{"event_type":"t","payload":{/* c */}}"#,
        "\u{FEFF}{\"event_type\":\"t\"}", "{\"event_type\":\"t\"}\u{FEFF}", "\u{A0}{\"event_type\":\"t\"}",
    ])
    func `broken JSON is refused whether or not a rule reads it`(frame: String) {
        #expect(reason(frame) == .notJSON)
        #expect(outcome(Array(frame.utf8), fields: ["payload.a", "payload.a.b"]).reason == .notJSON)
    }

    @Test(arguments: [
        [0xC3] as [UInt8], [0xC3, 0x28], [0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0xAF], [0xFF],
        [0xE2, 0x82],
    ])
    func `bytes that are no UTF-8 are refused wherever they stand`(bad: [UInt8]) {
        let inString = Array(#"{"event_type":"t","payload":{"a":""#.utf8) + bad
        #expect(outcome(inString + Array(#""}}"#.utf8)).reason == .invalidUTF8)
        #expect(outcome(inString).reason == .invalidUTF8, "cut off behind it")
        #expect(outcome(Array(#"{"event_type":"t"}"#.utf8) + bad).reason == .invalidUTF8)
        #expect(outcome(bad).reason == .invalidUTF8)
    }

    @Test func `UTF-16 is refused`() {
        let text = Array(#"{"event_type":"t"}"#.utf16)
        #expect(outcome(text.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }).reason == .notJSON)
        #expect(outcome([0xFF, 0xFE] + text.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }).reason == .invalidUTF8)
    }

    @Test(arguments: [("[", "]"), (#"{"a":"#, "}")])
    func `nesting of 64 levels is read and of 65 is refused`(open: String, close: String) throws {
        func nested(_ levels: Int) -> String {
            let inner = open == "[" ? "" : "1"
            return legacy(
                payload: #"{"a":"# + String(repeating: open, count: levels - 2) + inner
                    + String(repeating: close, count: levels - 2) + "}"
            )
        }
        _ = try decode(nested(64))
        #expect(reason(nested(65)) == .tooDeep)
        let wanted = "payload" + String(repeating: ".a", count: open == "[" ? 1 : 63)
        #expect(outcome(Array(nested(64).utf8), fields: [wanted]).reason == nil)
        #expect(outcome(Array(nested(65).utf8), fields: [wanted]).reason == .tooDeep)
    }

    @Test(arguments: ["[", #"{"a":"#])
    func `nesting of 5,000 levels is refused, closed or not`(open: String) {
        let bomb = String(repeating: open, count: 5_000)
        let closed = bomb + "1" + String(repeating: open == "[" ? "]" : "}", count: 5_000)
        #expect(reason(bomb) == .tooDeep)
        #expect(reason(closed) == .tooDeep)
        #expect(reason(legacy(payload: #"{"a":"# + closed + "}")) == .tooDeep)
        #expect(reason(#"{"event_type":"t","payload":"# + bomb) == .tooDeep)
        let deepPath = Array(repeating: "a", count: 100).joined(separator: ".")
        #expect(outcome(Array(closed.utf8), fields: [deepPath]).reason == .tooDeep)
    }

    @Test func `a lower depth can be asked for`() {
        let frame = Array(legacy(payload: #"{"a":{"b":1}}"#).utf8)
        #expect(outcome(frame, limits: DecoderLimits(maxDepth: 3)).reason == nil)
        #expect(outcome(frame, limits: DecoderLimits(maxDepth: 2)).reason == .tooDeep)
        #expect(DecoderLimits(maxDepth: 1_000).maxDepth == 64)
        #expect(DecoderLimits(maxDepth: 0).maxDepth == 1)
    }

    @Test func `a frame longer than allowed is refused unread`() {
        let frame = Array(legacy(payload: "{}").utf8)
        #expect(outcome(frame, limits: DecoderLimits(maxEventBytes: frame.count)).reason == nil)
        #expect(outcome(frame, limits: DecoderLimits(maxEventBytes: frame.count - 1)).reason == .oversize)
    }

    @Test func `a key twice among thousands of keys is found`() {
        let keys = (0..<5_000).map { #""key-\#($0)":0"# }.joined(separator: ",")
        #expect(reason(#"{"event_type":"t",\#(keys)}"#) == nil)
        #expect(reason(#"{"event_type":"t",\#(keys),"key-17":1}"#) == .duplicateKey)
    }

    @Test func `every truncation of an event is refused`() throws {
        let frame = Array(
            #"{"event_type": "t\u00e9é", "source": "aos", "payload": {"a": [1.5e3, {"b": null}, "\"😀"], "run_id": "r"}}"#
                .utf8
        )
        _ = try decode(String(decoding: frame, as: UTF8.self))
        for count in 0..<frame.count {
            let prefix = Array(frame.prefix(count))
            let isText = String(validating: prefix, as: UTF8.self) != nil
            for fields in [[], ["payload.a", "payload.a.b", "event_type"]] {
                #expect(outcome(prefix, fields: fields).reason == (isText ? .notJSON : .invalidUTF8), "\(count) bytes")
            }
        }
    }

    @Test func `the reasons' names are metric labels and do not change`() {
        #expect(
            QuarantineReason.allCases.map(\.rawValue) == [
                "not_json", "invalid_utf8", "too_deep", "not_an_object", "duplicate_key", "event_type_missing",
                "event_type_not_a_string", "event_type_empty", "payload_not_an_object", "unsupported_spec_version",
                "oversize",
            ]
        )
    }

    @Test func `a good event behind a bad one is read as if nothing had been`() throws {
        let decoder = EnvelopeDecoder()
        let bad = ["{oops", String(repeating: "[", count: 5_000), #"{"event_type":"\q"}"#, "\u{1}", "[NaN"]
        for frame in bad {
            #expect(outcome(Array(frame.utf8), decoder: decoder).reason != nil)
            let good = outcome(Array(legacy(payload: #"{"a":1}"#).utf8), fields: ["payload.a"], decoder: decoder)
            guard case .decoded(let decoded) = good else {
                Issue.record("rejected after \(frame)")
                continue
            }
            #expect(decoded.leaves.map(\.path) == ["payload.a"])
            #expect(!decoded.hadNonFiniteNumber)
        }
    }
}
