internal import Reactions

/// The variables of the original system for the built-in `audit-alerts`. They win over what a file says.
struct AuditAlertEnvironment {
    /// `AUDIT_ALERTS_ENABLED`; nil when not set.
    private(set) var enabled: Bool?
    private(set) var severities: [AuditAlertKind: Severity] = [:]

    static let names = ["AUDIT_ALERTS_ENABLED"] + Self.severityNames.map(\.name)

    private static let severityNames: [(name: String, kind: AuditAlertKind)] = [
        ("AUDIT_ALERT_SEVERITY_MISSING", .missingAck),
        ("AUDIT_ALERT_SEVERITY_DRIFT", .drift),
        ("AUDIT_ALERT_SEVERITY_STALE", .staleRun),
    ]

    init(_ environment: [String: String], problems: ProblemList) {
        if let text = environment["AUDIT_ALERTS_ENABLED"], !text.isEmpty {
            switch text.lowercased() {
            case "true", "1", "yes", "on": self.enabled = true
            case "false", "0", "no", "off": self.enabled = false
            default:
                let message = "AUDIT_ALERTS_ENABLED is `\(SecretMask.mask(text))`; it needs true or false"
                problems.add(Diagnostic(.error, .badSetting, at: .environment, message))
            }
        }
        for (name, kind) in Self.severityNames {
            guard let text = environment[name], !text.isEmpty else { continue }
            if let severity = Severity(rawValue: text.uppercased()) {
                self.severities[kind] = severity
            } else {
                let needs = ValueNeeds.list(Severity.allCases.map(\.rawValue))
                let message = "\(name) is `\(SecretMask.mask(text))`; it needs \(needs)"
                problems.add(Diagnostic(.error, .unknownSeverity, at: .environment, message))
            }
        }
    }
}
