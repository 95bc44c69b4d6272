import DequeModule

/// What the rules say about one alert, before anything is remembered. Times in microseconds of the gate's clock.
struct FatigueDecision {
    let verdict: Verdict
    let reason: String
    /// The window that held the alert back.
    var window: Int64?
    var nextAllowed: Int64?
    var remaining: Int?
    var heldBackBy: SentMark?
    /// Alerts of the tenant in the last hour, this one not among them.
    let count: Int

    private init(_ verdict: Verdict, _ reason: String, count: Int) {
        self.verdict = verdict
        self.reason = reason
        self.count = count
    }

    /// `ledger` is what the tenant was sent, its hour ended at `now`; nil when nothing is remembered of the tenant.
    init(_ alert: Alert, _ fingerprint: Fingerprint, _ rules: FatigueRules, ledger: TenantLedger?, now: Int64) {
        let count = ledger?.hour.count ?? 0
        let domain = ledger?.domains[alert.domain]
        if rules.isOff {
            self.init(.fatigueDisabled, "sent unchecked: fatigue control is off", count: count)
        } else if rules.isOffForTenant {
            self.init(.fatigueDisabled, "sent unchecked: fatigue control is off for the tenant", count: count)
        } else if let held = Self.duplicate(alert, fingerprint, rules, domain, now: now, count: count) {
            self = held
        } else if let held = Self.cooldown(alert, fingerprint, rules, domain, now: now, count: count) {
            self = held
        } else if count >= rules.limit {
            self = Self.rateLimit(rules, ledger, now: now, count: count)
        } else {
            self.init(.sent, "\(count) of \(rules.limit) alerts of the tenant in the last hour", count: count)
            self.remaining = rules.limit - count
        }
    }

    private static func duplicate(
        _ alert: Alert,
        _ fingerprint: Fingerprint,
        _ rules: FatigueRules,
        _ domain: TenantLedger.Domain?,
        now: Int64,
        count: Int
    ) -> FatigueDecision? {
        guard let mark = domain?.identities[fingerprint]?.newest(atLeast: alert.severity),
            now &- mark.at < rules.dedupWindow
        else { return nil }
        let age = Self.seconds(now &- mark.at)
        let reason =
            "the same alert was sent \(age) s ago, within the dedup window of \(Self.seconds(rules.dedupWindow)) s"
        return Self.held(.duplicate, reason, by: mark, window: rules.dedupWindow, count: count)
    }

    private static func cooldown(
        _ alert: Alert,
        _ fingerprint: Fingerprint,
        _ rules: FatigueRules,
        _ domain: TenantLedger.Domain?,
        now: Int64,
        count: Int
    ) -> FatigueDecision? {
        guard let mark = domain?.sent.newest(atLeast: alert.severity),
            now &- mark.at < rules.cooldown
        else { return nil }
        let which = mark.fingerprint == fingerprint ? "the same alert" : "another \(mark.severity.rawValue) alert"
        let age = Self.seconds(now &- mark.at)
        let reason =
            "\(which) of domain \(alert.domain) was sent \(age) s ago, within the cooldown of "
            + "\(Self.seconds(rules.cooldown)) s"
        return Self.held(.cooldown, reason, by: mark, window: rules.cooldown, count: count)
    }

    private static func held(
        _ verdict: Verdict,
        _ reason: String,
        by mark: SentMark,
        window: Int64,
        count: Int
    ) -> FatigueDecision {
        var decision = FatigueDecision(verdict, reason, count: count)
        decision.window = window
        decision.nextAllowed = mark.at &+ window
        decision.heldBackBy = mark
        return decision
    }

    private static func rateLimit(
        _ rules: FatigueRules,
        _ ledger: TenantLedger?,
        now: Int64,
        count: Int
    ) -> FatigueDecision {
        let reason = "\(count) alerts of the tenant in the last hour, at most \(rules.limit)"
        var decision = FatigueDecision(.tenantRateLimit, reason, count: count)
        decision.window = FatigueRules.hour
        decision.remaining = 0
        if let ledger, rules.limit > 0 {
            // Normally the oldest; more have to go when the limit was lowered since.
            decision.nextAllowed = ledger.hour[count - rules.limit].at &+ FatigueRules.hour
        } else {
            decision.nextAllowed = now &+ FatigueRules.retryOfEmptyLimit
        }
        return decision
    }

    /// Seconds with up to three digits behind the point.
    private static func seconds(_ microseconds: Int64) -> String {
        let milliseconds = microseconds / 1000
        let rest = milliseconds % 1000
        guard rest != 0 else { return String(milliseconds / 1000) }
        let digits = String(1000 + rest).dropFirst()
        let trimmed = digits.reversed().drop { $0 == "0" }.reversed()
        return "\(milliseconds / 1000).\(String(trimmed))"
    }
}
