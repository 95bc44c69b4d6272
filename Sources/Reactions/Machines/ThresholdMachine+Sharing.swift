import Events

extension ThresholdMachine {
    /// What has changed of what reactors share: what was told at once, for others must not tell it too; what was added
    /// up, which each of them does for itself, every two seconds, for the one who begins anew.
    struct Sharing: Sendable {
        enum Change: Sendable {
            case threshold(ThresholdDetector.Action)
            case run(RunLimitBook.Action)
        }

        /// What was found and is not written down yet.
        struct Pending: Sendable {
            var change: Change
            var event: EventReference?
            var at: Timestamp
        }

        static let interval = Duration.seconds(2)

        private(set) var pending: [String: [Pending]] = [:]
        private var changed: Set<String> = []
        private var dirty: Set<String> = []
        private var writtenAt: Timestamp?
        private var now: Timestamp?

        /// When what was added up is to be written down; nil when nothing was.
        var nextWrite: Timestamp? {
            self.dirty.isEmpty ? nil : self.writtenAt.map { $0 + Self.interval } ?? self.now
        }

        mutating func note(
            _ key: String?,
            _ actions: [ThresholdDetector.Action],
            _ event: EventReference?,
            at now: Timestamp
        ) {
            self.now = now
            if let key { self.dirty.insert(key) }
            for action in actions { self.add(Pending(change: .threshold(action), event: event, at: now), action.key) }
        }

        mutating func note(
            _ key: String?,
            _ actions: [RunLimitBook.Action],
            _ event: EventReference?,
            at now: Timestamp
        ) {
            self.now = now
            if let key { self.dirty.insert(key) }
            for action in actions { self.add(Pending(change: .run(action), event: event, at: now), action.key) }
        }

        private mutating func add(_ found: Pending, _ key: String) {
            self.pending[key, default: []].append(found)
            self.changed.insert(key)
        }

        /// Keys that are to be written down now, each once.
        mutating func takeChanges() -> [String] {
            var keys = self.changed
            if let due = self.nextWrite, let now = self.now, due <= now {
                keys.formUnion(self.dirty)
                self.dirty = []
                self.writtenAt = now
            }
            self.dirty.subtract(self.changed)
            self.changed = []
            return Array(keys)
        }

        mutating func confirm(_ key: String) { self.pending[key] = nil }

        /// What is left of what was found, after somebody else has told the rest.
        mutating func keep(_ left: [Pending], of key: String) {
            self.pending[key] = left.isEmpty ? nil : left
            if left.isEmpty {
                self.dirty.insert(key)
            } else {
                self.changed.insert(key)
            }
        }
    }

    /// What is written down of a key; nil to keep nothing.
    func stored(_ key: String) -> [UInt8]? {
        let json: JSONValue? =
            switch self.watcher {
            case .aggregate(let detector): detector.json(of: key)
            case .runs(let book): book.json(of: key)
            case .signals: nil
            }
        return json.map { Array($0.compactText.utf8) }
    }

    /// Takes in what was written down, on top of what is known.
    mutating func merge(_ key: String, _ stored: JSONValue, at now: Timestamp) {
        switch self.watcher {
        case .aggregate(var detector):
            self.watcher = .signals
            detector.merge(key, stored, at: now)
            self.watcher = .aggregate(detector)
        case .runs(var book):
            self.watcher = .signals
            book.merge(key, stored)
            self.watcher = .runs(book)
        case .signals: break
        }
    }

    /// Somebody else has written something down about a key: what he has told is not told again, what is left is.
    mutating func settle(_ key: String, with stored: JSONValue?, _ moment: MachineMoment) -> [MachineOutput] {
        let pending = self.sharing?.pending[key] ?? []
        let left = pending.filter { !self.isTold($0, in: stored) }
        if let stored { self.merge(key, stored, at: moment.now) }
        self.sharing?.keep(left, of: key)
        return left.flatMap { found in
            switch found.change {
            case .threshold(let action): self.tell([action], found.event, moment)
            case .run(let action): self.tell([action], found.event, moment)
            }
        }
    }

    private func isTold(_ found: Sharing.Pending, in stored: JSONValue?) -> Bool {
        switch found.change {
        case .run(.exceeded(_, let signal, _)): return stored.map { RunLimitWatch.told($0).contains(signal) } ?? false
        case .run(.riskRose(_, let risk)):
            let known = stored?["risk"]?.stringValue.flatMap(RiskLevel.init(rawValue:))
            return known.map { $0 >= risk } ?? false
        case .threshold(let action):
            guard case .aggregate(let watch) = self.definition.watch else { return false }
            let (told, at) = stored.map { ThresholdDetector.told($0) } ?? (0, Timestamp(microseconds: .min))
            // Somebody has gone on since.
            if at > found.at { return true }
            let tier = watch.rule.tiers.firstIndex { $0.name == action.tier }
            let isSet = tier.map { told & (1 << UInt64($0)) != 0 } ?? false
            return action.isEnd ? !isSet : isSet
        }
    }
}

extension ThresholdDetector.Action {
    var key: String {
        switch self {
        case .exceeded(let signal), .recovered(let signal): signal.key
        }
    }

    fileprivate var tier: String {
        switch self {
        case .exceeded(let signal), .recovered(let signal): signal.tier
        }
    }

    fileprivate var isEnd: Bool { if case .recovered = self { true } else { false } }
}

extension RunLimitBook.Action {
    var key: String {
        switch self {
        case .exceeded(let run, _, _), .riskRose(let run, _): run.id
        }
    }
}
