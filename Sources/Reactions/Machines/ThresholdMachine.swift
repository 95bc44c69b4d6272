import EventPatterns
package import Events

/// `uses: threshold`: what is added up over events, what runs use, and what others say about limits.
package struct ThresholdMachine: Machine {
    package let name: String
    private(set) var definition: ThresholdDefinition
    private(set) var watcher: Watcher
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
                let (stored, keys) = (detector.json, detector.inOrder.map(\.key))
                detector = ThresholdDetector(watch.rule)
                detector.isShared = self.sharing != nil
                if let lastSeen { _ = detector.restore(stored, at: lastSeen) }
                for key in keys where !detector.knows(key) { self.sharing?.noteChange(key) }
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
        self.see(moment)
        if case .signals = self.watcher { return self.answer(event, moment) }
        // What was found is not counted: a signal that is taken for work would lead to the next signal.
        let isSignal = [ThresholdSignal.exceededEvent, ThresholdSignal.recoveredEvent].contains(event.eventType)
        guard !isSignal, event.eventType != ThresholdReactions.riskEvent else { return [] }
        let reference = EventReference(event)
        var outputs: [MachineOutput] = []
        let watch = self.definition.watch
        self.change { detector, machine in
            guard case .aggregate(let watch) = watch else { return }
            let (key, actions, refusal) = Self.add(event, watch, &detector, moment)
            if let key { machine.sharing?.note(key, at: moment.now) }
            machine.note(actions, gone: detector.takeGone(), reference)
            outputs = machine.tell(actions, reference, moment)
            if let refusal { outputs.append(MachineOutput(key: "", .count(.refused(refusal), 1))) }
        } runs: { book, machine in
            let actions = book.handle(event, at: moment.now, heardAt: moment.heardAt)
            if let id = event.anyRunID { machine.sharing?.note(ClippedText.identifier(id), at: moment.now) }
            machine.note(actions, gone: book.takeGone(), reference)
            outputs = machine.tell(actions, reference, moment)
        }
        return outputs
    }

    /// What was missed makes sums smaller, never larger: nothing that is told becomes doubtful by it. But a run may have
    /// ended.
    package mutating func handle(_ notice: MachineNotice, _ moment: MachineMoment) -> [MachineOutput] {
        self.see(moment)
        switch notice {
        case .blindnessEnded(_, let end, _), .listening(let end): self.sharing?.missedEvents(until: end)
        case .blindnessBegan, .blindnessDismissed: break
        }
        self.change(runs: { $0.handle(notice) })
        return []
    }

    package mutating func advance(_ moment: MachineMoment) -> [MachineOutput] {
        self.see(moment)
        var outputs: [MachineOutput] = []
        self.change { detector, machine in
            let actions = detector.handle(.deadlineReached, at: moment.now)
            machine.note(actions, gone: detector.takeGone(), nil)
            outputs = machine.tell(actions, nil, moment)
        } runs: { book, machine in
            let actions = book.advance(to: moment.now)
            machine.note(actions, gone: book.takeGone(), nil)
            outputs = machine.tell(actions, nil, moment)
        }
        return outputs
    }

    mutating func see(_ moment: MachineMoment) {
        self.lastSeen = moment.now
        self.sharing?.begin(at: moment.now)
    }

    /// Changes what is watched in its place: it is taken out meanwhile, so that nothing of it is copied.
    private mutating func change(
        aggregate: (inout ThresholdDetector, inout Self) -> Void,
        runs: (inout RunLimitBook, inout Self) -> Void
    ) {
        switch self.watcher {
        case .aggregate(var detector):
            self.watcher = .signals
            aggregate(&detector, &self)
            self.watcher = .aggregate(detector)
        case .runs(var book):
            self.watcher = .signals
            runs(&book, &self)
            self.watcher = .runs(book)
        case .signals: break
        }
    }

    mutating func change(
        aggregate: (inout ThresholdDetector) -> Void = { _ in },
        runs: (inout RunLimitBook) -> Void
    ) {
        self.change(aggregate: { detector, _ in aggregate(&detector) }, runs: { book, _ in runs(&book) })
    }

    /// - Returns: what follows, and why the event does not count.
    private static func add(
        _ event: Event,
        _ watch: AggregateWatch,
        _ detector: inout ThresholdDetector,
        _ moment: MachineMoment
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
            distinct: distinct,
            heardAt: moment.heardAt
        )
        return (sample.key, detector.handle(.sample(sample), at: moment.now), nil)
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
