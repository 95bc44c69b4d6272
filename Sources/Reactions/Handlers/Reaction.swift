package import Events

/// What a handler wants done about an event. Wanting is all a handler does: the runtime performs it.
package enum Reaction: Sendable, Hashable {
    case alert(Alert)
    /// What alerts of the handler were about is over.
    case resolve(Resolution)
    case publish(OutgoingEvent)
    case log(LogAction.Level, String)
    /// An event that is not published, because reactors have reacted to each other's events too often in a row.
    case loopCut(OutgoingEvent)
}

/// An event to be published.
package struct OutgoingEvent: Sendable, Hashable {
    /// The handler that wants it.
    package var handler: String
    package var eventType: String
    /// Nil for the channel that the reactor listens to.
    package var channel: String?
    package var payload: JSONValue
    /// Reactors that lie behind the event, this one included (`aos_hops`).
    package var hops: UInt8

    package init(handler: String, eventType: String, channel: String? = nil, payload: JSONValue, hops: UInt8) {
        self.handler = handler
        self.eventType = eventType
        self.channel = channel
        self.payload = payload
        self.hops = hops
    }
}

/// How one call of a handler ended; every call ends in exactly one way.
package enum HandlerOutcome: String, Sendable, Hashable, CaseIterable {
    case succeeded
    case failed
    case timedOut = "timed_out"
}

/// What a handler may know beside the event: nothing it reads by itself.
package struct ReactionEnvironment {
    package var now: Timestamp
    /// The running number of the event.
    package var arrival: UInt64
    /// Makes an id for each alert raised.
    package var makeAlertID: () -> String

    package init(now: Timestamp, arrival: UInt64, makeAlertID: @escaping () -> String) {
        self.now = now
        self.arrival = arrival
        self.makeAlertID = makeAlertID
    }
}

extension EventReference {
    package init(_ envelope: Envelope, arrival: UInt64) {
        self.init(
            arrival: arrival,
            eventType: ClippedText.of(envelope.eventType, ClippedText.identifierBytes),
            timestamp: envelope.timestamp,
            arrivedAt: envelope.arrivedAt,
            source: ClippedText.of(envelope.source, ClippedText.identifierBytes),
            eventID: envelope.eventID.isEmpty
                ? nil : ClippedText.of(envelope.eventID, ClippedText.identifierBytes)
        )
    }
}
