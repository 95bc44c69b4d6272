package import Reactions

/// Writes one line for a person about each alert: what the demonstration shows on the terminal.
package struct ConsoleReceiver: Receiver {
    package let name: String
    private let isColoured: Bool
    private let write: @Sendable (String) -> Void

    /// `write` is given each line without its end.
    package init(name: String = "console", isColoured: Bool, write: @escaping @Sendable (String) -> Void) {
        self.name = name
        self.isColoured = isColoured
        self.write = write
    }

    package func deliver(_ alert: Alert, _ receipt: Receipt) async throws {
        self.show(alert, receipt)
    }

    /// Also for alerts that were held back, which no receiver is given.
    package func show(_ alert: Alert, _ receipt: Receipt) {
        self.write(AlertLine.text(alert, receipt, isColoured: self.isColoured))
    }
}
