internal import EventPatterns
internal import Reactions

/// What is allowed in routes, and probably not meant.
struct RouteChecks {
    let context: ReadingContext
    let receivers: [ReadReceiver]
    /// Who is told of what no route takes.
    let defaults: [String]
    let intervals: [String: MuteInterval]

    func run(_ routes: [ReadRoute], intervalsAt place: YAMLMember?) {
        var told = Set(self.defaults)
        var muted: Set<String> = []
        self.check(routes, within: [], outer: self.defaults, told: &told, muted: &muted)
        for receiver in self.receivers where !told.contains(receiver.name) && !receiver.isOff {
            guard receiver.name != ReceiverDefinition.log.name else { continue }
            let message = "no route reaches the receiver `\(receiver.name)`; name it in `to` or in `alerts.default_to`"
            self.context.report(.unreachedReceiver, at: receiver.place, message, severity: .warning)
        }
        guard case .mapping(let members, _)? = place?.value else { return }
        for member in members where !muted.contains(member.key) {
            let message = "no route names the mute interval `\(member.key)`, so it mutes nothing"
            self.context.report(.unusedInterval, at: member, message, severity: .warning)
        }
    }

    private func check(
        _ routes: [ReadRoute],
        within conditions: [LabelMatcher],
        outer: [String],
        told: inout Set<String>,
        muted: inout Set<String>
    ) {
        for (index, route) in routes.enumerated() {
            let own = conditions + route.definition.matchers
            let receivers = route.definition.receivers.isEmpty ? outer : route.definition.receivers
            told.formUnion(receivers)
            muted.formUnion(route.definition.mute)
            if route.tellsOnlyThoseOff, let place = route.receivers {
                let instead = outer.isEmpty ? "nobody" : outer.map { "`\($0)`" }.joined(separator: ", ")
                let message =
                    "all receivers of this route are switched off; it tells those of the route around it: \(instead)"
                self.context.report(.receiverOff, at: place, message, severity: .warning)
            }
            let accepted = AcceptedLabels(own)
            if accepted.isEmpty {
                let message = "no alert can reach this route: its conditions contradict each other or those around it"
                self.context.report(.shadowedRoute, at: route.node, message, severity: .warning)
            } else if let before = routes[..<index].first(where: { earlier in
                !earlier.definition.continues && accepted.imply(earlier.definition.matchers)
            }) {
                let line = before.node.position.line
                let message =
                    "no alert can reach this route: the one at line \(line) takes all of its alerts; "
                    + "move it up, or give that one `continue: true`"
                self.context.report(.shadowedRoute, at: route.node, message, severity: .warning)
            }
            self.check(route.routes, within: own, outer: receivers, told: &told, muted: &muted)
        }
    }
}

/// What is known of the labels of alerts that fulfil conditions. Errs on the side of knowing too little.
struct AcceptedLabels {
    private let conditions: [LabelMatcher]
    /// By label, all values that are possible, where they can be counted.
    private var values: [String: Set<String>] = [:]

    init(_ conditions: [LabelMatcher]) {
        self.conditions = conditions
        self.values[AlertLabels.Name.severity.rawValue] = Set(Severity.allCases.map(\.rawValue))
        for condition in conditions {
            guard let possible = Self.literals(condition) else { continue }
            self.values[condition.name] = self.values[condition.name].map { $0.intersection(possible) } ?? possible
        }
        for condition in conditions {
            self.values[condition.name] = self.values[condition.name]?.filter { condition.matches(value: $0) }
        }
    }

    /// Whether no alert can fulfil them.
    var isEmpty: Bool { self.values.values.contains { $0.isEmpty } }

    /// Whether alerts that fulfil these fulfil the others too.
    func imply(_ others: [LabelMatcher]) -> Bool {
        others.allSatisfy { other in
            if self.conditions.contains(other) { return true }
            guard let values = self.values[other.name] else { return false }
            return values.allSatisfy { other.matches(value: $0) }
        }
    }

    /// The values that a condition leaves: those of `=`, and the alternatives of `=~` that have no special characters.
    private static func literals(_ condition: LabelMatcher) -> Set<String>? {
        switch condition.operation {
        case .equal: return [condition.value]
        case .matches:
            guard !condition.value.unicodeScalars.contains(where: { "\\.+*?()[]{}^$".unicodeScalars.contains($0) })
            else { return nil }
            let parts = condition.value.split(separator: "|", omittingEmptySubsequences: false)
            return Set(parts.map(String.init))
        case .notEqual, .matchesNot: return nil
        }
    }
}
