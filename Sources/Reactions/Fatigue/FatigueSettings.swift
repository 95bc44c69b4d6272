/// What a tenant may have set otherwise than the rest; nil means: as the rest.
package struct TenantFatigueSettings: Sendable, Hashable {
    package var enabled: Bool = true
    package var maxAlertsPerHour: Int?
    /// Wins over the reactor's cooldowns, domain by domain.
    package var cooldowns: [String: Duration] = [:]
    package var dedupWindow: Duration?

    package init() {}
}

/// How alerts are kept from wearing people out. Defaults are the original system's.
package struct FatigueSettings: Sendable, Hashable {
    /// `ALERT_FATIGUE_ENABLED`.
    package var enabled: Bool = true
    /// `ALERT_DEDUP_WINDOW_SECONDS`.
    package var dedupWindow: Duration = .seconds(60)
    /// Cooldown by domain; `ALERT_COOLDOWN_INCIDENTS` and so on.
    package var cooldowns: [String: Duration] = [
        "incidents": .seconds(300),
        "policies": .seconds(600),
        "logs": .seconds(60),
        "orchestrator": .seconds(300),
        "audit": .seconds(300),
    ]
    /// Cooldown of every other domain; `ALERT_COOLDOWN_DEFAULT`.
    package var defaultCooldown: Duration = .seconds(300)
    /// `MAX_ALERTS_PER_TENANT_PER_HOUR`.
    package var maxAlertsPerTenantPerHour: Int = 100
    package var tenants: [String: TenantFatigueSettings] = [:]

    package init() {}
}
