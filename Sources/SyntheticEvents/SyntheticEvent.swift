package import Events

/// One made-up event: what is published, and when.
package struct SyntheticEvent: Sendable, Hashable {
    /// When it is due, counted from the beginning of its scenario.
    package var offset: Duration
    package var eventType: String
    package var source: String
    package var payload: JSONValue

    package init(at offset: Duration = .zero, _ eventType: String, source: String, payload: JSONValue) {
        self.offset = offset
        self.eventType = eventType
        self.source = source
        self.payload = payload
    }

    /// The event as it goes over the wire.
    package func frame(publishedAt timestamp: Timestamp) -> [UInt8] {
        EnvelopeWriter(eventType: self.eventType, timestamp: timestamp, source: self.source, payload: self.payload)
            .bytes
    }

    /// `run_id` of the payload, if it has one.
    package var runID: String? { self.payload["run_id"]?.stringValue }
}
