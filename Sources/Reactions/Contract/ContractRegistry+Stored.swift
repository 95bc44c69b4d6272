package import Events

/// Runs that others know of, too: what is stored, and what comes back from there.
extension ContractRegistry {
    /// From now on `takeChanges` says which runs have changed.
    package mutating func trackChanges() { self.tracksChanges = true }

    /// The runs that have changed, or are forgotten, since the last call.
    package mutating func takeChanges() -> [HashedText] {
        var runs: [HashedText] = []
        runs.reserveCapacity(self.changes.count)
        var seen: Set<HashedText> = []
        for (run, place) in self.changes {
            self.places[Int(place)].isChanged = false
            if self.gone.isEmpty || seen.insert(run).inserted { runs.append(run) }
        }
        self.changes = []
        self.gone = []
        return runs
    }

    /// Whether `takeChanges` would name a run.
    func hasChanged(_ run: HashedText) -> Bool {
        self.index[run].map { self.places[Int($0)].isChanged } ?? self.gone.contains(run)
    }

    /// What is known of a run is what is stored.
    private mutating func forgetChange(_ run: HashedText) {
        guard self.hasChanged(run) || self.gone.contains(run) else { return }
        self.gone.remove(run)
        self.changes.removeAll { $0.run == run }
        if let place = self.index[run] { self.places[Int(place)].isChanged = false }
    }

    /// Whether anything is known of a run.
    package func knows(_ run: HashedText) -> Bool { self.index[run] != nil }

    /// What is to be stored of a run; nil when nothing is known of it any more. Changes nothing, but that way nothing is
    /// copied either.
    package mutating func stored(_ run: HashedText) -> MachineState? {
        guard let place = self.index[run].map(Int.init), self.places[place].run != nil else { return nil }
        let forgottenAt = self.places[place].forgottenAt
        return Self.state(of: &self.places[place].run!, forgottenAt: forgottenAt, self.surroundings.clock)
    }

    private static func state(of run: inout RunContract, forgottenAt: Int64, _ clock: SteadyClock) -> MachineState {
        let due = min(run.nextDue, forgottenAt)
        return MachineState(bytes: run.bytes(clock), due: due == .max ? nil : clock.reading(due))
    }

    /// A run as it was stored. Replaces what is known of it.
    ///
    /// - Returns: false when it was not written by `stored`, or there is no room.
    package mutating func restore(_ runID: String, from bytes: [UInt8], at now: Timestamp) -> Bool {
        let clock = self.surroundings.clock
        guard var run = RunContract(runID: runID, bytes: bytes, terms: self.terms, clock: clock) else { return false }
        // Signs of life that changed nothing else are not written down.
        if let known = self.run(runID) { run.lastActivity = max(run.lastActivity, known.lastActivity) }
        let instant = clock.instant(ofReading: now)
        let key = HashedText(runID)
        guard let place = self.place(of: key, run.tenant, instant) else {
            self.counters.refused[.tooManyRuns, default: 0] += 1
            return false
        }
        self.places[place].run = run
        self.places[place].forgottenAt = .max
        self.rearm(place, instant)
        self.forgetChange(key)
        return true
    }

    /// Nothing is known of a run any more, since nothing is stored of it.
    package mutating func drop(_ runID: String) {
        let key = HashedText(runID)
        guard let place = self.index[key] else { return }
        self.forgetChange(key)
        let tracks = self.tracksChanges
        self.tracksChanges = false
        self.forget(Int(place))
        self.tracksChanges = tracks
    }

    /// Something about a run that was handled at a time before now, on top of what was restored since.
    package mutating func replay(
        _ input: RunInput,
        of id: HashedText,
        tenant: String,
        mark: UInt64?,
        at time: Timestamp
    ) -> [ContractAction] {
        var actions: [ContractAction] = []
        self.take(id, tenant, input, mark, self.surroundings.clock.instant(ofReading: time), &actions)
        self.count(actions)
        return actions
    }

    /// Works off what is due of one run.
    package mutating func advance(_ runID: String, to now: Timestamp) -> [ContractAction] {
        guard let place = self.index[HashedText(runID)].map(Int.init) else { return [] }
        let instant = self.surroundings.clock.instant(ofReading: now)
        var actions: [ContractAction] = []
        self.change(place) { run, surroundings in run.advance(to: instant, surroundings, into: &actions) }
        self.rearm(place, instant)
        self.count(actions)
        return actions
    }
}
