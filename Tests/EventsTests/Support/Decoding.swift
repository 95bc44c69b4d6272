import Events
import Testing

/// What became of a frame, owned: what a test compares.
struct Decoded {
    var eventType: String
    var timestamp: Timestamp
    var timestampOrigin: Envelope.TimestampOrigin
    var source: String
    var payload: String
    var runID: String
    var tenantID: String
    var eventID: String
    var subject: String
    var partitionKey: String
    var orderingKey: String
    var traceparent: String
    var producerID: String
    var sequence: UInt64?
    var hops: UInt8
    var format: Envelope.Format
    var hadNonFiniteNumber: Bool
    var leaves: [OwnedLeaf]
    var event: Event

    init(_ envelope: Envelope, leaves: [OwnedLeaf]) {
        self.eventType = envelope.eventType.string
        self.timestamp = envelope.timestamp
        self.timestampOrigin = envelope.timestampOrigin
        self.source = envelope.source.string
        self.payload = envelope.payload.string
        self.runID = envelope.runID.string
        self.tenantID = envelope.tenantID.string
        self.eventID = envelope.eventID.string
        self.subject = envelope.subject.string
        self.partitionKey = envelope.partitionKey.string
        self.orderingKey = envelope.orderingKey.string
        self.traceparent = envelope.traceparent.string
        self.producerID = envelope.producerID.string
        self.sequence = envelope.sequence
        self.hops = envelope.hops
        self.format = envelope.format
        self.hadNonFiniteNumber = envelope.hadNonFiniteNumber
        self.leaves = leaves
        self.event = Event(envelope, arrival: 7)
    }
}

/// The time at which every frame of a test arrives.
let arrival = Timestamp(microseconds: 1_763_683_200_000_000)

enum DecodedOutcome {
    case decoded(Decoded)
    case rejected(QuarantineReason)

    var reason: QuarantineReason? {
        guard case .rejected(let reason) = self else { return nil }
        return reason
    }
}

func outcome(
    _ frame: [UInt8],
    fields: [String] = [],
    limits: DecoderLimits = DecoderLimits(),
    decoder: EnvelopeDecoder? = nil
) -> DecodedOutcome {
    let decoder = decoder ?? EnvelopeDecoder(limits: limits)
    return outcome(frame, fields: FieldSet(paths: fields), decoder: decoder)
}

func outcome(_ frame: [UInt8], fields: FieldSet, decoder: EnvelopeDecoder) -> DecodedOutcome {
    decoder.replace(fields: fields)
    return frame.withUnsafeBytes { buffer in
        switch decoder.decode(ByteView(buffer), arrivedAt: arrival) {
        case .envelope(let envelope): .decoded(Decoded(envelope, leaves: decoder.leaves.owned(fields)))
        case .rejected(let reason): .rejected(reason)
        }
    }
}

/// The envelope in a frame that has to be accepted.
func decode(_ frame: String, fields: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) throws -> Decoded
{
    switch outcome(Array(frame.utf8), fields: fields) {
    case .decoded(let decoded): return decoded
    case .rejected(let reason):
        Issue.record("rejected as \(reason.rawValue): \(frame.prefix(200))", sourceLocation: sourceLocation)
        throw UnexpectedRejection(reason: reason)
    }
}

struct UnexpectedRejection: Error {
    var reason: QuarantineReason
}

/// Why a frame is rejected; nil when it is accepted.
func reason(_ frame: String) -> QuarantineReason? { outcome(Array(frame.utf8)).reason }

/// A legacy envelope with this JSON text as its payload.
func legacy(payload: String) -> String {
    #"{"event_type": "t", "timestamp": "2026-11-20T23:15:12+00:00", "source": "aos", "payload": \#(payload)}"#
}
