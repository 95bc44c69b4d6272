import EventPatterns

/// Handlers that come with the reactor.
package enum BuiltIns {
    /// The cooldown group of all audit alerts.
    package static let auditDomain = "audit"

    /// The priority of built-ins that remember: what they know is up to date before anybody else is told.
    package static let machinePriority = 200

    /// The seven registrations of `uses: audit-alerts`; none when they are switched off.
    package static func auditAlerts(
        _ settings: AuditAlertSettings = AuditAlertSettings(),
        location: SourceLocation? = nil
    ) -> [HandlerDefinition] {
        guard settings.enabled else { return [] }
        return AuditAlertKind.allCases.map { kind in
            HandlerDefinition(
                name: kind.handlerName,
                on: [.exact(kind.rawValue)],
                priority: kind.priority,
                body: .auditAlerts(kind, severity: kind.severity(settings)),
                location: location
            )
        }
    }
}
