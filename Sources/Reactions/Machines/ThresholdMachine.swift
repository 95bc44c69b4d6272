import EventPatterns
package import Events

/// `uses: threshold`: what is added up over events, what runs use, and what others say about limits.
package struct ThresholdMachine: Machine {
    package let name: String
    private(set) var definition: ThresholdDefinition
    var watcher: Watcher
    private(set) var lastSeen: Timestamp?
    /// What is to be written down; nil while nobody shares it.
    var sharing: Sharing?

    enum Watcher: Sendable {
        case aggregate(ThresholdDetector)
        case runs(RunLimitBook)
        case signals
    }

    package init(name: String, _ definition: ThresholdDefinition) {
        self.name = name
        self.definition = definition
        self.watcher = Self.watcher(definition)
    }

    private static func watcher(_ definition: ThresholdDefinition) -> Watcher {
        switch definition.watch {
        case .aggregate(let watch): .aggregate(ThresholdDetector(watch.rule))
        case .runs(let settings): .runs(RunLimitBook(settings))
        case .signals: .signals
        }
    }

    package var nextDeadline: Timestamp? {
        let own: Timestamp? =
            switch self.watcher {
            case .aggregate(let detector): detector.nextDeadline
            case .runs(let book): book.nextDeadline
            case .signals: nil
            }
        return [own, self.sharing?.nextWrite].compactMap(\.self).min()
    }

    package var figures: MachineFigures {
        switch self.watcher {
        case .aggregate(let detector):
            MachineFigures(kept: detector.count, forgottenEarly: detector.counters.evicted)
        case .runs(let book): MachineFigures(kept: book.count, forgottenEarly: book.evicted)
        case .signals: MachineFigures(kept: 0)
        }
    }

    /// Other limits, tiers and reactions hold at once, for what was added up too; other windows begin anew.
    package mutating func update(_ definition: MachineDefinition) -> Bool {
        guard case .threshold(let threshold) = definition else { return false }
        switch (threshold.watch, self.watcher) {
        case (.aggregate(let watch), .aggregate(var detector)):
            if detector.rule != watch.rule {
                let stored = detector.json
                detector = ThresholdDetector(watch.rule)
                if let lastSeen { _ = detector.restore(stored, at: lastSeen) }
            }
            self.watcher = .aggregate(detector)
        case (.runs(let settings), .runs(var book)):
            book.settings = settings
            self.watcher = .runs(book)
        case (.signals, .signals): break
        default: return false
        }
        self.definition = threshold
        return true
    }

    // MARK: Inputs

    package mutating func handle(_ event: Event, _ moment: MachineMoment) -> [MachineOutput] {
        self.lastSeen = moment.now
        if case .signals = self.watcher { return self.answer(event, moment) }
        // What was found is not counted: a signal that is taken for work would lead to the next signal.
        let isSignal = [ThresholdSignal.exceededEvent, ThresholdSignal.recoveredEvent].contains(event.eventType)
        guard !isSignal, event.eventType != ThresholdReactions.riskEvent else { return [] }
        let reference = EventReference(event)
        switch (self.watcher, self.definition.watch) {
        case (.aggregate(var detector), .aggregate(let watch)):
            // Taken out meanwhile, so that nothing of it is copied.
            self.watcher = .signals
            let (key, actions, refusal) = Self.add(event, watch, &detector, at: moment.now)
            self.watcher = .aggregate(detector)
            self.sharing?.note(key, actions, reference, at: moment.now)
            var outputs = self.tell(actions, reference, moment)
            if let refusal { outputs.append(MachineOutput(key: "", .count(.refused(refusal), 1))) }
            return outputs
        case (.runs(var book), .runs):
            self.watcher = .signals
            let actions = book.handle(event, at: moment.now)
            self.watcher = .runs(book)
            let key = event.anyRunID.map { ClippedText.identifier($0) }
            self.sharing?.note(key, actions, reference, at: moment.now)
            return self.tell(actions, reference, moment)
        default: return []
        }
    }

    /// What was missed makes sums smaller, never larger: nothing that is told becomes doubtful by it.
    package mutating func handle(_ notice: MachineNotice, _ moment: MachineMoment) -> [MachineOutput] { [] }

    package mutating func advance(_ moment: MachineMoment) -> [MachineOutput] {
        self.lastSeen = moment.now
        switch self.watcher {
        case .aggregate(var detector):
            self.watcher = .signals
            let actions = detector.handle(.deadlineReached, at: moment.now)
            self.watcher = .aggregate(detector)
            self.sharing?.note(nil, actions, nil, at: moment.now)
            return self.tell(actions, nil, moment)
        case .runs(var book):
            self.watcher = .signals
            let actions = book.advance(to: moment.now)
            self.watcher = .runs(book)
            self.sharing?.note(nil, actions, nil, at: moment.now)
            return self.tell(actions, nil, moment)
        case .signals: return []
        }
    }

    /// - Returns: what follows, and why the event does not count.
    private static func add(
        _ event: Event,
        _ watch: AggregateWatch,
        _ detector: inout ThresholdDetector,
        at now: Timestamp
    ) -> (key: String?, actions: [ThresholdDetector.Action], refusal: String?) {
        var parts: [String] = []
        for field in watch.key {
            guard let part = field.text(in: event), !part.isEmpty else { return (nil, [], "no_key") }
            parts.append(part)
        }
        var value = 1.0
        var distinct = ""
        if let field = watch.value {
            if watch.rule.aggregate == .distinct {
                guard let text = field.text(in: event) else { return (nil, [], "no_value") }
                distinct = text
            } else {
                guard let number = field.number(in: event) else { return (nil, [], "no_value") }
                value = number
            }
        }
        let sample = ThresholdSample(
            key: ClippedText.identifier(parts.joined(separator: "/")),
            value: value,
            runID: ClippedText.identifier(event.anyRunID ?? ""),
            tenant: ClippedText.identifier(event.tenantID ?? ""),
            distinct: distinct
        )
        return (sample.key, detector.handle(.sample(sample), at: now), nil)
    }

    // MARK: For people

    /// What is watched and how it stands: what is over a limit first, then the largest values.
    package func status(limit: Int) -> ThresholdStatus {
        switch (self.watcher, self.definition.watch) {
        case (.aggregate(let detector), .aggregate(let watch)):
            ThresholdStatus(
                handler: self.name,
                kind: .aggregate,
                metric: watch.rule.metric,
                aggregate: watch.rule.aggregate.rawValue,
                window: watch.rule.window,
                limit: watch.rule.limit,
                watched: detector.count,
                evicted: detector.counters.evicted,
                standings: detector.standings(limit)
            )
        case (.runs(let book), _):
            ThresholdStatus(
                handler: self.name,
                kind: .runs,
                watched: book.count,
                evicted: book.evicted,
                standings: book.standings(limit)
            )
        default: ThresholdStatus(handler: self.name, kind: .signals, watched: 0, evicted: 0, standings: [])
        }
    }
}
