/// The text of a file, cut into lines the way its reader counts them (libyaml, unless another way is given), so that
/// marks find their line.
///
/// Kept as an array, because every node of a file looks at its place in it, and a file may be one long line.
struct SourceText {
    typealias Line = ArraySlice<Unicode.Scalar>

    /// How the file is called in messages.
    let name: String
    /// The whole text, without a byte order mark.
    let scalars: [Unicode.Scalar]
    /// Where each line is, without its end.
    private let lines: [Range<Int>]

    init(name: String, text: String, endsLine: (Unicode.Scalar) -> Bool = Self.endsLine) {
        self.name = name
        let scalars = Array(text.unicodeScalars)
        self.scalars = scalars.first == "\u{FEFF}" ? Array(scalars.dropFirst()) : scalars
        self.lines = Self.lines(of: self.scalars, endsLine)
    }

    private static func lines(
        of scalars: [Unicode.Scalar],
        _ endsLine: (Unicode.Scalar) -> Bool
    ) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = 0
        var index = 0
        while index < scalars.count {
            defer { index += 1 }
            guard endsLine(scalars[index]) else { continue }
            lines.append(start..<index)
            if scalars[index] == "\r", index + 1 < scalars.count, scalars[index + 1] == "\n" { index += 1 }
            start = index + 1
        }
        lines.append(start..<scalars.count)
        return lines
    }

    /// What libyaml takes for the end of a line; the last three are YAML 1.1's.
    static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }

    var lineCount: Int { self.lines.count }

    /// A line, counted from 1, without its end; empty if there is no such line.
    func line(_ number: Int) -> Line {
        self.lines.indices.contains(number - 1) ? self.scalars[self.lines[number - 1]] : []
    }

    /// What stands at a place and after it on its line; empty if there is no such place.
    func rest(_ position: TextPosition) -> Line {
        position.column > 0 ? self.line(position.line).dropFirst(position.column - 1) : []
    }

    /// Where a place is in `scalars`; nil if there is no character at it.
    func offset(of position: TextPosition) -> Int? {
        let rest = self.rest(position)
        return rest.isEmpty ? nil : rest.startIndex
    }

    /// The first character that YAML does not allow: control characters, mostly.
    func firstForbidden() -> (position: TextPosition, scalar: Unicode.Scalar)? {
        for (index, line) in self.lines.enumerated() {
            if let offset = self.scalars[line].firstIndex(where: { !Self.isAllowed($0) }) {
                return (TextPosition(line: index + 1, column: offset - line.lowerBound + 1), self.scalars[offset])
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
