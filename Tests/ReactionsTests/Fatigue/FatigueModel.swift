import Events
import Reactions

/// Fatigue control as the text tells it, and nothing else: a list of what was sent, searched from end to end.
struct FatigueModel {
    struct Decision: Hashable {
        var verdict: Verdict
        var count: Int
        var nextAllowed: Int64?
        var remaining: Int?
        var heldBackBy: String?
    }

    private struct Sent {
        var at: Int64
        var alert: Alert
    }

    var settings: FatigueSettings
    private var sent: [Sent] = []
    /// How much the wall clock was set back in all.
    private var setBack: Int64 = 0
    private var lastReading: Int64?

    init(_ settings: FatigueSettings) {
        self.settings = settings
    }

    mutating func decide(_ alert: Alert, isRouted: Bool = true, at reading: Timestamp) -> Decision {
        if let last = self.lastReading, reading.microseconds < last { self.setBack += last - reading.microseconds }
        self.lastReading = reading.microseconds
        let now = reading.microseconds + self.setBack
        // Only for speed: nothing is configured to look back this far.
        self.sent.removeAll { $0.at < now - 4 * 3_600_000_000 }
        var decision = self.judge(alert, now)
        decision.nextAllowed = decision.nextAllowed.map { $0 - self.setBack }
        if decision.verdict.isSent, !isRouted { decision.verdict = .noRoute }
        if decision.verdict.isSent { self.sent.append(Sent(at: now, alert: alert)) }
        return decision
    }

    private func judge(_ alert: Alert, _ now: Int64) -> Decision {
        let tenant = self.settings.tenants[alert.tenant]
        let ofTenant = self.sent.filter { $0.alert.tenant == alert.tenant }
        let inHour = ofTenant.filter { $0.at > now - 3_600_000_000 }
        let count = inHour.count
        if !self.settings.enabled || tenant?.enabled == false {
            return Decision(verdict: .fatigueDisabled, count: count)
        }
        let window = (tenant?.dedupWindow ?? self.settings.dedupWindow).wholeMicroseconds
        let inDomain = ofTenant.filter { $0.alert.domain == alert.domain && $0.alert.severity >= alert.severity }
        if let same = inDomain.last(where: { $0.alert.key == alert.key && now - $0.at < window }) {
            return Decision(
                verdict: .duplicate,
                count: count,
                nextAllowed: same.at + window,
                heldBackBy: same.alert.id
            )
        }
        let cooldown = tenant?.cooldowns[alert.domain] ?? self.settings.cooldowns[alert.domain]
        let length = (cooldown ?? self.settings.defaultCooldown).wholeMicroseconds
        if let other = inDomain.last(where: { now - $0.at < length }) {
            return Decision(
                verdict: .cooldown,
                count: count,
                nextAllowed: other.at + length,
                heldBackBy: other.alert.id
            )
        }
        let limit = max(0, tenant?.maxAlertsPerHour ?? self.settings.maxAlertsPerTenantPerHour)
        if count >= limit {
            let next = limit == 0 ? now + 60_000_000 : inHour[count - limit].at + 3_600_000_000
            return Decision(verdict: .tenantRateLimit, count: count, nextAllowed: next, remaining: 0)
        }
        return Decision(verdict: .sent, count: count, remaining: limit - count)
    }
}

extension FatigueModel.Decision {
    init(_ receipt: Receipt) {
        self.init(
            verdict: receipt.verdict,
            count: receipt.count,
            nextAllowed: receipt.nextAllowedAt?.microseconds,
            remaining: receipt.remainingInWindow,
            heldBackBy: receipt.heldBackBy
        )
    }
}

extension Alert {
    static func sample(
        _ key: String = "k",
        tenant: String = "t",
        domain: String = "incidents",
        severity: Severity = .medium,
        id: String = "a"
    ) -> Alert {
        Alert(
            id: id,
            type: "T",
            severity: severity,
            domain: domain,
            tenant: tenant,
            runID: "r",
            key: key,
            summary: "s",
            details: .object([]),
            handler: "h",
            event: nil,
            raisedAt: Timestamp(microseconds: 0)
        )
    }
}
