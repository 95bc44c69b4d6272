package import Events
package import Reactions

/// Writes one line for a person about each alert: what the demonstration shows on the terminal.
package struct ConsoleReceiver: AlertSink {
    package let name: String
    private let isColoured: Bool
    private let write: @Sendable (String) -> Void

    package var kind: ReceiverKind { .log }

    /// `write` is given each line without its end.
    package init(name: String = "console", isColoured: Bool, write: @escaping @Sendable (String) -> Void) {
        self.name = name
        self.isColoured = isColoured
        self.write = write
    }

    package func attempt(
        _ notification: AlertNotification,
        at now: Timestamp
    ) async throws(CancellationError) -> AttemptOutcome {
        for notice in notification.group.notices {
            self.write(AlertLine.text(notice, isColoured: self.isColoured))
        }
        return .delivered
    }

    /// For alerts that were held back, which no receiver is given.
    package func show(_ alert: Alert, _ receipt: Receipt) {
        self.write(AlertLine.text(heldBack: alert, receipt, isColoured: self.isColoured))
    }
}
