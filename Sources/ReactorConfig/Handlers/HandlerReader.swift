internal import EventPatterns
internal import Reactions

/// Reads one handler.
struct HandlerReader {
    let context: ReadingContext
    let audit: AuditAlertEnvironment
    let runs: RunTimesEnvironment

    private static let keys = [
        "handler", "on", "match", "not", "priority", "enabled", "do", "uses", "with", "resolve_on",
    ]
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
        handler.patternPlace = fields["match"] ?? fields["not"]
        handler.actions = fields["do"].map { body in
            var hash = StableHash()
            hash.combine(body.value, environment: self.context.environment)
            return hash.hexDigits
        }
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
        switch (fields["do"], fields["uses"]) {
        case (let body?, nil):
            return [self.rule(body, fields, node, &handler)]
        case (nil, let uses?):
            let common = self.common(fields)
            if let ending = fields["resolve_on"] {
                self.context.report(
                    .noBody,
                    at: ending,
                    "`resolve_on` belongs to `do`; a built-in knows what ends its alerts"
                )
            }
            return BuiltInReader(context: self.context, audit: self.audit, runs: self.runs)
                .read(uses, fields, name: handler.name, location: handler.location)
                .map { definition in
                    var definition = definition
                    definition.match = common.match
                    definition.enabled = common.enabled
                    return definition
                }
        case (let body?, .some):
            self.context.report(.noBody, at: body, "a handler has either `do` or `uses`, not both")
        case (nil, nil):
            let message = "a handler needs `do` (its actions) or `uses` (a built-in)"
            self.context.report(.noBody, at: handler.namePlace, message)
        }
        return []
    }

    private func rule(
        _ body: YAMLMember,
        _ fields: [String: YAMLMember],
        _ node: YAMLNode,
        _ handler: inout LoadedHandler
    ) -> HandlerDefinition {
        if let with = fields["with"] {
            self.context.report(.noBody, at: with, "`with` belongs to `uses`, not to `do`")
        }
        let common = self.common(fields)
        let priority = fields["priority"].flatMap {
            self.context.integer($0.value, of: "priority", in: Self.priorities)
        }
        var definition = HandlerDefinition(
            name: handler.name,
            on: self.types(fields["on"], node, &handler),
            match: common.match,
            priority: priority ?? 0,
            enabled: common.enabled,
            body: .rule(ActionListReader(context: self.context).read(body.value, &handler)),
            location: handler.location
        )
        definition.resolveOn = self.endings(fields["resolve_on"], of: definition, &handler)
        return definition
    }

    /// `resolve_on`: the event types that end what its alerts are about.
    private func endings(
        _ member: YAMLMember?,
        of definition: HandlerDefinition,
        _ handler: inout LoadedHandler
    ) -> [TypePattern] {
        guard let member else { return [] }
        let patterns = self.patterns(member.value, of: "resolve_on", &handler)
        guard case .rule(let actions) = definition.body else { return patterns }
        let raisesAlerts = actions.contains { if case .alert = $0 { true } else { false } }
        if !raisesAlerts, !actions.isEmpty {
            let message = "`resolve_on` ends alerts, and this handler raises none"
            self.context.report(.contradiction, at: member, message)
        }
        if definition.match == nil, let both = patterns.first(where: { definition.on.contains($0) }) {
            let message = "`\(both)` would raise the alert and end it; name other types, or a `match`"
            self.context.report(.contradiction, at: member, message)
        }
        return patterns
    }

    /// What rules and built-ins have alike.
    private func common(_ fields: [String: YAMLMember]) -> (match: EventPattern?, enabled: Bool) {
        let match = MatchReader(context: self.context).read(fields["match"], not: fields["not"])
        let enabled = fields["enabled"].flatMap { self.context.boolean($0.value, of: "enabled") }
        return (match, enabled ?? true)
    }

    // MARK: - on

    private func types(_ member: YAMLMember?, _ node: YAMLNode, _ handler: inout LoadedHandler) -> [TypePattern] {
        guard let member else {
            self.context.report(.missingField, at: node, "`on`, the event types it listens to, is missing")
            return []
        }
        return self.patterns(member.value, of: "on", &handler)
    }

    private func patterns(_ node: YAMLNode, of field: String, _ handler: inout LoadedHandler) -> [TypePattern] {
        let elements = self.context.elements(node)
        if elements.isEmpty {
            self.context.report(.badTypePattern, at: node, "`\(field)` must name at least one event type")
        }
        var patterns: [TypePattern] = []
        var seen: Set<TypePattern> = []
        for element in elements {
            guard let pattern = self.context.typePattern(element, of: field) else { continue }
            if !seen.insert(pattern).inserted {
                self.context.report(.badTypePattern, at: element, "`\(pattern)` is already in the list")
                continue
            }
            patterns.append(pattern)
            if case .exact(let type) = pattern { handler.types.append((type, element)) }
        }
        return patterns
    }

}

extension ReadingContext {
    /// An event type, `prefix.*` or `*`.
    func typePattern(_ node: YAMLNode, of field: String) -> TypePattern? {
        guard let text = self.text(node, of: field) else { return nil }
        if let pattern = TypePattern(text.text) { return pattern }
        let message =
            "`\(text.shown)` is not an event type: a star stands alone (`*`) or after the last dot (`run.*`)"
        self.report(.badTypePattern, at: node, message)
        return nil
    }
}
