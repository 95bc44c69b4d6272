import Events
package import Logging
package import Reactions

/// Receiver `log`: one line of the log for each alert, for whoever reads logs already.
package struct LogReceiver: Receiver {
    package let name: String
    private let logger: Logger

    package init(name: String = "log", logger: Logger) {
        self.name = name
        self.logger = logger
    }

    package func deliver(_ alert: Alert, _ receipt: Receipt) async throws {
        self.logger.log(level: Self.level(of: alert.severity), "alert", metadata: Self.metadata(alert, receipt))
    }

    private static func level(of severity: Severity) -> Logger.Level {
        switch severity {
        case .low: .notice
        case .medium: .warning
        case .high: .error
        case .critical: .critical
        }
    }

    private static func metadata(_ alert: Alert, _ receipt: Receipt) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "alert_id": "\(alert.id)",
            "type": "\(alert.type)",
            "severity": "\(alert.severity.rawValue)",
            "domain": "\(alert.domain)",
            "tenant": "\(alert.tenant)",
            "run_id": "\(alert.runID)",
            "summary": "\(alert.summary)",
            "fingerprint": "\(receipt.fingerprint)",
            "handler": "\(alert.handler)",
            "verdict": "\(receipt.verdict.rawValue)",
        ]
        if let event = alert.event { metadata["event_type"] = "\(event.eventType)" }
        return metadata
    }
}

extension LogReceiver {
    /// One line of the log for an alert that was held back: the verdict, and the number that decided it.
    package static func explain(_ alert: Alert, _ receipt: Receipt, to logger: Logger) {
        var metadata = Self.metadata(alert, receipt)
        metadata["reason"] = "\(receipt.reason)"
        if let next = receipt.nextAllowedAt { metadata["next_allowed_at"] = "\(next.iso8601)" }
        logger.notice("alert held back", metadata: metadata)
    }
}
