package import NIOCore

/// What a subscription reports besides messages. Delivered on its event loop, in order with the messages.
package enum SubscriptionEvent: Sendable, Equatable {
    /// The server confirmed every target. Messages flow from here on; whether all of them do is not proven yet.
    case subscribed

    /// A probe came back for the first time on this link, and the server has answered it: what is published arrives
    /// here, and what a blind window may swallow from now on is counted.
    case ready(roundTrip: Duration)

    /// A probe came back.
    case probe(roundTrip: Duration)

    /// A probe did not come back in time; the link is now suspect.
    case probeOverdue(age: Duration)

    /// A probe could not be published, so that nothing can be proven. The subscription itself may be well.
    case probeFailed(RedisError)

    /// Something is wrong with the link. It stays in use until its successor has taken over.
    case suspect(SuspectCause, lastByte: NIODeadline)

    /// The suspect link gave a sign of life. Its replacement goes on.
    case recovered(after: Duration)

    /// A successor has taken over from a suspect link.
    case replaced(Replacement)

    /// There is no subscription any more. A `blindWindow` follows when there is one again.
    case lost(LinkEnd)

    /// A time without subscription is over, and measured as far as that is possible.
    case blindWindow(BlindWindow)

    /// Our own event loop did not run for this long. Nothing is lost by that alone.
    case ownStall(Duration)

    /// A message above the limit was skipped.
    case oversize(OversizeMessage)

    /// An attempt to subscribe failed. It is repeated, with pauses.
    case attemptFailed(LinkEnd)

    /// Everything that was received has been handed over and the links are closed.
    case stopped
}

extension SubscriptionEvent {
    /// Name for logs and metrics, without what comes with it.
    package var label: String {
        switch self {
        case .subscribed: "subscribed"
        case .ready: "ready"
        case .probe: "probe"
        case .probeOverdue: "probe_overdue"
        case .probeFailed: "probe_failed"
        case .suspect: "suspect"
        case .recovered: "recovered"
        case .replaced: "replaced"
        case .lost: "lost"
        case .blindWindow: "blind_window"
        case .ownStall: "own_stall"
        case .oversize: "oversize"
        case .attemptFailed: "attempt_failed"
        case .stopped: "stopped"
        }
    }
}

/// Why a link is not trusted any more.
package enum SuspectCause: String, Sendable, Hashable {
    /// No byte since a `PING`.
    case silent
    /// `PING` is answered but a probe did not come back.
    case deaf
}

/// How a successor took over from a suspect link.
package struct Replacement: Sendable, Hashable {
    /// Where the new link's messages were taken up.
    package enum Cut: Sendable, Hashable {
        /// At the marker, which both links delivered: nothing lost, nothing twice.
        case exact
        /// From the first message, because the old link was dead. A `blindWindow` follows.
        case fromFirstMessage
    }

    package let cause: SuspectCause
    package let cut: Cut

    /// From the suspicion to the cut.
    package let duration: Duration
}

/// A message that was skipped because of its size.
package struct OversizeMessage: Sendable, Hashable {
    package let channel: [UInt8]

    /// Bytes of the payload as the server announced them.
    package let length: Int

    /// The first bytes of the payload.
    package let prefix: [UInt8]
}

/// How a link ended.
package enum LinkEnd: Sendable, Equatable {
    /// The server closed it. `midFrame`: in the middle of a message, which is what a full output buffer looks like;
    /// `announced`: how long that message said it would be.
    case closed(midFrame: Bool, announced: Int?)
    /// Reset, or another error of the socket.
    case broken
    /// It was given up after being silent for too long.
    case silent
    /// It was given up because it delivered nothing.
    case deaf
    /// No connection could be made, because nobody listens.
    case connectionRefused
    /// No connection could be made or confirmed in time, or another error on the way.
    case connectFailed(RedisError)
    /// The server answered the handshake or `SUBSCRIBE` with an error.
    case refused(RedisError)
    /// Not RESP, or beyond the limits.
    case protocolViolation(FrameViolation)

    /// Name for logs and metrics.
    package var label: String {
        switch self {
        case .closed(let midFrame, _): midFrame ? "closed_mid_frame" : "closed"
        case .broken: "broken"
        case .silent: "silent"
        case .deaf: "deaf"
        case .connectionRefused: "connection_refused"
        case .connectFailed: "connect_failed"
        case .refused(let error): error.metricLabel
        case .protocolViolation: "protocol_violation"
        }
    }
}
