import Events
import SeededRandom
import Testing

/// A decoder remembers the shape of what it read before. What it reads must not depend on that.
@Suite struct RepeatedShapeTests {
    private let fields = FieldSet(paths: ["payload.a", "payload.cost_usd", "payload.fifteen_letters", "payload.b.c"])

    /// Reads frames with one decoder, and each with one of its own.
    private func expectEqual(_ frames: [String], sourceLocation: SourceLocation = #_sourceLocation) {
        let experienced = EnvelopeDecoder(fields: self.fields)
        for frame in frames {
            let bytes = Array(frame.utf8)
            let seen = outcome(bytes, fields: self.fields, decoder: experienced)
            let expected = outcome(bytes, fields: self.fields, decoder: EnvelopeDecoder(fields: self.fields))
            #expect("\(seen)" == "\(expected)", "\(frame)", sourceLocation: sourceLocation)
        }
    }

    @Test func `keys in another order, longer, shorter, escaped or followed by other bytes are read as they are`() {
        let first = #"{"event_type": "a", "timestamp": "2026-11-20T23:15:12Z", "payload": {"a": 1, "run_id": "r"}}"#
        self.expectEqual([
            first, first,
            #"{"timestamp": "2026-11-20T23:15:13Z", "event_type": "b", "payload": {"run_id": "s", "a": 2}}"#,
            #"{"event_typ": "a", "timestamp": "x", "payload": {"a": 1, "run_id": "r"}, "event_type": "c"}"#,
            #"{"event_types": "a", "timestamp": "x", "payload": {"aa": 1, "run_i": "r"}, "event_type": "c"}"#,
            #"{"event\u005ftype": "a", "timestamp": "x", "payload": {"\u0061": 1, "run_id": "r"}}"#,
            #"{"event_type" : "a","timestamp"  :"x","payload":{"a":1,"run_id":"r"}}"#,
            first,
            #"{"event_type": "a", "event_type": "b", "payload": {}}"#,
            #"{"event_type": "a", "timestamp": "x", "payload": {"a": 1, "a": 2, "a": [3, 4]}}"#,
            #"{"event_type" "a"}"#, #"{"event_type"}"#, #"{"event_type": "a", "timestamp"}"#,
            #"{"topic": "t", "payload": {"b": {"c": 1}, "b.c": 2}}"#,
            #"{"topic": "t", "payload": {"b.c": 2, "b": {"c": 1}}}"#,
            #"{"topic":"t"}"#, #"{"topic":1}"#, #"{"a":1}"#, #"{"a":""}"#,
        ])
    }

    @Test func `a name of fifteen bytes and longer ones that begin with it are told apart`() {
        self.expectEqual(
            ["fifteen_letters", "fifteen_letter", "fifteen_letters_", "fifteen_letters__", "fifteen_letterS"].flatMap {
                name in
                let frame = #"{"event_type": "a", "payload": {"\#(name)": "value", "run_id": "r"}}"#
                return [frame, frame, #"{"event_type": "a", "payload": {"fifteen_letters": "value"}}"#]
            }
        )
    }

    @Test func `a CloudEvent between legacy events, its version first or last, is read as one`() {
        let legacy = #"{"event_type": "a", "source": "s", "payload": {"run_id": "r"}}"#
        self.expectEqual([
            legacy,
            #"{"specversion": "1.0", "type": "a", "source": "s", "id": "1", "data": {"run_id": "r"}}"#,
            legacy,
            #"{"type": "a", "source": "s", "id": "1", "data": {"run_id": "r"}, "specversion": "1.0"}"#,
            #"{"specversion": "1.0", "type": "a", "source": "s", "id": "1", "data": {"run_id": "r"}}"#,
            legacy,
        ])
    }

    @Test func `other fields from the next event on, with what was read before not in the way`() {
        let decoder = EnvelopeDecoder(fields: self.fields)
        let frame = Array(#"{"event_type": "a", "payload": {"a": 1, "cost_usd": 2, "x": 3}}"#.utf8)
        for paths in [["payload.a"], ["payload.x"], ["payload.x", "payload.cost_usd"], [], ["payload.a"]] {
            let fields = FieldSet(paths: paths)
            let expected = outcome(frame, fields: fields, decoder: EnvelopeDecoder(fields: fields))
            for _ in 0..<2 { #expect("\(outcome(frame, fields: fields, decoder: decoder))" == "\(expected)") }
        }
    }

    @Test(arguments: 0..<8)
    func `random events of few shapes are read as by a new decoder`(seed: Int) {
        var generator = DocumentGenerator(seed: UInt64(5_000 + seed))
        let shapes = (0..<6).map { _ in generator.envelope() }
        let fields = FieldSet(paths: DocumentGenerator.paths)
        let experienced = EnvelopeDecoder(fields: fields)
        for round in 0..<300 {
            let shape = shapes[round * 7 % shapes.count]
            let frame = round.isMultiple(of: 3) ? generator.damaged(shape) : shape
            let expected = outcome(frame, fields: fields, decoder: EnvelopeDecoder(fields: fields))
            let seen = outcome(frame, fields: fields, decoder: experienced)
            #expect("\(seen)" == "\(expected)", "\(String(decoding: frame, as: UTF8.self))")
        }
    }

    // MARK: Times

    @Test func `times within a minute, across minutes and in other forms are read as each by itself`() {
        let decoder = EnvelopeDecoder()
        var texts = [
            "2026-11-20T23:15:12.223220+00:00", "2026-11-20T23:15:59.999999+00:00", "2026-11-20T23:15:00.000000Z",
            "2026-11-20T23:15:60.000000Z", "2026-11-20T23:16:00.000001+00:00", "2026-11-20T23:16:12.22322+00:00",
            "2026-11-20T23:16:12.223220+01:00", "2026-11-20T23:16:12.223220-00:00", "2026-11-20 23:16:12.223220+00:00",
            "2026-11-20T23:16:12.223220", "2026-11-20T23:16:12Z", "2026-11-20T23:16", "2026-11-20",
            "2026-11-20T23:16:1:.223220Z", "2026-11-20T23:16:12.22322/Z", "2026-11-20T23:16:12.22322:Z",
            "2026-11-20T23:16:12,223220Z", "2026-11-20T23:16:12.223220z", "2026-02-29T23:16:12.223220Z",
            "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0:12.223220Z",
            "\u{FFFF}\u{FFFF}\u{FFFF}\u{FFFF}\u{FFFF}x:12.223220Z",
        ]
        var random = SplitMix64(seed: 11)
        for _ in 0..<2_000 {
            var bytes = Array(texts[Int.random(in: 0..<10, using: &random)].utf8)
            for _ in 0..<Int.random(in: 0..<3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = Array("0123456789:.,+-TZ /".utf8).randomElement(using: &random) ?? 0
            }
            texts.append(String(decoding: bytes, as: UTF8.self))
        }
        for text in texts {
            let frame = #"{"event_type": "a", "timestamp": \#(JSONValue.string(text).compactText)}"#
            guard case .decoded(let seen) = outcome(Array(frame.utf8), fields: .none, decoder: decoder) else {
                Issue.record("rejected: \(frame)")
                continue
            }
            let expected = Timestamp.parse(iso8601: text)
            #expect(seen.timestamp == expected?.timestamp ?? arrival, "\(text)")
            let origin: Envelope.TimestampOrigin =
                if let expected { expected.hasOffset ? .stated : .assumedUTC } else { .unreadable }
            #expect(seen.timestampOrigin == origin, "\(text)")
        }
    }
}
