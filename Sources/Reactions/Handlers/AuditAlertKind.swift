/// The seven registrations of the original's audit handlers.
package enum AuditAlertKind: String, Sendable, CaseIterable {
    case missingAck = "audit.reconciliation.missing"
    case staleRun = "audit.reconciliation.stale"
    case drift = "audit.reconciliation.drift"
    case expectationTimeout = "audit.expectation.timeout"
    case reconciliationFailed = "audit.reconciliation.failed"
    case runFailed = "run.failed"
    case runCompleted = "run.completed"
}
