/// Why an alert goes where it goes: every route of the tree with what became of it.
package struct RoutingExplanation: Sendable, Hashable, CustomStringConvertible {
    package enum Outcome: Sendable, Hashable {
        /// It takes the alert and tells these receivers.
        case takes(receivers: [String])
        /// It accepts the alert, and routes inside it have taken it.
        case passesOn
        /// A matcher does not hold.
        case refuses(LabelMatcher, found: String)
        /// A route before it has taken the alert and does not say `continue`.
        case notReached
    }

    package struct Step: Sendable, Hashable {
        /// 0 for the root.
        package let depth: Int
        /// The route's matchers.
        package let route: String
        package let outcome: Outcome
    }

    package private(set) var steps: [Step] = []

    fileprivate mutating func add(_ node: RoutingTree.Node, _ depth: Int, _ outcome: Outcome) -> Int {
        self.steps.append(Step(depth: depth, route: node.title, outcome: outcome))
        return self.steps.count - 1
    }

    fileprivate mutating func settle(_ place: Int, _ outcome: Outcome) {
        let step = self.steps[place]
        self.steps[place] = Step(depth: step.depth, route: step.route, outcome: outcome)
    }

    /// One line a route, the inner ones indented:
    ///
    ///     {}: passes on
    ///       {severity="LOW"}: no, severity is "HIGH"
    ///       {domain="audit"}: takes it, tells ops
    package var description: String {
        self.steps.map { step in
            String(repeating: "  ", count: step.depth) + step.route + ": " + step.outcome.text
        }
        .joined(separator: "\n")
    }
}

extension RoutingExplanation.Outcome {
    fileprivate var text: String {
        switch self {
        case .takes(let receivers) where receivers.isEmpty: "takes it, tells nobody"
        case .takes(let receivers): "takes it, tells \(receivers.joined(separator: ", "))"
        case .passesOn: "passes on"
        case .refuses(let matcher, let found) where found.isEmpty: "no, there is no \(matcher.name)"
        case .refuses(let matcher, let found): "no, \(matcher.name) is \(LabelMatcher.quoted(found))"
        case .notReached: "not asked, a route before it took the alert"
        }
    }
}

extension RoutingTree {
    /// The same decision as `routes(of:)`, with every step.
    package func explain(_ labels: AlertLabels) -> RoutingExplanation {
        var explanation = RoutingExplanation()
        _ = Self.explain(self.root, labels, depth: 0, into: &explanation)
        return explanation
    }

    private static func explain(
        _ node: Node,
        _ labels: AlertLabels,
        depth: Int,
        into explanation: inout RoutingExplanation
    ) -> Bool {
        if let refusing = node.matchers.first(where: { !$0.matches(labels) }) {
            _ = explanation.add(node, depth, .refuses(refusing, found: labels[refusing.name]))
            return false
        }
        let place = explanation.add(node, depth, .passesOn)
        var isTaken = false
        var isOver = false
        for child in node.children {
            if isOver {
                _ = explanation.add(child, depth + 1, .notReached)
                continue
            }
            guard Self.explain(child, labels, depth: depth + 1, into: &explanation) else { continue }
            isTaken = true
            isOver = !child.continues
        }
        if !isTaken { explanation.settle(place, .takes(receivers: node.receivers)) }
        return true
    }
}
