package import Events

/// That a limit was crossed, or is kept again.
package struct ThresholdHistory: Sendable, Hashable {
    package var rule: String
    /// What the rule counts by: the value of `tenant_id`, for example.
    package var subject: String
    /// `near` or `breach`.
    package var tier: String
    package var hasRecovered: Bool
    /// Nil where whoever published the signal does not say.
    package var value: Double?
    /// Likewise.
    package var limit: Double?
    package var details: JSONValue

    package init(
        rule: String,
        subject: String,
        tier: String,
        hasRecovered: Bool,
        value: Double?,
        limit: Double?,
        details: JSONValue = .null
    ) {
        self.rule = rule
        self.subject = subject
        self.tier = tier
        self.hasRecovered = hasRecovered
        self.value = value
        self.limit = limit
        self.details = details
    }
}

/// That somebody who should beat came up or went down.
package struct HeartbeatHistory: Sendable, Hashable {
    package var worker: String
    /// `new`, `up`, `grace`, `down`, `paused`.
    package var from: String
    package var to: String
    package var reason: String?

    package init(worker: String, from: String, to: String, reason: String? = nil) {
        self.worker = worker
        self.from = from
        self.to = to
        self.reason = reason
    }
}

/// A frame that is no event.
package struct QuarantineHistory: Sendable, Hashable {
    package var channel: String
    /// The raw value of a `QuarantineReason`.
    package var reason: String
    package var byteCount: Int
    /// How the frame begins, as text; what is not UTF-8 is replaced.
    package var excerpt: String

    package init(channel: String, reason: String, byteCount: Int, excerpt: String) {
        self.channel = channel
        self.reason = reason
        self.byteCount = byteCount
        self.excerpt = excerpt
    }
}
