/// The time limits and bounds of a subscription. The defaults are those of the design; tests shorten them.
package struct SubscriptionSettings: Sendable, Equatable {
    /// Name of the channel that only this process publishes to and listens on. Redis keeps the order across the
    /// channels of one connection, which is what makes a marker on it an exact cut.
    package var privateChannel: String

    /// After this much silence the server is asked with `PING`.
    package var pingAfterSilence: Duration = .milliseconds(500)

    /// How long a `PING` may stay without any byte before the link is suspect.
    package var pongDeadline: Duration = .milliseconds(750)

    /// How often a probe is published, besides the one right after subscribing.
    package var probeInterval: Duration = .seconds(5)

    /// How long a probe may take to come back before the link counts as deaf.
    package var probeDeadline: Duration = .seconds(15)

    /// The same, when `PUBLISH` said that nobody listens: a strong hint, but not a proof, since a proxy may send reads
    /// and writes to different servers.
    package var unheardProbeDeadline: Duration = .seconds(1)

    /// Longest time for connecting, TLS and the handshake.
    package var connectDeadline: Duration = .seconds(5)

    /// Longest time from `SUBSCRIBE` to the last confirmation. A server that is stopped accepts connections but
    /// confirms nothing until it goes on, and a link that waits there is the first to be served.
    package var confirmDeadline: Duration = .seconds(10)

    /// How long a suspect link may stay silent once its successor is confirmed, before it counts as dead.
    package var handoverPatience: Duration = .milliseconds(750)

    /// Most bytes of the successor's messages that are kept while the suspect link is waited for. At the bound the
    /// successor is not read any further, so that Redis keeps the rest; nothing is dropped.
    package var handoverBufferBytes: Int = 8 << 20

    /// Longest wait for a marker to come back on a successor, and pause before a marker that could not be published is
    /// published again.
    package var markerDeadline: Duration = .seconds(5)
    package var markerRetry: Duration = .milliseconds(250)

    /// Longest wait for the confirmation of `UNSUBSCRIBE` when stopping.
    package var stopPatience: Duration = .milliseconds(500)

    /// The pauses between attempts to connect. The first attempt after a loss is made almost at once.
    package var backoff = Backoff.Settings()

    /// Longest pause while connections are refused or the server is loading its data.
    package var refusedRetryCeiling = RetryPauses.defaultCeiling

    /// How late a timer of ours may fire before the delay counts as a stall of our own and is allowed for.
    package var lagTolerance: Duration = .milliseconds(50)

    /// How late it must be to be reported.
    package var reportedStall: Duration = .seconds(1)

    /// When reading rests for a moment.
    package var moderation = ReadModeration()

    /// Messages above this size are skipped without being buffered.
    package var maxEventBytes: Int = 1 << 20

    /// - Parameter instance: name of this process, unique among those on the same server.
    package init(instance: String) {
        self.privateChannel = Self.privateChannelPrefix + instance
    }

    /// What every private channel begins with. Nobody else's messages on such a channel concern us.
    package static let privateChannelPrefix = "aos.reactor.probe."
}
