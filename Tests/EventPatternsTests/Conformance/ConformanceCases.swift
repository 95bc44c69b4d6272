import EventPatterns
import Events
import FoundationEssentials

/// The recorded cases, read from beside the checkout.
enum ConformanceCases {
    enum Expectation: String {
        case match
        case noMatch = "no_match"
        case reject
    }

    struct Verdict {
        var name: String
        var pattern: String
        var event: String
        var expectation: Expectation
    }

    struct Recording {
        var name: String
        var rules: [(name: String, pattern: String)]
        var event: String
        var matches: Set<String>
        var options: EventPattern.Options
    }

    struct Compilation {
        var line: Int
        var rule: String
        var options: EventPattern.Options
        var isAccepted: Bool
    }

    static func verdicts(_ file: String) throws -> [Verdict] {
        try Self.lines(file).map { line in
            Verdict(
                name: try line.string("name"),
                pattern: try line.string("pattern_json"),
                event: try line.string("event_json"),
                expectation: try Self.need(Expectation(rawValue: try line.string("expect")))
            )
        }
    }

    static func recordings() throws -> [Recording] {
        try Self.lines("ruler_recorded_from_own_tests.jsonl").enumerated().map { index, line in
            Recording(
                name: "\(index + 1) \(try line.string("test"))",
                rules: try line.list("rules").map { rule in
                    guard case .array(let parts, _) = rule, case .string(let name, _) = parts[0],
                        case .string(let pattern, _) = parts[1]
                    else { throw BadCase() }
                    return (name, pattern)
                },
                event: try line.string("event"),
                matches: Set(
                    try line.list("matches").map { name in
                        guard case .string(let text, _) = name else { throw BadCase() }
                        return text
                    }
                ),
                options: line.options
            )
        }
    }

    static func compilations() throws -> [Compilation] {
        try Self.lines("ruler_compile_accept_reject.jsonl").enumerated().map { index, line in
            Compilation(
                line: index + 1,
                rule: try line.string("rule"),
                options: line.options,
                isAccepted: try line.bool("accept")
            )
        }
    }

    struct BadCase: Error {}

    static func need<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw BadCase() }
        return value
    }

    private static func lines(_ file: String) throws -> [PatternNode] {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let url = repository.deletingLastPathComponent().appending(path: "shared/conformance/event-patterns/\(file)")
        let data = try Data(contentsOf: url)
        return try data.split(separator: 0x0A).map { try PatternNode.parse(json: Array($0)) }
    }
}

extension PatternNode {
    fileprivate func member(_ name: String) -> PatternNode? {
        guard case .object(let members, _) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    fileprivate func string(_ name: String) throws -> String {
        guard case .string(let text, _) = self.member(name) else { throw ConformanceCases.BadCase() }
        return text
    }

    fileprivate func list(_ name: String) throws -> [PatternNode] {
        guard case .array(let elements, _) = self.member(name) else { throw ConformanceCases.BadCase() }
        return elements
    }

    fileprivate func bool(_ name: String) throws -> Bool {
        guard case .bool(let value, _) = self.member(name) else { throw ConformanceCases.BadCase() }
        return value
    }

    fileprivate var options: EventPattern.Options {
        let rejects: Bool
        if case .string("reject", _) = self.member("duplicate_paths") { rejects = true } else { rejects = false }
        return EventPattern.Options(allowsScalarLeaves: false, refusesDuplicatePaths: rejects)
    }
}
