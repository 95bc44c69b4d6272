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
    /// Nothing speaks against it, but no route that takes the alert names a receiver.
    case noRoute = "no_route"
    /// A person has asked for silence about such alerts.
    case silenced
    /// Another alert that stands explains it.
    case inhibited
    /// Every route that takes the alert is muted at this time of the day, the week or the year.
    case muted
    /// It comes and goes; that was told once, and its end will be.
    case flapping

    /// Whether an alert with this verdict goes out.
    package var isSent: Bool {
        switch self {
        case .sent, .fatigueDisabled: true
        case .duplicate, .cooldown, .tenantRateLimit, .noRoute, .silenced, .inhibited, .muted, .flapping: false
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
        case .noRoute: 5
        case .silenced: 6
        case .inhibited: 7
        case .muted: 8
        case .flapping: 9
        }
    }
}

/// The proof of one decision: the verdict and the number that decided it. Never changed after it was written.
package struct Receipt: Sendable, Hashable {
    package var alertID: String
    /// The alert's identity, as the original computes it.
    package var fingerprint: Fingerprint
    package var verdict: Verdict
    /// Which rule decided.
    package var ground: DecisionGround
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
    /// Routes that would have taken the alert and are muted, by their matchers; others were told.
    package var mutedRoutes: [String]
}

extension Receipt {
    /// What the parameters mean is said of the properties.
    ///
    /// It stands apart from these, so that there is the one too that the compiler makes of them (in their order): that one puts
    /// a receipt together where it goes, while this one fills it in and has it copied there.
    package init(
        alertID: String,
        fingerprint: Fingerprint,
        verdict: Verdict,
        ground: DecisionGround,
        window: Duration?,
        count: Int,
        limit: Int,
        nextAllowedAt: Timestamp?,
        remainingInWindow: Int?,
        heldBackBy: String?,
        isRepetition: Bool = false,
        mutedRoutes: [String] = [],
        handler: String,
        configVersion: String,
        instance: String,
        decidedAt: Timestamp
    ) {
        self.alertID = alertID
        self.fingerprint = fingerprint
        self.verdict = verdict
        self.ground = ground
        self.window = window
        self.count = count
        self.limit = limit
        self.nextAllowedAt = nextAllowedAt
        self.remainingInWindow = remainingInWindow
        self.heldBackBy = heldBackBy
        self.isRepetition = isRepetition
        self.mutedRoutes = mutedRoutes
        self.handler = handler
        self.configVersion = configVersion
        self.instance = instance
        self.decidedAt = decidedAt
    }
}

/// Which rule decided, and the numbers of it that the receipt does not have anyway.
package enum DecisionGround: Sendable, Hashable {
    case unchecked(isForTenant: Bool)
    /// The age of the alert that stands in the way, in microseconds.
    case duplicate(age: Int64)
    /// Likewise, and how severe it is.
    case cooldown(domain: String, age: Int64, severity: Severity)
    case withinLimit
    case tenantLimit
    /// Sent before it was decided, because the store could not be asked.
    case storeAway
    case noRoute
    /// The silence that ends last of those that hide the alert.
    case silenced(id: String)
    /// The alert that stands is the one that the receipt says holds this one back.
    case inhibited(rule: String)
    /// The intervals that mute the alert's routes.
    case muted(intervals: [String])
    /// The share of weighted changes.
    case flapping(percent: Int)
    case flappingBegan(percent: Int)
    case flappingEnded(percent: Int)
    /// What the alert was about is over.
    case resolved
    /// Tells what was held back, and how many that were.
    case digest(alerts: Int)
    /// Of a receipt that history kept, which keeps the sentence.
    case kept(reason: String)
}

extension Receipt {
    /// Whether it is about an alert that came, or about its end.
    package var status: AlertStatus {
        switch self.ground {
        case .resolved: .resolved
        case .kept(let reason): reason == Self.overReason ? .resolved : .firing
        default: .firing
        }
    }

    /// The reason of a receipt about an end, which history keeps as a sentence.
    private static let overReason = "it is over"

    /// For a person: which rule decided, with its numbers.
    package var reason: String {
        let window = self.window.map { Self.seconds($0.wholeMicroseconds) } ?? "0"
        switch self.ground {
        case .unchecked(isForTenant: false): return "sent unchecked: fatigue control is off"
        case .unchecked(isForTenant: true): return "sent unchecked: fatigue control is off for the tenant"
        case .duplicate(let age):
            return "the same alert was sent \(Self.seconds(age)) s ago, within the dedup window of \(window) s"
        case .cooldown(let domain, let age, let severity):
            let which = self.isRepetition ? "the same alert" : "another \(severity.rawValue) alert"
            return
                "\(which) of domain \(domain) was sent \(Self.seconds(age)) s ago, within the cooldown of \(window) s"
        case .withinLimit: return "\(self.count) of \(self.limit) alerts of the tenant in the last hour"
        case .tenantLimit:
            return
                "\(self.count) \(self.count == 1 ? "alert" : "alerts") of the tenant in the last hour, at most \(self.limit)"
        case .storeAway: return "sent undecided: the state store could not be asked"
        case .noRoute: return "no route that takes the alert names a receiver"
        case .silenced(let id): return "silence \(id) hides it\(self.until)"
        case .inhibited(let rule):
            return "alert \(self.heldBackBy ?? "") stands and inhibits it (rule \(rule))\(self.until)"
        case .muted(let intervals):
            return "muted by \(intervals.joined(separator: ", "))\(self.until)"
        case .flapping(let percent): return "it comes and goes: \(percent) % of its last states are changes"
        case .flappingBegan(let percent):
            return "it began to come and go: \(percent) % of its last states are changes; further ones are held back"
        case .flappingEnded(let percent):
            return "it no longer comes and goes: \(percent) % of its last states are changes"
        case .resolved: return Self.overReason
        case .digest(let alerts):
            return alerts == 1
                ? "tells of one alert that was held back" : "tells of \(alerts) alerts that were held back"
        case .kept(let reason): return reason
        }
    }

    private var until: String { self.nextAllowedAt.map { " until \($0.inWords)" } ?? "" }

    /// Seconds with up to three digits behind the point.
    private static func seconds(_ microseconds: Int64) -> String {
        let (whole, milliseconds) = (microseconds / 1000).quotientAndRemainder(dividingBy: 1000)
        var (rest, digits) = (milliseconds, 3)
        guard rest != 0 else { return String(whole) }
        while rest % 10 == 0 { (rest, digits) = (rest / 10, digits - 1) }
        let text = String(rest)
        return "\(whole)." + String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
