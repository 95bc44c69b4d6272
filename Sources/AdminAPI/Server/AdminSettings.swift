package import Reactions

/// How the admin interface listens and what it allows.
package struct AdminSettings: Sendable {
    package var address: BoundAddress
    /// The version that `/version` tells.
    package var version: String
    /// What requests must show as `Authorization: Bearer …`, but for those about health. Nil asks nobody, and then no
    /// address is accepted that other machines can reach.
    package var token: Secret?
    /// Names besides `localhost` and IP addresses that a request's `Host` may have, in lower case.
    package var allowedHosts: Set<String> = []
    /// How long the reactor may take to answer a question.
    package var answerLimit: Duration = .seconds(2)
    /// How long a connection may stay without a request, or take to send one.
    package var idleLimit: Duration = .seconds(30)
    /// How long a client may leave an answer unread.
    package var stallLimit: Duration = .seconds(30)
    /// Connections open at a time; further ones wait.
    package var connectionLimit = 512
    /// `/v1/tap` streams open at a time; further ones are refused.
    package var tapLimit = 16
    /// Bytes that a client may send without an answer: more than any request here needs.
    package var requestByteLimit = 64 * 1_024

    package init(address: BoundAddress = .standard, version: String) {
        self.address = address
        self.version = version
    }
}
