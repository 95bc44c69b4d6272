import Events
import Testing

@Suite struct EventTimeTests {
    private func read(_ value: String) throws -> Decoded { try decode(#"{"event_type":"t","timestamp":\#(value)}"#) }

    @Test(arguments: [
        (#""2026-11-20T23:15:12.223220+00:00""#, "2026-11-20T23:15:12.223220+00:00", Envelope.TimestampOrigin.stated),
        (#""2026-11-20T23:15:12Z""#, "2026-11-20T23:15:12+00:00", .stated),
        (#""2026-11-20T23:15:12+02:00""#, "2026-11-20T21:15:12+00:00", .stated),
        (#""2026-11-20T23:15:12.5-0530""#, "2026-11-21T04:45:12.500000+00:00", .stated),
        (#""2026-11-20T23:15:12""#, "2026-11-20T23:15:12+00:00", .assumedUTC),
        (#""2026-11-20 23:15:12.25""#, "2026-11-20T23:15:12.250000+00:00", .assumedUTC),
        (#""2026-11-20 23:15:12+01:00""#, "2026-11-20T22:15:12+00:00", .stated),
        (#""2026-11-20""#, "2026-11-20T00:00:00+00:00", .assumedUTC),
        ("1763683200", "2025-11-21T00:00:00+00:00", .stated),
        ("1763683200.125", "2025-11-21T00:00:00.125000+00:00", .stated),
        ("1763683200.123456", "2025-11-21T00:00:00.123456+00:00", .stated),
        ("1.7636832e9", "2025-11-21T00:00:00+00:00", .stated),
        ("1763683200125", "2025-11-21T00:00:00.125000+00:00", .stated),
        ("1763683200125001", "2025-11-21T00:00:00.125001+00:00", .stated),
        ("1763683200125001000", "2025-11-21T00:00:00.125001+00:00", .stated),
        ("-1", "1969-12-31T23:59:59+00:00", .stated),
        ("0", "1970-01-01T00:00:00+00:00", .stated),
    ])
    func `times are read as producers write them`(
        value: String,
        expected: String,
        origin: Envelope.TimestampOrigin
    ) throws {
        let decoded = try self.read(value)
        #expect(decoded.timestamp.iso8601 == expected)
        #expect(decoded.timestampOrigin == origin)
    }

    @Test(arguments: ["null", #""""#])
    func `an empty time is the arrival and flagged as missing`(value: String) throws {
        let decoded = try self.read(value)
        #expect(decoded.timestamp == arrival)
        #expect(decoded.timestampOrigin == .missing)
        #expect(try decode(#"{"event_type":"t"}"#).timestampOrigin == .missing)
    }

    @Test(arguments: [#""yesterday""#, "true", "[1]", "{}", "1e300", #""2026-13-01T00:00:00Z""#, #""1763683200""#])
    func `an unreadable time is the arrival and flagged as unreadable`(value: String) throws {
        let decoded = try self.read(value)
        #expect(decoded.timestamp == arrival)
        #expect(decoded.timestampOrigin == .unreadable)
    }

    @Test func `a time of NaN is missing`() throws {
        let decoded = try self.read("NaN")
        #expect(decoded.timestampOrigin == .missing)
        #expect(decoded.hadNonFiniteNumber)
    }
}

@Suite struct NonFiniteNumberTests {
    @Test(arguments: ["NaN", "Infinity", "-Infinity"])
    func `numbers that JSON does not know are read as null and flagged`(literal: String) throws {
        let decoded = try decode(
            legacy(payload: #"{"a":\#(literal),"b":[1, \#(literal) ,{"c":\#(literal)}],"run_id":"r"}"#),
            fields: ["payload.a", "payload.b", "payload.b.c", "event_type"]
        )
        #expect(decoded.hadNonFiniteNumber)
        #expect(decoded.payload == #"{"a":null,"b":[1, null ,{"c":null}],"run_id":"r"}"#)
        #expect(decoded.eventType == "t")
        #expect(decoded.runID == "r")
        #expect(
            decoded.leaves.map { "\($0.path):\($0.kind)" } == [
                "event_type:string", "payload.a:null", "payload.b:number", "payload.b:null", "payload.b.c:null",
            ]
        )
        #expect(decoded.event.payload[path: ["a"]] == .null)
    }

    @Test func `text that reads NaN is text`() throws {
        let decoded = try decode(legacy(payload: #"{"a":"NaN","Infinity":"-Infinity"}"#))
        #expect(!decoded.hadNonFiniteNumber)
    }

    @Test func `what is broken beside a NaN is still refused`() {
        #expect(reason(legacy(payload: #"{"a":NaN,"b":01}"#)) == .notJSON)
        #expect(reason(legacy(payload: #"{"a":NaN,}"#)) == .notJSON)
        #expect(reason(legacy(payload: #"{"NaN":NaN,NaN:1}"#)) == .notJSON)
        #expect(reason(#"{"event_type":"t","x":NaN,"x":NaN}"#) == .duplicateKey)
    }

    @Test func `a long list of NaN is read`() throws {
        let list = Array(repeating: "NaN", count: 20_000).joined(separator: ",")
        let decoded = try decode(legacy(payload: #"{"a":[\#(list)]}"#), fields: ["payload.a"])
        #expect(decoded.leaves.count == 20_000)
    }
}
