import Events
import Testing

@Suite struct LegacyEnvelopeTests {
    @Test func `the bytes that the original's publisher writes are read`() throws {
        let decoded = try decode(
            #"{"event_type": "run.completed", "timestamp": "2026-11-20T23:15:12.223220+00:00", "source": "aos", "#
                + #""payload": {"run_id": "r1", "status": "succeeded", "duration_ms": 12.5}}"#
        )
        #expect(decoded.format == .legacy)
        #expect(decoded.eventType == "run.completed")
        #expect(decoded.timestamp.iso8601 == "2026-11-20T23:15:12.223220+00:00")
        #expect(decoded.timestampOrigin == .stated)
        #expect(decoded.source == "aos")
        #expect(decoded.payload == #"{"run_id": "r1", "status": "succeeded", "duration_ms": 12.5}"#)
        #expect(decoded.runID == "r1")
        #expect(!decoded.hadNonFiniteNumber)
        #expect(decoded.hops == 0)
    }

    @Test func `unknown keys are ignored`() throws {
        let decoded = try decode(
            #"{"event_type":"t","x":{"event_type":1},"type":"no","data":5,"id":"no","time":"no","payload":{}}"#
        )
        #expect(decoded.eventType == "t")
        #expect(decoded.eventID.isEmpty)
        #expect(decoded.timestampOrigin == .missing)
    }

    @Test func `topic stands in for a missing event type`() throws {
        let decoded = try decode(#"{"topic": "run.started", "payload": {}}"#, fields: ["event_type", "topic"])
        #expect(decoded.eventType == "run.started")
        #expect(decoded.leaves.map(\.path) == ["topic", "event_type"])
        #expect(decoded.leaves.allSatisfy { $0.text == Array("run.started".utf8) })
    }

    @Test func `event type wins over topic`() throws {
        #expect(try decode(#"{"topic": "old", "event_type": "new"}"#).eventType == "new")
        #expect(reason(#"{"topic": "old", "event_type": null}"#) == .eventTypeNotAString)
    }

    @Test func `a missing payload is an empty object`() throws {
        #expect(try decode(#"{"event_type": "t"}"#).payload == "{}")
    }

    @Test(arguments: [
        #"{"event_type": "t"}"#, #"{"event_type": "t", "source": null}"#, #"{"event_type":"t","source":1}"#,
    ])
    func `a missing source is unknown`(frame: String) throws {
        #expect(try decode(frame).source == "unknown")
    }

    @Test func `all optional fields are read`() throws {
        let decoded = try decode(
            #"{"event_type":"t","event_id":"e-1","tenant_id":"acme","traceparent":"00-1-2-01","producer_id":"p","#
                + #""sequence":18446744073709551615,"aos_hops":3,"payload":{"tenant_id":"inner"}}"#
        )
        #expect(decoded.eventID == "e-1")
        #expect(decoded.tenantID == "acme")
        #expect(decoded.traceparent == "00-1-2-01")
        #expect(decoded.producerID == "p")
        #expect(decoded.sequence == UInt64.max)
        #expect(decoded.hops == 3)
    }

    @Test func `the tenant of the payload counts when the envelope names none`() throws {
        #expect(try decode(legacy(payload: #"{"tenant_id": "inner"}"#)).tenantID == "inner")
        #expect(try decode(legacy(payload: #"{"tenant_id": 5}"#)).tenantID.isEmpty)
    }

    @Test(arguments: ["5", "null", #"["r1"]"#, #"{"id":"r1"}"#])
    func `a run id that is no string is none`(value: String) throws {
        #expect(try decode(legacy(payload: #"{"run_id": \#(value)}"#)).runID.isEmpty)
    }

    @Test(
        arguments: [
            ("1", 1), ("\"0007\"", 7), ("-1", nil), ("1.5", nil), ("18446744073709551616", nil), ("\"x\"", nil),
            ("\"\"", nil),
            ("null", nil),
        ] as [(String, UInt64?)]
    )
    func `a sequence is a whole number or a string of digits`(text: String, expected: UInt64?) throws {
        #expect(try decode(#"{"event_type":"t","producer_id":"p","sequence":\#(text)}"#).sequence == expected)
    }

    @Test(arguments: [("0", 0), ("255", 255), ("256", 255), ("99999999999999999999", 0), ("-1", 0), ("\"2\"", 0)])
    func `hops are held within a byte`(text: String, expected: Int) throws {
        #expect(Int(try decode(#"{"event_type":"t","aos_hops":\#(text)}"#).hops) == expected)
    }

    @Test func `escapes are resolved in keys and in values`() throws {
        let decoded = try decode(
            #"{"event\u005ftype":"a\u00e9\n\ud83d\ude00\"","payload":{"run\u005Fid":"r\\1","\u0073tatus":"\/"}}"#,
            fields: ["payload.status"]
        )
        #expect(decoded.eventType == "aé\n😀\"")
        #expect(decoded.runID == #"r\1"#)
        #expect(decoded.leaves == [OwnedLeaf(path: "payload.status", kind: .string, text: [0x2F], places: [])])
    }

    @Test func `white space may stand everywhere`() throws {
        let decoded = try decode(
            "\r\n\t { \"event_type\" \n : \"t\" , \"payload\" : { \"run_id\"\t:\r\"r\" } \n } \n\n "
        )
        #expect(decoded.eventType == "t")
        #expect(decoded.runID == "r")
        #expect(decoded.payload == "{ \"run_id\"\t:\r\"r\" }")
    }

    @Test func `a key twice inside the payload counts as the last`() throws {
        let decoded = try decode(
            legacy(payload: #"{"run_id":"a","x":{"y":1},"run_id":"b","x":{"z":2}}"#),
            fields: ["payload.run_id", "payload.x.y", "payload.x.z"]
        )
        #expect(decoded.runID == "b")
        #expect(decoded.leaves.map(\.path) == ["payload.run_id", "payload.x.z"])
        #expect(decoded.leaves[0].text == Array("b".utf8))
        #expect(try decode(legacy(payload: #"{"run_id":"a","run_id":null}"#)).runID.isEmpty)
    }
}

@Suite struct CloudEventTests {
    @Test func `a structured cloud event is read under the names of the legacy form`() throws {
        let decoded = try decode(
            #"{"specversion":"1.0","type":"run.failed","source":"/agents","id":"e-9","time":"2026-11-20T23:15:12Z","#
                + #""subject":"run/7","partitionkey":"acme","traceparent":"00-a-b-01","sequence":"0042","#
                + #""datacontenttype":"application/json","data":{"run_id":"r7","cost":1.50}}"#,
            fields: ["event_type", "payload.cost", "timestamp", "event_id", "data.cost", "type", "subject"]
        )
        #expect(decoded.format == .cloudEvents)
        #expect(decoded.eventType == "run.failed")
        #expect(decoded.source == "/agents")
        #expect(decoded.eventID == "e-9")
        #expect(decoded.timestamp.iso8601 == "2026-11-20T23:15:12+00:00")
        #expect(decoded.subject == "run/7")
        #expect(decoded.partitionKey == "acme")
        #expect(decoded.traceparent == "00-a-b-01")
        #expect(decoded.sequence == 42)
        #expect(decoded.producerID == "/agents")
        #expect(decoded.payload == #"{"run_id":"r7","cost":1.50}"#)
        #expect(decoded.runID == "r7")
        #expect(decoded.orderingKey == "r7")
        #expect(decoded.leaves.map(\.path) == ["event_type", "event_id", "timestamp", "subject", "payload.cost"])
    }

    @Test(arguments: [
        #"{"type":"t","data":{"a":1},"payload":{"a":2},"specversion":"1.0"}"#,
        #"{"specversion":"1.0","payload":{"a":2},"type":"t","data":{"a":1}}"#,
        #"{"payload":{"a":2},"type":"t","specversion":"1.0","event_type":"no","data":{"a":1}}"#,
    ])
    func `specversion selects the form wherever it stands`(frame: String) throws {
        let decoded = try decode(frame, fields: ["payload.a", "event_type"])
        #expect(decoded.format == .cloudEvents)
        #expect(decoded.eventType == "t")
        #expect(decoded.payload == #"{"a":1}"#)
        #expect(decoded.leaves.filter { $0.path == "payload.a" }.map(\.text) == [[0x31]])
        #expect(decoded.leaves.filter { $0.path == "event_type" }.map(\.text) == [Array("t".utf8)])
    }

    @Test func `the ordering key is the run, else the partition key, else the subject`() throws {
        let start = #"{"specversion":"1.0","type":"t""#
        #expect(try decode(start + #","subject":"s","partitionkey":"p","data":{"run_id":"r"}}"#).orderingKey == "r")
        #expect(try decode(start + #","subject":"s","partitionkey":"p"}"#).orderingKey == "p")
        #expect(try decode(start + #","subject":"s"}"#).orderingKey == "s")
        #expect(try decode(start + "}").orderingKey.isEmpty)
    }

    @Test func `without data the payload is empty`() throws {
        #expect(try decode(#"{"specversion":"1.0","type":"t"}"#).payload == "{}")
    }

    @Test(arguments: [
        (#"{"specversion":"1.0","type":"t","data":null}"#, QuarantineReason.payloadNotAnObject),
        (#"{"specversion":"1.0","type":"t","data":"text"}"#, .payloadNotAnObject),
        (#"{"specversion":"1.0","type":"t","data_base64":"AAAA"}"#, .payloadNotAnObject),
        (#"{"specversion":"1.0","event_type":"t"}"#, .eventTypeMissing),
        (#"{"specversion":"1.0","type":7}"#, .eventTypeNotAString),
        (#"{"specversion":"1.0","type":""}"#, .eventTypeEmpty),
        (#"{"specversion":"2.0","type":"t"}"#, .unsupportedSpecVersion),
        (#"{"specversion":1.0,"type":"t"}"#, .unsupportedSpecVersion),
        (#"{"specversion":"1.0","type":"t","type":"t"}"#, .duplicateKey),
        (#"{"type":"t","specversion":"1.0","data":{},"data":{}}"#, .duplicateKey),
        (#"{"type":"t","specversion":"1.0","specversion":"1.0"}"#, .duplicateKey),
    ])
    func `a cloud event is refused for what it is`(frame: String, expected: QuarantineReason) {
        #expect(reason(frame) == expected)
    }
}
