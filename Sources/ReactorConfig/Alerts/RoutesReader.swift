internal import EventPatterns
internal import Reactions

/// A route as the file says, with its places.
struct ReadRoute {
    var node: YAMLNode
    var definition: RouteDefinition
    /// The list of receivers, where there is one.
    var receivers: YAMLNode?
    /// Whether receivers are named, and all of them are switched off.
    var tellsOnlyThoseOff = false
    var routes: [ReadRoute]
}

/// Reads `alerts.routes`: which alerts go to whom. The list stands below a route that takes every alert and tells
/// `alerts.default_to`.
struct RoutesReader {
    let context: ReadingContext
    /// What may be named, by name; nil for one that was refused and reported already.
    let receivers: [ReadReceiver]
    let intervals: Set<String>

    private static let keys = [
        "match", "matchers", "to", "continue", "group_by", "group_wait", "group_interval", "repeat_interval", "mute",
        "routes",
    ]
    /// What the same things are called in Alertmanager.
    private static let hints = [
        "receiver": "who is told is written `to: [NAME]`", "receivers": "who is told is written `to: [NAME]`",
        "match_re": "write matchers: ['LABEL=~\"EXPRESSION\"']", "mute_time_intervals": "write `mute: [NAME]`",
        "active_time_intervals": "there is `mute` only: name the times in which the route is silent",
        "time_intervals": "write `mute: [NAME]`",
    ]
    private static let waits = Duration.zero...Duration.seconds(86_400)
    private static let intervalsBetween = Duration.seconds(1)...Duration.seconds(7 * 86_400)
    private static let repeats = Duration.seconds(1)...Duration.seconds(30 * 86_400)

    /// Names that there are: `log` among them, defined or not.
    private var names: [String] { self.receivers.map(\.name) }

    func read(_ node: YAMLNode, of field: String = "alerts.routes", depth: Int = 1) -> [ReadRoute] {
        guard case .sequence(let elements, _) = node else {
            let message = "`\(field)` needs a list such as [{match: {severity: HIGH}, to: [ops]}], found \(node.kind)"
            self.context.report(.wrongKind, at: node, message)
            return []
        }
        guard depth <= RoutingTree.maxDepth else {
            let message = "routes are nested deeper than \(RoutingTree.maxDepth) levels"
            self.context.report(.badValue, at: node, message)
            return []
        }
        return elements.enumerated().compactMap { self.route($1, of: "\(field)[\($0)]", depth: depth) }
    }

    private func route(_ node: YAMLNode, of field: String, depth: Int) -> ReadRoute? {
        guard let fields = FieldSet(node, of: field, known: Self.keys, hints: Self.hints, in: self.context) else {
            return nil
        }
        let matchers = MatchersReader(context: self.context)
        var definition = RouteDefinition()
        definition.matchers =
            (fields["match"].map { matchers.match($0, of: fields.path("match")) } ?? [])
            + (fields["matchers"].map { matchers.matchers($0, of: fields.path("matchers")) } ?? [])
        definition.continues = fields.boolean("continue") ?? false
        definition.groupBy = fields["group_by"].flatMap { self.groupBy($0, of: fields.path("group_by")) }
        definition.groupWait = fields.duration("group_wait", in: Self.waits)
        definition.groupInterval = fields.duration("group_interval", in: Self.intervalsBetween)
        definition.repeatInterval = fields.duration("repeat_interval", in: Self.repeats)
        definition.mute = fields["mute"].map { self.mute($0, of: fields.path("mute")) } ?? []
        var route = ReadRoute(node: node, definition: definition, receivers: fields["to"], routes: [])
        if let list = fields["to"] {
            let told = self.receivers(list, of: fields.path("to"))
            route.definition.receivers = told.on
            route.tellsOnlyThoseOff = told.on.isEmpty && told.hasOff
        }
        if let list = fields["routes"] {
            route.routes = self.read(list, of: fields.path("routes"), depth: depth + 1)
            route.definition.routes = route.routes.map(\.definition)
        }
        return route
    }

    /// Names of receivers: those that can be told, and whether others are switched off.
    func receivers(
        _ node: YAMLNode,
        of field: String,
        mayBeEmpty: Bool = false
    ) -> (on: [String], hasOff: Bool) {
        let elements = self.context.elements(node)
        if elements.isEmpty, !mayBeEmpty {
            let message = "`\(field)` names nobody; without `to`, a route tells those of the route around it"
            self.context.report(.badValue, at: node, message)
        }
        var seen: [String] = []
        var told: [String] = []
        var hasOff = false
        for element in elements {
            guard let value = self.context.text(element, of: field) else { continue }
            guard let receiver = self.receivers.first(where: { $0.name == value.text }) else {
                self.unknown(value, "receiver", .unknownReceiver, among: self.names)
                continue
            }
            guard !seen.contains(value.text) else {
                self.context.report(.contradiction, at: element, "`\(value.shown)` is already in the list")
                continue
            }
            seen.append(value.text)
            if receiver.isOff { hasOff = true } else { told.append(value.text) }
        }
        return (told, hasOff)
    }

    private func mute(_ node: YAMLNode, of field: String) -> [String] {
        self.context.elements(node).compactMap { element in
            guard let value = self.context.text(element, of: field) else { return nil }
            if self.intervals.contains(value.text) { return value.text }
            self.unknown(value, "mute interval", .unknownInterval, among: self.intervals.sorted())
            return nil
        }
    }

    private func unknown(_ value: ReadScalar, _ what: String, _ code: DiagnosticCode, among names: [String]) {
        let nearest = NearestName.findIgnoringCase(value.text, among: names)
        let hint = nearest.map { "; did you mean `\($0)`?" } ?? "; there is \(ValueNeeds.list(names))"
        self.context.report(code, at: value.node, "unknown \(what) `\(value.shown)`\(hint)", suggestion: nearest)
    }

    /// `[tenant_id, run_id]`, `[]` for all alerts together, or `["..."]` for each alone.
    private func groupBy(_ node: YAMLNode, of field: String) -> GroupBy? {
        let elements = self.context.elements(node)
        if elements.count == 1, case .scalar(let scalar)? = elements.first, scalar.text == "..." { return .eachAlert }
        return .labels(MatchersReader(context: self.context).labelNames(node, of: field))
    }
}
