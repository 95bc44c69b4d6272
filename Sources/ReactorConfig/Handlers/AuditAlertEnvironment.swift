internal import Reactions

/// The variables of the original system for the built-in `audit-alerts`. They win over what a file says.
struct AuditAlertEnvironment {
    static let names = [
        "AUDIT_ALERTS_ENABLED", "AUDIT_ALERT_SEVERITY_MISSING", "AUDIT_ALERT_SEVERITY_DRIFT",
        "AUDIT_ALERT_SEVERITY_STALE",
    ]

    private let settings: AuditAlertSettings
    private let given: Set<String>

    init(_ environment: [String: String], problems: ProblemList) {
        self.given = Set(Self.names.filter { environment[$0]?.isEmpty == false })
        do throws(AuditAlertSettingsError) {
            self.settings = try AuditAlertSettings(environment: environment)
        } catch {
            self.settings = AuditAlertSettings()
            for problem in error.problems {
                let code: DiagnosticCode = problem.variable == "AUDIT_ALERTS_ENABLED" ? .badSetting : .unknownSeverity
                let needs = ValueNeeds.list(problem.allowed)
                let message = "\(problem.variable) is `\(SecretMask.mask(problem.found))`; it needs \(needs)"
                problems.add(Diagnostic(.error, code, at: .environment, message))
            }
        }
    }

    /// What is in force when a file says `settings`.
    func applied(to settings: AuditAlertSettings) -> AuditAlertSettings {
        var result = settings
        if self.given.contains("AUDIT_ALERTS_ENABLED") { result.enabled = self.settings.enabled }
        if self.given.contains("AUDIT_ALERT_SEVERITY_MISSING") {
            result.missingSeverity = self.settings.missingSeverity
        }
        if self.given.contains("AUDIT_ALERT_SEVERITY_DRIFT") { result.driftSeverity = self.settings.driftSeverity }
        if self.given.contains("AUDIT_ALERT_SEVERITY_STALE") { result.staleSeverity = self.settings.staleSeverity }
        return result
    }

    /// Puts them in force for a contract, which raises the same alerts.
    func apply(to definition: inout ContractDefinition) {
        if self.given.contains("AUDIT_ALERTS_ENABLED") { definition.raisesAlerts = self.settings.enabled }
        if self.given.contains("AUDIT_ALERT_SEVERITY_MISSING") {
            definition.severities.missing = self.settings.missingSeverity
        }
        if self.given.contains("AUDIT_ALERT_SEVERITY_DRIFT") {
            definition.severities.drift = self.settings.driftSeverity
        }
        if self.given.contains("AUDIT_ALERT_SEVERITY_STALE") {
            definition.severities.stale = self.settings.staleSeverity
        }
    }
}
