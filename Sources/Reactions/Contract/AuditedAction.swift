import Glibc

/// Something that a run does and that is on record: a domain and an action in it, for example
/// `incidents/create_incident`.
///
/// Compared byte by byte, as producers mean it.
package struct AuditedAction: Sendable, Hashable, CustomStringConvertible {
    package let domain: String
    package let action: String

    package init(_ domain: String, _ action: String) {
        self.domain = domain
        self.action = action
    }

    package var description: String { "\(self.domain)/\(self.action)" }

    package static func == (lhs: AuditedAction, rhs: AuditedAction) -> Bool {
        lhs.action.hasSameBytes(as: rhs.action) && lhs.domain.hasSameBytes(as: rhs.domain)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.domain.utf8.count)
        for byte in self.domain.utf8 { hasher.combine(byte) }
        for byte in self.action.utf8 { hasher.combine(byte) }
    }

    // The names that the original system uses.
    package static let createIncident = AuditedAction("incidents", "create_incident")
    package static let evaluatePolicy = AuditedAction("policies", "evaluate_policy")
    package static let startTrace = AuditedAction("logs", "start_trace")
    package static let completeTrace = AuditedAction("logs", "complete_trace")
    package static let finalizeRun = AuditedAction("orchestrator", "finalize_run")
}
