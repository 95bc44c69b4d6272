import EventPatterns
package import Events

extension RouteMap {
    /// For people: each type, and below it what it reaches.
    package var text: String {
        let width = self.handlers.map { $0.name.count }.max() ?? 0
        var lines: [String] = []
        for route in self.routes {
            var head = route.on.description
            if !route.on.isExactType { head += "   (types without a line of their own)" }
            if !route.publishers.isEmpty {
                head += "   <- published by " + route.publishers.map { self.handlers[$0].name }.joined(separator: ", ")
            }
            lines.append(head)
            if route.handlers.isEmpty { lines.append("      nobody") }
            for (place, index) in route.handlers.enumerated() {
                let handler = self.handlers[index]
                let name = handler.name + String(repeating: " ", count: width - handler.name.count)
                let number = String(place + 1)
                lines.append(
                    String(repeating: " ", count: max(0, 4 - number.count)) + "\(number) \(name)  "
                        + (handler.hasPattern ? "if its pattern matches: " : "") + handler.does
                        + handler.publications.map { " -> \($0.target)" }.joined(separator: ",")
                )
            }
        }
        let disabled = self.handlers.filter { !$0.isEnabled }.map(\.name)
        if !disabled.isEmpty { lines.append("off: " + disabled.joined(separator: ", ")) }
        return lines.isEmpty ? "no handlers\n" : lines.joined(separator: "\n") + "\n"
    }

    /// For Graphviz: `aos-reactor routes --format dot | dot -Tsvg`.
    package var dot: String {
        var lines = ["digraph routes {", "  rankdir=LR;", "  node [fontname=\"sans-serif\"];"]
        let graph = RouteGraph(self)
        for (index, type) in graph.types.enumerated() {
            lines.append("  t\(index) [shape=box, label=\(Self.dotQuoted(type))];")
        }
        for (index, handler) in self.handlers.enumerated() {
            let style = handler.isEnabled ? "" : ", style=dashed, fontcolor=gray"
            lines.append("  h\(index) [shape=ellipse, label=\(Self.dotQuoted(handler.name))\(style)];")
        }
        for edge in graph.edges {
            switch edge {
            case .hears(let type, let handler):
                let handler = (index: handler, value: self.handlers[handler])
                let attributes =
                    (handler.value.hasPattern ? ["label=\"match\""] : [])
                    + (handler.value.isEnabled ? [] : ["style=dotted"])
                let list = attributes.isEmpty ? "" : " [\(attributes.joined(separator: ", "))]"
                lines.append("  t\(type) -> h\(handler.index)\(list);")
            case .publishes(let handler, let type, let channel):
                let label = channel.map { "publish to \($0)" } ?? "publish"
                lines.append("  h\(handler) -> t\(type) [label=\(Self.dotQuoted(label)), style=dashed];")
            case .isOneOf(let type, let wildcard): lines.append("  t\(type) -> t\(wildcard) [style=dotted];")
            }
        }
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    /// For Markdown pages that draw Mermaid.
    package var mermaid: String {
        var lines = ["flowchart LR"]
        let graph = RouteGraph(self)
        for (index, type) in graph.types.enumerated() { lines.append("  t\(index)[\(Self.mermaidQuoted(type))]") }
        for (index, handler) in self.handlers.enumerated() {
            let name = handler.isEnabled ? handler.name : handler.name + " (off)"
            lines.append("  h\(index)([\(Self.mermaidQuoted(name))])")
        }
        for edge in graph.edges {
            switch edge {
            case .hears(let type, let handler):
                lines.append("  t\(type) -->\(self.handlers[handler].hasPattern ? "|match|" : "") h\(handler)")
            case .publishes(let handler, let type, let channel):
                let label = channel.map { "publish to \($0)" } ?? "publish"
                lines.append("  h\(handler) -. \(Self.mermaidQuoted(label)) .-> t\(type)")
            case .isOneOf(let type, let wildcard): lines.append("  t\(type) -.-> t\(wildcard)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// For programs: `{"routes":[{"on","handlers","published_by"}],"handlers":[…]}`.
    package var json: JSONValue {
        func names(_ indexes: [Int]) -> JSONValue { .array(indexes.map { .string(self.handlers[$0].name) }) }
        return [
            "routes": .array(
                self.routes.map { route in
                    [
                        "on": .string(route.on.description), "handlers": names(route.handlers),
                        "published_by": names(route.publishers),
                    ]
                }
            ),
            "handlers": .array(
                self.handlers.map { handler in
                    [
                        "handler": .string(handler.name), "on": .array(handler.on.map { .string($0.description) }),
                        "match": .bool(handler.hasPattern), "enabled": .bool(handler.isEnabled),
                        "does": .string(handler.does),
                        "publishes": .array(
                            handler.publications.map { publication in
                                [
                                    "event_type": .string(publication.eventType),
                                    "channel": .string(publication.channel), "comes_back": .bool(publication.comesBack),
                                ]
                            }
                        ),
                        "location": handler.location.map(JSONValue.string) ?? .null,
                    ]
                }
            ),
        ]
    }

    private static func dotQuoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case "\n": quoted += "\\n"
            case "\r", "\0": quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// Mermaid knows no escapes in texts but the entities of HTML.
    private static func mermaidQuoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "#", "<", ">", "&", "\\", "`", "\n", "\r", "\0": quoted += "#\(scalar.value);"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension RouteMap.Publication {
    fileprivate var target: String { self.comesBack ? self.eventType : "\(self.eventType) on \(self.channel)" }
}

/// The same as nodes and edges.
private struct RouteGraph {
    enum Edge {
        case hears(type: Int, handler: Int)
        /// With the channel when it is not one that this reactor listens to.
        case publishes(handler: Int, type: Int, channel: String?)
        /// A type that a wildcard covers.
        case isOneOf(type: Int, wildcard: Int)
    }

    private(set) var types: [String] = []
    private(set) var edges: [Edge] = []

    init(_ map: RouteMap) {
        self.types = map.routes.map(\.on.description)
        for (index, handler) in map.handlers.enumerated() {
            for pattern in handler.on {
                let type = map.routes.firstIndex { $0.on.isSame(as: pattern) }
                if let type { self.edges.append(.hears(type: type, handler: index)) }
            }
            for publication in handler.publications {
                let own = map.routes.firstIndex { $0.on.isSame(as: .exact(publication.eventType)) }
                if publication.comesBack, let own {
                    self.edges.append(.publishes(handler: index, type: own, channel: nil))
                } else {
                    // A node of its own: it does not come back to what listens to that type here.
                    self.types.append("\(publication.eventType) on \(publication.channel)")
                    let type = self.types.count - 1
                    self.edges.append(.publishes(handler: index, type: type, channel: publication.channel))
                }
            }
        }
        self.addWildcards(map)
    }

    /// From each exact type to the wildcards that get its events too.
    private mutating func addWildcards(_ map: RouteMap) {
        for (index, route) in map.routes.enumerated() {
            guard case .exact(let type) = route.on else { continue }
            for (other, wildcard) in map.routes.enumerated() where !wildcard.on.isExactType {
                let isReached = route.handlers.contains { map.handlers[$0].on.contains { $0.isSame(as: wildcard.on) } }
                guard isReached, Array(type.utf8).withUnsafeBytes({ wildcard.on.accepts(ByteView($0)) }) else {
                    continue
                }
                self.edges.append(.isOneOf(type: index, wildcard: other))
            }
        }
    }
}

extension TypePattern {
    fileprivate var isExactType: Bool {
        if case .exact = self { true } else { false }
    }

    fileprivate func isSame(as other: TypePattern) -> Bool {
        self.isExactType == other.isExactType && self.description.utf8.elementsEqual(other.description.utf8)
    }
}
