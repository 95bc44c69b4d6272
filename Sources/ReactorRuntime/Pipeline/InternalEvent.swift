package import Events

/// The events that reactors publish about themselves on the channel they listen to.
package enum InternalEvent {
    /// What all their types begin with.
    package static var prefix: ByteView { "reactor." }
    package static var heartbeatType: ByteView { "reactor.heartbeat" }
    package static var stoppingType: ByteView { "reactor.stopping" }
    package static var peerLostType: ByteView { "reactor.peer_lost" }
    /// `source` of everything a reactor publishes about itself, as in the original system.
    package static let source = "event_reactor"

    /// Whether events of this type are read by reactors themselves.
    package static func isAboutReactors(_ type: ByteView) -> Bool {
        type == self.heartbeatType || type == self.stoppingType || type == self.peerLostType
    }
}
