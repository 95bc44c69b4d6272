internal import EventPatterns
internal import Reactions

/// Reads `do: [ {alert: …}, {publish: …}, {log: …} ]`.
struct ActionListReader {
    let context: ReadingContext
    private var templates: TemplateReader { TemplateReader(context: self.context) }

    private static let actions = ["alert", "publish", "log"]

    init(context: ReadingContext) {
        self.context = context
    }

    func read(_ node: YAMLNode, _ handler: inout LoadedHandler) -> [ActionDefinition] {
        guard case .sequence(let elements, _) = node, !elements.isEmpty else {
            self.context.report(.wrongKind, at: node, "`do` needs a list of actions: alert, publish, log")
            return []
        }
        var actions: [ActionDefinition] = []
        for element in elements {
            if let action = self.action(element, &handler) { actions.append(action) }
        }
        return actions
    }

    private func action(_ node: YAMLNode, _ handler: inout LoadedHandler) -> ActionDefinition? {
        guard case .mapping(let members, _) = node, members.count == 1, let member = members.first else {
            let message = "an action is a mapping with one key: `alert`, `publish` or `log`"
            self.context.report(.unknownAction, at: node, message)
            return nil
        }
        switch member.key {
        case "alert": return self.alert(member).map(ActionDefinition.alert)
        case "publish": return self.publish(member, &handler).map(ActionDefinition.publish)
        case "log": return self.log(member).map(ActionDefinition.log)
        default:
            let nearest = NearestName.findIgnoringCase(member.key, among: Self.actions)
            let hint = nearest.map { "; did you mean `\($0)`?" } ?? "; it can be \(ValueNeeds.list(Self.actions))"
            let message = "unknown action `\(member.key)`\(hint)"
            self.context.report(.unknownAction, at: member, message, suggestion: nearest)
            return nil
        }
    }

    /// The fields of an action by name; unknown and missing ones are reported.
    private func fields(_ action: YAMLMember, known: [String], required: [String]) -> [String: YAMLNode]? {
        guard let members = self.context.members(action.value, of: action.key) else { return nil }
        var fields: [String: YAMLNode] = [:]
        for member in members {
            if known.contains(member.key) {
                fields[member.key] = member.value
            } else {
                self.context.reportUnknown(member, known: known, inside: action.key)
            }
        }
        for name in required where fields[name] == nil {
            self.context.report(.missingField, at: action, "`\(action.key)` needs `\(name)`")
        }
        return fields
    }

    // MARK: - alert

    private func alert(_ member: YAMLMember) -> AlertAction? {
        let required = ["severity", "domain", "key", "summary"]
        let known = ["type"] + required + ["tenant", "run_id", "details"]
        guard let fields = self.fields(member, known: known, required: required) else { return nil }
        // Each is read even when another is missing, so that every problem is found.
        let type = fields["type"].map { self.templates.literal($0, of: "type") }
        let severity = fields["severity"].flatMap { self.context.severity($0) }
        let domain = fields["domain"].flatMap { self.templates.literal($0, of: "domain") }
        let key = fields["key"].flatMap { self.templates.template($0, of: "key") }
        let summary = fields["summary"].flatMap { self.templates.template($0, of: "summary") }
        let tenant = fields["tenant"].flatMap { self.templates.template($0, of: "tenant") }
        let runID = fields["run_id"].flatMap { self.templates.template($0, of: "run_id") }
        let details = fields["details"].map { self.details($0) } ?? []
        guard let severity, let domain, let key, let summary else { return nil }
        return AlertAction(
            type: type ?? nil,
            severity: severity,
            domain: domain,
            key: key,
            summary: summary,
            tenant: tenant,
            runID: runID,
            details: details
        )
    }

    private func details(_ node: YAMLNode) -> [(name: String, value: Template)] {
        (self.context.members(node, of: "details") ?? []).compactMap { member in
            self.templates.template(member.value, of: "details.\(member.key)").map { (name: member.key, value: $0) }
        }
    }

    // MARK: - publish

    private func publish(_ member: YAMLMember, _ handler: inout LoadedHandler) -> PublishAction? {
        let known = ["event_type", "channel", "payload"]
        guard let fields = self.fields(member, known: known, required: ["event_type"]) else { return nil }
        let type = fields["event_type"].flatMap { self.publishedType($0) }
        let channel = fields["channel"].map { self.templates.literal($0, of: "channel") }
        var payload = TemplateTree.object([])
        if let node = fields["payload"] {
            guard case .mapping = node else {
                self.context.report(.wrongKind, at: node, "`payload` needs a mapping, found \(node.kind)")
                return nil
            }
            payload = self.templates.tree(node, of: "payload") ?? payload
        }
        guard let type, let node = fields["event_type"] else { return nil }
        handler.publications.append(
            LoadedHandler.Publication(eventType: type, channel: channel ?? nil, node: node)
        )
        return PublishAction(eventType: type, channel: channel ?? nil, payload: payload)
    }

    /// One type that events may be published under.
    func publishedType(_ node: YAMLNode) -> String? {
        guard let type = self.templates.literal(node, of: "event_type") else { return nil }
        guard case .exact = TypePattern(type) else {
            self.context.report(.badTypePattern, at: node, "`event_type` must be one type without a star")
            return nil
        }
        guard !type.utf8.starts(with: "reactor.".utf8) else {
            let message = "types that begin with `reactor.` are what reactors tell each other; choose another name"
            self.context.report(.badValue, at: node, message)
            return nil
        }
        return type
    }

    // MARK: - log

    private func log(_ member: YAMLMember) -> LogAction? {
        let fields = self.fields(member, known: ["level", "message"], required: ["message"])
        guard let fields else { return nil }
        let levels = LogAction.Level.allCases.map(\.rawValue)
        let level = fields["level"].map { self.context.word($0, of: "level", from: levels) } ?? "info"
        let message = fields["message"].flatMap { self.templates.template($0, of: "message") }
        guard let level = level.flatMap(LogAction.Level.init(rawValue:)), let message else { return nil }
        return LogAction(level: level, message: message)
    }
}
