/// Why an event matches a pattern, or the first thing that keeps it from matching.
package struct Explanation: Sendable, Hashable, CustomStringConvertible {
    /// A field that is as the pattern wants it.
    package struct MatchedLeaf: Sendable, Hashable, CustomStringConvertible {
        package var path: String
        /// The operator, "equals" for a plain value.
        package var operatorName: String
        /// What the pattern wants, in words.
        package var expected: String
        /// The value as JSON, or nil for a field that is absent as it should be.
        package var actual: String?

        package var description: String { "\(self.path): \(self.expected), found \(self.actual ?? "nothing")" }
    }

    /// What keeps an event from matching.
    package struct Failure: Sendable, Hashable, CustomStringConvertible {
        package enum Reason: String, Sendable, Hashable {
            /// There is no value at the path.
            case missing
            /// There are values, and none passes.
            case mismatch
            /// There is a value where none may be.
            case present
            /// Each field has a value that passes, but they lie in different elements of one array.
            case differentElements = "different_elements"
            /// `not` matches.
            case excluded
        }

        package var reason: Reason
        /// The field; for `differentElements` all fields, for `excluded` the first of those that `not` names.
        package var path: String
        package var operatorName: String
        package var expected: String
        /// The values as JSON, up to three; for `missing` what lies there instead, if that is known. Nil for nothing.
        package var actual: String?
        /// Where in the pattern the field's tests are.
        package var mark: PatternMark

        package var description: String {
            switch self.reason {
            case .missing, .mismatch, .present:
                "\(self.path): expected \(self.expected), found \(self.actual ?? "nothing")"
            case .differentElements: "\(self.path): each matches, but in different elements of one array"
            case .excluded: "`not` matches: \(self.path): \(self.expected), found \(self.actual ?? "nothing")"
            }
        }
    }

    package enum Verdict: Sendable, Hashable {
        case match([MatchedLeaf])
        case noMatch(Failure)
    }

    package var verdict: Verdict

    package var isMatch: Bool {
        if case .match = self.verdict { true } else { false }
    }

    package var failure: Failure? {
        if case .noMatch(let failure) = self.verdict { failure } else { nil }
    }

    package var matchedLeaves: [MatchedLeaf] {
        if case .match(let leaves) = self.verdict { leaves } else { [] }
    }

    package var description: String {
        switch self.verdict {
        case .match(let leaves): leaves.isEmpty ? "match" : leaves.map(\.description).joined(separator: "\n")
        case .noMatch(let failure): failure.description
        }
    }
}
