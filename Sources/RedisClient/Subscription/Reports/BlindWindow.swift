package import NIOCore

/// A time in which messages may have been published that we did not receive.
package struct BlindWindow: Sendable, Hashable {
    /// The last instant at which we had certainly read all that the server had sent.
    package let start: NIODeadline

    /// When the server confirmed the subscription that ended the window.
    package let end: NIODeadline

    package let cause: BlindCause

    /// How many messages are missing, at most.
    package let missed: MissedEstimate

    /// When the last probe before the window was published that came back: everything from before it has certainly
    /// arrived, and `missed` counts from there. A link that went deaf may have missed messages since then, although it
    /// seemed well until `start`. Nil when no probe had come back before.
    package let provenUntil: NIODeadline?

    package init(
        start: NIODeadline,
        end: NIODeadline,
        cause: BlindCause,
        missed: MissedEstimate,
        provenUntil: NIODeadline? = nil
    ) {
        self.start = start
        self.end = end
        self.cause = cause
        self.missed = missed
        self.provenUntil = provenUntil
    }

    package var length: Duration { Duration(self.end - min(self.start, self.end)) }
}

/// Why a subscription went blind. The raw value is the metric label.
///
/// Redis closes a connection without a word. The cause is what the way it ended and the server's own counters before
/// and after say together; where they say nothing it is `closedByServer`.
package enum BlindCause: String, Sendable, CaseIterable {
    /// Somebody used `CLIENT KILL`.
    case killed
    /// The server process is another one than before.
    case serverRestarted = "server_restarted"
    /// Nobody listened on the server's address for a while, and no counter tells whether it was restarted.
    case serverGone = "server_gone"
    /// The server answered nobody: stopped, swapping, or paused.
    case serverSilent = "server_silent"
    /// Our link was silent while the server served others: a black hole on the way.
    case blackHole = "black_hole"
    /// The link answered `PING`, but what was published did not arrive on it.
    case deaf
    /// Our own process did not read for so long that the server gave up on us.
    case ownStall = "own_stall"
    /// The server's output-buffer limit was reached although we were reading.
    case outputBufferOverrun = "output_buffer_overrun"
    /// One message larger than the server's output-buffer limit, which makes it cut every subscriber.
    case oversizePublish = "oversize_publish"
    /// The server's access rules no longer let us subscribe.
    case accessRevoked = "access_revoked"
    /// The connection was reset or failed on the way.
    case connectionBroken = "connection_broken"
    /// The server sent something that is not its protocol, or more of it than the limits allow.
    case protocolViolation = "protocol_violation"
    /// The server closed the connection and no evidence says why.
    case closedByServer = "closed_by_server"
}

/// How many messages a blind window swallowed.
package enum MissedEstimate: Sendable, Hashable {
    /// Not more than this many: what the server counted as published, less what arrived and what we published on the
    /// private channel ourselves.
    ///
    /// The server counts `PUBLISH` over all channels, those that nobody here listens to included: what others, or this
    /// process's own handlers, publish there meanwhile raises the bound. That is not deducted, because only what comes
    /// back on the subscription can be told to lie on this side of a count or on that. On a server whose only channel is
    /// the one listened to, the bound is exact.
    case atMost(UInt64)

    /// The server's counters do not tell.
    case unknown(Reason)

    package enum Reason: Sendable, Hashable {
        /// The server was restarted or its statistics were reset. Since then it counted this many that did not reach us;
        /// what was lost before is not known.
        case countersReset(publishedSince: UInt64)
        /// There was no count from before the window, because it came too soon after the first subscription.
        case noBaseline
        /// The server did not give us its counters: not allowed, or the commands' connection was down as well.
        case notMeasured
        /// The next blind window began before this one was measured; its figure covers both.
        case coveredByNext
    }

    /// Name for logs and metrics: `at_most`, `counters_reset`, ...
    package var label: String {
        switch self {
        case .atMost: "at_most"
        case .unknown(.countersReset): "counters_reset"
        case .unknown(.noBaseline): "no_baseline"
        case .unknown(.notMeasured): "not_measured"
        case .unknown(.coveredByNext): "covered_by_next"
        }
    }
}
