internal import EventPatterns
internal import Events
internal import Reactions

/// Reads `expect`: what is to have happened, or not to.
struct ScenarioExpectReader {
    let context: ReadingContext

    private static let keys = ScenarioSubject.allCases.flatMap { [$0.rawValue] + [$0.absence].compactMap(\.self) }
    private static let counts = 1...100_000
    private static let durations = Duration.zero...Duration.seconds(366 * 86_400)

    func read(_ node: YAMLNode) -> [ScenarioExpectation] {
        guard let members = self.context.members(node, of: "expect") else { return [] }
        if members.isEmpty {
            self.context.report(.badScenario, at: node, "`expect` says nothing: \(ValueNeeds.list(Self.keys))")
        }
        var seen: Set<ScenarioSubject> = []
        return members.compactMap { member in
            guard let subject = Self.subject(member.key) else {
                self.context.reportUnknown(member, known: Self.keys, inside: "expect")
                return nil
            }
            if !seen.insert(subject).inserted, let absence = subject.absence {
                let message = "`expect` has either `\(subject.rawValue)` or `\(absence)`, not both"
                self.context.report(.contradiction, at: member, message)
            }
            return self.expectation(subject, member)
        }
    }

    private static func subject(_ key: String) -> ScenarioSubject? {
        ScenarioSubject.allCases.first { $0.rawValue == key || $0.absence == key }
    }

    private func expectation(_ subject: ScenarioSubject, _ member: YAMLMember) -> ScenarioExpectation? {
        let location = self.context.location(of: member)
        if member.key == subject.absence {
            guard let isAbsent = self.context.boolean(member.value, of: member.key) else { return nil }
            guard isAbsent else {
                let message = "`\(member.key)` can only be true; what is expected stands under `\(subject.rawValue)`"
                self.context.report(.badScenario, at: member.value, message)
                return nil
            }
            return ScenarioExpectation(subject: subject, items: [], location: location)
        }
        guard case .sequence(let elements, _) = member.value else {
            let found = member.value.kind
            let message = "`\(member.key)` needs a list with one entry for each \(subject.singular), found \(found)"
            self.context.report(.wrongKind, at: member.value, message)
            return nil
        }
        return ScenarioExpectation(
            subject: subject,
            items: elements.compactMap { self.item(subject, $0) },
            location: location
        )
    }

    private func item(_ subject: ScenarioSubject, _ node: YAMLNode) -> ExpectedItem? {
        guard let members = self.context.members(node, of: subject.rawValue) else { return nil }
        let fields = subject.fields
        var item = ExpectedItem(fields: [], times: 1, location: self.context.location(of: node))
        for member in members {
            if member.key == "times" {
                item.times = self.context.integer(member.value, of: "times", in: Self.counts) ?? 1
            } else if let field = fields.first(where: { $0.name == member.key }) {
                if let test = self.test(field, member) { item.fields.append(test) }
            } else {
                self.context.reportUnknown(member, known: fields.map(\.name) + ["times"], inside: subject.rawValue)
            }
        }
        return item
    }

    private func test(_ field: ScenarioSubject.Field, _ member: YAMLMember) -> ExpectedField? {
        var name = field.name
        let test: ExpectedField.Test
        var literal: String?
        if case .exactly(let whole) = field.kind {
            guard let value = self.context.json(member.value) else { return nil }
            name = whole
            test = .exact(value)
        } else {
            guard let node = self.pattern(field, member.value), let pattern = self.compile(name, member, node) else {
                return nil
            }
            test = .pattern(pattern)
            if case .string(let text, _) = node { literal = text }
        }
        return ExpectedField(
            name: field.name,
            member: name,
            test: test,
            literal: literal,
            written: self.context.written(member.value),
            location: self.context.location(of: member)
        )
    }

    private func compile(_ name: String, _ member: YAMLMember, _ node: PatternNode) -> EventPattern? {
        let mark = PatternMark(line: member.position.line, column: member.position.column)
        do throws(EventPatterns.PatternError) {
            return try EventPattern(.object([PatternMember(name: name, mark: mark, value: node)], mark))
        } catch {
            MatchReader(context: self.context).report(error)
            return nil
        }
    }

    /// What is written, in the words of patterns: single values are read as their field takes them.
    private func pattern(_ field: ScenarioSubject.Field, _ node: YAMLNode) -> PatternNode? {
        let mark = PatternMark(line: node.position.line, column: node.position.column)
        switch (node, field.kind) {
        case (_, .json): return MatchReader(context: self.context).node(node)
        case (.sequence(let elements, _), _):
            let nodes = elements.compactMap { self.pattern(field, $0) }
            return nodes.count == elements.count ? .array(nodes, mark) : nil
        // An operator: { prefix: "Run r1" }.
        case (.mapping, _): return MatchReader(context: self.context).node(.sequence([node], node.position))
        case (_, .text):
            let value = self.context.scalar(node, of: field.name, needs: "a text")
            return value.map { .string($0.text, mark) }
        case (_, .word(let words)):
            return self.context.word(node, of: field.name, from: words).map { .string($0, mark) }
        case (_, .duration):
            return self.context.duration(node, of: field.name, in: Self.durations)
                .map { .string(DurationText.format($0), mark) }
        case (_, .flag): return self.context.boolean(node, of: field.name).map { .bool($0, mark) }
        case (.scalar(let scalar), .number):
            if case .json(.number(let text)) = self.context.plainValue(scalar) { return .number(text, mark) }
            self.context.report(.badValue, at: node, "`\(field.name)` needs a number, found `\(scalar.text)`")
            return nil
        case (_, .exactly): return nil
        }
    }
}
