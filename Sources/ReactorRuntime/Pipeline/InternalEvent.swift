package import Events

/// The events that reactors publish about themselves on the channel they listen to.
package enum InternalEvent {
    /// What all their types begin with.
    package static let prefix = ByteView("reactor.")
    package static let heartbeatType = ByteView("reactor.heartbeat")
    package static let stoppingType = ByteView("reactor.stopping")
    /// `source` of everything a reactor publishes about itself, as in the original system.
    package static let source = "event_reactor"
}
