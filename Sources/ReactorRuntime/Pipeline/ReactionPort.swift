package import Events
package import Reactions

/// Where the pipeline puts what must not be done on the event loop. No function waits.
package protocol ReactionPort: Sendable {
    /// Queues an alert for its decision.
    ///
    /// - Returns: Whether there is room for more; if not, the pipeline pauses until it is told to resume.
    func raise(_ alert: Alert) -> Bool

    /// Queues the end of what an alert was about, in the order with alerts.
    ///
    /// - Returns: As for `raise`.
    func resolve(_ resolution: Resolution) -> Bool

    /// Queues an event for publishing; what finds no room is counted there.
    func publish(_ event: OutgoingEvent)

    /// Hands an event to the closure of a handler; what finds no room in its lane is counted there.
    func enqueue(_ event: Event, lane: Int, type: String)

    /// Hands an event to a built-in that remembers.
    ///
    /// - Returns: As for `raise`.
    func feed(_ event: Event, machine: Int) -> Bool

    /// Reports a heartbeat or a farewell of a reactor, this one included.
    func sighted(_ sighting: PeerSighting)

    /// Reports a change in the overload of the ring.
    func overload(_ action: OverloadEpisode.Action)

    /// Reports events that a producer numbered and that never came.
    func missed(_ loss: SequenceTracker.Loss)

    /// Reports a frame that was no event, with its beginning.
    func quarantined(_ entry: QuarantineEntry)

    /// The rank of the least important level that the log takes (`LogAction.Level.rank`).
    var logRank: Int { get }

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
        /// The interval is what the peer says; the original's heartbeats do not.
        case heartbeat(nonce: String, interval: Duration?)
        case stopping
        /// It tells of another one that it lost.
        case peerLost(String)
    }

    package var kind: Kind
    package var instance: String

    package init(kind: Kind, instance: String) {
        self.kind = kind
        self.instance = instance
    }
}
