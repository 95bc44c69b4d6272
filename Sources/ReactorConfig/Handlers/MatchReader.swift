internal import EventPatterns
internal import Events

/// Reads `match` and `not`: event patterns written as YAML.
///
/// A single value where a list of alternatives belongs means a list of one. Numbers, true, false and null are read by
/// the core schema of YAML 1.2, everything else is text.
struct MatchReader {
    let context: ReadingContext

    /// The fields that an event has at its outermost level, of both formats.
    private static let envelope = [
        "event_type", "topic", "timestamp", "source", "payload", "event_id", "tenant_id", "traceparent", "producer_id",
        "sequence", "aos_hops", "specversion", "type", "time", "id", "subject", "data", "partitionkey",
        "datacontenttype", "dataschema", "tracestate",
    ]

    /// Nil if there is none, or if it is not valid; then that was reported.
    func read(_ match: YAMLMember?, not: YAMLMember?) -> EventPattern? {
        let node = match.flatMap { self.pattern($0) }
        let excluded = not.flatMap { self.pattern($0) }
        guard match == nil || node != nil, not == nil || excluded != nil else { return nil }
        return self.compile(node, not: excluded)
    }

    private func compile(_ match: PatternNode?, not: PatternNode?) -> EventPattern? {
        do throws(PatternError) {
            switch (match, not) {
            case (let match?, let not): return try EventPattern(match, not: not)
            case (nil, let not?): return try EventPattern(not: not)
            case (nil, nil): return nil
            }
        } catch {
            self.report(error)
            return nil
        }
    }

    /// Reports every problem of a pattern, each at its place.
    func report(_ error: PatternError) {
        for problem in error.problems {
            let position = TextPosition(line: problem.mark.line, column: problem.mark.column)
            let length = self.context.wordLength(at: position)
            let code = problem.code.rawValue
            self.context.report(.badPattern, at: position, length: length, problem.message, patternCode: code)
        }
    }

    private func pattern(_ member: YAMLMember) -> PatternNode? {
        guard case .mapping(let members, _) = member.value else {
            let found = member.value.kind
            let message = "`\(member.key)` needs a pattern such as {payload: {status: [failed]}}, found \(found)"
            self.context.report(.badPattern, at: member.value, message)
            return nil
        }
        for field in members { self.checkEnvelope(field) }
        return self.node(member.value)
    }

    /// The commonest mistake is to leave out `payload:`; such a pattern would never match.
    private func checkEnvelope(_ field: YAMLMember) {
        let first = String(field.key.prefix { $0 != "." })
        guard first != "$or", !Self.envelope.contains(first) else { return }
        let message = "`\(field.key)` is not a field of the envelope; did you mean `payload: {\(field.key): …}`?"
        self.context.report(.unlikelyField, at: field, message, severity: .warning)
    }

    // MARK: - Nodes

    /// The same in the words of the pattern compiler; nil for a part that is refused.
    func node(_ node: YAMLNode) -> PatternNode? {
        let mark = PatternMark(node.position)
        switch node {
        case .sequence(let elements, _): return .array(elements.compactMap { self.node($0) }, mark)
        case .mapping(let members, _):
            return .object(
                members.compactMap { member in
                    self.node(member.value).map {
                        PatternMember(name: member.key, mark: PatternMark(member.position), value: $0)
                    }
                },
                mark
            )
        case .scalar(let scalar):
            switch self.context.plainValue(scalar) {
            case .text(let value): return .string(value.text, mark)
            case .json(.null): return .null(mark)
            case .json(.bool(let flag)): return .bool(flag, mark)
            case .json(.number(let text)): return .number(text, mark)
            case .json, nil: return nil
            }
        }
    }
}

extension PatternMark {
    fileprivate init(_ position: TextPosition) {
        self.init(line: position.line, column: position.column)
    }
}
