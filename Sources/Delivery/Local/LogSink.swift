package import Events
package import Logging
package import Reactions

/// Receiver `log`: one line of the log for each alert of a notification.
package struct LogSink: AlertSink {
    package let name: String
    private let logger: Logger

    package var kind: ReceiverKind { .log }

    package init(name: String = "log", logger: Logger) {
        self.name = name
        self.logger = logger
    }

    package func attempt(
        _ notification: AlertNotification,
        at now: Timestamp
    ) async throws(CancellationError) -> AttemptOutcome {
        for notice in notification.group.notices {
            let alert = notice.alert
            var metadata: Logger.Metadata = [
                "delivery_id": "\(notification.deliveryID)", "alert_id": "\(alert.id)", "type": "\(alert.type)",
                "status": "\(notice.status.rawValue)", "severity": "\(alert.severity.rawValue)",
                "domain": "\(alert.domain)", "tenant": "\(alert.tenant)", "run_id": "\(alert.runID)",
                "summary": "\(alert.summary)", "handler": "\(alert.handler)",
                "notification_reason": "\(notification.group.reason.rawValue)",
            ]
            if let decision = notice.decision {
                metadata["verdict"] = "\(decision.verdict)"
                metadata["fingerprint"] = "\(decision.fingerprint)"
            }
            if let event = alert.event { metadata["event_type"] = "\(event.eventType)" }
            self.logger.log(level: Self.level(of: notice), "alert", metadata: metadata)
        }
        return .delivered
    }

    private static func level(of notice: AlertNotice) -> Logger.Level {
        guard notice.status == .firing else { return .notice }
        return switch notice.alert.severity {
        case .low: .notice
        case .medium: .warning
        case .high: .error
        case .critical: .critical
        }
    }
}

extension LogSink {
    /// One line of the log for an alert that was held back: the verdict, and the number that decided it.
    package static func explain(_ alert: Alert, _ receipt: Receipt, to logger: Logger) {
        // Held back are the most, and a sentence of each takes longer than all else that follows a decision.
        guard logger.logLevel <= .notice else { return }
        var metadata: Logger.Metadata = [
            "alert_id": "\(alert.id)", "type": "\(alert.type)", "severity": "\(alert.severity.rawValue)",
            "domain": "\(alert.domain)", "tenant": "\(alert.tenant)", "run_id": "\(alert.runID)",
            "summary": "\(alert.summary)", "fingerprint": "\(receipt.fingerprint)", "handler": "\(alert.handler)",
            "verdict": "\(receipt.verdict.rawValue)", "reason": "\(receipt.reason)",
        ]
        if let event = alert.event { metadata["event_type"] = "\(event.eventType)" }
        if let next = receipt.nextAllowedAt { metadata["next_allowed_at"] = "\(next.iso8601)" }
        logger.notice("alert held back", metadata: metadata)
    }
}
