internal import EventPatterns
internal import Reactions

/// Judges the handlers together: names, patterns, types that nobody sends, loops.
struct HandlerChecks {
    let sources: [SourceSettings]
    let handlers: [LoadedHandler]
    /// Whether to look for handlers that accept the same events. Takes time with the square of their number.
    let comparesHandlers: Bool

    func run() {
        self.checkNames()
        self.checkRules()
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

    // MARK: - Patterns, types, loops

    /// What the analysis of the patterns and of the handlers together finds.
    private func checkRules() {
        let published = self.handlers.flatMap { $0.publications.map(\.eventType) }
        // What each handler publishes to this reactor; the findings name them by number.
        let returning = self.handlers.map { $0.publications.filter(self.arrives) }
        let rules = zip(self.handlers, returning).map { handler, publications in
            AnalyzedRule(
                name: handler.name,
                on: handler.listens,
                match: handler.definitions.first?.match,
                publishes: publications.map(\.eventType),
                does: handler.actions ?? "",
                isEnabled: handler.isEnabled,
                // Built-ins stand for themselves.
                isCompared: handler.isEnabled && handler.actions != nil
            )
        }
        let findings = PatternAnalysis.findings(
            rules,
            knownTypes: KnownEventTypes.all + published,
            comparesRules: self.comparesHandlers
        )
        for finding in findings {
            guard let index = finding.rule else { continue }
            let publication = finding.publication.map { returning[index][$0] }
            self.report(finding, of: self.handlers[index], publication)
        }
    }

    private func report(
        _ finding: PatternFinding,
        of handler: LoadedHandler,
        _ publication: LoadedHandler.Publication?
    ) {
        guard finding.code == .publishesToItself || !self.isFull else { return }
        switch finding.code {
        case .neverMatches: self.report(finding, .neverMatches, in: handler)
        case .redundantAlternative, .redundantBranch: self.report(finding, .redundantPattern, in: handler)
        case .costly: self.report(finding, .costlyPattern, in: handler)
        case .duplicate:
            let advice = "; one handler can do all of it"
            self.compare(finding, handler, .duplicatePattern, .warning, advice)
        case .shadowed: self.compare(finding, handler, .shadowedPattern, .note, ": for those, both are called")
        case .similarType: self.reportSimilarType(finding, of: handler)
        case .publishLoop:
            guard let publication else { return }
            handler.context.report(.circle, at: publication.node, finding.message, severity: .warning)
        case .publishesToItself:
            guard let publication else { return }
            let channel = publication.channel ?? self.ownChannel
            let message =
                "`\(handler.name)` publishes `\(publication.eventType)` to \(channel), which `\(handler.name)` "
                + "also listens to: an endless loop; publish another type or to another channel"
            handler.context.report(.loop, at: publication.node, message)
        }
    }

    /// Reports what was found at a place of a pattern, or at its key.
    private func report(_ finding: PatternFinding, _ code: DiagnosticCode, in handler: LoadedHandler) {
        if let mark = finding.mark {
            let position = TextPosition(line: mark.line, column: mark.column)
            let length = handler.context.wordLength(at: position)
            handler.context.report(code, at: position, length: length, finding.message, severity: .warning)
        } else if let place = handler.patternPlace {
            handler.context.report(code, at: place, finding.message, severity: .warning)
        }
    }

    private func compare(
        _ finding: PatternFinding,
        _ handler: LoadedHandler,
        _ code: DiagnosticCode,
        _ severity: Diagnostic.Severity,
        _ advice: String
    ) {
        guard let other = finding.otherRule else { return }
        let message = "\(finding.message) (\(self.handlers[other].location))\(advice)"
        handler.context.report(code, at: handler.namePlace, message, severity: severity)
    }

    /// A type one edit away from a known one is probably a misspelling, unless a handler publishes just that type.
    private func reportSimilarType(_ finding: PatternFinding, of handler: LoadedHandler) {
        guard let type = finding.type, let near = finding.suggestion,
            let node = handler.types.first(where: { $0.type.utf8.elementsEqual(type.utf8) })?.node
        else { return }
        let message = "nobody is known to publish `\(type)`; did you mean `\(near)`?"
        handler.context.report(.unlikelyEventType, at: node, message, severity: .warning, suggestion: near)
    }

    /// Whether what is published comes back to this reactor.
    private func arrives(_ publication: LoadedHandler.Publication) -> Bool {
        self.sources.hear(publication.channel)
    }

    private var ownChannel: String {
        for case .channel(let name) in self.sources { return name }
        return "aos.events"
    }
}

extension [SourceSettings] {
    /// Whether the reactor hears what is published to a channel; nil stands for its own one.
    func hear(_ channel: String?) -> Bool {
        guard let channel else { return true }
        return self.contains { source in
            switch source {
            case .channel(let name): name == channel
            case .pattern(let pattern): ChannelPattern.matches(pattern, channel)
            }
        }
    }
}

extension LoadedHandler {
    fileprivate var isEnabled: Bool { self.definitions.contains { $0.enabled } }

    /// What it listens to; of one with mistakes the exact types that could be read.
    fileprivate var listens: [TypePattern] {
        self.definitions.isEmpty ? self.types.map { .exact($0.type) } : self.definitions.flatMap(\.on)
    }
}
