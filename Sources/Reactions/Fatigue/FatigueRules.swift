import Events

/// What the settings say for one tenant and domain, in microseconds.
package struct FatigueRules: Sendable, Hashable {
    /// The hour of the tenant limit.
    package static let hour: Int64 = 3_600_000_000
    /// When a tenant's limit lets nothing through, the next look is this far away.
    package static let retryOfEmptyLimit: Int64 = 60_000_000

    package let isOff: Bool
    package let isOffForTenant: Bool
    package let dedupWindow: Int64
    package let cooldown: Int64
    package let limit: Int

    package init(_ settings: FatigueSettings, tenant: String, domain: String) {
        let own = settings.tenants.isEmpty ? nil : settings.tenants[tenant]
        self.isOff = !settings.enabled
        self.isOffForTenant = own.map { !$0.enabled } ?? false
        self.dedupWindow = (own?.dedupWindow ?? settings.dedupWindow).wholeMicroseconds
        if let cooldown = own?.cooldowns[domain] ?? settings.cooldowns[domain] {
            self.cooldown = cooldown.wholeMicroseconds
        } else {
            self.cooldown = domain == SystemAlerts.domain ? 0 : settings.defaultCooldown.wholeMicroseconds
        }
        self.limit = max(0, own?.maxAlertsPerHour ?? settings.maxAlertsPerTenantPerHour)
    }
}

/// The rules by the domain: to look at the settings for every alert would take longer than to decide about it.
struct FatigueRuleBook: Sendable, Hashable {
    /// Domains that are remembered, at most; then all are forgotten.
    private static let capacity = 64

    private let settings: FatigueSettings
    /// Of tenants that have no settings of their own.
    private var common = ShortTable<ExactText, FatigueRules>()

    init(_ settings: FatigueSettings) { self.settings = settings }

    mutating func rules(tenant: String, domain: String) -> FatigueRules {
        guard self.settings.tenants.isEmpty || self.settings.tenants[tenant] == nil else {
            return FatigueRules(self.settings, tenant: tenant, domain: domain)
        }
        let name = ExactText(domain)
        if let place = self.common.place(of: name) { return self.common[place] }
        let rules = FatigueRules(self.settings, tenant: tenant, domain: domain)
        if self.common.count >= Self.capacity { self.common = ShortTable() }
        _ = self.common.place(of: name, orAdd: rules)
        return rules
    }
}

extension FatigueSettings {
    /// The longest of all windows, in microseconds: what is older can decide nothing.
    package var longestWindow: Int64 {
        var longest = max(self.dedupWindow, self.defaultCooldown)
        for cooldown in self.cooldowns.values { longest = max(longest, cooldown) }
        for tenant in self.tenants.values {
            longest = max(longest, tenant.dedupWindow ?? .zero)
            for cooldown in tenant.cooldowns.values { longest = max(longest, cooldown) }
        }
        return max(longest.wholeMicroseconds, FatigueRules.hour)
    }
}
