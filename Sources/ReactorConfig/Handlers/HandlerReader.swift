internal import EventPatterns
internal import Reactions

/// Reads one handler.
struct HandlerReader {
    let context: ReadingContext
    let audit: AuditAlertEnvironment

    private static let keys = ["handler", "on", "match", "not", "priority", "enabled", "do", "uses", "with"]
    private static let priorities = -1_000_000...1_000_000

    func read(_ node: YAMLNode) -> LoadedHandler {
        let before = self.context.problems.errorCount
        var digest = StableHash()
        digest.combine(node, environment: self.context.environment)
        var handler = LoadedHandler(name: "", context: self.context, namePlace: node, digest: digest.hexDigits)
        guard case .mapping(let members, _) = node else {
            self.context.report(.wrongKind, at: node, "a handler must be a mapping, found \(node.kind)")
            return handler
        }
        for member in members where !Self.keys.contains(member.key) {
            self.context.reportUnknown(member, known: Self.keys)
        }
        var fields: [String: YAMLMember] = [:]
        for member in members { fields[member.key] = member }
        self.readName(fields["handler"]?.value, at: node, into: &handler)
        let definitions = self.definitions(fields, node, &handler)
        if self.context.problems.errorCount == before { handler.definitions = definitions }
        return handler
    }

    private func readName(_ value: YAMLNode?, at node: YAMLNode, into handler: inout LoadedHandler) {
        guard let value else {
            self.context.report(.missingField, at: node, "`handler`, its name, is missing")
            return
        }
        handler.namePlace = value
        guard let name = self.context.text(value, of: "handler") else { return }
        handler.name = name.text
        if !Self.isName(name.text) {
            let rule = "a letter first, then up to 62 of a-z, 0-9, `_` and `-`"
            self.context.report(.badHandlerName, at: value, "handler name `\(name.shown)` breaks the rule: \(rule)")
        }
    }

    /// `[a-z][a-z0-9_-]{0,62}`
    static func isName(_ text: String) -> Bool {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        guard let first = text.utf8.first, letters.contains(first), text.utf8.count <= 63 else { return false }
        return text.utf8.allSatisfy { byte in
            letters.contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
    }

    private func definitions(
        _ fields: [String: YAMLMember],
        _ node: YAMLNode,
        _ handler: inout LoadedHandler
    ) -> [HandlerDefinition] {
        let match = MatchReader(context: self.context).read(fields["match"], not: fields["not"])
        let enabled = fields["enabled"].map { self.context.boolean($0.value, of: "enabled") ?? true } ?? true
        let priority = fields["priority"].map {
            self.context.integer($0.value, of: "priority", in: Self.priorities) ?? 0
        }
        switch (fields["do"], fields["uses"]) {
        case (let body?, nil):
            if let with = fields["with"] {
                self.context.report(.noBody, at: with, "`with` belongs to `uses`, not to `do`")
            }
            let definition = HandlerDefinition(
                name: handler.name,
                on: self.types(fields["on"], node, &handler),
                match: match,
                priority: priority ?? 0,
                enabled: enabled,
                body: .rule(ActionListReader(context: self.context).read(body.value, &handler)),
                location: handler.location
            )
            return [definition]
        case (nil, let uses?):
            return BuiltInReader(context: self.context, audit: self.audit)
                .read(uses, fields, location: handler.location)
                .map { self.adjusted($0, match: match, enabled: enabled) }
        case (let body?, .some):
            self.context.report(.noBody, at: body, "a handler has either `do` or `uses`, not both")
        case (nil, nil):
            self.context.report(.noBody, at: handler.namePlace, "a handler needs `do` (its actions) or `uses` (a built-in)")
        }
        return []
    }

    private func adjusted(_ definition: HandlerDefinition, match: EventPattern?, enabled: Bool) -> HandlerDefinition {
        var definition = definition
        definition.match = match
        definition.enabled = enabled
        return definition
    }

    // MARK: - on

    private func types(_ member: YAMLMember?, _ node: YAMLNode, _ handler: inout LoadedHandler) -> [TypePattern] {
        guard let member else {
            self.context.report(.missingField, at: node, "`on`, the event types it listens to, is missing")
            return []
        }
        let elements = self.context.elements(member.value)
        if elements.isEmpty {
            self.context.report(.badTypePattern, at: member.value, "`on` must name at least one event type")
        }
        var patterns: [TypePattern] = []
        for element in elements {
            guard let pattern = self.type(element) else { continue }
            if patterns.contains(pattern) {
                self.context.report(.badTypePattern, at: element, "`\(pattern)` is already in the list")
                continue
            }
            patterns.append(pattern)
            if case .exact(let type) = pattern { handler.types.append((type, element)) }
        }
        return patterns
    }

    private func type(_ node: YAMLNode) -> TypePattern? {
        guard let text = self.context.text(node, of: "on") else { return nil }
        if let pattern = TypePattern(text.text) { return pattern }
        let message =
            "`\(text.shown)` is not an event type: a star stands alone (`*`) or after the last dot (`run.*`)"
        self.context.report(.badTypePattern, at: node, message)
        return nil
    }
}
