/// Writes an event in the legacy form, byte for byte as the original's Python publisher would, so that every reader of
/// the channel takes it: `{"event_type": "...", "timestamp": "...", "source": "...", "payload": {...}}`. What only
/// newer readers know follows behind the four.
package struct EnvelopeWriter: Sendable {
    package var eventType: String
    package var timestamp: Timestamp
    package var source: String
    /// The JSON text of the payload, an object.
    package var payload: [UInt8]
    /// How many reactors' `publish` actions lie behind the event; written when it is not 0.
    package var hops: UInt8
    package var eventID: String?
    package var tenantID: String?
    package var traceparent: String?
    package var producerID: String?
    package var sequence: UInt64?

    /// - Parameter payloadText: JSON text of an object, which is written as it is.
    package init(eventType: String, timestamp: Timestamp, source: String, payloadText: [UInt8], hops: UInt8 = 0) {
        self.eventType = eventType
        self.timestamp = timestamp
        self.source = source
        self.payload = payloadText
        self.hops = hops
    }

    /// - Parameter payload: an object.
    package init(
        eventType: String,
        timestamp: Timestamp,
        source: String,
        payload: JSONValue = .object([]),
        hops: UInt8 = 0
    ) {
        var text: [UInt8] = []
        payload.write(into: &text, style: .spaced)
        self.init(eventType: eventType, timestamp: timestamp, source: source, payloadText: text, hops: hops)
    }

    /// The event's bytes.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(128 + self.payload.count)
        self.write(into: &bytes)
        return bytes
    }

    /// Appends the event's bytes.
    package func write(into bytes: inout [UInt8]) {
        bytes.append(contentsOf: #"{"event_type": "#.utf8)
        bytes.appendJSONString(self.eventType)
        bytes.append(contentsOf: #", "timestamp": ""#.utf8)
        self.timestamp.write(into: &bytes)
        bytes.append(contentsOf: #"", "source": "#.utf8)
        bytes.appendJSONString(self.source)
        bytes.append(contentsOf: #", "payload": "#.utf8)
        bytes.append(contentsOf: self.payload)
        bytes.appendMember("event_id", self.eventID)
        bytes.appendMember("tenant_id", self.tenantID)
        bytes.appendMember("traceparent", self.traceparent)
        bytes.appendMember("producer_id", self.producerID)
        if let sequence { bytes.append(contentsOf: #", "sequence": \#(sequence)"#.utf8) }
        if self.hops > 0 { bytes.append(contentsOf: #", "aos_hops": \#(self.hops)"#.utf8) }
        bytes.append(UInt8(ascii: "}"))
    }
}

extension [UInt8] {
    fileprivate mutating func appendMember(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        self.append(contentsOf: #", "\#(name)": "#.utf8)
        self.appendJSONString(value)
    }
}
