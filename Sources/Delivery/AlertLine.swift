package import Reactions

/// One line for a person about an alert and what was decided about it:
///
///     HIGH  MISSING_ACK  run r-17  Run r-17: 1 of 4 expected actions not acknowledged
///     held  MISSING_ACK  run r-17  duplicate: the same alert was sent 2 s ago (next at 00:41:07)
package enum AlertLine {
    /// An alert that went out, or the end of one. Whatever control characters a producer has put into its texts are left
    /// out.
    /// - Parameter isColoured: with ANSI colours.
    package static func text(_ notice: AlertNotice, isColoured: Bool) -> String {
        let isOver = notice.status == .resolved
        return Self.line(
            isOver ? "resolved" : notice.alert.severity.rawValue,
            notice.alert,
            notice.alert.summary,
            paint: !isColoured ? nil : isOver ? Self.dim : Self.colour(of: notice.alert.severity)
        )
    }

    /// An alert as it was decided: as one that goes out, or as one that was held back.
    package static func text(_ alert: Alert, _ receipt: Receipt, isColoured: Bool) -> String {
        receipt.verdict.isSent
            ? Self.text(AlertNotice(alert, receipt: receipt), isColoured: isColoured)
            : Self.text(heldBack: alert, receipt, isColoured: isColoured)
    }

    /// An alert that was held back, and why.
    package static func text(heldBack alert: Alert, _ receipt: Receipt, isColoured: Bool) -> String {
        let line = Self.line("held", alert, "\(receipt.verdict.rawValue): \(receipt.reason)", paint: nil)
        return isColoured ? Self.dim + line + Self.plain : line
    }

    private static func line(_ word: String, _ alert: Alert, _ message: String, paint: String?) -> String {
        let label = word + String(repeating: " ", count: max(0, 8 - word.utf8.count))
        let safe = Self.withoutControls("\(alert.type)  run \(alert.runID)  \(message)")
        guard let paint else { return "\(label) \(safe)" }
        return "\(paint)\(label)\(Self.plain) \(safe)"
    }

    /// Whether a terminal should get colours: it is one, and `NO_COLOR` is not set to anything.
    package static func wantsColour(isTerminal: Bool, environment: [String: String]) -> Bool {
        isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    private static let plain = "\u{1B}[0m"
    private static let dim = "\u{1B}[2m"

    private static func colour(of severity: Severity) -> String {
        switch severity {
        case .low: "\u{1B}[36m"
        case .medium: "\u{1B}[33m"
        case .high: "\u{1B}[31m"
        case .critical: "\u{1B}[1;37;41m"
        }
    }

    /// C0, DEL and C1 could move the cursor or change the colours of whoever reads; line ends would make two lines.
    private static func withoutControls(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0: clean.append(" ")
            // Overrides of the writing direction make a text look like another one.
            case 0x202A...0x202E, 0x2066...0x2069: continue
            default: clean.append(scalar)
            }
        }
        return String(clean)
    }
}
