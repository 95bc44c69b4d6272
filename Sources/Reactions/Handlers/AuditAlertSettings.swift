/// How the built-in audit alerts are set: `AUDIT_ALERTS_ENABLED` and `AUDIT_ALERT_SEVERITY_*`.
package struct AuditAlertSettings: Sendable, Hashable {
    package var enabled: Bool = true
    /// `AUDIT_ALERT_SEVERITY_MISSING`.
    package var missingSeverity: Severity = .high
    /// `AUDIT_ALERT_SEVERITY_STALE`.
    package var staleSeverity: Severity = .high
    /// `AUDIT_ALERT_SEVERITY_DRIFT`.
    package var driftSeverity: Severity = .medium

    package init() {}

    /// Reads the variables that are set and not empty. Throws with every value that is not one of the allowed ones.
    package init(environment: [String: String]) throws(AuditAlertSettingsError) {
        var problems: [AuditAlertSettingsError.Problem] = []
        if let text = environment["AUDIT_ALERTS_ENABLED"], !text.isEmpty {
            if let enabled = Self.flag(text) {
                self.enabled = enabled
            } else {
                problems.append(
                    .init(variable: "AUDIT_ALERTS_ENABLED", found: text, allowed: ["true", "false"])
                )
            }
        }
        let severities: [(String, WritableKeyPath<AuditAlertSettings, Severity>)] = [
            ("AUDIT_ALERT_SEVERITY_MISSING", \.missingSeverity),
            ("AUDIT_ALERT_SEVERITY_STALE", \.staleSeverity),
            ("AUDIT_ALERT_SEVERITY_DRIFT", \.driftSeverity),
        ]
        for (variable, path) in severities {
            guard let text = environment[variable], !text.isEmpty else { continue }
            if let severity = Severity(rawValue: text) {
                self[keyPath: path] = severity
            } else {
                problems.append(
                    .init(variable: variable, found: text, allowed: Severity.allCases.map(\.rawValue))
                )
            }
        }
        if !problems.isEmpty { throw AuditAlertSettingsError(problems: problems) }
    }

    /// The words that the original system takes for yes and no, in any case.
    private static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "1", "yes", "on": true
        case "false", "0", "no", "off": false
        default: nil
        }
    }
}

/// Environment variables of the audit alerts that hold something else than they may.
package struct AuditAlertSettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    package struct Problem: Sendable, Hashable, CustomStringConvertible {
        package var variable: String
        package var found: String
        package var allowed: [String]

        package var description: String {
            "\(self.variable) is \"\(self.found)\"; allowed are \(self.allowed.joined(separator: ", "))"
        }
    }

    package var problems: [Problem]

    package var description: String { self.problems.map(\.description).joined(separator: "; ") }
}
