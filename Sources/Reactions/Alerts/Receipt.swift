package import Events

/// What was decided about an alert: a closed list, so that every alert has exactly one of them.
package enum Verdict: String, Sendable, Hashable, CaseIterable, Codable {
    case sent
    /// The same alert was sent less than the dedup window ago.
    case duplicate
    /// An alert at least as severe of the same tenant and domain was sent less than the domain's cooldown ago.
    case cooldown
    /// The tenant's alerts of the last hour have reached its limit.
    case tenantRateLimit = "tenant_rate_limit"
    /// Sent unchecked, because fatigue control is off for the reactor or for the tenant.
    case fatigueDisabled = "fatigue_disabled"

    /// Whether an alert with this verdict goes out.
    package var isSent: Bool {
        switch self {
        case .sent, .fatigueDisabled: true
        case .duplicate, .cooldown, .tenantRateLimit: false
        }
    }

    /// The place among all, from 0; counting by it needs no hashing.
    var place: Int {
        switch self {
        case .sent: 0
        case .duplicate: 1
        case .cooldown: 2
        case .tenantRateLimit: 3
        case .fatigueDisabled: 4
        }
    }
}

/// The proof of one decision: the verdict and the number that decided it. Never changed after it was written.
package struct Receipt: Sendable, Hashable {
    package var alertID: String
    /// First 16 hex digits of SHA-256 over `key:tenant:domain`, as the original computes identities.
    package var fingerprint: String
    package var verdict: Verdict
    /// For a person: which rule decided, with its numbers.
    package var reason: String
    /// The window, cooldown or hour that decided; nil when nothing held the alert back.
    package var window: Duration?
    /// What was counted against the limit: alerts of the tenant in the last hour.
    package var count: Int
    /// The tenant's limit per hour.
    package var limit: Int
    /// When the same alert could go out; nil when this one did.
    package var nextAllowedAt: Timestamp?
    /// How many more alerts the tenant could send in this hour, before this alert; nil when not checked.
    package var remainingInWindow: Int?
    /// The alert that stands in the way (same identity, or same tenant and domain).
    package var heldBackBy: String?
    /// Whether the alert that stands in the way is the same one, sent earlier: a repetition that a cooldown holds back
    /// is told from another alert that it holds back.
    package var isRepetition: Bool
    package var handler: String
    package var configVersion: String
    package var instance: String
    package var decidedAt: Timestamp

    package init(
        alertID: String,
        fingerprint: String,
        verdict: Verdict,
        reason: String,
        window: Duration?,
        count: Int,
        limit: Int,
        nextAllowedAt: Timestamp?,
        remainingInWindow: Int?,
        heldBackBy: String?,
        isRepetition: Bool = false,
        handler: String,
        configVersion: String,
        instance: String,
        decidedAt: Timestamp
    ) {
        self.alertID = alertID
        self.fingerprint = fingerprint
        self.verdict = verdict
        self.reason = reason
        self.window = window
        self.count = count
        self.limit = limit
        self.nextAllowedAt = nextAllowedAt
        self.remainingInWindow = remainingInWindow
        self.heldBackBy = heldBackBy
        self.isRepetition = isRepetition
        self.handler = handler
        self.configVersion = configVersion
        self.instance = instance
        self.decidedAt = decidedAt
    }
}
