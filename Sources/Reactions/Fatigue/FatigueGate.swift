import DequeModule
package import Events

/// Decides which alerts go out, and remembers those that did: checking and recording are one step.
///
/// The first rule that applies decides:
///
/// 1. fatigue control is off: sent, unchecked;
/// 2. it is off for the tenant: sent, unchecked;
/// 3. the same alert (key, tenant, domain) was sent less than the dedup window ago: `duplicate`;
/// 4. any alert of the tenant's domain was sent less than the domain's cooldown ago: `cooldown`;
/// 5. the tenant was sent its limit of alerts, or more, after an hour ago: `tenant_rate_limit`;
/// 6. no route that takes the alert names a receiver: `no_route`;
/// 7. sent.
///
/// Rules 3 and 4 look only at alerts that are at least as severe: what is worse than everything sent so far goes out.
/// Exactly the window's length passes. Only alerts that were sent are remembered.
package struct FatigueGate: Sendable, Hashable {
    package private(set) var settings: FatigueSettings
    package private(set) var configVersion: String

    private let instance: String
    private let bounds: FatigueBounds
    private var clock = SteadyClock()
    private var tenants: [String: TenantLedger] = [:]
    /// All that is remembered, oldest first.
    private var journal: Deque<JournalEntry> = []
    private var serial: UInt64 = 0
    private var retention: Int64
    private var counters = FatigueStatistics()
    /// By the verdict's place among all.
    private var decided = [UInt64](repeating: 0, count: Verdict.allCases.count)

    /// - Parameters:
    ///   - configVersion: written into every receipt, so that a decision can be traced to its settings.
    ///   - instance: likewise the reactor that decided.
    package init(
        settings: FatigueSettings,
        configVersion: String,
        instance: String,
        bounds: FatigueBounds = FatigueBounds()
    ) {
        self.settings = settings
        self.configVersion = configVersion
        self.instance = instance
        self.bounds = bounds
        self.retention = settings.longestWindow
    }

    /// Other rules from now on; what was sent so far stays remembered.
    package mutating func update(_ settings: FatigueSettings, configVersion: String) {
        self.settings = settings
        self.configVersion = configVersion
        self.retention = settings.longestWindow
    }

    /// The receipt of one alert. When it says that the alert is sent, the alert is remembered as sent.
    ///
    /// - Parameter isRouted: whether anybody would be told.
    package mutating func decide(_ alert: Alert, isRouted: Bool = true, at reading: Timestamp) -> Receipt {
        let now = self.clock.instant(reading)
        self.forgetExpired(now)
        let rules = FatigueRules(self.settings, tenant: alert.tenant, domain: alert.domain)
        let fingerprint = Fingerprint(key: alert.key, tenant: alert.tenant, domain: alert.domain)
        let tenant = self.tenants.index(forKey: alert.tenant)
        if let tenant { self.tenants.values[tenant].endHour(at: now) }
        var decision = FatigueDecision(
            alert,
            fingerprint,
            rules,
            ledger: tenant.map { self.tenants.values[$0] },
            now: now
        )
        if !isRouted { decision.requireRoute() }
        if decision.verdict.isSent {
            let mark = SentMark(at: now, severity: alert.severity, fingerprint: fingerprint, alertID: alert.id)
            self.record(mark, alert, isUnchecked: decision.verdict == .fatigueDisabled)
        }
        self.decided[decision.verdict.place] += 1
        return self.receipt(alert, fingerprint, decision, rules, reading)
    }

    /// Remembers an alert as sent that went out before it could be decided.
    package mutating func record(_ alert: Alert, at reading: Timestamp) -> Receipt {
        let now = self.clock.instant(reading)
        self.forgetExpired(now)
        let rules = FatigueRules(self.settings, tenant: alert.tenant, domain: alert.domain)
        let fingerprint = Fingerprint(key: alert.key, tenant: alert.tenant, domain: alert.domain)
        if let index = self.tenants.index(forKey: alert.tenant) { self.tenants.values[index].endHour(at: now) }
        let decision = FatigueDecision(sentBefore: self.tenants[alert.tenant]?.hour.count ?? 0)
        let mark = SentMark(at: now, severity: alert.severity, fingerprint: fingerprint, alertID: alert.id)
        self.record(mark, alert, isUnchecked: false)
        self.decided[decision.verdict.place] += 1
        return self.receipt(alert, fingerprint, decision, rules, reading)
    }

    /// How much of its hour a tenant has used.
    package mutating func statistics(tenant: String, at reading: Timestamp) -> TenantFatigueStatistics {
        let now = self.clock.instant(reading)
        self.forgetExpired(now)
        if let index = self.tenants.index(forKey: tenant) { self.tenants.values[index].endHour(at: now) }
        let hour = self.tenants[tenant]?.hour ?? []
        return TenantFatigueStatistics(tenant: tenant, sentInLastHour: hour.map(\.domain), settings: self.settings)
    }

    package var statistics: FatigueStatistics {
        var statistics = self.counters
        for verdict in Verdict.allCases where self.decided[verdict.place] > 0 {
            statistics.decided[verdict] = self.decided[verdict.place]
        }
        statistics.records = self.journal.count
        statistics.tenants = self.tenants.count
        statistics.identities = self.tenants.values.reduce(0) { total, tenant in
            tenant.domains.values.reduce(total) { $0 + $1.identities.count }
        }
        statistics.clockSetbacks = self.clock.setbacks
        return statistics
    }

    private mutating func record(_ mark: SentMark, _ alert: Alert, isUnchecked: Bool) {
        let records = self.tenants[alert.tenant]?.records ?? 0
        if isUnchecked, records >= self.bounds.uncheckedRecordsPerTenant {
            self.counters.unrecorded += 1
            return
        }
        if self.journal.count >= self.bounds.records {
            self.counters.forgottenEarly += 1
            self.forgetOldest()
        }
        self.serial += 1
        self.journal.append(
            JournalEntry(
                at: mark.at,
                serial: self.serial,
                tenant: alert.tenant,
                domain: alert.domain,
                fingerprint: mark.fingerprint
            )
        )
        self.tenants[alert.tenant, default: TenantLedger()].record(mark, domain: alert.domain, serial: self.serial)
    }

    /// Each alert is remembered once and forgotten once, so this costs next to nothing per decision.
    private mutating func forgetExpired(_ now: Int64) {
        while let oldest = self.journal.first, oldest.at <= now &- self.retention { self.forgetOldest() }
    }

    private mutating func forgetOldest() {
        guard let entry = self.journal.popFirst(), let index = self.tenants.index(forKey: entry.tenant) else { return }
        self.tenants.values[index].forget(entry)
        if self.tenants.values[index].records == 0 { self.tenants.remove(at: index) }
    }

    private func receipt(
        _ alert: Alert,
        _ fingerprint: Fingerprint,
        _ decision: FatigueDecision,
        _ rules: FatigueRules,
        _ reading: Timestamp
    ) -> Receipt {
        Receipt(
            alertID: alert.id,
            fingerprint: fingerprint.description,
            verdict: decision.verdict,
            ground: decision.ground,
            window: decision.window.map { .microseconds($0) },
            count: decision.count,
            limit: rules.limit,
            nextAllowedAt: decision.nextAllowed.map { self.clock.reading($0) },
            remainingInWindow: decision.remaining,
            heldBackBy: decision.heldBackBy?.alertID,
            isRepetition: decision.heldBackBy?.fingerprint == fingerprint,
            handler: alert.handler,
            configVersion: self.configVersion,
            instance: self.instance,
            decidedAt: reading
        )
    }
}
