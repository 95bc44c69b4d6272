import DequeModule
import Events

extension ThresholdMachine {
    /// What has changed of what reactors share: what was told at once, for others must not tell it too; what was added up,
    /// which each of them does for itself, a second later and not more than so much of it, for the one who begins anew.
    struct Sharing: Sendable {
        enum Change: Sendable {
            case threshold(ThresholdDetector.Action)
            case run(RunLimitBook.Action)
        }

        /// What was found and is not written down yet.
        struct Pending: Sendable {
            var change: Change
            var event: EventReference?
        }

        static let interval = Duration.seconds(1)
        /// Numbers that are written down at a time, about: half a megabyte of text.
        static let numbersPerRound = 65_536

        private(set) var pending: [String: [Pending]] = [:]
        private var changed: Set<String> = []
        /// Keys of which something was added up, the one that waits for longest first, and those of them that still wait.
        private var queue: Deque<String> = []
        private var waiting: Set<String> = []
        private var nextRound = Timestamp.atOnce
        /// From when on everything was heard; nil before anything was.
        private(set) var heardSince: Timestamp?

        /// When what was added up is to be written down; nil when nothing was.
        var nextWrite: Timestamp? { self.waiting.isEmpty ? nil : self.nextRound }

        mutating func begin(at now: Timestamp) {
            if self.heardSince == nil { self.heardSince = now }
        }

        mutating func missedEvents(until end: Timestamp) {
            self.heardSince = max(self.heardSince ?? end, end)
        }

        /// Something was added up.
        mutating func note(_ key: String, at now: Timestamp) {
            if self.waiting.isEmpty { self.nextRound = max(self.nextRound, now) }
            guard self.waiting.insert(key).inserted else { return }
            self.queue.append(key)
        }

        mutating func note(_ found: Pending, _ key: String) {
            self.pending[key, default: []].append(found)
            self.changed.insert(key)
        }

        /// To be written down at once, or removed.
        mutating func noteChange(_ key: String) { self.changed.insert(key) }

        /// Keys that are to be written down now, each once.
        ///
        /// - Parameter weight: how many numbers are kept of a key; nil when nothing is.
        mutating func takeChanges(at now: Timestamp, weight: (String) -> Int?) -> [String] {
            var keys = self.changed
            self.changed = []
            self.waiting.subtract(keys)
            guard let due = self.nextWrite, due <= now else { return Array(keys) }
            self.nextRound = now + Self.interval
            var numbers = 0
            while numbers < Self.numbersPerRound, let key = self.queue.popFirst() {
                guard self.waiting.remove(key) != nil, let more = weight(key) else { continue }
                numbers += more
                keys.insert(key)
            }
            return Array(keys)
        }

        mutating func confirm(_ key: String) { self.pending[key] = nil }

        /// What is left of what was found, after somebody else has told the rest.
        mutating func keep(_ left: [Pending], of key: String) {
            self.pending[key] = left.isEmpty ? nil : left
            if !left.isEmpty { self.changed.insert(key) }
        }
    }

    /// Notes what follows from an event or from time that passes.
    mutating func note(_ actions: [ThresholdDetector.Action], gone: [String], _ event: EventReference?) {
        for action in actions {
            self.sharing?.note(Sharing.Pending(change: .threshold(action), event: event), action.signal.key)
        }
        for key in gone { self.sharing?.noteChange(key) }
    }

    mutating func note(_ actions: [RunLimitBook.Action], gone: [String], _ event: EventReference?) {
        for action in actions { self.sharing?.note(Sharing.Pending(change: .run(action), event: event), action.key) }
        for key in gone { self.sharing?.noteChange(key) }
    }
}

/// Keys are known by their texts, runs by their ids.
///
/// Every reactor hears every event, so what others have added up matters to who begins anew and to nobody else, and
/// nothing has to be written down again because somebody else has written. What was told is settled between them: of
/// several that find the same, the first one to write it down tells it.
extension ThresholdMachine: SharedMachine {
    package mutating func beginSharing() {
        self.sharing = Sharing()
        self.change(aggregate: { $0.isShared = true }, runs: { $0.isShared = true })
    }

    package mutating func takeChanges() -> [HashedText] {
        guard let now = self.lastSeen, self.sharing != nil else { return [] }
        let watcher = self.watcher
        let keys = self.sharing?.takeChanges(at: now) { key in
            switch watcher {
            case .aggregate(let detector): detector.weight(of: key)
            case .runs(let book): book.runs[key] == nil ? nil : 16
            case .signals: nil
            }
        }
        return (keys ?? []).map { HashedText($0) }
    }

    package func state(of key: HashedText) -> MachineState? {
        guard let now = self.lastSeen else { return nil }
        let key = key.text
        let json: JSONValue? =
            switch self.watcher {
            case .aggregate(let detector): detector.json(of: key, at: now)
            case .runs(let book): book.json(of: key, at: now)
            case .signals: nil
            }
        // What is due every reactor looks at by itself.
        return json.map { MachineState(bytes: $0.compactBytes, due: nil) }
    }

    package mutating func confirm(_ key: HashedText) {
        let key = key.text
        self.sharing?.confirm(key)
        guard let now = self.lastSeen else { return }
        self.change(aggregate: { $0.confirm(key, at: now) }, runs: { $0.confirm(key, at: now) })
    }

    package func isLater(_ stored: [UInt8], than key: String) -> Bool {
        guard let json = try? JSONValue.parse(stored) else { return false }
        switch self.watcher {
        case .aggregate(let detector): return detector.stored(json).map { detector.isLater($0, than: key) } ?? false
        case .runs(let book): return book.isLater(json, than: key)
        case .signals: return false
        }
    }

    package mutating func restore(_ key: String, _ stored: [UInt8], _ moment: MachineMoment) {
        self.see(moment)
        var isTaken = false
        if let json = try? JSONValue.parse(stored) {
            let since = self.sharing?.heardSince
            self.change { detector in
                guard let state = detector.stored(json) else { return }
                isTaken = true
                if detector.knows(key) {
                    _ = detector.adopt(key, state, [], heardSince: since, at: moment.now)
                } else {
                    detector.restore(key, state, at: moment.now)
                }
            } runs: {
                isTaken = $0.restore(key, json)
            }
        }
        // What means nothing to this reactor, or had to make room, is not to stay for ever.
        if !isTaken { self.sharing?.noteChange(key) }
        for key in self.takeGone() { self.sharing?.noteChange(key) }
    }

    package mutating func adopt(_ key: String, _ stored: [UInt8]?, _ moment: MachineMoment) -> [MachineOutput] {
        let json = stored.flatMap { try? JSONValue.parse($0) }
        let pending = self.sharing?.pending[key] ?? []
        let since = self.sharing?.heardSince
        var left: [Int] = []
        var isOver = false
        self.change { detector in
            let found = pending.compactMap { if case .threshold(let action) = $0.change { action } else { nil } }
            left = detector.adopt(key, json.flatMap(detector.stored), found, heardSince: since, at: moment.now)
        } runs: { book in
            let found = pending.compactMap { if case .run(let action) = $0.change { action } else { nil } }
            (left, isOver) = book.adopt(key, json, found)
        }
        let kept = left.map { pending[$0] }
        self.sharing?.keep(kept, of: key)
        if isOver { self.sharing?.noteChange(key) }
        for key in self.takeGone() { self.sharing?.noteChange(key) }
        return kept.flatMap { found in
            switch found.change {
            case .threshold(let action): self.tell([action], found.event, moment)
            case .run(let action): self.tell([action], found.event, moment)
            }
        }
    }

    private mutating func takeGone() -> [String] {
        var gone: [String] = []
        self.change(aggregate: { gone = $0.takeGone() }, runs: { gone = $0.takeGone() })
        return gone
    }
}
