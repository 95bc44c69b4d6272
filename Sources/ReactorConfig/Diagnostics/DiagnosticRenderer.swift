internal import Reactions

/// Writes diagnostics for people: `file:line:column: error[R012]: message`, the line, and a caret under the place.
package struct DiagnosticRenderer: Sendable {
    /// Whether to write ANSI colours.
    package var colour: Bool

    package init(colour: Bool = false) {
        self.colour = colour
    }

    /// All of them, each ended by a line break.
    package func render(_ diagnostics: [Diagnostic]) -> String {
        diagnostics.map { self.render($0) + "\n" }.joined()
    }

    package func render(_ diagnostic: Diagnostic) -> String {
        let style: Style =
            switch diagnostic.severity {
            case .error: .red
            case .warning: .yellow
            case .note: .cyan
            }
        let head = self.paint("\(diagnostic.severity.rawValue)[\(diagnostic.codeText)]", style)
        let first = self.paint(diagnostic.place.text, .bold) + ": \(head): \(diagnostic.message)"
        guard let excerpt = diagnostic.excerpt, case .source(let location) = diagnostic.place else { return first }
        let number = String(location.line)
        let width = max(4, number.count)
        let gutter = String(repeating: " ", count: width - number.count) + number
        let blank = String(repeating: " ", count: width)
        let caret = Self.caret(under: excerpt)
        return """
            \(first)
            \(self.paint("\(gutter) |", .faint)) \(excerpt.line)
            \(self.paint("\(blank) |", .faint)) \(caret.padding)\(self.paint(caret.marks, style))
            """
    }

    /// `3 errors, 2 warnings in 4 files (12 ms)`; notes are only counted when there are any.
    package func summary(_ diagnostics: [Diagnostic], files: Int, elapsed: Duration) -> String {
        let errors = diagnostics.count { $0.severity == .error }
        let warnings = diagnostics.count { $0.severity == .warning }
        let notes = diagnostics.count - errors - warnings
        let (seconds, attoseconds) = elapsed.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        return Self.counted(errors, "error") + ", " + Self.counted(warnings, "warning")
            + (notes == 0 ? "" : ", " + Self.counted(notes, "note")) + " in " + Self.counted(files, "file")
            + " (\(milliseconds) ms)"
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// Blanks (tabs stay tabs, so that the caret stays below its character) and the marks.
    private static func caret(under excerpt: Diagnostic.Excerpt) -> (padding: String, marks: String) {
        let scalars = Array(excerpt.line.unicodeScalars)
        let before = max(0, min(excerpt.column - 1, scalars.count))
        let padding = scalars[..<before].map { $0 == "\t" ? "\t" : " " }.joined()
        let marks = max(1, min(excerpt.length, scalars.count - before))
        return (padding, String(repeating: "^", count: marks))
    }

    private enum Style: String {
        case bold = "1"
        case faint = "2"
        case red = "1;31"
        case yellow = "1;33"
        case cyan = "1;36"
    }

    private func paint(_ text: String, _ style: Style) -> String {
        self.colour ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}
