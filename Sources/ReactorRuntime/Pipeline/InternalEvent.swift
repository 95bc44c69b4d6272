package import Events

/// The events that reactors publish about themselves on the channel they listen to.
package enum InternalEvent {
    /// What all their types begin with.
    package static var prefix: ByteView { "reactor." }

    /// Whether a type begins with the prefix: asked for each event, so its eight bytes are compared as one number.
    @inline(__always)
    static func mayBeAboutReactors(_ type: ByteView) -> Bool {
        type.count >= 8
            && UInt64(littleEndian: UnsafeRawPointer(type.start).loadUnaligned(as: UInt64.self))
                == 0x2E72_6F74_6361_6572
    }

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
