import DequeModule
package import Events

/// Decides which alerts go out, and remembers those that did: checking and recording are one step.
///
/// The first rule that applies decides:
///
/// 1. an alert that stands inhibits it: `inhibited`;
/// 2. a silence hides it: `silenced`;
/// 3. all routes that would take it are muted: `muted`;
/// 4. fatigue control is off, for all or for the tenant: sent, unchecked (but see 9);
/// 5. the same alert (key, tenant, domain) was sent less than the dedup window ago: `duplicate`;
/// 6. any alert of the tenant's domain was sent less than the domain's cooldown ago: `cooldown`. For an alert of HIGH or
///    above only those of its own type count, so that the first of a kind is always told;
/// 7. the tenant was sent its limit of alerts, or more, after an hour ago: `tenant_rate_limit`;
/// 8. it comes and goes, and that was told: `flapping`;
/// 9. no route that takes the alert names a receiver: `no_route`;
/// 10. sent.
///
/// Rules 5 and 6 look only at alerts that are at least as severe: what is worse than everything sent so far goes out.
/// Neither holds an alert back because of its own past when that was resolved. Exactly the window's length passes. Only
/// alerts that were sent are remembered as sent; that an alert stands is remembered whatever its verdict.
package struct FatigueGate: Sendable, Hashable {
    package private(set) var settings: AlertSettings
    package private(set) var configVersion: String

    let instance: String
    private let bounds: FatigueBounds
    var clock = SteadyClock()
    private(set) var tenants: [HashedText: TenantLedger] = [:]
    /// All that is remembered, oldest first.
    private var journal: Deque<JournalEntry> = []
    private var serial: UInt64 = 0
    private var retention: Int64
    private var counters = FatigueStatistics()
    /// By the verdict's place among all.
    private var decided = [UInt64](repeating: 0, count: Verdict.allCases.count)
    var standing = StandingBook()
    var inhibition = InhibitionBoard()
    /// The earliest time at which something that was held back may be told.
    private(set) var nextDigest: Int64?
    private var rules: FatigueRuleBook

    /// - Parameters:
    ///   - configVersion: written into every receipt, so that a decision can be traced to its settings.
    ///   - instance: likewise the reactor that decided.
    package init(
        settings: AlertSettings,
        configVersion: String,
        instance: String,
        bounds: FatigueBounds = FatigueBounds()
    ) {
        self.settings = settings
        self.configVersion = configVersion
        self.instance = instance
        self.bounds = bounds
        self.retention = settings.fatigue.longestWindow
        self.rules = FatigueRuleBook(settings.fatigue)
    }

    /// Other rules from now on; what was sent so far stays remembered.
    package mutating func update(_ settings: AlertSettings, configVersion: String) {
        self.settings = settings
        self.configVersion = configVersion
        self.retention = settings.fatigue.longestWindow
        self.rules = FatigueRuleBook(settings.fatigue)
    }

    // MARK: Deciding

    /// The receipt of one alert. When it says that the alert is sent, the alert is remembered as sent.
    ///
    /// - Parameters:
    ///   - surroundings: what silences, inhibition, routes and mute intervals say at this time.
    package mutating func decide(
        _ alert: Alert,
        _ surroundings: AlertSurroundings,
        at reading: Timestamp
    ) -> Receipt {
        let now = self.begin(reading)
        let rules = self.rules.rules(tenant: alert.tenant, domain: alert.domain)
        let fingerprint = alert.fingerprint
        let tenant = self.tenants.index(forKey: alert.subject.tenantKey)
        self.standing.raise(alert, fingerprint, self.settings.flapping, at: now)
        var decision: FatigueDecision
        if let limits = surroundings.limits,
            let held = FatigueDecision(
                limits,
                isMuted: surroundings.isMuted,
                inhibitedBy: limits.inhibition.flatMap { self.inhibition.holding($0, at: now) },
                count: self.count(ofTenant: tenant, at: now)
            )
        {
            decision = held
        } else {
            if let tenant {
                // In place: a copy of what is remembered would have to be counted, and undone.
                decision = .judge(alert.subject, fingerprint, rules, &self.tenants.values[tenant], now: now)
            } else {
                var nothing = TenantLedger()
                decision = .judge(alert.subject, fingerprint, rules, &nothing, now: now)
            }
            let isRouted = !surroundings.told.isEmpty
            if decision.verdict == .sent, alert.lasts, self.settings.flapping.isEnabled {
                self.standing.judgeFlapping(fingerprint, isRouted: isRouted, &decision)
            }
            if !isRouted { decision.requireRoute() }
        }
        if decision.verdict.isSent {
            self.remember(alert, fingerprint, isUnchecked: decision.verdict == .fatigueDisabled, at: now)
        } else if HeldBack.counts(decision.verdict), self.settings.sendsDigests {
            // A limit that lets nothing through has no window that closes.
            let hasWindow = decision.verdict != .tenantRateLimit || rules.limit > 0
            let due = hasWindow ? decision.nextAllowed ?? now : now &+ FatigueRules.hour
            self.holdBack(alert, decision.verdict, from: surroundings.receivers, knownAt: tenant, due: due, at: now)
        }
        if let keys = surroundings.limits?.inhibition { self.leaveMarks(keys, alert, fingerprint, at: now) }
        return self.receipt(
            alert,
            fingerprint,
            decision,
            limit: rules.limit,
            leftOut: surroundings.limits?.leftOut ?? [],
            at: reading
        )
    }

    /// Remembers an alert as sent that went out before it could be decided.
    package mutating func record(_ alert: Alert, _ surroundings: AlertSurroundings, at reading: Timestamp) -> Receipt {
        let now = self.begin(reading)
        let rules = self.rules.rules(tenant: alert.tenant, domain: alert.domain)
        let fingerprint = alert.fingerprint
        if let index = self.tenants.index(forKey: alert.subject.tenantKey) {
            self.tenants.values[index].endHour(at: now)
        }
        self.standing.raise(alert, fingerprint, self.settings.flapping, at: now)
        let decision = FatigueDecision(sentBefore: self.tenants[alert.subject.tenantKey]?.hour.count ?? 0)
        self.remember(alert, fingerprint, isUnchecked: false, at: now)
        if let keys = surroundings.limits?.inhibition { self.leaveMarks(keys, alert, fingerprint, at: now) }
        return self.receipt(alert, fingerprint, decision, limit: rules.limit, at: reading)
    }

    /// Alerts of a tenant in the last hour.
    private mutating func count(ofTenant tenant: Dictionary<HashedText, TenantLedger>.Index?, at now: Int64) -> Int {
        guard let tenant else { return 0 }
        self.tenants.values[tenant].endHour(at: now)
        return self.tenants.values[tenant].hour.count
    }

    /// Remembers an alert for the digests of those who are not told of it.
    private mutating func holdBack(
        _ alert: Alert,
        _ verdict: Verdict,
        from receivers: [String],
        knownAt place: Dictionary<HashedText, TenantLedger>.Index?,
        due: Int64,
        at now: Int64
    ) {
        guard !receivers.isEmpty else { return }
        let kind = HeldBack.Kind(verdict: verdict, type: alert.type, severity: alert.severity)
        let (example, domain) = (HeldBack.Example(alertID: alert.id, subject: alert.subject), ExactText(alert.domain))
        let isFirst =
            if let place {
                self.tenants.values[place]
                    .holdBack(kind, example, domain: domain, receivers: receivers, due: due, at: now)
            } else {
                self.tenants[alert.subject.tenantKey, default: TenantLedger()]
                    .holdBack(kind, example, domain: domain, receivers: receivers, due: due, at: now)
            }
        if isFirst { self.nextDigest = min(self.nextDigest ?? due, due) }
    }

    /// Takes what was held back and is to be told.
    mutating func takeHeldBack(dueAt now: Int64) -> [HeldBack] {
        guard let nextDigest, nextDigest <= now else { return [] }
        self.nextDigest = nil
        var due: [HeldBack] = []
        for tenant in Array(self.tenants.keys) {
            guard let index = self.tenants.index(forKey: tenant) else { continue }
            due += self.tenants.values[index].takeDue(tenant, at: now, next: &self.nextDigest)
            if self.tenants.values[index].isEmpty { self.tenants.remove(at: index) }
        }
        return due
    }

    private mutating func leaveMarks(
        _ keys: InhibitionKeys,
        _ alert: Alert,
        _ fingerprint: Fingerprint,
        at now: Int64
    ) {
        guard !keys.sources.isEmpty else { return }
        self.inhibition.leave(keys, fingerprint, alertID: alert.id, at: now)
        if alert.lasts { self.standing.noteMarks(keys.sources.map(\.key), of: fingerprint) }
    }

    /// What an alert was about is over: from now on its own past does not hold it back.
    mutating func end(_ fingerprint: Fingerprint, tenant: String, domain: String) {
        guard let index = self.tenants.index(forKey: HashedText(tenant)) else { return }
        self.tenants.values[index].end(fingerprint, domain: ExactText(domain))
    }

    /// The gate's instant of a reading; what has ended by then is forgotten.
    mutating func begin(_ reading: Timestamp) -> Int64 {
        let now = self.clock.instant(reading)
        self.forgetExpired(now)
        return now
    }

    // MARK: Asking

    /// How much of its hour a tenant has used.
    package mutating func statistics(tenant: String, at reading: Timestamp) -> TenantFatigueStatistics {
        let now = self.begin(reading)
        if let index = self.tenants.index(forKey: HashedText(tenant)) { self.tenants.values[index].endHour(at: now) }
        let hour = self.tenants[HashedText(tenant)]?.hour ?? []
        return TenantFatigueStatistics(
            tenant: tenant,
            sentInLastHour: hour.map(\.domain.text),
            settings: self.settings.fatigue
        )
    }

    package var statistics: FatigueStatistics {
        var statistics = self.counters
        for verdict in Verdict.allCases where self.decided[verdict.place] > 0 {
            statistics.decided[verdict] = self.decided[verdict.place]
        }
        statistics.records = self.journal.count
        statistics.tenants = self.tenants.values.count { $0.records > 0 }
        statistics.identities = self.tenants.values.reduce(0) { total, tenant in
            tenant.domains.indices.reduce(total) { $0 + tenant.domains[$1].identities.count }
        }
        statistics.clockSetbacks = self.clock.setbacks
        return statistics
    }

    // MARK: Remembering

    private mutating func remember(
        _ alert: Alert,
        _ fingerprint: Fingerprint,
        isUnchecked: Bool,
        at now: Int64
    ) {
        self.standing.tell(alert, fingerprint)
        let records = self.tenants[alert.subject.tenantKey]?.records ?? 0
        if isUnchecked, records >= self.bounds.uncheckedRecordsPerTenant {
            self.counters.unrecorded += 1
            return
        }
        if self.journal.count >= self.bounds.records {
            self.counters.forgottenEarly += 1
            self.forgetOldest()
        }
        self.serial += 1
        let (tenant, domain, kind) = (alert.subject.tenantKey, ExactText(alert.domain), ExactText(alert.type))
        let mark = SentMark(
            at: now,
            serial: self.serial,
            fingerprint: fingerprint,
            alertID: alert.id,
            severity: alert.severity
        )
        self.journal.append(
            JournalEntry(
                at: now,
                serial: self.serial,
                tenant: tenant,
                domain: domain,
                fingerprint: fingerprint,
                kind: alert.severity.countsByKind ? kind : nil
            )
        )
        self.tenants[tenant, default: TenantLedger()].record(mark, domain: domain, kind: kind)
    }

    /// Each alert is remembered once and forgotten once, so this costs next to nothing per decision.
    private mutating func forgetExpired(_ now: Int64) {
        while let oldest = self.journal.first?.at, oldest <= now &- self.retention { self.forgetOldest() }
    }

    private mutating func forgetOldest() {
        guard let entry = self.journal.popFirst(), let index = self.tenants.index(forKey: entry.tenant) else { return }
        self.tenants.values[index].forget(entry)
        if self.tenants.values[index].isEmpty { self.tenants.remove(at: index) }
    }

    // MARK: Receipts

    mutating func receipt(
        _ alert: Alert,
        _ fingerprint: Fingerprint,
        _ decision: FatigueDecision,
        limit: Int,
        leftOut: [String] = [],
        handler: String? = nil,
        at reading: Timestamp
    ) -> Receipt {
        self.decided[decision.verdict.place] += 1
        return Receipt(
            alertID: alert.id,
            fingerprint: fingerprint,
            verdict: decision.verdict,
            ground: decision.ground,
            window: decision.window.map { .microseconds($0) },
            count: decision.count,
            limit: limit,
            nextAllowedAt: decision.nextAllowed.map { self.clock.reading($0) } ?? decision.nextAllowedAt,
            remainingInWindow: decision.remaining,
            heldBackBy: decision.heldBackBy,
            isRepetition: decision.isRepetition,
            handler: handler ?? alert.handler,
            configVersion: self.configVersion,
            instance: self.instance,
            decidedAt: reading,
            mutedRoutes: decision.verdict.isSent ? leftOut : []
        )
    }
}
