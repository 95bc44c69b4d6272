import Reactions
import ReactorConfig

/// Writes for people how scenarios ended.
package struct ScenarioReport: Sendable {
    /// Failures of one scenario that are shown; the first ones say most.
    private static let shownFailures = 10

    /// Whether to write ANSI colours.
    package var colour: Bool

    package init(colour: Bool) {
        self.colour = colour
    }

    /// One line, and behind it what was not as expected.
    package func text(_ result: ScenarioResult) -> String {
        let time = self.paint(
            "(\(DurationText.format(result.length)) in \(Self.milliseconds(result.elapsed)))",
            .faint
        )
        let head = result.hasPassed ? self.paint("ok  ", .green) : self.paint("FAIL", .red)
        var lines = ["\(head)  \(result.location.file): \(result.name) \(time)"]
        for failure in result.failures.prefix(Self.shownFailures) { lines += self.lines(failure) }
        if result.failures.count > Self.shownFailures {
            lines.append("      and \(result.failures.count - Self.shownFailures) more")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func lines(_ failure: ScenarioFailure) -> [String] {
        let place = self.paint("\(failure.location)", .bold)
        return ["      \(place): at \(DurationText.format(failure.at)): \(failure.summary)"]
            + failure.lines.map { line in
                switch line {
                case .same: "        " + self.paint(line.text, .faint)
                case .expected: "        " + self.paint(line.text, .red)
                case .got: "        " + self.paint(line.text, .green)
                }
            }
    }

    /// `12 passed, 0 failed`
    package func summary(_ results: [ScenarioResult]) -> String {
        let failed = results.count { !$0.hasPassed }
        return "\(results.count - failed) passed, \(failed) failed"
    }

    package func text(_ coverage: Coverage) -> String {
        var lines = [
            "coverage: \(coverage.handlersCalled) of \(coverage.handlers) handlers called, "
                + "\(coverage.leavesSeenBoth) of \(coverage.leaves) conditions seen true and false"
        ]
        for gap in coverage.gaps {
            let kind = gap.kind.rawValue
            let padding = String(repeating: " ", count: max(0, 12 - kind.count))
            let leaf = gap.leaf.isEmpty ? "" : ": " + gap.leaf
            lines.append("  \(self.paint(kind, .yellow))\(padding)  \(gap.place)  \(gap.handler)\(leaf)")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// With a digit behind the point below ten.
    static func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let tenths = seconds * 10_000 + attoseconds / 100_000_000_000_000
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10) ms" : "\(tenths / 10) ms"
    }

    private enum Style: String {
        case bold = "1"
        case faint = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    private func paint(_ text: String, _ style: Style) -> String {
        self.colour ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}
