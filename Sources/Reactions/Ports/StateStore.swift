package import Events

/// Keeps what decisions depend on, and decides: checking an alert and recording that it was sent are one step.
package protocol StateStore: ReceiptBook {
    /// Decides alerts in the order given; one receipt each. The store's own clock counts, not the callers'.
    func decide(_ alerts: [Alert]) async throws -> [Receipt]

    /// Remembers alerts as sent that went out undecided, because the store could not be asked; one receipt each.
    func reconcile(_ alerts: [Alert]) async throws -> [Receipt]

    /// What alerts were about is over, in the order given. What was told as firing is told as resolved; the answer says of
    /// what, and what was held back because it comes and goes.
    func resolve(_ resolutions: [Resolution]) async throws -> [Telling]

    /// Tells what has become due by the store's clock: what was held back while a window was open, and that alerts no
    /// longer come and go. Any number of reactors may ask; each thing is told once.
    func settle() async throws -> [Telling]

    /// Replaces the settings; what was counted so far stays.
    func update(_ settings: AlertSettings, configVersion: String) async

    /// Decisions in their order, for whoever keeps them elsewhere.
    ///
    /// - Parameter cursor: that of the record behind which the answer begins; nil for the oldest that is kept.
    func decisions(after cursor: String?, limit: Int) async throws -> DecisionTail

    func statistics(tenant: String) async throws -> TenantFatigueStatistics
}

/// Which receipts; nil means any.
package struct ReceiptQuery: Sendable {
    package var alertID: String?
    package var runID: String?
    package var tenant: String?
    package var verdict: Verdict?
    package var severity: Severity?
    package var since: Timestamp?
    /// The cursor of the record behind which the answer begins.
    package var before: String?
    package var limit: Int = 100

    package init() {}

    /// Whether a record is asked for, whatever its place.
    package func accepts(_ record: DecisionRecord) -> Bool {
        if let alertID, record.receipt.alertID != alertID { return false }
        if let runID, record.subject.runID != runID { return false }
        if let tenant, record.subject.tenant != tenant { return false }
        if let verdict, record.receipt.verdict != verdict { return false }
        if let severity, record.subject.severity != severity { return false }
        if let since, record.receipt.decidedAt < since { return false }
        return true
    }
}

/// The stats of the original: how much of its hour a tenant has used.
package struct TenantFatigueStatistics: Sendable, Hashable {
    package var tenant: String
    package var alertsInLastHour: Int
    package var maxAlertsPerHour: Int
    package var alertsByDomain: [String: Int]
    package var fatigueEnabled: Bool

    package init(
        tenant: String,
        alertsInLastHour: Int,
        maxAlertsPerHour: Int,
        alertsByDomain: [String: Int],
        fatigueEnabled: Bool
    ) {
        self.tenant = tenant
        self.alertsInLastHour = alertsInLastHour
        self.maxAlertsPerHour = maxAlertsPerHour
        self.alertsByDomain = alertsByDomain
        self.fatigueEnabled = fatigueEnabled
    }

    /// - Parameter domains: of each alert that the tenant was sent in the last hour.
    package init(tenant: String, sentInLastHour domains: some Collection<String>, settings: FatigueSettings) {
        let rules = FatigueRules(settings, tenant: tenant, domain: "")
        self.init(
            tenant: tenant,
            alertsInLastHour: domains.count,
            maxAlertsPerHour: rules.limit,
            alertsByDomain: domains.reduce(into: [:]) { $0[$1, default: 0] += 1 },
            fatigueEnabled: !rules.isOff && !rules.isOffForTenant
        )
    }
}
