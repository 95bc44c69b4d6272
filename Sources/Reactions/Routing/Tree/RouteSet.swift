import Events

/// The routes that take an alert and name somebody, with what is asked of them for every alert: one reference, which all
/// alerts that go the same ways share.
package final class RouteSet: Sendable, Hashable {
    package let routes: [RouteMatch]
    /// Whoever is told, each once.
    package let receivers: [String]
    /// The routes as JSON, as a notice carries them.
    package let text: [UInt8]

    package init(_ routes: [RouteMatch]) {
        var receivers: [String] = []
        for route in routes {
            for name in route.receivers where !receivers.contains(name) { receivers.append(name) }
        }
        self.routes = routes
        self.receivers = receivers
        self.text = JSONValue.array(routes.map(\.json)).compactBytes
    }

    package var isEmpty: Bool { self.routes.isEmpty }

    package static func == (lhs: RouteSet, rhs: RouteSet) -> Bool { lhs === rhs || lhs.routes == rhs.routes }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.routes) }
}

/// What a routing tree said of alerts before: the same is said of all that have the same values, byte for byte, of the
/// labels that its matchers name.
struct RouteMemory: Sendable {
    /// Combinations of values that are remembered, at most; then all are forgotten.
    private static let capacity = 4096

    private let tree: RoutingTree
    /// Nil when a matcher names a label of which nearly every alert has a value of its own.
    private let names: [AlertLabels.Name]?
    /// By these values, each with a byte behind it that no UTF-8 holds.
    private var known = ShortTable<[UInt8], RouteSet>()
    /// Room for the values of one alert, so that none is made for each.
    private var values: [UInt8] = []

    init(_ tree: RoutingTree) {
        self.tree = tree
        let named = tree.labelNames
        // Other names are of labels that alerts do not bring: missing in all of them.
        let own = AlertLabels.Name.allCases.filter { named.contains($0.rawValue) }
        self.names = own.contains(.run) || own.contains(.key) ? nil : own
    }

    mutating func routes(of alert: Alert) -> RouteSet {
        guard let names else { return self.find(alert) }
        self.values.removeAll(keepingCapacity: true)
        for name in names {
            var value = alert[label: name]
            value.withUTF8 { self.values.append(contentsOf: $0) }
            self.values.append(0xFF)
        }
        if let place = self.known.place(of: self.values) { return self.known[place] }
        let found = self.find(alert)
        if self.known.count >= Self.capacity { self.known = ShortTable() }
        _ = self.known.place(of: self.values, orAdd: found)
        return found
    }

    private func find(_ alert: Alert) -> RouteSet {
        RouteSet(self.tree.tellingRoutes(of: AlertLabels(alert)))
    }
}
