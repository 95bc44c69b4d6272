extension AuditAlertKind {
    /// The name of the handler, as the original system registers it.
    package var handlerName: String {
        switch self {
        case .missingAck: "audit_missing_ack_handler"
        case .staleRun: "audit_stale_run_handler"
        case .drift: "audit_drift_handler"
        case .expectationTimeout: "audit_expectation_timeout_handler"
        case .reconciliationFailed: "audit_reconciliation_failed_handler"
        case .runFailed: "audit_run_failed_handler"
        case .runCompleted: "audit_run_completed_handler"
        }
    }

    package var priority: Int {
        switch self {
        case .missingAck, .staleRun: 100
        case .drift, .expectationTimeout: 90
        case .reconciliationFailed: 80
        case .runFailed, .runCompleted: 50
        }
    }

    /// The type of the alert it raises; nil when it raises none.
    package var alertType: String? {
        switch self {
        case .missingAck: "MISSING_ACK"
        case .staleRun: "STALE_RUN"
        case .drift: "DRIFT"
        case .expectationTimeout: "EXPECTATION_TIMEOUT"
        case .reconciliationFailed: "RECONCILIATION_FAILED"
        case .runFailed, .runCompleted: nil
        }
    }

    /// How severe its alert is; the two that raise none answer the lowest.
    package func severity(_ settings: AuditAlertSettings) -> Severity {
        switch self {
        case .missingAck: settings.missingSeverity
        case .staleRun: settings.staleSeverity
        case .drift: settings.driftSeverity
        case .expectationTimeout, .reconciliationFailed: .high
        case .runFailed, .runCompleted: .low
        }
    }
}
