internal import EventPatterns
internal import Events
internal import Reactions

/// Reads one scenario: a document of a `*_test.yaml`.
struct ScenarioReader {
    let context: ReadingContext
    /// The handlers that lie beside it.
    let handlers: [LoadedHandler]
    /// The configuration without what the scenario changes.
    let base: ConfigurationBuilder
    let audit: AuditAlertEnvironment
    let runs: RunTimesEnvironment

    private static let keys = ["scenario", "handlers", "config", "start", "seed", "steps"]
    private static let seeds = 0...Int.max
    /// When nothing else is said: a Monday, at midnight.
    static let usualStart = "2026-06-01T00:00:00Z"

    /// Nil when anything is wrong; that was reported.
    func read(_ node: YAMLNode) -> Scenario? {
        let before = self.context.problems.errorCount
        guard let fields = FieldSet(node, of: "scenario", known: Self.keys, in: self.context) else { return nil }
        let name = fields.required("scenario").flatMap { self.context.text($0, of: "scenario") }
        let handlers = self.handlers(fields["handlers"])
        let settings = self.settings(fields["config"])
        let start = self.start(fields["start"])
        let seed = fields.integer("seed", in: Self.seeds) ?? 1
        let receivers = settings?.alerts.receivers.map(\.name) ?? []
        let steps = fields.required("steps").map {
            ScenarioStepReader(context: self.context, receivers: receivers).read($0)
        }
        if let steps, !steps.isEmpty, self.context.problems.errorCount == before,
            steps.allSatisfy({ $0.expectations.isEmpty })
        {
            let message = "the scenario expects nothing, so it cannot fail; give a step an `expect`"
            self.context.report(.badScenario, at: fields.required("scenario") ?? node, message)
        }
        guard let name, let settings, let start, let steps, self.context.problems.errorCount == before else {
            return nil
        }
        return Scenario(
            name: name.text,
            location: self.context.location(of: name.node),
            handlers: handlers,
            settings: settings,
            start: start,
            seed: UInt64(seed),
            steps: steps
        )
    }

    /// The handlers that are named or written out, or all of them.
    private func handlers(_ node: YAMLNode?) -> [HandlerDefinition] {
        guard let node else { return self.handlers.flatMap(\.definitions) }
        var named: Set<String> = []
        var own: [LoadedHandler] = []
        for element in self.context.elements(node) {
            if case .mapping = element {
                own.append(HandlerReader(context: self.context, audit: self.audit, runs: self.runs).read(element))
            } else if let name = self.name(element) {
                named.insert(name)
            }
        }
        // Who is named takes part, also when it is switched off: that is how it is tried before it is switched on.
        let chosen = self.handlers.filter { named.contains($0.name) }.map { handler in
            var handler = handler
            for index in handler.definitions.indices { handler.definitions[index].enabled = true }
            return handler
        }
        let taking = chosen + own
        // They are judged together as files of handlers are; what is only probably not meant, others may say.
        for (index, handler) in taking.enumerated() {
            guard let first = taking[..<index].first(where: { $0.name == handler.name }) else { continue }
            let message = "handler name `\(handler.name)` is already used at \(first.location)"
            self.context.report(.duplicateHandler, at: handler.namePlace, message)
        }
        return taking.flatMap(\.definitions)
    }

    /// The name of a handler that there is.
    private func name(_ node: YAMLNode) -> String? {
        guard let name = self.context.text(node, of: "handlers") else { return nil }
        if self.handlers.contains(where: { $0.name == name.text }) { return name.text }
        let known = self.handlers.map(\.name).filter { !$0.isEmpty }
        let nearest = NearestName.findIgnoringCase(name.text, among: known)
        let hint = nearest.map { "; did you mean `\($0)`?" } ?? "; there are \(ValueNeeds.list(known))"
        let message = "there is no handler `\(name.shown)`\(hint)"
        self.context.report(.unknownHandler, at: node, message, suggestion: nearest)
        return nil
    }

    private func settings(_ node: YAMLNode?) -> ReactorConfiguration? {
        var builder = self.base
        let before = self.context.problems.errorCount
        if let node { ConfigurationFileReader(context: self.context).read(changes: node, into: &builder) }
        // What is only seen at the end was told of the file already, as far as it comes from there.
        guard node != nil, self.context.problems.errorCount == before else {
            return self.context.problems.errorCount == before ? builder.configuration : nil
        }
        let configuration = builder.finish(file: self.context)
        return self.context.problems.errorCount == before ? configuration : nil
    }

    private func start(_ node: YAMLNode?) -> Timestamp? {
        guard let node else { return Timestamp.parse(iso8601: Self.usualStart)?.timestamp }
        let needs = "a time such as `\(Self.usualStart)`"
        guard let value = self.context.scalar(node, of: "start", needs: needs) else { return nil }
        if let time = Timestamp.parse(iso8601: value.text)?.timestamp { return time }
        self.context.report(.badValue, at: node, "`start` needs \(needs), found `\(value.shown)`")
        return nil
    }
}

extension ReadingContext {
    func location(of node: YAMLNode) -> SourceLocation {
        SourceLocation(file: self.source.name, line: node.position.line, column: node.position.column)
    }

    func location(of member: YAMLMember) -> SourceLocation {
        SourceLocation(file: self.source.name, line: member.position.line, column: member.position.column)
    }

    /// The value as JSON. Numbers, true, false and null are read by the core schema of YAML 1.2, everything else is text.
    /// Nil when a part was refused, which is then reported.
    func json(_ node: YAMLNode) -> JSONValue? {
        switch node {
        case .scalar(let scalar):
            switch self.plainValue(scalar) {
            case .text(let value): return .string(value.text)
            case .json(let value): return value
            case nil: return nil
            }
        case .sequence(let elements, _):
            let values = elements.compactMap { self.json($0) }
            return values.count == elements.count ? .array(values) : nil
        case .mapping(let members, _):
            let values = members.compactMap { member in
                self.json(member.value).map { JSONMember(member.key, $0) }
            }
            return values.count == members.count ? .object(values) : nil
        }
    }

    /// The value as it was written, in one line, for messages.
    func written(_ node: YAMLNode) -> String {
        switch node {
        case .scalar(let scalar):
            let text = Self.shortened(SecretMask.mask(scalar.text))
            return scalar.style == .plain ? text : JSONValue.string(text).compactText
        case .sequence(let elements, _): return "[" + elements.map { self.written($0) }.joined(separator: ", ") + "]"
        case .mapping(let members, _):
            return "{" + members.map { "\($0.key): \(self.written($0.value))" }.joined(separator: ", ") + "}"
        }
    }
}
