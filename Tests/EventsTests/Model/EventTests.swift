import Events
import Testing

@Suite struct EventTests {
    private struct Step: Decodable, Equatable {
        var run_id: String
        var cost: Double
        var tags: [String]?
    }

    @Test func `an event outlives its frame`() throws {
        let event = try decode(
            #"{"event_type":"run.completed","timestamp":"2026-11-20T23:15:12Z","source":"aos","event_id":"e","#
                + #""tenant_id":"acme","traceparent":"tp","producer_id":"p","sequence":4,"aos_hops":2,"#
                + #""payload":{"run_id":"r1","cost":1.50,"cost":2.50}}"#
        ).event
        #expect(event.eventType == "run.completed")
        #expect(event.source == "aos")
        #expect(event.timestamp.iso8601 == "2026-11-20T23:15:12+00:00")
        #expect(event.runID == "r1")
        #expect(event.tenantID == "acme")
        #expect(event.eventID == "e")
        #expect(event.traceparent == "tp")
        #expect(event.producerID == "p")
        #expect(event.sequence == 4)
        #expect(event.hops == 2)
        #expect(event.arrival == 7)
        #expect(event.arrivedAt == arrival)
        #expect(event["cost"] == .number("2.50"))
        #expect(event["nothing"] == nil)
        #expect(event.payloadBytes == Array(#"{"run_id":"r1","cost":1.50,"cost":2.50}"#.utf8))
        #expect(event.withPayloadView { $0.count } == event.payloadBytes.count)
        #expect(event.withEventTypeView { $0 == "run.completed" })
        #expect(event.description == "run.completed from aos at 2026-11-20T23:15:12+00:00")
    }

    @Test func `what an event does not say is nil`() throws {
        let event = try decode(#"{"event_type":"t"}"#).event
        #expect(event.source == "unknown")
        #expect(event.payload == .object([]))
        #expect(event.runID == nil && event.tenantID == nil && event.eventID == nil && event.traceparent == nil)
        #expect(event.producerID == nil && event.sequence == nil && event.subject == nil && event.partitionKey == nil)
        #expect(event.timestampOrigin == .missing)
    }

    @Test func `a payload is decoded into an own type, of repeated members the last`() throws {
        let event = try decode(legacy(payload: #"{"run_id":"first","cost":2.5,"tags":["a"],"run_id":"last"}"#)).event
        #expect(try event.decode(as: Step.self) == Step(run_id: "last", cost: 2.5, tags: ["a"]))
        let empty = try decode(legacy(payload: "{}")).event
        #expect(throws: DecodingError.self) { try empty.decode(as: Step.self) }
    }

    @Test func `a payload with NaN is decoded as null`() throws {
        let event = try decode(legacy(payload: #"{"cost":NaN}"#)).event
        #expect(event["cost"] == .null)
        #expect(try event.decode(as: [String: Double?].self) == ["cost": nil])
    }

    @Test func `templates see a cloud event under the legacy names`() throws {
        let event = try decode(
            #"{"specversion":"1.0","type":"t","source":"s","id":"i","time":"2026-11-20T23:15:12Z","subject":"x","#
                + #""data":{"a":1}}"#
        ).event
        #expect(event.format == .cloudEvents)
        #expect(
            event.jsonValue.compactText
                == #"{"event_type":"t","timestamp":"2026-11-20T23:15:12+00:00","source":"s","payload":{"a":1},"#
                + #""event_id":"i","subject":"x"}"#
        )
    }

    @Test func `an event can be read by many at once`() async throws {
        let event = try decode(legacy(payload: #"{"a":[1,2,3]}"#)).event
        await withTaskGroup(of: JSONValue?.self) { group in
            for _ in 0..<50 { group.addTask { event["a"] } }
            for await value in group { #expect(value == [1, 2, 3]) }
        }
    }
}

@Suite struct EnvelopeWriterTests {
    private let time = Timestamp(microseconds: 1_795_216_512_223_220)

    @Test func `an event is written as the original's publisher writes it`() {
        let writer = EnvelopeWriter(
            eventType: "run.completed",
            timestamp: self.time,
            source: "aos",
            payload: ["run_id": "r1", "status": "succeeded", "duration_ms": .number("12.5")]
        )
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"event_type": "run.completed", "timestamp": "2026-11-20T23:15:12.223220+00:00", "#
                + #""source": "aos", "payload": {"run_id": "r1", "status": "succeeded", "duration_ms": 12.5}}"#
        )
    }

    @Test func `what is written is read back, escapes and extras too`() throws {
        var writer = EnvelopeWriter(
            eventType: "quo\"te\n",
            timestamp: self.time,
            source: "\u{1}é",
            payload: ["run_id": "r\\1"],
            hops: 3
        )
        writer.eventID = "e"
        writer.tenantID = "te\"nant"
        writer.traceparent = "00-1-2-01"
        writer.producerID = "p"
        writer.sequence = 12
        let decoded = try decode(String(decoding: writer.bytes, as: UTF8.self))
        #expect(decoded.eventType == "quo\"te\n")
        #expect(decoded.timestamp == self.time)
        #expect(decoded.source == "\u{1}é")
        #expect(decoded.runID == "r\\1")
        #expect(decoded.hops == 3)
        #expect(decoded.eventID == "e")
        #expect(decoded.tenantID == "te\"nant")
        #expect(decoded.traceparent == "00-1-2-01")
        #expect(decoded.producerID == "p")
        #expect(decoded.sequence == 12)
    }

    @Test func `a payload's text is written as it is`() {
        let writer = EnvelopeWriter(
            eventType: "t",
            timestamp: Timestamp(microseconds: 0),
            source: "s",
            payloadText: Array(#"{"a":1.10}"#.utf8)
        )
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"event_type": "t", "timestamp": "1970-01-01T00:00:00+00:00", "source": "s", "payload": {"a":1.10}}"#
        )
    }
}
