internal import Reactions

/// Reads `alerts.tenants`: what a tenant has otherwise than the rest.
struct TenantSettingsReader {
    let context: ReadingContext
    private static let keys = ["fatigue_control", "dedup_window", "max_per_hour", "cooldowns"]

    func read(_ node: YAMLNode, into builder: inout ConfigurationBuilder) {
        for member in self.context.members(node, of: "alerts.tenants") ?? [] {
            builder.configuration.alerts.fatigue.tenants[member.key] = self.tenant(member)
            let position = member.position
            builder.origins["alerts.tenants.\(member.key)"] = .file(
                SourceLocation(file: self.context.source.name, line: position.line, column: position.column)
            )
        }
    }

    private func tenant(_ tenant: YAMLMember) -> TenantFatigueSettings {
        var settings = TenantFatigueSettings()
        let path = "alerts.tenants.\(tenant.key)"
        for member in self.context.members(tenant.value, of: path) ?? [] {
            let field = "\(path).\(member.key)"
            switch member.key {
            case "fatigue_control":
                settings.enabled = self.context.boolean(member.value, of: field) ?? true
            case "dedup_window":
                settings.dedupWindow = self.context.duration(member.value, of: field, in: OptionTable.longestWindow)
            case "max_per_hour":
                settings.maxAlertsPerHour = self.context.integer(member.value, of: field, in: OptionTable.tenantLimits)
            case "cooldowns":
                settings.cooldowns = self.cooldowns(member.value, of: field)
            default:
                self.context.reportUnknown(member, known: Self.keys, inside: path)
            }
        }
        return settings
    }

    private func cooldowns(_ node: YAMLNode, of field: String) -> [String: Duration] {
        var cooldowns: [String: Duration] = [:]
        for member in self.context.members(node, of: field) ?? [] {
            let name = "\(field).\(member.key)"
            cooldowns[member.key] = self.context.duration(member.value, of: name, in: OptionTable.longestWindow)
        }
        return cooldowns
    }

    /// One line with what differs.
    static func show(_ settings: TenantFatigueSettings) -> String {
        var parts: [String] = []
        if !settings.enabled { parts.append("fatigue_control: false") }
        if let window = settings.dedupWindow { parts.append("dedup_window: \(DurationText.format(window))") }
        if let limit = settings.maxAlertsPerHour { parts.append("max_per_hour: \(limit)") }
        if !settings.cooldowns.isEmpty {
            let cooldowns = settings.cooldowns.sorted { $0.key < $1.key }
                .map { "\($0.key): \(DurationText.format($0.value))" }
            parts.append("cooldowns: {\(cooldowns.joined(separator: ", "))}")
        }
        return "{" + parts.joined(separator: ", ") + "}"
    }
}
