import EventPatterns
import Events
import Hummingbird
import Reactions

/// The query of a request, read strictly: unknown and repeated parameters are refused, all problems at once.
struct Query {
    private let parameters: [(name: String, value: String)]
    private var problems: [Problem.Cause] = []

    init(_ request: Request, allowed: Set<String>) {
        self.parameters = request.uri.queryParameters.map { (name: String($0.key), value: String($0.value)) }
        let unknown = Set(self.parameters.map(\.name)).subtracting(allowed).sorted()
        for name in unknown {
            let known = allowed.isEmpty ? "there are none" : "there is " + allowed.sorted().joined(separator: ", ")
            self.problems.append(Self.cause(name, "unknown parameter \"\(name)\"; \(known)"))
        }
    }

    /// A whole number within `range`; `standard` when it is not given.
    mutating func number(_ name: String, in range: ClosedRange<Int>, standard: Int) -> Int {
        let values = self.values(name)
        guard let text = values.first else { return standard }
        guard values.count == 1, let number = Int(text), range.contains(number) else {
            let asked = "\(name) must be one whole number from \(range.lowerBound) to \(range.upperBound)"
            self.problems.append(Self.cause(name, asked))
            return standard
        }
        return number
    }

    /// Event type patterns, given several times or with commas; `*` when none is given.
    mutating func patterns(_ name: String) -> [TypePattern] {
        var patterns: [TypePattern] = []
        for text in self.values(name).flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            if let pattern = TypePattern(String(text)) {
                patterns.append(pattern)
            } else {
                let asked = "\"\(text)\" is no event type pattern: write run.failed, run.* or *"
                self.problems.append(Self.cause(name, asked))
            }
        }
        return patterns.isEmpty ? [.any] : patterns
    }

    /// - Throws: everything that was found wrong.
    func validate() throws(Problem) {
        if !self.problems.isEmpty { throw .badParameters(self.problems) }
    }

    private func values(_ name: String) -> [String] {
        self.parameters.filter { $0.name == name }.map(\.value)
    }

    private static func cause(_ name: String, _ detail: String) -> Problem.Cause {
        Problem.Cause(detail: detail, pointer: "#/query/\(Problem.Cause.escaped(name))")
    }

    /// The one value of a parameter; nil when it is not given.
    private mutating func single(_ name: String) -> String? {
        let values = self.values(name)
        if values.count > 1 { self.problems.append(Self.cause(name, "\(name) is there \(values.count) times")) }
        return values.first
    }

    /// A text of 1 to 512 bytes; nil when it is not given.
    mutating func text(_ name: String) -> String? {
        guard let text = self.single(name) else { return nil }
        if (1...512).contains(text.utf8.count) { return text }
        self.problems.append(Self.cause(name, "\(name) must be a text of 1 to 512 bytes"))
        return nil
    }

    /// What an earlier answer gave as `next`; nil when it is not given.
    mutating func cursor(_ name: String) -> String? {
        guard let text = self.single(name) else { return nil }
        // The id of an entry of a stream, or its first part.
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 2, omittingEmptySubsequences: false)
        let isNumber = parts.allSatisfy { part in
            part.first != UInt8(ascii: "+") && UInt64(Substring(part)) != nil
        }
        if parts.count <= 2, isNumber { return text }
        self.problems.append(Self.cause(name, "\(name) must be what an answer gave as `next`"))
        return nil
    }

    /// One of the words; nil when it is not given.
    mutating func word<Word: RawRepresentable & CaseIterable>(_ name: String, _ type: Word.Type) -> Word?
    where Word.RawValue == String {
        guard let text = self.single(name) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
        self.problems.append(Self.cause(name, "\(name) must be one of \(words)"))
        return nil
    }

    mutating func flag(_ name: String) -> Bool {
        guard let text = self.single(name) else { return false }
        if text != "true", text != "false" {
            self.problems.append(Self.cause(name, "\(name) must be true or false"))
        }
        return text == "true"
    }

    /// True, false, or nil when it is not given.
    mutating func choice(_ name: String) -> Bool? {
        self.values(name).isEmpty ? nil : self.flag(name)
    }

    /// What an earlier answer about runs gave as `next`; nil when it is not given.
    mutating func runCursor(_ name: String) -> RunCursor? {
        guard let text = self.single(name) else { return nil }
        if text.utf8.count <= 1024, let cursor = RunCursor(text: text), cursor.startedAt.microseconds >= 0 {
            return cursor
        }
        self.problems.append(Self.cause(name, "\(name) must be what an answer gave as `next`"))
        return nil
    }

    /// A time of RFC 3339; nil when it is not given.
    mutating func time(_ name: String) -> Timestamp? {
        guard let text = self.single(name) else { return nil }
        // In a query a plus stands for a blank, and a time has one before its offset.
        let written = String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == " " ? "+" : $0 }))
        if let time = Timestamp(rfc3339: written) { return time }
        self.problems.append(Self.cause(name, "\(name) must be a time such as 2026-11-21T18:00:00Z"))
        return nil
    }
}
