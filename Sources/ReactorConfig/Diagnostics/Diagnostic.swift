package import Reactions

/// One problem, with all that a person needs to mend it.
package struct Diagnostic: Sendable, Hashable {
    package enum Severity: String, Sendable, Hashable {
        case error
        case warning
        /// Worth knowing, and often meant: told by `check` only.
        case note
    }

    /// Where the problem is.
    package enum Place: Sendable, Hashable {
        /// In a file, at a character.
        case source(SourceLocation)
        /// A file or folder as a whole.
        case path(String)
        /// An environment variable.
        case environment
        /// A flag of the command line.
        case commandLine
    }

    /// A line of a file as it is shown: without its end, secrets replaced by `***`.
    package struct Excerpt: Sendable, Hashable {
        package var line: String
        /// Where to underline, from 1; differs from the place's column when a secret before it was replaced.
        package var column: Int
        package var length: Int

        package init(line: String, column: Int, length: Int) {
            self.line = line
            self.column = column
            self.length = length
        }
    }

    package var severity: Severity
    package var code: DiagnosticCode
    /// The code of the pattern compiler, for problems inside a pattern: `P009`.
    package var patternCode: String?
    package var place: Place
    /// One sentence or two without the full stop. Holds no secret.
    package var message: String
    /// The line it speaks of; nil where there is none to show.
    package var excerpt: Excerpt?
    /// The known name that is nearest to what was written.
    package var suggestion: String?

    package init(
        _ severity: Severity,
        _ code: DiagnosticCode,
        at place: Place,
        _ message: String,
        excerpt: Excerpt? = nil,
        suggestion: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.place = place
        self.message = message
        self.excerpt = excerpt
        self.suggestion = suggestion
    }
}

extension Diagnostic: CustomStringConvertible {
    /// In one line: `handlers/a.yaml:3:1: error[R012]: unknown field ...`
    package var description: String {
        "\(self.place.text): \(self.severity.rawValue)[\(self.codeText)]: \(self.message)"
    }
}

extension Diagnostic {
    /// What stands in brackets: `R012`, or the pattern compiler's own code.
    package var codeText: String { self.patternCode ?? self.code.rawValue }

    /// Flags first, then the environment, then files by name, line and column.
    static func sorted(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        diagnostics.enumerated().sorted { left, right in
            let (leftKey, rightKey) = (left.element.place.sortKey, right.element.place.sortKey)
            return leftKey == rightKey ? left.offset < right.offset : leftKey.precedes(rightKey)
        }.map(\.element)
    }
}

extension Diagnostic.Place {
    fileprivate struct SortKey: Equatable {
        var rank: Int
        var file: String
        var line: Int
        var column: Int

        func precedes(_ other: SortKey) -> Bool {
            if self.rank != other.rank { return self.rank < other.rank }
            if self.file != other.file { return self.file.utf8.lexicographicallyPrecedes(other.file.utf8) }
            return (self.line, self.column) < (other.line, other.column)
        }
    }

    fileprivate var sortKey: SortKey {
        switch self {
        case .commandLine: SortKey(rank: 0, file: "", line: 0, column: 0)
        case .environment: SortKey(rank: 1, file: "", line: 0, column: 0)
        case .path(let path): SortKey(rank: 2, file: path, line: 0, column: 0)
        case .source(let location):
            SortKey(rank: 2, file: location.file, line: location.line, column: location.column)
        }
    }

    /// How the place is written before a message.
    package var text: String {
        switch self {
        case .source(let location): location.description
        case .path(let path): path
        case .environment: "environment"
        case .commandLine: "command line"
        }
    }
}
