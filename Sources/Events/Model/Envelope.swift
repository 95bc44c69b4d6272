/// One event as it was decoded from a frame, without copying it.
///
/// Every view points into the frame or into the decoder's scratch space and is good only until the decoder is used
/// again. What must outlive that is copied into an `Event`.
package struct Envelope {
    /// How the event was written.
    package enum Format: UInt8, Sendable {
        case legacy
        case cloudEvents
    }

    /// Where the time of an event comes from.
    package enum TimestampOrigin: UInt8, Sendable {
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
    package var frame: ByteView
    package var format: Format
    package var eventType: ByteView
    package var timestamp: Timestamp
    package var timestampOrigin: TimestampOrigin
    package var source: ByteView
    /// The payload's JSON text: always an object, `{}` when the event has none.
    package var payload: ByteView
    /// `payload.run_id` if it is a string; empty otherwise. Events of one run keep their order.
    package var runID: ByteView
    /// `tenant_id` of the envelope, else of the payload, if it is a string; empty otherwise.
    package var tenantID: ByteView
    /// `event_id`, or the `id` of a CloudEvent; empty when the producer gave none.
    package var eventID: ByteView
    /// `subject` and `partitionkey` of a CloudEvent; empty otherwise.
    package var subject: ByteView
    package var partitionKey: ByteView
    package var traceparent: ByteView
    package var producerID: ByteView
    /// The producer's own running number of this event, with `producerID` (of a CloudEvent: its source).
    package var sequence: UInt64?
    /// How many reactors' `publish` actions lie behind this event (`aos_hops`).
    package var hops: UInt8
    /// When the reactor received the frame.
    package var arrivedAt: Timestamp
    /// Whether the frame held `NaN` or an infinity, which were read as `null`.
    package var hadNonFiniteNumber: Bool
}

extension Envelope {
    /// What keeps events in order among each other: the run, else a CloudEvent's partition key, else its subject. Empty
    /// when the event belongs to none of them.
    @inlinable
    package var orderingKey: ByteView {
        if !self.runID.isEmpty { return self.runID }
        return self.partitionKey.isEmpty ? self.subject : self.partitionKey
    }
}
