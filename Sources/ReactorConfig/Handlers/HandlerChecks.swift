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

    /// Handlers that publish for each other, so that one event may keep them going. One warning for each circle.
    private func checkCircles() {
        var told: Set<Int> = []
        for start in self.handlers.indices where !told.contains(start) {
            guard let circle = self.circle(from: start) else { continue }
            told.formUnion(circle.map(\.handler))
            var message = "`\(self.handlers[start].name)`"
            for (index, step) in circle.enumerated() {
                let next = self.handlers[circle[(index + 1) % circle.count].handler].name
                let verb = index == 0 ? " publishes" : ", which publishes"
                message += "\(verb) `\(step.publication.eventType)` for `\(next)`"
            }
            let handler = self.handlers[start]
            handler.context.report(
                .circle,
                at: circle[0].publication.node,
                message + ": possible endless loop",
                severity: .warning
            )
        }
    }

    private typealias Step = (handler: Int, publication: LoadedHandler.Publication)

    /// The shortest way from a handler over at least one other back to itself.
    private func circle(from start: Int) -> [Step]? {
        var ways: [[Step]] = self.steps(from: start).map { [$0] }
        var seen: Set<Int> = [start]
        while !ways.isEmpty {
            var longer: [[Step]] = []
            for way in ways {
                guard let last = way.last else { continue }
                for next in self.listeners(of: last) {
                    if next == start {
                        if way.count > 1 { return way }
                    } else if seen.insert(next).inserted {
                        longer += self.steps(from: next).map { way + [$0] }
                    }
                }
            }
            ways = longer
        }
        return nil
    }

    private func steps(from index: Int) -> [Step] {
        let handler = self.handlers[index]
        guard handler.isEnabled else { return [] }
        return handler.publications.filter(self.arrives).map { (index, $0) }
    }

    private func listeners(of step: Step) -> [Int] {
        self.handlers.indices.filter { index in
            self.handlers[index].isEnabled && self.handlers[index].listens(to: step.publication.eventType)
        }
    }

    // MARK: - Types

    /// A type one edit away from a known one is probably a misspelling, unless a handler publishes just that type.
    private func checkTypes() {
        let published = Set(self.handlers.flatMap { $0.publications.map(\.eventType) })
        for handler in self.handlers {
            for (type, node) in handler.types where !KnownEventTypes.set.contains(type) && !published.contains(type) {
                let near = KnownEventTypes.all.first { NearestName.distance($0, type) <= 1 }
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

extension LoadedHandler {
    fileprivate var isEnabled: Bool { self.definitions.contains { $0.enabled } }

    fileprivate func listens(to eventType: String) -> Bool {
        self.definitions.contains { definition in
            definition.on.contains { pattern in
                switch pattern {
                case .any: true
                case .exact(let type): type == eventType
                case .prefix(let stem): eventType.utf8.starts(with: stem.utf8)
                }
            }
        }
    }
}
