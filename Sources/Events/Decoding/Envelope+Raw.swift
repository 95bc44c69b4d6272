import CSimdJSON

extension Envelope {
    /// - Parameter raw: an envelope that passed judgement: its event type is a string, its payload an object or absent.
    @inline(__always)
    init(_ raw: UnsafePointer<csj_envelope>, frame: ByteView, arrivedAt: Timestamp) {
        let isCloudEvent = raw.pointee.spec_version.kind != .CSJ_ABSENT
        let source = raw.pointee.source
        let (timestamp, origin) = Envelope.timestamp(raw.pointee.timestamp, arrivedAt: arrivedAt)
        let sequence = Envelope.sequence(raw.pointee.sequence)
        let tenant = raw.pointee.tenant_id
        self.init(
            frame: frame,
            format: isCloudEvent ? .cloudEvents : .legacy,
            eventType: raw.pointee.event_type.view,
            timestamp: timestamp,
            timestampOrigin: origin,
            source: source.kind == .CSJ_STRING ? source.view : "unknown",
            payload: raw.pointee.payload.kind == .CSJ_OBJECT ? raw.pointee.payload.view : "{}",
            runID: raw.pointee.payload_run_id.text,
            tenantID: tenant.kind == .CSJ_STRING ? tenant.view : raw.pointee.payload_tenant_id.text,
            eventID: raw.pointee.event_id.text,
            subject: raw.pointee.subject.text,
            partitionKey: raw.pointee.partition_key.text,
            traceparent: raw.pointee.traceparent.text,
            // CloudEvents' `sequence` counts within one source.
            producerID: isCloudEvent && sequence != nil && raw.pointee.producer_id.kind == .CSJ_ABSENT
                ? source.text : raw.pointee.producer_id.text,
            sequence: sequence,
            hops: Envelope.hops(raw.pointee.hops),
            arrivedAt: arrivedAt,
            hadNonFiniteNumber: raw.pointee.had_non_finite != 0
        )
    }

    private static func timestamp(_ value: csj_slice, arrivedAt: Timestamp) -> (Timestamp, TimestampOrigin) {
        switch value.kind {
        case .CSJ_STRING:
            guard value.length > 0 else { return (arrivedAt, .missing) }
            guard let reading = Timestamp.parse(iso8601: value.view) else { return (arrivedAt, .unreadable) }
            return (reading.timestamp, reading.hasOffset ? .stated : .assumedUTC)
        case .CSJ_NUMBER:
            guard let timestamp = Timestamp.parse(epoch: value.view) else { return (arrivedAt, .unreadable) }
            return (timestamp, .stated)
        case .CSJ_ABSENT, .CSJ_NULL:
            return (arrivedAt, .missing)
        default:
            return (arrivedAt, .unreadable)
        }
    }

    /// A whole number, or (CloudEvents) a string of digits, possibly padded with zeros.
    private static func sequence(_ value: csj_slice) -> UInt64? {
        guard value.kind == .CSJ_NUMBER || value.kind == .CSJ_STRING else { return nil }
        return value.view.wholeNumber
    }

    /// A count above 255 stays at 255; what is no whole number counts as 0.
    private static func hops(_ value: csj_slice) -> UInt8 {
        guard value.kind == .CSJ_NUMBER, let hops = value.view.wholeNumber else { return 0 }
        return UInt8(clamping: hops)
    }
}

extension ByteView {
    /// The number that these bytes write in decimal digits and nothing else; nil also when it does not fit.
    var wholeNumber: UInt64? {
        guard !self.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in self.buffer {
            let digit = byte &- UInt8(ascii: "0")
            let (scaled, tooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = scaled.addingReportingOverflow(UInt64(digit))
            guard digit < 10, !tooBig, !overflow else { return nil }
            value = sum
        }
        return value
    }
}
