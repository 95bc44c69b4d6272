import Events
import Reactions

/// Answer of `/v1/receivers`. Addresses are shown up to their host.
package struct ReceiversResponse: Sendable, Hashable, Codable {
    package struct Receiver: Sendable, Hashable, Codable {
        package var name: String
        package var kind: String
        /// Where messages go, for a person.
        package var target: String
        package var allowPrivate: Bool
        package var concurrency: Int
        package var timeoutSeconds: Double
        package var sendResolved: Bool

        enum CodingKeys: String, CodingKey {
            case name
            case kind
            case target
            case allowPrivate = "allow_private"
            case concurrency
            case timeoutSeconds = "timeout_seconds"
            case sendResolved = "send_resolved"
        }
    }

    package var receivers: [Receiver]

    init(_ receivers: [ReceiverDefinition]) {
        self.receivers = receivers.map {
            Receiver(
                name: $0.name,
                kind: $0.kind.rawValue,
                target: $0.shownTarget,
                allowPrivate: $0.allowPrivate,
                concurrency: $0.concurrency,
                timeoutSeconds: $0.timeout.inSeconds,
                sendResolved: $0.sendsResolved
            )
        }
    }
}

/// Answer of `/v1/alerts/test`: who a made-up alert went to, and what came of it.
package struct AlertTestResponse: Sendable, Hashable, Codable {
    package struct Result: Sendable, Hashable, Codable {
        package var receiver: String
        package var kind: String?
        /// `delivered`, `retry` (it may work later), `dead` (it never will) or `gone` (the receiver is no more).
        package var outcome: String
        package var reason: String?
        package var seconds: Double
    }

    package var alertID: String
    /// The routes that would take such an alert: their conditions from the outermost to the one that tells.
    package var routes: [[String]]
    package var results: [Result]

    enum CodingKeys: String, CodingKey {
        case alertID = "alert_id"
        case routes
        case results
    }
}

extension AlertTestResponse.Result {
    init(_ test: ReceiverTest) {
        self.init(
            receiver: test.receiver,
            kind: test.kind?.rawValue,
            outcome: test.outcome.word,
            reason: test.outcome.reason,
            seconds: test.elapsed.inSeconds
        )
    }
}

extension AttemptOutcome {
    fileprivate var word: String {
        switch self {
        case .delivered: "delivered"
        case .retry, .split: "retry"
        case .dead: "dead"
        case .gone: "gone"
        }
    }
}

/// Answer of `/v1/tenants/{id}/fatigue`: how much of its hour a tenant has used, and by which rules it is judged.
package struct FatigueResponse: Sendable, Hashable, Codable {
    package struct Settings: Sendable, Hashable, Codable {
        package var enabled: Bool
        package var dedupWindowSeconds: Double
        package var maxPerHour: Int
        package var cooldownSeconds: [String: Double]
        package var defaultCooldownSeconds: Double

        enum CodingKeys: String, CodingKey {
            case enabled
            case dedupWindowSeconds = "dedup_window_seconds"
            case maxPerHour = "max_per_hour"
            case cooldownSeconds = "cooldown_seconds"
            case defaultCooldownSeconds = "default_cooldown_seconds"
        }
    }

    package var tenant: String
    package var alertsInLastHour: Int
    package var maxAlertsPerHour: Int
    package var alertsByDomain: [String: Int]
    package var fatigueEnabled: Bool
    package var settings: Settings

    enum CodingKeys: String, CodingKey {
        case tenant
        case alertsInLastHour = "alerts_in_last_hour"
        case maxAlertsPerHour = "max_alerts_per_hour"
        case alertsByDomain = "alerts_by_domain"
        case fatigueEnabled = "fatigue_enabled"
        case settings
    }

    init(_ statistics: TenantFatigueStatistics, _ settings: FatigueSettings) {
        self.tenant = statistics.tenant
        self.alertsInLastHour = statistics.alertsInLastHour
        self.maxAlertsPerHour = statistics.maxAlertsPerHour
        self.alertsByDomain = statistics.alertsByDomain
        self.fatigueEnabled = statistics.fatigueEnabled
        let own = settings.tenants[statistics.tenant]
        let cooldowns = settings.cooldowns.merging(own?.cooldowns ?? [:]) { $1 }
        self.settings = Settings(
            enabled: settings.enabled && own?.enabled ?? true,
            dedupWindowSeconds: (own?.dedupWindow ?? settings.dedupWindow).inSeconds,
            maxPerHour: own?.maxAlertsPerHour ?? settings.maxAlertsPerTenantPerHour,
            cooldownSeconds: cooldowns.mapValues(\.inSeconds),
            defaultCooldownSeconds: settings.defaultCooldown.inSeconds
        )
    }
}
