package import Events

/// How many runs are kept, and for how long after nothing is expected of them any more.
package struct ContractLimits: Sendable, Hashable {
    /// Beyond, runs that are over are forgotten early, and when all are open, new ones are refused and counted.
    package var maxRuns = 2_000_000
    /// A run that did all it should: long enough for doublets to be found.
    package var keepComplete: Duration = .seconds(600)
    /// A run that is stale or incomplete: what comes late settles it.
    package var keepIncomplete: Duration = .seconds(86_400)
    /// A run of which nothing but acknowledgements is known.
    package var keepUnknown: Duration = .seconds(600)

    package init() {}
}

/// The contracts of all runs, in memory: sans I/O, one thread at a time.
///
/// The state of a run is a `RunContract`, which can be written out and read back (`RunContract.json`); this is the
/// index over them and the heap of their deadlines, one entry a run. A store that is shared holds the same in a hash for
/// each run and one sorted set of deadlines, takes a due run out of that set in the same step in which it writes what was
/// told, and so tells once however many look.
package struct ContractRegistry: Sendable {
    package enum Input: Sendable, Hashable {
        /// Something about a run; the tenant is empty when not known, and the first one known stays.
        case run(id: String, tenant: String, RunInput)
        /// Events may be missed from then on.
        case blindnessBegan(at: Timestamp, reason: String)
        /// Events may have been missed in that time; it ends the blindness that began.
        case blindnessEnded(from: Timestamp, to: Timestamp, reason: String)
        /// Nothing was missed in the blindness that began.
        case blindnessDismissed
        /// `nextDeadline` may have come.
        case deadlineReached
    }

    package struct Counters: Sendable, Hashable {
        package var findings: [ContractFinding.Kind: UInt64] = [:]
        package var refused: [ContractRefusal: UInt64] = [:]
        /// Runs that were over and had to go before their time.
        package var forgottenEarly: UInt64 = 0
    }

    /// Runs looked at for one `deadlineReached`; the rest is due for the next.
    package static let maxRunsPerStep = 2_000

    struct Place: Sendable {
        var run: RunContract?
        /// When the heap holds an entry for it; `Int64.max` when it holds none.
        var armed = Int64.max
        /// When it is forgotten; `Int64.max` while it is open.
        var forgottenAt = Int64.max
        var generation: UInt32 = 0
        var isLeaving = false
        /// Whether `changes` names it.
        var isChanged = false
    }

    private let limits: ContractLimits
    var terms: ContractTerms
    var surroundings = ContractSurroundings(clock: SteadyClock(), blind: BlindWindows())
    var places: [Place] = []
    private var free: [UInt32] = []
    var index: [HashedText: UInt32] = [:]
    private var heap = DeadlineHeap()
    /// Runs in the order in which they were over, some of which were opened again since.
    private var leaving: [(place: UInt32, generation: UInt32)] = []
    private var leavingStart = 0
    package internal(set) var counters = Counters()
    /// Runs that have changed, in that order, when somebody wants to know.
    var changes: [(run: HashedText, place: UInt32)] = []
    /// Those of them that were forgotten: one that has begun anew since is named twice.
    var gone: Set<HashedText> = []
    var tracksChanges = false

    package init(_ definition: ContractDefinition = ContractDefinition(), limits: ContractLimits = ContractLimits()) {
        self.terms = ContractTerms(definition)
        self.limits = limits
    }

    /// Runs that begin from now on have these terms; the others keep theirs.
    package mutating func update(_ definition: ContractDefinition) { self.terms = ContractTerms(definition) }

    /// Runs of which something is known.
    package var count: Int { self.index.count }

    /// When `deadlineReached` has something to do; nil for never.
    package var nextDeadline: Timestamp? { self.heap.first.map { self.surroundings.clock.reading($0.due) } }

    package func status(of runID: String) -> ContractStatus { self.run(runID)?.status ?? .unknown }

    package func run(_ runID: String) -> RunContract? {
        self.index[HashedText(runID)].flatMap { self.places[Int($0)].run }
    }

    /// What is known of a run, for people; nil when nothing is.
    ///
    /// - Parameter withActions: whether it is told how often each action was acknowledged.
    package func summary(of runID: String, withActions: Bool = true) -> ContractSummary? {
        self.run(runID).map { ContractSummary($0, self.surroundings.clock, withActions: withActions) }
    }

    package mutating func handle(_ input: Input, at now: Timestamp) -> [ContractAction] {
        let instant = self.surroundings.clock.instant(now)
        var actions: [ContractAction] = []
        switch input {
        case .run(let id, let tenant, let input):
            self.take(HashedText(id), tenant, input, nil, instant, &actions)
        case .blindnessBegan(let from, let reason):
            self.surroundings.blind.begin(at: self.instant(from, instant, now), reason: reason)
        case .blindnessEnded(let from, let to, let reason):
            self.surroundings.blind.add(
                from: self.instant(from, instant, now),
                to: self.instant(to, instant, now),
                reason: reason
            )
        case .blindnessDismissed:
            self.surroundings.blind.dismiss()
        case .deadlineReached:
            self.workOff(instant, &actions)
        }
        self.count(actions)
        return actions
    }

    /// Something about a run.
    ///
    /// - Parameter mark: tells pauses, resumptions and signs of life that are heard twice from others; nil when nothing
    ///   does.
    package mutating func handle(
        _ input: RunInput,
        of id: HashedText,
        tenant: String,
        mark: UInt64?,
        at now: Timestamp
    ) -> [ContractAction] {
        let instant = self.surroundings.clock.instant(now)
        var actions: [ContractAction] = []
        self.take(id, tenant, input, mark, instant, &actions)
        self.count(actions)
        return actions
    }

    // MARK: Changes

    /// Changes a run and notes that it has changed, if it has.
    mutating func change(_ place: Int, _ body: (inout RunContract, borrowing ContractSurroundings) -> Void) {
        guard self.tracksChanges else {
            if self.places[place].run != nil { body(&self.places[place].run!, self.surroundings) }
            return
        }
        guard self.places[place].run != nil, Self.isChanged(&self.places[place].run!, self.surroundings, body) else {
            return
        }
        self.note(place)
    }

    /// In its place: a copy of a run would hold all its parts.
    private static func isChanged(
        _ run: inout RunContract,
        _ surroundings: borrowing ContractSurroundings,
        _ body: (inout RunContract, borrowing ContractSurroundings) -> Void
    ) -> Bool {
        let before = run.digest
        body(&run, surroundings)
        return run.digest != before
    }

    /// The run at that place is not what is stored.
    private mutating func note(_ place: Int) {
        guard self.tracksChanges, !self.places[place].isChanged, let runID = self.places[place].run?.runID else {
            return
        }
        self.places[place].isChanged = true
        self.changes.append((HashedText(runID), UInt32(place)))
    }

    /// A time of the wall clock close to now as an instant.
    private func instant(_ time: Timestamp, _ instant: Int64, _ now: Timestamp) -> Int64 {
        instant &- (now.microseconds &- time.microseconds)
    }

    mutating func count(_ actions: [ContractAction]) {
        for action in actions {
            switch action {
            case .report(let report):
                for finding in report.findings {
                    self.counters.findings[finding.kind, default: 0] += UInt64(finding.count)
                }
            case .refused(_, let reason): self.counters.refused[reason, default: 0] += 1
            case .raise, .resolve, .readTruth: break
            }
        }
    }

    // MARK: Runs

    mutating func take(
        _ id: HashedText,
        _ tenant: String,
        _ input: RunInput,
        _ mark: UInt64?,
        _ now: Int64,
        _ actions: inout [ContractAction]
    ) {
        guard !id.text.isEmpty, id.text.utf8.count <= RunContract.maxNameBytes else {
            actions.append(.refused(runID: id.text, .badRunID))
            return
        }
        // Nothing is known of a run by an answer about it, or by its pause or its progress alone.
        if !input.makesRunKnown, self.index[id] == nil { return }
        guard let place = self.place(of: id, tenant, now) else {
            actions.append(.refused(runID: id.text, .tooManyRuns))
            return
        }
        self.change(place) { run, surroundings in
            // Whoever reads of a run before having heard of it may hear a pause from before anything was known of it, which
            // meant nothing to those who heard all in its order.
            if !input.makesRunKnown, now < run.firstSeen { return }
            if let mark, !run.isNew(mark: mark) { return }
            run.handle(input, at: now, surroundings, into: &actions)
        }
        self.rearm(place, now)
    }

    /// The place of a run, made when it is new; nil when there is no room.
    mutating func place(of id: HashedText, _ tenant: String, _ now: Int64) -> Int? {
        if let known = self.index[id] {
            if !tenant.isEmpty, self.places[Int(known)].run?.tenant.isEmpty == true {
                self.places[Int(known)].run?.tenant = tenant
            }
            return Int(known)
        }
        if self.index.count >= self.limits.maxRuns, !self.forgetOldest() { return nil }
        let run = RunContract(runID: id.text, tenant: tenant, terms: self.terms, at: now)
        let place: Int
        if let free = self.free.popLast() {
            place = Int(free)
            self.places[place].run = run
        } else {
            place = self.places.count
            self.places.append(Place(run: run))
        }
        self.index[id] = UInt32(place)
        self.note(place)
        return place
    }

    /// Makes sure that the heap holds an entry for when the run has to be looked at next.
    mutating func rearm(_ place: Int, _ now: Int64) {
        guard self.places[place].run != nil else { return }
        let (settled, nextDue) = Self.outlook(for: &self.places[place].run!)
        if let settled {
            let keep =
                switch settled {
                case .unknown: self.limits.keepUnknown
                case .complete: self.limits.keepComplete
                case .pending, .incomplete, .stale: self.limits.keepIncomplete
                }
            self.places[place].forgottenAt = now &+ max(1, keep.wholeMicroseconds)
            if !self.places[place].isLeaving {
                self.places[place].isLeaving = true
                self.leaving.append((UInt32(place), self.places[place].generation))
            }
        } else {
            self.places[place].forgottenAt = .max
        }
        let due = min(nextDue, self.places[place].forgottenAt)
        // A later entry is made when the earlier one comes up.
        guard due < self.places[place].armed else { return }
        self.places[place].armed = due
        self.heap.insert(
            DeadlineHeap.Entry(due: due, place: UInt32(place), generation: self.places[place].generation)
        )
    }

    /// How a run stands of which nothing more is expected, and when it has to be looked at next. In its place, again.
    private static func outlook(for run: inout RunContract) -> (settled: ContractStatus?, nextDue: Int64) {
        (run.isSettled ? run.status : nil, run.nextDue)
    }

    private mutating func workOff(_ now: Int64, _ actions: inout [ContractAction]) {
        var worked = 0
        while worked < Self.maxRunsPerStep, let top = self.heap.first, top.due <= now {
            _ = self.heap.removeFirst()
            let place = Int(top.place)
            guard self.places[place].generation == top.generation, self.places[place].armed == top.due else { continue }
            self.places[place].armed = .max
            worked += 1
            if self.places[place].forgottenAt <= now {
                self.forget(place)
                continue
            }
            let wasSettled = self.places[place].forgottenAt != .max
            self.change(place) { run, surroundings in run.advance(to: now, surroundings, into: &actions) }
            if wasSettled { self.rearmSettled(place) } else { self.rearm(place, now) }
        }
    }

    /// A run that was over already goes when it should have gone.
    private mutating func rearmSettled(_ place: Int) {
        let due = self.places[place].forgottenAt
        self.places[place].armed = due
        self.heap.insert(
            DeadlineHeap.Entry(due: due, place: UInt32(place), generation: self.places[place].generation)
        )
    }

    mutating func forget(_ place: Int) {
        guard let run = (self.places[place].run?.runID).map({ HashedText($0) }) else { return }
        self.index[run] = nil
        self.note(place)
        if self.tracksChanges { self.gone.insert(run) }
        self.places[place] = Place(run: nil, generation: self.places[place].generation &+ 1)
        self.free.append(UInt32(place))
        self.dropTaken()
    }

    /// Makes room by the run that has been over for longest; false when none is over.
    private mutating func forgetOldest() -> Bool {
        while self.leavingStart < self.leaving.count {
            let candidate = self.leaving[self.leavingStart]
            self.leavingStart += 1
            let place = Int(candidate.place)
            guard self.places[place].generation == candidate.generation, self.places[place].run != nil else { continue }
            self.places[place].isLeaving = false
            guard self.places[place].forgottenAt != .max else { continue }
            self.forget(place)
            self.counters.forgottenEarly += 1
            return true
        }
        return false
    }

    /// Drops what was taken and what names runs that are gone, once that must be most of the list.
    private mutating func dropTaken() {
        guard self.leaving.count > 2 * self.index.count + 1024 else { return }
        self.leaving = self.leaving[self.leavingStart...].filter {
            self.places[Int($0.place)].generation == $0.generation
        }
        self.leavingStart = 0
    }
}

extension RunInput {
    /// Whether it says enough of a run that was not known to keep it.
    var makesRunKnown: Bool {
        switch self {
        case .started, .declared, .acknowledged: true
        case .progressed, .paused, .resumed, .truth: false
        }
    }
}
