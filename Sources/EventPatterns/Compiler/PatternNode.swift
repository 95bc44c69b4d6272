/// A pattern as it was written, in JSON or in YAML, with the place of each part: what the compiler reads.
package indirect enum PatternNode: Sendable, Hashable {
    case object([PatternMember], PatternMark)
    case array([PatternNode], PatternMark)
    case string(String, PatternMark)
    /// The number's own text.
    case number(String, PatternMark)
    case bool(Bool, PatternMark)
    case null(PatternMark)

    /// Where this part begins.
    package var mark: PatternMark {
        switch self {
        case .object(_, let mark), .array(_, let mark), .string(_, let mark), .number(_, let mark),
            .bool(_, let mark), .null(let mark):
            mark
        }
    }

    /// What this is, in the words of an error message: "a list", "a string".
    package var kindName: String {
        switch self {
        case .object: "an object"
        case .array: "a list"
        case .string: "a string"
        case .number: "a number"
        case .bool(let value, _): value ? "true" : "false"
        case .null: "null"
        }
    }
}

/// One `name: value` of a pattern.
package struct PatternMember: Sendable, Hashable {
    package var name: String
    package var mark: PatternMark
    package var value: PatternNode

    package init(name: String, mark: PatternMark, value: PatternNode) {
        self.name = name
        self.mark = mark
        self.value = value
    }
}

/// A place in the text of a pattern; both count from 1.
package struct PatternMark: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var line: Int
    /// In characters of Unicode (scalars), not bytes.
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (lhs: PatternMark, rhs: PatternMark) -> Bool {
        (lhs.line, lhs.column) < (rhs.line, rhs.column)
    }

    package var description: String { "\(self.line):\(self.column)" }
}
