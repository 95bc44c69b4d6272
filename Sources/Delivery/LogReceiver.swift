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
