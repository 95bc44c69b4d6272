/// A pattern as it was written, in JSON or in YAML, with the place of each part: what the compiler reads.
package indirect enum PatternNode: Sendable, Hashable {
    case object([PatternMember], PatternMark)
    case array([PatternNode], PatternMark)
    case string(String, PatternMark)
    /// The number's own text.
    case number(String, PatternMark)
    case bool(Bool, PatternMark)
    case null(PatternMark)
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
package struct PatternMark: Sendable, Hashable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}
