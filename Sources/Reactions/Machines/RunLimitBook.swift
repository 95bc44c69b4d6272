import DequeModule
import EventPatterns
import Events

/// What runs use, and their limits: sans I/O, one thread at a time. Bounded: of too many runs the one that began first
/// is watched no longer.
struct RunLimitBook: Sendable {
    enum Action: Sendable, Hashable {
        case exceeded(LimitedRun, RunLimitSignal, payload: JSONValue)
        case riskRose(LimitedRun, to: RiskLevel)
    }

    struct Entry: Sendable {
        var watch: RunLimitWatch
        /// What single steps have used together.
        var tokens = 0
        var cost = 0.0
        /// Steps until then were added up by whoever wrote this down.
        var countedUntil = Timestamp(microseconds: .min)
        /// Until when it was counted what is written down of it, as far as is known here.
        var writtenAt = Int64.min
        /// When its end was heard; such runs are kept only where reactors share what was told of them.
        var endedAt: Timestamp?
        var doubt = Doubt.none
        let place: UInt32
    }

    /// Whether the end of a run may have been missed.
    enum Doubt {
        case none
        /// Perhaps, as long as it is not known whether anything was.
        case open
        case founded
    }

    /// How long a run is known that has ended and of which something was told, where reactors share that: one of them
    /// that lags is not to tell it anew.
    static let linger = Duration.seconds(60)

    var settings: RunLimitWatchSettings
    var isShared = false
    private var gone: [String] = []
    private(set) var runs: [String: Entry] = [:]
    private var order: Deque<String> = []
    /// Ids of runs by the place that deadlines name.
    private var names: [UInt32: String] = [:]
    private var heap = DeadlineHeap()
    private var nextPlace: UInt32 = 0
    private(set) var evicted: UInt64 = 0
    private var ended = EndedRuns()

    init(_ settings: RunLimitWatchSettings) {
        self.settings = settings
    }

    var count: Int { self.runs.count }
    var nextDeadline: Timestamp? { self.heap.first.map { Timestamp(microseconds: $0.due) } }

    /// - Parameter heardAt: Earlier than now where the event has waited while something else was done.
    mutating func handle(_ event: Event, at now: Timestamp, heardAt: Timestamp? = nil) -> [Action] {
        var actions = self.advance(to: now)
        guard let id = event.anyRunID.map({ ClippedText.identifier($0) }) else { return actions }
        let heardAt = min(heardAt ?? now, now)
        let known = self.runs[id]
        if known.map({ $0.endedAt != nil }) ?? self.ended.contains(id) {
            // What comes after the end changes nothing, unless the run begins again: somebody else may have heard the end
            // before its beginning was handled here.
            guard event.eventType == "run.started", known?.endedAt ?? heardAt <= heardAt else { return actions }
            self.remove(id)
            self.ended.remove(id)
        }
        if let entry = self.runs[id], entry.doubt != .none {
            self.runs[id]?.doubt = .none
            self.arm(entry)
        }
        let isEnd = ["run.completed", "run.failed", "run.halted"].contains(event.eventType)
        if self.runs[id] == nil {
            // What was over before it was known began at an unknown time.
            let startedAt = event.eventType == "run.started" && event.hasOwnTime ? min(event.timestamp, now) : now
            self.begin(Self.run(id, event), startedAt)
        }
        let (tokens, cost) = self.use(event, of: id, at: heardAt)
        if tokens != nil || cost != nil { self.apply(.used(tokens: tokens, costUSD: cost), id, now, &actions) }
        if isEnd {
            let failed = event.eventType == "run.failed" || event["status"]?.stringValue == "failed"
            let took = Self.fields.lazy.compactMap { $0.number(in: event) }.first {
                $0.isFinite && $0 >= 0 && $0 < 1e12
            }
            let length = took.map { Duration.microseconds(Int64($0 * 1000)) }
            self.apply(.ended(failed: failed, took: length), id, now, &actions)
            self.end(id, at: now)
        }
        return actions
    }

    private static let fields = ["execution_time_ms", "duration_ms"].map { EventField(payload: $0) }

    mutating func advance(to now: Timestamp) -> [Action] {
        var actions: [Action] = []
        while let top = self.heap.first, top.due <= now.microseconds {
            _ = self.heap.removeFirst()
            guard let id = self.names[top.place] else { continue }
            if let ended = self.runs[id]?.endedAt {
                guard ended + Self.linger <= now else { continue }
                self.remove(id)
                self.ended.insert(id, limit: self.settings.maxRuns)
            } else if self.runs[id]?.doubt == Doubt.none {
                self.apply(.deadlineReached, id, now, &actions)
            }
        }
        return actions
    }

    /// A run whose end may have been missed is not said to take too long before it is heard of again.
    mutating func handle(_ notice: MachineNotice) {
        for (id, entry) in self.runs where entry.endedAt == nil {
            switch notice {
            case .blindnessBegan where entry.doubt == .none: self.runs[id]?.doubt = .open
            case .blindnessEnded: self.runs[id]?.doubt = .founded
            case .blindnessDismissed where entry.doubt == .open:
                self.runs[id]?.doubt = .none
                self.arm(entry)
            case .blindnessBegan, .blindnessDismissed, .listening: break
            }
        }
    }

    // MARK: Runs

    private static func run(_ id: String, _ event: Event) -> LimitedRun {
        func text(_ name: String) -> String {
            ClippedText.identifier(EventField(payload: name).text(in: event) ?? "")
        }
        return LimitedRun(
            id: id,
            tenant: ClippedText.identifier(event.tenantID ?? ""),
            project: text("project_id"),
            agent: text("agent_id")
        )
    }

    private mutating func begin(_ run: LimitedRun, _ startedAt: Timestamp) {
        let limits = RunLimits(of: run, from: self.settings.limits)
        self.begin(RunLimitWatch(run, limits: limits, startedAt: startedAt))
    }

    mutating func begin(_ watch: RunLimitWatch) {
        while self.runs.count >= max(1, self.settings.maxRuns), let oldest = self.order.popFirst() {
            guard let entry = self.runs[oldest] else { continue }
            self.remove(oldest)
            if entry.endedAt == nil { self.evicted += 1 }
        }
        let run = watch.run
        let place = self.nextPlace
        self.nextPlace &+= 1
        let entry = Entry(watch: watch, place: place)
        self.arm(entry)
        self.runs[run.id] = entry
        self.names[place] = run.id
        self.order.append(run.id)
        // Ids of runs that have ended go with the oldest one that has not, or when they are the most.
        if self.order.count > 2 * self.runs.count + 1024 {
            self.order = Deque(self.order.filter { self.runs[$0] != nil })
        }
    }

    private func due(_ entry: Entry) -> Timestamp? {
        entry.endedAt.map { $0 + Self.linger } ?? entry.watch.nextDeadline
    }

    private mutating func arm(_ entry: Entry) {
        guard let due = self.due(entry) else { return }
        self.heap.insert(DeadlineHeap.Entry(due: due.microseconds, place: entry.place, generation: 0))
    }

    /// Heard of the run's end.
    private mutating func end(_ id: String, at now: Timestamp) {
        guard self.isShared, self.runs[id]?.watch.told.isEmpty == false else {
            self.remove(id)
            self.ended.insert(id, limit: self.settings.maxRuns)
            return
        }
        self.change(id) { $0.endedAt = now }
    }

    mutating func remove(_ id: String) {
        guard let entry = self.runs.removeValue(forKey: id) else { return }
        self.names[entry.place] = nil
        if self.isShared { self.gone.append(id) }
    }

    mutating func change(_ id: String, _ change: (inout Entry) -> Void) {
        guard var entry = self.runs[id] else { return }
        let due = self.due(entry)
        change(&entry)
        self.runs[id] = entry
        if self.due(entry) != due { self.arm(entry) }
    }

    /// Runs that have gone since the last call.
    mutating func takeGone() -> [String] {
        defer { self.gone = [] }
        return self.gone
    }

    /// What the run has used so far, as far as the event says.
    private mutating func use(_ event: Event, of id: String, at heardAt: Timestamp) -> (tokens: Int?, cost: Double?) {
        let tokens = self.settings.tokens.lazy.compactMap { $0.number(in: event) }
            .first { $0.isFinite && $0 >= 0 && $0 < 1e15 }
        let cost = self.settings.cost.lazy.compactMap { $0.number(in: event) }.first { $0.isFinite && $0 >= 0 }
        guard self.settings.steps.contains(where: { $0.names(event.eventType) }) else {
            return (tokens.map { Int($0) }, cost)
        }
        guard self.runs[id].map({ $0.countedUntil < heardAt }) ?? false else { return (nil, nil) }
        if let tokens { self.runs[id]?.tokens += Int(tokens) }
        if let cost { self.runs[id]?.cost += cost }
        let entry = self.runs[id]
        return (tokens == nil ? nil : entry?.tokens, cost == nil ? nil : entry?.cost)
    }

    private mutating func apply(
        _ input: RunLimitWatch.Input,
        _ id: String,
        _ now: Timestamp,
        _ actions: inout [Action]
    ) {
        guard let told = self.runs[id]?.watch.handle(input, at: now), let run = self.runs[id]?.watch.run else { return }
        for action in told {
            switch action {
            case .exceeded(let signal, let payload): actions.append(.exceeded(run, signal, payload: payload))
            case .riskRose(let risk): actions.append(.riskRose(run, to: risk))
            }
        }
    }

    // MARK: For people

    /// Runs that exceed a limit, the riskiest first.
    func standings(_ limit: Int) -> [ThresholdStatus.Standing] {
        let risky = self.runs.values.filter { $0.watch.risk > .normal && $0.endedAt == nil }
            .sorted { ($1.watch.risk, $0.watch.run.id) < ($0.watch.risk, $1.watch.run.id) }
        return risky.prefix(limit).map { entry in
            ThresholdStatus.Standing(
                key: entry.watch.run.id,
                tenant: entry.watch.run.tenant,
                runID: entry.watch.run.id,
                tier: entry.watch.risk.rawValue
            )
        }
    }
}

/// Runs whose end was heard, those that ended last: what comes late is not to begin them anew. A restart forgets them.
private struct EndedRuns: Sendable {
    /// Hashes of this process, which nobody else can foresee: eight bytes a run, whatever its id is.
    private var newer: Set<Int> = []
    private var older: Set<Int> = []

    /// - Parameter limit: how many are remembered at most, and half as many at least.
    mutating func insert(_ id: String, limit: Int) {
        if self.newer.count >= max(1, limit / 2) {
            self.older = self.newer
            self.newer = []
        }
        self.newer.insert(ExactText(id).hashValue)
    }

    mutating func remove(_ id: String) {
        self.newer.remove(ExactText(id).hashValue)
        self.older.remove(ExactText(id).hashValue)
    }

    func contains(_ id: String) -> Bool {
        let hash = ExactText(id).hashValue
        return self.newer.contains(hash) || self.older.contains(hash)
    }
}

extension TypePattern {
    fileprivate func names(_ type: String) -> Bool {
        switch self {
        case .any: true
        case .exact(let name): name == type
        case .prefix(let stem): type.utf8.starts(with: stem.utf8)
        }
    }
}
