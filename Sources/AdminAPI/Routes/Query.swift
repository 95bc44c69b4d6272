import EventPatterns
import Hummingbird

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
        // In a JSON pointer `~` and `/` are written `~0` and `~1`.
        let escaped = name.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
        return Problem.Cause(detail: detail, pointer: "#/query/\(escaped)")
    }
}
