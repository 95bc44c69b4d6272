/// The text of a file, cut into lines the way libyaml counts them, so that its marks find their line.
struct SourceText {
    /// How the file is called in messages.
    let name: String
    /// The whole text, without a byte order mark.
    let text: String
    /// Each line without its end.
    let lines: [Substring.UnicodeScalarView]

    init(name: String, text: String) {
        self.name = name
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        self.text = text
        self.lines = Self.lines(of: text.unicodeScalars[...])
    }

    private static func lines(of text: Substring.UnicodeScalarView) -> [Substring.UnicodeScalarView] {
        var lines: [Substring.UnicodeScalarView] = []
        var start = text.startIndex
        var index = start
        while index < text.endIndex {
            let scalar = text[index]
            var next = text.index(after: index)
            if Self.endsLine(scalar) {
                lines.append(text[start..<index])
                if scalar == "\r", next < text.endIndex, text[next] == "\n" { next = text.index(after: next) }
                start = next
            }
            index = next
        }
        lines.append(text[start...])
        return lines
    }

    /// What libyaml takes for the end of a line; the last three are YAML 1.1's.
    static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }

    /// A line, counted from 1, without its end.
    func line(_ number: Int) -> Substring.UnicodeScalarView? {
        self.lines.indices.contains(number - 1) ? self.lines[number - 1] : nil
    }

    /// What stands at a place and after it on its line; nothing if there is no such place.
    func rest(_ position: TextPosition) -> Substring.UnicodeScalarView {
        guard position.column > 0, let line = self.line(position.line) else { return Substring.UnicodeScalarView() }
        return line.dropFirst(position.column - 1)
    }

    /// The first character that YAML does not allow: control characters, mostly.
    func firstForbidden() -> (position: TextPosition, scalar: Unicode.Scalar)? {
        for (index, line) in self.lines.enumerated() {
            if let (column, scalar) = line.enumerated().first(where: { !Self.isAllowed($0.element) }) {
                return (TextPosition(line: index + 1, column: column + 1), scalar)
            }
        }
        return nil
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }
}

/// A place in a text; both count from 1, columns in Unicode scalars.
struct TextPosition: Hashable {
    var line: Int
    var column: Int
}
