public import CSimdJSON

/// One event as it was decoded from a frame, without copying it.
///
/// A window on the decoder's scratch space: a member is put together when somebody asks for it, since most events of a
/// busy channel are asked for their type only. All of it, and every view it gives, is good only until the decoder is
/// used again. What must outlive that is copied into an `Event`.
public struct Envelope {
    /// How the event was written.
    public enum Format: UInt8, Sendable {
        case legacy
        case cloudEvents
    }

    /// Where the time of an event comes from.
    public enum TimestampOrigin: UInt8, Sendable {
        /// Given with an offset.
        case stated
        /// Given without an offset and read as UTC.
        case assumedUTC
        /// Not given; the arrival time stands in.
        case missing
        /// Given but unreadable; the arrival time stands in.
        case unreadable
    }

    /// The whole frame as it came.
    public let frame: ByteView
    /// When it happened, by its producer, or else when it arrived.
    public let timestamp: Timestamp
    /// Which of these.
    public let timestampOrigin: TimestampOrigin
    /// When the reactor received the frame.
    public let arrivedAt: Timestamp
    /// Passed judgement: the event type is a string that is not empty, the payload an object or absent.
    @usableFromInline
    let raw: UnsafePointer<csj_envelope>

    @inlinable
    init(
        _ raw: UnsafePointer<csj_envelope>,
        frame: ByteView,
        timestamp: Timestamp,
        timestampOrigin: TimestampOrigin,
        arrivedAt: Timestamp
    ) {
        self.raw = raw
        self.frame = frame
        self.timestamp = timestamp
        self.timestampOrigin = timestampOrigin
        self.arrivedAt = arrivedAt
    }
}

extension Envelope {
    /// How it was written.
    @inlinable
    public var format: Format { self.raw.pointee.spec_version.kind == .CSJ_ABSENT ? .legacy : .cloudEvents }

    /// Never empty.
    @inlinable
    public var eventType: ByteView { ByteView(self.raw.pointee.event_type) }

    /// Who published it; `unknown` when it does not say.
    @inlinable
    public var source: ByteView {
        self.raw.pointee.source.kind == .CSJ_STRING ? ByteView(self.raw.pointee.source) : "unknown"
    }

    /// The payload's JSON text: always an object, `{}` when the event has none.
    @inlinable
    public var payload: ByteView {
        self.raw.pointee.payload.kind == .CSJ_OBJECT ? ByteView(self.raw.pointee.payload) : "{}"
    }

    /// `payload.run_id` if it is a string; empty otherwise. Events of one run keep their order.
    @inlinable
    public var runID: ByteView { ByteView(textOf: self.raw.pointee.payload_run_id) }

    /// `tenant_id` of the envelope, else of the payload, if it is a string; empty otherwise.
    @inlinable
    public var tenantID: ByteView {
        let own = self.raw.pointee.tenant_id
        return own.kind == .CSJ_STRING ? ByteView(own) : ByteView(textOf: self.raw.pointee.payload_tenant_id)
    }

    /// `event_id`, or the `id` of a CloudEvent; empty when the producer gave none.
    @inlinable
    public var eventID: ByteView { ByteView(textOf: self.raw.pointee.event_id) }

    /// `subject` of a CloudEvent; empty otherwise.
    @inlinable
    public var subject: ByteView { ByteView(textOf: self.raw.pointee.subject) }

    /// `partitionkey` of a CloudEvent; empty otherwise.
    @inlinable
    public var partitionKey: ByteView { ByteView(textOf: self.raw.pointee.partition_key) }

    /// The trace that it belongs to, in the form of W3C Trace Context; empty when it names none.
    @inlinable
    public var traceparent: ByteView { ByteView(textOf: self.raw.pointee.traceparent) }

    /// Who counts in `sequence`: `producer_id`, or of a CloudEvent that has none its source, within which the attribute
    /// `sequence` counts.
    public var producerID: ByteView {
        let own = self.raw.pointee.producer_id
        guard own.kind == .CSJ_ABSENT, self.format == .cloudEvents, self.sequence != nil else {
            return ByteView(textOf: own)
        }
        return ByteView(textOf: self.raw.pointee.source)
    }

    /// The producer's own running number of this event: a whole number, or (CloudEvents) a string of digits, possibly
    /// padded with zeros.
    @inlinable
    public var sequence: UInt64? {
        self.raw.pointee.sequence.kind == .CSJ_ABSENT ? nil : self.statedSequence
    }

    @usableFromInline
    var statedSequence: UInt64? {
        let value = self.raw.pointee.sequence
        guard value.kind == .CSJ_NUMBER || value.kind == .CSJ_STRING else { return nil }
        return ByteView(value).wholeNumber
    }

    /// How many reactors' `publish` actions lie behind this event (`aos_hops`). A count above 255 stays at 255; what is
    /// no whole number counts as 0.
    public var hops: UInt8 {
        let value = self.raw.pointee.hops
        guard value.kind == .CSJ_NUMBER, let hops = ByteView(value).wholeNumber else { return 0 }
        return UInt8(clamping: hops)
    }

    /// Whether the frame held `NaN` or an infinity, which were read as `null`.
    @inlinable
    public var hadNonFiniteNumber: Bool { self.raw.pointee.had_non_finite != 0 }

    /// What keeps events in order among each other: the run, else a CloudEvent's partition key, else its subject. Empty
    /// when the event belongs to none of them.
    @inlinable
    public var orderingKey: ByteView {
        if !self.runID.isEmpty { return self.runID }
        return self.partitionKey.isEmpty ? self.subject : self.partitionKey
    }
}

extension ByteView {
    @inlinable
    init(_ slice: csj_slice) { self.init(start: slice.start, count: Int(slice.length)) }

    /// The bytes of a string; empty for anything else.
    @inlinable
    init(textOf slice: csj_slice) {
        self = slice.kind == .CSJ_STRING ? ByteView(slice) : .empty
    }

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
