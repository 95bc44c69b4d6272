package import Events

/// The events that reactors publish about themselves on the channel they listen to.
package enum InternalEvent {
    /// What all their types begin with.
    package static let prefix = ByteView("reactor.")
    package static let heartbeatType = ByteView("reactor.heartbeat")
    package static let stoppingType = ByteView("reactor.stopping")
    package static let peerLostType = ByteView("reactor.peer_lost")
    /// `source` of everything a reactor publishes about itself, as in the original system.
    package static let source = "event_reactor"

    /// Whether events of this type are read by reactors themselves.
    package static func isAboutReactors(_ type: ByteView) -> Bool {
        type == self.heartbeatType || type == self.stoppingType || type == self.peerLostType
    }
}
