package import Events
package import Reactions

/// Where the pipeline puts what must not be done on the event loop. No function waits.
package protocol ReactionPort: Sendable {
    /// Queues an alert for its decision.
    ///
    /// - Returns: Whether there is room for more; if not, the pipeline pauses until it is told to resume.
    func raise(_ alert: Alert) -> Bool

    /// Queues an event for publishing; what finds no room is counted there.
    func publish(_ event: OutgoingEvent)

    /// Hands an event to the closure of a handler; what finds no room in its lane is counted there.
    func enqueue(_ event: Event, lane: Int, type: String)

    /// Reports a heartbeat or a farewell of a reactor, this one included.
    func sighted(_ sighting: PeerSighting)

    /// Reports a change in the overload of the ring.
    func overload(_ change: OverloadChange)

    /// Reports events that a producer numbered and that never came.
    func missed(_ gap: ProducerGap)

    /// Writes a log line that a handler asked for.
    func log(_ level: LogAction.Level, _ message: String, handler: String)

    /// Reports an event that was not published because reactors answered each other too often.
    func cut(_ event: OutgoingEvent)

    /// Reports a call that failed.
    func failed(handler: String, _ reason: String)
}

/// A reactor that made itself known on the channel.
package struct PeerSighting: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case heartbeat
        case stopping
    }

    package var kind: Kind
    package var instance: String
    package var nonce: String
    package var arrivedAt: Timestamp
}

/// The ring began to drop frames, or stopped.
package enum OverloadChange: Sendable, Hashable {
    case began(at: Timestamp)
    case ended(at: Timestamp, dropped: UInt64, lasted: Duration)
}

/// Running numbers of one producer that were skipped.
package struct ProducerGap: Sendable, Hashable {
    package var producer: String
    package var missing: UInt64
    package var at: Timestamp
}
