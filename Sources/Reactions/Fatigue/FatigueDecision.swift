import DequeModule

/// What the rules say about one alert, before anything is remembered. Times in microseconds of the gate's clock.
struct FatigueDecision {
    private(set) var verdict: Verdict
    private(set) var ground: DecisionGround
    /// The window that held the alert back.
    var window: Int64?
    var nextAllowed: Int64?
    var remaining: Int?
    var heldBackBy: SentMark?
    /// Alerts of the tenant in the last hour, this one not among them.
    let count: Int

    private init(_ verdict: Verdict, _ ground: DecisionGround, count: Int) {
        self.verdict = verdict
        self.ground = ground
        self.count = count
    }

    /// - Parameter count: alerts of the tenant in the last hour.
    init(sentBefore count: Int) { self.init(.fatigueDisabled, .storeAway, count: count) }

    /// `ledger` is what the tenant was sent, its hour ended at `now`; nil when nothing is remembered of the tenant.
    init(_ alert: Alert, _ fingerprint: Fingerprint, _ rules: FatigueRules, ledger: TenantLedger?, now: Int64) {
        let count = ledger?.hour.count ?? 0
        let domain = ledger?.domains[alert.domain]
        if rules.isOff {
            self.init(.fatigueDisabled, .unchecked(isForTenant: false), count: count)
        } else if rules.isOffForTenant {
            self.init(.fatigueDisabled, .unchecked(isForTenant: true), count: count)
        } else if let held = Self.duplicate(alert, fingerprint, rules, domain, now: now, count: count) {
            self = held
        } else if let held = Self.cooldown(alert, fingerprint, rules, domain, now: now, count: count) {
            self = held
        } else if count >= rules.limit {
            self = Self.rateLimit(rules, ledger, now: now, count: count)
        } else {
            self.init(.sent, .withinLimit, count: count)
            self.remaining = rules.limit - count
        }
    }

    /// For an alert that nobody would be told of: when nothing else holds it back, that does.
    mutating func requireRoute() {
        guard self.verdict.isSent else { return }
        self.verdict = .noRoute
        self.ground = .noRoute
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
        return Self.held(.duplicate, .duplicate(age: now &- mark.at), by: mark, window: rules.dedupWindow, count: count)
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
        let ground = DecisionGround.cooldown(domain: alert.domain, age: now &- mark.at, severity: mark.severity)
        return Self.held(.cooldown, ground, by: mark, window: rules.cooldown, count: count)
    }

    private static func held(
        _ verdict: Verdict,
        _ ground: DecisionGround,
        by mark: SentMark,
        window: Int64,
        count: Int
    ) -> FatigueDecision {
        var decision = FatigueDecision(verdict, ground, count: count)
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
        var decision = FatigueDecision(.tenantRateLimit, .tenantLimit, count: count)
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
}
