import DequeModule
import Events

/// What the rules say about one alert, before anything is remembered. Times in microseconds of the gate's clock.
struct FatigueDecision {
    private(set) var verdict: Verdict
    private(set) var ground: DecisionGround
    /// The window that held the alert back.
    private(set) var window: Int64?
    private(set) var nextAllowed: Int64?
    /// The same, where the wall clock decides.
    private(set) var nextAllowedAt: Timestamp?
    private(set) var remaining: Int?
    /// The alert that stands in the way.
    private(set) var heldBackBy: String?
    private(set) var isRepetition = false
    /// Alerts of the tenant in the last hour, this one not among them.
    let count: Int
}

// Initializers stand apart from the fields: the one that the compiler makes of those puts a decision together where it goes,
// while one that fills them in one after the other has it copied there.
extension FatigueDecision {
    private init(_ verdict: Verdict, _ ground: DecisionGround, count: Int) {
        self.init(verdict: verdict, ground: ground, count: count)
    }

    /// - Parameter count: alerts of the tenant in the last hour.
    init(sentBefore count: Int) { self.init(.fatigueDisabled, .storeAway, count: count) }

    /// Nobody judged: it is told that something is over, or what was held back.
    init(_ verdict: Verdict, _ ground: DecisionGround) { self.init(verdict, ground, count: 0) }

    /// What others than fatigue control say; nil when they say nothing.
    init?(
        _ limits: AlertLimits,
        isMuted: Bool,
        inhibitedBy inhibition: (rule: String, mark: InhibitionBoard.Mark)?,
        count: Int
    ) {
        if let inhibition {
            self.init(.inhibited, .inhibited(rule: inhibition.rule), count: count)
            self.nextAllowed = inhibition.mark.until
            self.heldBackBy = inhibition.mark.alertID
        } else if let silence = limits.silence {
            self.init(.silenced, .silenced(id: silence.id), count: count)
            self.nextAllowedAt = silence.endsAt
        } else if isMuted {
            self.init(.muted, .muted(intervals: limits.mutedBy), count: count)
            self.nextAllowedAt = limits.mutedUntil.map { Timestamp(microseconds: $0) }
        } else {
            return nil
        }
    }

    /// What fatigue control says.
    ///
    /// - Parameter ledger: What the tenant was sent. Only its hour may change, which is ended at `now`.
    static func judge(
        _ subject: AlertSubject,
        _ fingerprint: Fingerprint,
        _ rules: FatigueRules,
        _ ledger: inout TenantLedger,
        now: Int64
    ) -> FatigueDecision {
        ledger.endHour(at: now)
        let count = ledger.hour.count
        if rules.isOff { return FatigueDecision(.fatigueDisabled, .unchecked(isForTenant: false), count: count) }
        if rules.isOffForTenant {
            return FatigueDecision(.fatigueDisabled, .unchecked(isForTenant: true), count: count)
        }
        if let held = Self.repeated(subject, fingerprint, rules, &ledger, now: now) { return held }
        if count >= rules.limit { return Self.rateLimit(rules, ledger.hour, now: now) }
        return FatigueDecision(verdict: .sent, ground: .withinLimit, remaining: rules.limit - count, count: count)
    }

    /// For an alert that nobody would be told of: when nothing else holds it back, that does.
    mutating func requireRoute() {
        guard self.verdict.isSent else { return }
        self.verdict = .noRoute
        self.ground = .noRoute
    }

    /// For an alert that nothing else holds back and that comes and goes.
    mutating func hold(flapping percent: Int) {
        self.verdict = .flapping
        self.ground = .flapping(percent: percent)
    }

    /// For an alert that is sent and tells more than itself.
    mutating func tell(_ ground: DecisionGround) { self.ground = ground }

    /// What was sent of the same identity holds an alert back, or of the same domain.
    private static func repeated(
        _ subject: AlertSubject,
        _ fingerprint: Fingerprint,
        _ rules: FatigueRules,
        _ ledger: inout TenantLedger,
        now: Int64
    ) -> FatigueDecision? {
        guard let domain = ledger.domains.place(of: ExactText(subject.domain)) else { return nil }
        let count = ledger.hour.count
        if let mark = ledger.domains[domain].newest(fingerprint, atLeast: subject.severity), !mark.isOver,
            now &- mark.at < rules.dedupWindow
        {
            let ground = DecisionGround.duplicate(age: now &- mark.at)
            return Self.held(.duplicate, ground, by: mark, fingerprint, window: rules.dedupWindow, count: count)
        }
        if let mark = ledger.domains[domain].newest(sameKindAs: subject), now &- mark.at < rules.cooldown,
            // What was resolved and fires again is news.
            !(mark.isOver && mark.fingerprint == fingerprint)
        {
            let age = now &- mark.at
            let ground = DecisionGround.cooldown(domain: subject.domain, age: age, severity: mark.severity)
            return Self.held(.cooldown, ground, by: mark, fingerprint, window: rules.cooldown, count: count)
        }
        return nil
    }

    private static func held(
        _ verdict: Verdict,
        _ ground: DecisionGround,
        by mark: SentMark,
        _ fingerprint: Fingerprint,
        window: Int64,
        count: Int
    ) -> FatigueDecision {
        FatigueDecision(
            verdict: verdict,
            ground: ground,
            window: window,
            nextAllowed: mark.at &+ window,
            heldBackBy: mark.alertID,
            isRepetition: mark.fingerprint == fingerprint,
            count: count
        )
    }

    /// - Parameter hour: what counts against the limit.
    private static func rateLimit(
        _ rules: FatigueRules,
        _ hour: Deque<TenantLedger.HourEntry>,
        now: Int64
    ) -> FatigueDecision {
        var decision = FatigueDecision(.tenantRateLimit, .tenantLimit, count: hour.count)
        decision.window = FatigueRules.hour
        decision.remaining = 0
        // Normally the oldest; more have to go when the limit was lowered since.
        decision.nextAllowed =
            rules.limit > 0
            ? hour[hour.count - rules.limit].at &+ FatigueRules.hour : now &+ FatigueRules.retryOfEmptyLimit
        return decision
    }
}
