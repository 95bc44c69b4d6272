import CSimdJSON

/// Reads frames into envelopes, and in the same pass the fields that rules ask for.
///
/// Accepts the legacy form (`event_type`, or `topic` of older producers) and CloudEvents 1.x structured JSON, which the
/// presence of `specversion` selects; rules see the latter's `type`, `time`, `data` and `id` as `event_type`,
/// `timestamp`, `payload` and `event_id`. The whole frame is checked, also what no rule reads, so whether a frame is
/// refused never depends on the rules. The first of these counts: UTF-8, grammar and depth, object, key twice, event
/// type, payload.
///
/// Holds scratch space and is used by one thread. Reads nothing outside the frame and needs no padding behind it; what
/// it gives out points into the frame and into the scratch space and is good until the next call.
package final class EnvelopeDecoder {
    private let parser: OpaquePointer
    private let raw: UnsafeMutablePointer<csj_envelope>
    private var fields: FieldSet
    private let limits: DecoderLimits
    private var times = TimestampReader()

    package init(fields: FieldSet = .none, limits: DecoderLimits = DecoderLimits()) {
        guard let parser = csj_parser_create() else { fatalError("out of memory for a JSON parser") }
        self.parser = parser
        self.raw = .allocate(capacity: 1)
        self.raw.initialize(to: csj_envelope())
        self.fields = fields
        self.limits = limits
    }

    deinit {
        self.raw.deallocate()
        csj_parser_destroy(self.parser)
    }

    /// The fields of the frame that was decoded last; meaningless after a rejected one.
    package var leaves: FieldLeaves { FieldLeaves(csj_parser_leaves(self.parser)) }

    /// From the next frame on, take out these fields instead.
    package func replace(fields: FieldSet) { self.fields = fields }

    /// Where in the rejected frame the reader stopped, in bytes; meant for people, and 0 when the frame is JSON.
    package var errorOffset: Int { csj_parser_error_offset(self.parser) }

    package func decode(_ frame: ByteView, arrivedAt: Timestamp) -> DecodeOutcome {
        guard frame.count <= self.limits.maxEventBytes else { return .rejected(.oversize) }
        let status = csj_read_envelope(
            self.parser,
            self.fields.handle,
            frame.start,
            frame.count,
            UInt32(self.limits.maxDepth),
            self.raw
        )
        guard status == .CSJ_OK || status == .CSJ_DUPLICATE_KEY else {
            return .rejected(QuarantineReason(unreadable: status))
        }
        let raw = UnsafePointer(self.raw)
        guard raw.pointee.root == .CSJ_OBJECT else { return .rejected(.notAnObject) }
        guard status == .CSJ_OK else { return .rejected(.duplicateKey) }
        if let reason = QuarantineReason(judging: raw) { return .rejected(reason) }
        let (timestamp, origin) = self.timestamp(raw.pointee.timestamp, arrivedAt: arrivedAt)
        return .envelope(
            Envelope(raw, frame: frame, timestamp: timestamp, timestampOrigin: origin, arrivedAt: arrivedAt)
        )
    }

    @inline(__always)
    private func timestamp(
        _ value: csj_slice,
        arrivedAt: Timestamp
    ) -> (timestamp: Timestamp, origin: Envelope.TimestampOrigin) {
        switch value.kind {
        case .CSJ_STRING:
            guard value.length > 0 else { return (arrivedAt, .missing) }
            guard let reading = self.times.read(ByteView(value)) else { return (arrivedAt, .unreadable) }
            return (reading.timestamp, reading.hasOffset ? .stated : .assumedUTC)
        case .CSJ_NUMBER:
            guard let timestamp = Timestamp.parse(epoch: ByteView(value)) else { return (arrivedAt, .unreadable) }
            return (timestamp, .stated)
        case .CSJ_ABSENT, .CSJ_NULL:
            return (arrivedAt, .missing)
        default:
            return (arrivedAt, .unreadable)
        }
    }
}

extension QuarantineReason {
    init(unreadable status: csj_status) {
        switch status {
        case .CSJ_INVALID_UTF8: self = .invalidUTF8
        case .CSJ_TOO_DEEP: self = .tooDeep
        case .CSJ_TOO_LONG: self = .oversize
        case .CSJ_OUT_OF_MEMORY: fatalError("out of memory while reading JSON")
        default: self = .notJSON
        }
    }

    /// What is wrong with an envelope that is an object, if something is.
    @inline(__always)
    init?(judging raw: UnsafePointer<csj_envelope>) {
        let version = raw.pointee.spec_version
        if version.kind != .CSJ_ABSENT, !(version.kind == .CSJ_STRING && ByteView(version).hasPrefix("1.")) {
            self = .unsupportedSpecVersion
            return
        }
        let eventType = raw.pointee.event_type
        guard eventType.kind == .CSJ_STRING, eventType.length > 0 else {
            switch eventType.kind {
            case .CSJ_STRING: self = .eventTypeEmpty
            case .CSJ_ABSENT: self = .eventTypeMissing
            default: self = .eventTypeNotAString
            }
            return
        }
        let payload = raw.pointee.payload.kind
        guard payload == .CSJ_OBJECT || payload == .CSJ_ABSENT && raw.pointee.data_base64.kind == .CSJ_ABSENT else {
            self = .payloadNotAnObject
            return
        }
        return nil
    }
}
