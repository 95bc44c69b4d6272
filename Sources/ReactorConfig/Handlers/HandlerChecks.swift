internal import EventPatterns
internal import Reactions

/// Judges the handlers together: names, circles, types that nobody sends.
struct HandlerChecks {
    let sources: [SourceSettings]
    let handlers: [LoadedHandler]

    func run() {
        self.checkNames()
        self.checkLoops()
        self.checkCircles()
        self.checkTypes()
    }

    private var isFull: Bool { self.handlers.first?.context.problems.isFull == true }

    // MARK: - Names

    private func checkNames() {
        var places: [String: SourceLocation] = [:]
        for handler in self.handlers {
            let names = Set([handler.name] + handler.definitions.map(\.name)).subtracting([""])
            if let taken = names.sorted().first(where: { places[$0] != nil }), let place = places[taken] {
                let message = "handler name `\(taken)` is already used at \(place)"
                handler.context.report(.duplicateHandler, at: handler.namePlace, message)
            }
            for name in names where places[name] == nil { places[name] = handler.location }
        }
    }

    // MARK: - Loops

    /// A handler that publishes what it listens to is refused, whatever its `match` says.
    private func checkLoops() {
        for handler in self.handlers where handler.isEnabled {
            for publication in handler.publications where self.arrives(publication) {
                guard handler.listens(to: publication.eventType) else { continue }
                let channel = publication.channel ?? self.ownChannel
                let message =
                    "`\(handler.name)` publishes `\(publication.eventType)` to \(channel), which `\(handler.name)` "
                    + "also listens to: an endless loop; publish another type or to another channel"
                handler.context.report(.loop, at: publication.node, message)
            }
        }
    }

    /// Whether what is published comes back to this reactor.
    private func arrives(_ publication: LoadedHandler.Publication) -> Bool {
        guard let channel = publication.channel else { return true }
        return self.sources.contains { source in
            switch source {
            case .channel(let name): name == channel
            case .pattern(let pattern): ChannelPattern.matches(pattern, channel)
            }
        }
    }

    private var ownChannel: String {
        for case .channel(let name) in self.sources { return name }
        return "aos.events"
    }

    /// Handlers that publish for each other, so that one event may keep them going. A handler is named in one circle.
    private func checkCircles() {
        for circle in HandlerCircles(steps: self.steps()).find() {
            let first = self.handlers[circle[0].from]
            var message = "`\(first.name)`"
            for (index, step) in circle.enumerated() {
                let verb = index == 0 ? " publishes" : ", which publishes"
                let type = self.handlers[step.from].publications[step.publication].eventType
                message += "\(verb) `\(type)` for `\(self.handlers[step.to].name)`"
            }
            let node = first.publications[circle[0].publication].node
            first.context.report(.circle, at: node, message + ": possible endless loop", severity: .warning)
        }
    }

    /// For each handler, which others hear of what it publishes.
    private func steps() -> [[HandlerCircles.Step]] {
        let listeners = HandlerListeners(self.handlers)
        return self.handlers.enumerated().map { index, handler in
            guard handler.isEnabled else { return [] }
            return handler.publications.enumerated().flatMap { number, publication -> [HandlerCircles.Step] in
                guard self.arrives(publication) else { return [] }
                return listeners.indices(hearing: publication.eventType).filter { $0 != index }.map {
                    HandlerCircles.Step(from: index, to: $0, publication: number)
                }
            }
        }
    }

    // MARK: - Types

    /// A type one edit away from a known one is probably a misspelling, unless a handler publishes just that type.
    private func checkTypes() {
        let published = Set(self.handlers.flatMap { $0.publications.map(\.eventType) })
        for handler in self.handlers {
            for (type, node) in handler.types where !self.isFull && !published.contains(type) {
                guard !KnownEventTypes.set.contains(type), type.utf8.count <= 64 else { continue }
                let near = KnownEventTypes.all.first {
                    abs($0.utf8.count - type.utf8.count) <= 1 && NearestName.distance($0, type) <= 1
                }
                guard let near else { continue }
                let message = "nobody is known to publish `\(type)`; did you mean `\(near)`?"
                handler.context.report(
                    .unlikelyEventType,
                    at: node,
                    message,
                    severity: .warning,
                    suggestion: near
                )
            }
        }
    }
}

/// Which handlers hear an event type: exact types are looked up, only wildcards are tried one by one.
private struct HandlerListeners {
    private var exact: [String: [Int]] = [:]
    private var wildcards: [(pattern: TypePattern, index: Int)] = []

    init(_ handlers: [LoadedHandler]) {
        for (index, handler) in handlers.enumerated() where handler.isEnabled {
            for pattern in Set(handler.definitions.flatMap(\.on)) {
                if case .exact(let type) = pattern {
                    self.exact[type, default: []].append(index)
                } else {
                    self.wildcards.append((pattern, index))
                }
            }
        }
    }

    func indices(hearing eventType: String) -> [Int] {
        let others = self.wildcards.filter { $0.pattern.hears(eventType) }.map(\.index)
        return Set((self.exact[eventType] ?? []) + others).sorted()
    }
}

extension TypePattern {
    fileprivate func hears(_ eventType: String) -> Bool {
        switch self {
        case .any: true
        case .exact(let type): type == eventType
        case .prefix(let stem): eventType.utf8.starts(with: stem.utf8)
        }
    }
}

extension LoadedHandler {
    fileprivate var isEnabled: Bool { self.definitions.contains { $0.enabled } }

    fileprivate func listens(to eventType: String) -> Bool {
        self.definitions.contains { definition in
            definition.on.contains { $0.hears(eventType) }
        }
    }
}
