import Events

/// What the settings say for one tenant and domain, in microseconds.
package struct FatigueRules {
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
