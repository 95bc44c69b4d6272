package import EventPatterns
import Events
package import Reactions

/// What each event type reaches, and which handlers make new events of it.
package struct RouteMap: Sendable {
    package struct Handler: Sendable {
        package var name: String
        package var on: [TypePattern]
        package var hasPattern: Bool
        package var isEnabled: Bool
        /// `rule: alert, publish`
        package var does: String
        package var publications: [Publication]
        package var location: String?
    }

    /// An event that a handler publishes.
    package struct Publication: Sendable, Hashable {
        package var eventType: String
        package var channel: String
        /// Whether this reactor listens to the channel.
        package var comesBack: Bool
    }

    /// Where the events of a type go. A wildcard stands for the types below it that have no line of their own.
    package struct Route: Sendable {
        package var on: TypePattern
        /// The handlers that get the events, if their patterns match, in the order of the calls.
        package var handlers: [Int]
        /// The handlers that publish such events to this reactor.
        package var publishers: [Int]
    }

    /// In the order of their files.
    package let handlers: [Handler]
    /// Exact types in the order of their bytes, then prefixes likewise, then `*`.
    package let routes: [Route]

    /// - Parameters:
    ///   - namedOnly: Types of which events only reach handlers that name them; wildcards are spared.
    package init(
        _ definitions: [HandlerDefinition],
        sources: [SourceSettings],
        publishChannel: String,
        namedOnly: [String] = []
    ) {
        let handlers = definitions.map { definition in
            Handler(
                name: definition.name,
                on: definition.on,
                hasPattern: definition.match != nil,
                isEnabled: definition.enabled,
                does: CompiledHandler(definition).summary,
                publications: definition.publishActions.map { action in
                    Publication(
                        eventType: action.eventType,
                        channel: action.channel ?? publishChannel,
                        comesBack: sources.hear(action.channel)
                    )
                },
                location: definition.location?.description
            )
        }
        self.handlers = handlers
        // The live automaton itself, without the patterns: it knows the order.
        let enabled = definitions.indices.filter { definitions[$0].enabled }
        let matcher = RuleMatcher(
            enabled.map { RuleSpecification(on: definitions[$0].on, priority: definitions[$0].priority) }
        )
        self.routes = Self.lines(handlers).map { line in
            Route(
                on: line,
                handlers: Self.called(line, handlers, definitions, matcher, enabled, namedOnly),
                publishers: handlers.indices.filter { index in
                    handlers[index].isEnabled
                        && handlers[index].publications.contains { publication in
                            publication.comesBack && TypePattern.exact(publication.eventType).sortKey == line.sortKey
                        }
                }
            )
        }
    }

    /// What there is a line for.
    private static func lines(_ handlers: [Handler]) -> [TypePattern] {
        let published = handlers.flatMap(\.publications).filter(\.comesBack).map { TypePattern.exact($0.eventType) }
        var seen: Set<[UInt8]> = []
        let different = (handlers.flatMap(\.on) + published).filter { seen.insert($0.sortKey).inserted }
        return different.sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) }
    }

    private static func called(
        _ line: TypePattern,
        _ handlers: [Handler],
        _ definitions: [HandlerDefinition],
        _ matcher: RuleMatcher,
        _ enabled: [Int],
        _ namedOnly: [String]
    ) -> [Int] {
        guard case .exact(let type) = line else {
            // Among wildcards the priority and then the order of the files decide.
            return enabled.filter { handlers[$0].on.contains { $0.covers(line) } }
                .enumerated().sorted { left, right in
                    let (a, b) = (definitions[left.element].priority, definitions[right.element].priority)
                    return a == b ? left.offset < right.offset : a > b
                }.map(\.element)
        }
        let isNamedOnly = namedOnly.contains { $0.utf8.elementsEqual(type.utf8) }
        guard let nothing = try? EventDocument(json: Array("{}".utf8), paths: []) else { return [] }
        return Array(type.utf8).withUnsafeBytes { bytes in
            matcher.match(eventType: ByteView(bytes), document: nothing).map { enabled[Int($0)] }
        }.filter { index in !isNamedOnly || handlers[index].on.contains { $0.sortKey == line.sortKey } }
    }
}

extension HandlerDefinition {
    fileprivate var publishActions: [PublishAction] {
        guard case .rule(let actions) = self.body else { return [] }
        return actions.compactMap { action in
            if case .publish(let publish) = action { publish } else { nil }
        }
    }
}

extension TypePattern {
    /// Bytes that tell patterns apart and put them in the order of the lines.
    fileprivate var sortKey: [UInt8] {
        switch self {
        case .exact(let type): [0] + type.utf8
        case .prefix(let stem): [1] + stem.utf8
        case .any: [2]
        }
    }

    /// Whether every type that a wildcard accepts is accepted by this one.
    fileprivate func covers(_ other: TypePattern) -> Bool {
        switch (self, other) {
        case (.any, _): true
        case (.prefix(let stem), .prefix(let longer)): longer.utf8.starts(with: stem.utf8)
        case (.exact, _), (.prefix, _): false
        }
    }
}
