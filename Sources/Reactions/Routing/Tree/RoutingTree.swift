/// Who is told of which alert: a tree of routes, as in Alertmanager.
package struct RoutingTree: Sendable, Hashable {
    /// Routes in each other, at most.
    package static let maxDepth = 16

    /// A route with all that it takes from those around it.
    struct Node: Sendable, Hashable {
        let id: String
        let title: String
        let matchers: [LabelMatcher]
        let continues: Bool
        let receivers: [String]
        let groupBy: GroupBy
        let timing: GroupTiming
        let mute: [String]
        let children: [Node]
    }

    /// What a route may take from the one around it.
    private struct Inherited {
        var receivers: [String]
        var groupBy: GroupBy
        var wait: Duration?
        var interval: Duration
        var repeatInterval: Duration

        func merged(with definition: RouteDefinition) -> Inherited {
            Inherited(
                receivers: definition.receivers.isEmpty ? self.receivers : definition.receivers,
                groupBy: definition.groupBy ?? self.groupBy,
                wait: definition.groupWait ?? self.wait,
                interval: definition.groupInterval ?? self.interval,
                repeatInterval: definition.repeatInterval ?? self.repeatInterval
            )
        }

        var timing: GroupTiming {
            let wait = self.wait ?? (self.groupBy == .eachAlert ? .zero : GroupTiming.defaultWait)
            return GroupTiming(wait: wait, interval: self.interval, repeatInterval: self.repeatInterval)
        }
    }

    let root: Node

    /// - Parameters:
    ///   - receivers: the names that there are; nil takes any.
    ///   - intervals: the names of mute intervals that there are; nil takes any.
    package init(
        _ root: RouteDefinition,
        receivers: Set<String>? = nil,
        intervals: Set<String>? = nil
    ) throws(RoutingError) {
        let message: String? =
            if !root.matchers.isEmpty {
                "the root takes every alert, so it can have no matchers"
            } else if !root.mute.isEmpty {
                "the root cannot be muted; put what is to be muted into a route inside it"
            } else if root.continues {
                "the root cannot continue: there is nothing behind it"
            } else {
                nil
            }
        if let message { throw RoutingError(path: [], message: message) }
        let defaults = Inherited(
            receivers: [],
            groupBy: .eachAlert,
            wait: nil,
            interval: GroupTiming.defaultInterval,
            repeatInterval: GroupTiming.defaultRepeat
        )
        self.root = try Self.node(root, defaults, path: [], id: "", known: (receivers, intervals))
    }

    /// One route that takes everything.
    package static func everything(to receivers: [String]) -> RoutingTree {
        let timing = GroupTiming()
        return RoutingTree(
            root: Node(
                id: "{}",
                title: "{}",
                matchers: [],
                continues: false,
                receivers: receivers,
                groupBy: .eachAlert,
                timing: timing,
                mute: [],
                children: []
            )
        )
    }

    private init(root: Node) {
        self.root = root
    }

    private static func node(
        _ definition: RouteDefinition,
        _ outer: Inherited,
        path: [Int],
        id outerID: String,
        known: (receivers: Set<String>?, intervals: Set<String>?)
    ) throws(RoutingError) -> Node {
        try Self.check(definition, path: path, known: known)
        let options = outer.merged(with: definition)
        let title = "{" + definition.matchers.map(\.description).joined(separator: ", ") + "}"
        // Alertmanager names routes so too: they stay the same when routes elsewhere in the tree change.
        let id = path.last.map { "\(outerID)/\(title)[\($0)]" } ?? title
        var children: [Node] = []
        for (index, child) in definition.routes.enumerated() {
            children.append(try Self.node(child, options, path: path + [index], id: id, known: known))
        }
        return Node(
            id: id,
            title: title,
            matchers: definition.matchers,
            continues: definition.continues,
            receivers: options.receivers,
            groupBy: options.groupBy,
            timing: options.timing,
            mute: definition.mute,
            children: children
        )
    }

    private static func check(
        _ definition: RouteDefinition,
        path: [Int],
        known: (receivers: Set<String>?, intervals: Set<String>?)
    ) throws(RoutingError) {
        func refuse(_ message: String) -> RoutingError { RoutingError(path: path, message: message) }
        guard path.count <= Self.maxDepth else { throw refuse("routes are nested deeper than \(Self.maxDepth)") }
        for name in definition.receivers where known.receivers?.contains(name) == false {
            throw refuse("unknown receiver \"\(name)\"; there are \(Self.list(known.receivers))")
        }
        for name in definition.mute where known.intervals?.contains(name) == false {
            throw refuse("unknown mute interval \"\(name)\"; there are \(Self.list(known.intervals))")
        }
        if case .labels(let names) = definition.groupBy {
            for (index, name) in names.enumerated() {
                guard AlertLabels.isValidName(name) else { throw refuse("group_by: \"\(name)\" is no label name") }
                guard !names[..<index].contains(name) else { throw refuse("group_by: \"\(name)\" is there twice") }
            }
        }
        if let wait = definition.groupWait, wait < .zero { throw refuse("group_wait is negative") }
        if let interval = definition.groupInterval, interval <= .zero {
            throw refuse("group_interval must be longer than zero")
        }
        if let again = definition.repeatInterval, again <= .zero {
            throw refuse("repeat_interval must be longer than zero")
        }
    }

    private static func list(_ names: Set<String>?) -> String {
        let names = (names ?? []).sorted()
        return names.isEmpty ? "none" : names.joined(separator: ", ")
    }

    /// The labels that the routes' matchers name.
    var labelNames: Set<String> {
        var names: Set<String> = []
        var nodes = [self.root]
        while let node = nodes.popLast() {
            names.formUnion(node.matchers.map(\.name))
            nodes += node.children
        }
        return names
    }

    /// The routes that take an alert and by which somebody is told of it.
    func tellingRoutes(of labels: AlertLabels) -> [RouteMatch] {
        self.routes(of: labels).filter { !$0.receivers.isEmpty }
    }

    /// The routes that take an alert, in the order of the tree. There is always one: the root takes what no other does.
    package func routes(of labels: AlertLabels) -> [RouteMatch] {
        var found: [RouteMatch] = []
        _ = Self.collect(self.root, labels, path: [], into: &found)
        return found
    }

    /// Returns whether the node took the alert.
    private static func collect(
        _ node: Node,
        _ labels: AlertLabels,
        path: [String],
        into found: inout [RouteMatch]
    ) -> Bool {
        guard node.matchers.matches(labels) else { return false }
        let path = path + [node.title]
        var isTaken = false
        for child in node.children where Self.collect(child, labels, path: path, into: &found) {
            isTaken = true
            if !child.continues { break }
        }
        if !isTaken { found.append(RouteMatch(node, path: path)) }
        return true
    }
}

/// A route that takes an alert.
package struct RouteMatch: Sendable, Hashable {
    /// Tells the routes of a tree apart.
    package let routeID: String
    /// Those who are told; empty when the route names nobody, and then the verdict is `no_route`.
    package let receivers: [String]
    package let groupBy: GroupBy
    package let timing: GroupTiming
    /// Names of the intervals in which the route is silent.
    package let mute: [String]
    /// The matchers of the routes from the root to this one.
    package let path: [String]

    init(_ node: RoutingTree.Node, path: [String]) {
        self.routeID = node.id
        self.receivers = node.receivers
        self.groupBy = node.groupBy
        self.timing = node.timing
        self.mute = node.mute
        self.path = path
    }

    init(
        routeID: String,
        receivers: [String],
        groupBy: GroupBy,
        timing: GroupTiming,
        mute: [String],
        path: [String]
    ) {
        self.routeID = routeID
        self.receivers = receivers
        self.groupBy = groupBy
        self.timing = timing
        self.mute = mute
        self.path = path
    }
}
