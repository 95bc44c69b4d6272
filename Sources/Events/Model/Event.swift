import FoundationEssentials
import Synchronization

/// An event that was received, with a copy of its bytes: what handlers get that outlive the burst it came in.
///
/// Copying an event copies a reference; nothing in it changes. The payload is read when it is first asked for.
public struct Event: Sendable {
    private let storage: EventStorage

    /// - Parameter arrival: the number of the event in the order of arrival, counted by this reactor since its start.
    package init(_ envelope: Envelope, arrival: UInt64) {
        self.storage = EventStorage(envelope, arrival: arrival)
    }

    /// What happened, for example `run.completed`.
    public var eventType: String { self.storage.text(.eventType) }

    /// When it happened; the time of arrival if the producer gave no readable time.
    public var timestamp: Timestamp { self.storage.timestamp }

    /// Who published it; `unknown` if the producer did not say.
    public var source: String { self.storage.text(.source) }

    /// `run_id` of the payload.
    public var runID: String? { self.storage.optionalText(.runID) }

    /// `tenant_id` of the event, else of its payload.
    public var tenantID: String? { self.storage.optionalText(.tenantID) }

    /// The producer's own id of the event. Most producers give none.
    public var eventID: String? { self.storage.optionalText(.eventID) }

    /// The W3C trace context that the producer passed on.
    public var traceparent: String? { self.storage.optionalText(.traceparent) }

    /// The payload: always an object, empty when the event has none.
    public var payload: JSONValue { self.storage.payload }

    /// The JSON text of the payload, UTF-8.
    public var payloadBytes: [UInt8] { self.storage.bytes(.payload) }

    /// A member of the payload; of several with one name the last.
    public subscript(key: String) -> JSONValue? { self.storage.payload[key] }

    /// The payload as a value of an own type. Of members that share a name the last one counts, as everywhere else.
    public func decode<Payload: Decodable>(as type: Payload.Type) throws -> Payload {
        try JSONDecoder().decode(type, from: Data(self.storage.payload.withoutRepeatedMembers.compactBytes))
    }
}

extension Event: CustomStringConvertible {
    /// Type, source and time. Never the payload: descriptions end up in logs.
    public var description: String { "\(self.eventType) from \(self.source) at \(self.timestamp.iso8601)" }
}

extension Event {
    /// Reads one frame by the rules of `EnvelopeDecoder`, for callers off the hot path.
    package init(frame: [UInt8], arrivedAt: Timestamp, arrival: UInt64 = 0) throws(QuarantineReason) {
        let decoder = EnvelopeDecoder()
        let result = frame.withUnsafeBytes { buffer -> Result<Event, QuarantineReason> in
            switch decoder.decode(ByteView(buffer), arrivedAt: arrivedAt) {
            case .envelope(let envelope): .success(Event(envelope, arrival: arrival))
            case .rejected(let reason): .failure(reason)
            }
        }
        self = try result.get()
    }

    package var format: Envelope.Format { self.storage.format }
    package var timestampOrigin: Envelope.TimestampOrigin { self.storage.timestampOrigin }
    /// `subject` and `partitionkey` of a CloudEvent.
    package var subject: String? { self.storage.optionalText(.subject) }
    package var partitionKey: String? { self.storage.optionalText(.partitionKey) }
    package var producerID: String? { self.storage.optionalText(.producerID) }
    package var sequence: UInt64? { self.storage.sequence }
    /// How many reactors' `publish` actions lie behind this event.
    package var hops: UInt8 { self.storage.hops }
    package var arrivedAt: Timestamp { self.storage.arrivedAt }
    package var arrival: UInt64 { self.storage.arrival }

    /// Calls `body` with the bytes of the payload's JSON text, without copying them.
    package func withPayloadView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
        try self.storage.withView(.payload, body)
    }

    /// Calls `body` with the bytes of the event type, without copying them.
    package func withEventTypeView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
        try self.storage.withView(.eventType, body)
    }

    /// The event as templates and patterns see it: the names of the legacy form, whatever form it came in.
    package var jsonValue: JSONValue {
        var members = [
            JSONMember("event_type", .string(self.eventType)),
            JSONMember("timestamp", .string(self.timestamp.iso8601)),
            JSONMember("source", .string(self.source)),
            JSONMember("payload", self.payload),
        ]
        let others: [(String, String?)] = [
            ("event_id", self.eventID), ("tenant_id", self.tenantID), ("traceparent", self.traceparent),
            ("producer_id", self.producerID), ("subject", self.subject), ("partitionkey", self.partitionKey),
        ]
        for case (let name, let value?) in others { members.append(JSONMember(name, .string(value))) }
        if let sequence { members.append(JSONMember("sequence", .number(String(sequence)))) }
        if self.hops > 0 { members.append(JSONMember("aos_hops", .number(Int(self.hops)))) }
        return .object(members)
    }
}

/// The parts of an event that are text, in the order in which they are stored.
private enum EventPart: Int, CaseIterable {
    case eventType
    case source
    case payload
    case runID
    case tenantID
    case eventID
    case subject
    case partitionKey
    case traceparent
    case producerID
}

/// All texts of an event in one array.
private final class EventStorage: Sendable {
    private let joined: [UInt8]
    /// Where each part ends in `joined`; it begins where the one before it ends.
    private let ends: InlineArray<10, UInt32>
    private let parsed = Mutex<JSONValue?>(nil)
    let timestamp: Timestamp
    let timestampOrigin: Envelope.TimestampOrigin
    let format: Envelope.Format
    let hops: UInt8
    let sequence: UInt64?
    let arrivedAt: Timestamp
    let arrival: UInt64

    init(_ envelope: Envelope, arrival: UInt64) {
        let parts: InlineArray<10, ByteView> = [
            envelope.eventType, envelope.source, envelope.payload, envelope.runID, envelope.tenantID, envelope.eventID,
            envelope.subject, envelope.partitionKey, envelope.traceparent, envelope.producerID,
        ]
        var ends = InlineArray<10, UInt32>(repeating: 0)
        var total = 0
        for index in parts.indices {
            total += parts[index].count
            ends[index] = UInt32(total)
        }
        self.ends = ends
        self.joined = [UInt8](unsafeUninitializedCapacity: total) { buffer, count in
            for index in parts.indices {
                _ = buffer[count...].initialize(from: parts[index].buffer)
                count += parts[index].count
            }
        }
        self.timestamp = envelope.timestamp
        self.timestampOrigin = envelope.timestampOrigin
        self.format = envelope.format
        self.hops = envelope.hops
        self.sequence = envelope.sequence
        self.arrivedAt = envelope.arrivedAt
        self.arrival = arrival
    }

    var payload: JSONValue {
        self.parsed.withLock { parsed in
            if let parsed { return parsed }
            // The decoder accepted the payload as an object with the same rules, so it cannot be refused here.
            let value = (try? self.withView(.payload) { try JSONValue.parse($0) }) ?? .object([])
            parsed = value
            return value
        }
    }

    func withView<Result>(_ part: EventPart, _ body: (ByteView) throws -> Result) rethrows -> Result {
        let range = self.range(part)
        return try self.joined.withUnsafeBytes { try body(ByteView(UnsafeRawBufferPointer(rebasing: $0[range]))) }
    }

    func bytes(_ part: EventPart) -> [UInt8] { Array(self.joined[self.range(part)]) }

    func text(_ part: EventPart) -> String { String(decoding: self.joined[self.range(part)], as: UTF8.self) }

    func optionalText(_ part: EventPart) -> String? { self.range(part).isEmpty ? nil : self.text(part) }

    private func range(_ part: EventPart) -> Range<Int> {
        (part == .eventType ? 0 : Int(self.ends[part.rawValue - 1]))..<Int(self.ends[part.rawValue])
    }
}
