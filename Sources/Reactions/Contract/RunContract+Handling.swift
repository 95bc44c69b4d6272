import Events

/// What a run's contract wants done.
package enum ContractAction: Sendable, Hashable {
    /// To be published, counted and kept.
    case report(ContractReport)
    case raise(ContractAlert)
    case resolve(ContractResolution)
    /// To be answered with `RunInput.truth`: is this run still open, as far as is stored?
    case readTruth(runID: String)
    /// Not taken in, since there is no room or it has no name; counted.
    case refused(runID: String, ContractRefusal)
}

/// Why something was not taken in.
package enum ContractRefusal: String, Sendable, Hashable, CaseIterable {
    /// The run's id is empty or longer than 128 bytes.
    case badRunID = "bad_run_id"
    /// A domain or an action is longer than 128 bytes.
    case badName = "bad_name"
    case tooManyRuns = "too_many_runs"
    case tooManyExpectations = "too_many_expectations"
    case tooManyAcknowledgements = "too_many_acknowledgements"
}

/// What a run must know beside its own state.
struct ContractSurroundings {
    var clock: SteadyClock
    var blind: BlindWindows
}

extension RunContract {
    /// Works off what is due, then takes in what was told.
    mutating func handle(
        _ input: RunInput,
        at now: Int64,
        _ surroundings: borrowing ContractSurroundings,
        into actions: inout [ContractAction]
    ) {
        self.advance(to: now, surroundings, into: &actions)
        let refusal = self.take(input, now, surroundings, &actions)
        if let refusal { actions.append(.refused(runID: self.runID, refusal)) }
        self.settleFailures(&actions)
        self.armDriftChecks(now)
    }

    /// Works off what is due, one instant after the other.
    mutating func advance(
        to now: Int64,
        _ surroundings: borrowing ContractSurroundings,
        into actions: inout [ContractAction]
    ) {
        while true {
            let due = self.nextStep()
            guard due <= now else { return }
            if due == self.pauseEnd { self.resume(at: due) }
            self.passDeadlines(at: due, noticed: now, surroundings, &actions)
            self.checkDrift(at: due, surroundings, &actions)
            if self.askedUntil <= due { self.tellStale(surroundings, doubt: Self.unreadable, &actions) }
        }
    }

    private static var unreadable: String { "whether the run has ended could not be read from the store in time" }

    private mutating func take(
        _ input: RunInput,
        _ now: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) -> ContractRefusal? {
        switch input {
        case .started:
            self.lastActivity = max(self.lastActivity, now)
            return self.start(now, surroundings, &actions)
        case .declared(let declaration):
            self.lastActivity = max(self.lastActivity, now)
            return self.declare(declaration, now, surroundings, &actions)
        case .acknowledged(let ack):
            self.lastActivity = max(self.lastActivity, now)
            return self.acknowledge(ack, now, surroundings, &actions)
        case .progressed:
            self.lastActivity = max(self.lastActivity, now)
            self.extendEnd(now)
        case .paused:
            self.lastActivity = max(self.lastActivity, now)
            if self.pausedAt == .max { self.pausedAt = now }
        case .resumed:
            self.lastActivity = max(self.lastActivity, now)
            self.resume(at: now)
        case .truth(let truth):
            return self.learn(truth, now, surroundings, &actions)
        }
        return nil
    }

    // MARK: Expectations

    private mutating func start(
        _ now: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) -> ContractRefusal? {
        guard !self.hasStarted else { return nil }
        self.hasStarted = true
        let definition = self.terms.definition
        var refusal: ContractRefusal?
        // Who declared what the contract expects anyway has not made it expected twice: each declaration stands for one.
        var declared = self.expectations.indices.filter { self.expectations[$0].due != .max }
        for expected in definition.expectations + [self.expectedEnd] {
            guard let slot = self.slot(of: expected.action) else {
                refusal = .tooManyExpectations
                continue
            }
            if let place = declared.firstIndex(where: { self.expectations[$0].slot == slot }) {
                declared.remove(at: place)
                continue
            }
            guard let length = Self.length(expected.deadline) else {
                if !self.expectSometime(slot) { refusal = .tooManyExpectations }
                self.tellInvalid(expected.action, now, surroundings, &actions)
                continue
            }
            if !self.expect(slot, length, isDerived: true, now) { refusal = .tooManyExpectations }
        }
        return refusal
    }

    private var expectedEnd: ContractDefinition.Expectation {
        let definition = self.terms.definition
        return ContractDefinition.Expectation(definition.finalize, within: definition.runTimeout + definition.grace)
    }

    private mutating func declare(
        _ declaration: ExpectationDeclaration,
        _ now: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) -> ContractRefusal? {
        guard declaration.action.hasUsableNames else { return .badName }
        guard self.seen.count - Int(self.acknowledgements) < 2 * Self.maxExpectations,
            let slot = self.slot(of: declaration.action)
        else { return .tooManyExpectations }
        guard self.isNew(declaration.id, of: declaration.action, 0) else { return nil }
        guard let length = Self.length(declaration.deadline) else {
            let hasRoom = self.expectSometime(slot)
            self.tellInvalid(declaration.action, now, surroundings, &actions)
            return hasRoom ? nil : .tooManyExpectations
        }
        // The first declarations of what the contract expects anyway say more about that.
        guard let derived = self.expectations.firstIndex(where: { $0.slot == slot && $0.isDerived }) else {
            return self.expect(slot, length, isDerived: false, now) ? nil : .tooManyExpectations
        }
        self.expectations[derived].isDerived = false
        if !self.expectations[derived].isPassed { self.setDeadline(derived, length, now) }
        return nil
    }

    /// One more expectation, or the deadline of the one that had none. False when there is no room.
    private mutating func expect(_ slot: Int, _ length: Int64, isDerived: Bool, _ now: Int64) -> Bool {
        if let untimed = self.expectations.firstIndex(where: { $0.slot == slot && $0.due == .max }) {
            self.expectations[untimed].isDerived = isDerived
            self.setDeadline(untimed, length, now)
            return true
        }
        guard self.expectations.count < Self.maxExpectations else { return false }
        self.slots[slot].expected += 1
        self.expectations.append(Expectation(due: .max, length: 0, slot: UInt8(slot), isDerived: isDerived))
        self.setDeadline(self.expectations.count - 1, length, now)
        return true
    }

    /// Of an action that is expected by invalid declarations alone, one acknowledgement is no drift, whenever it comes.
    /// False when there is no room.
    private mutating func expectSometime(_ slot: Int) -> Bool {
        guard self.slots[slot].expected == 0 else { return true }
        guard self.expectations.count < Self.maxExpectations else { return false }
        self.slots[slot].expected = 1
        self.expectations.append(Expectation(due: .max, length: 0, slot: UInt8(slot), isDerived: false))
        return true
    }

    /// The clock of a paused run stands where it stood.
    private mutating func setDeadline(_ index: Int, _ length: Int64, _ now: Int64) {
        self.expectations[index].length = length
        self.expectations[index].due = min(now, self.pausedAt) &+ length
    }

    private static func length(_ deadline: Duration?) -> Int64? {
        guard let deadline, deadline > .zero else { return nil }
        return max(1, min(deadline, .microseconds(Int64(Self.longestDeadline))).wholeMicroseconds)
    }

    // MARK: Acknowledgements

    private mutating func acknowledge(
        _ ack: Acknowledgement,
        _ now: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) -> ContractRefusal? {
        guard ack.action.hasUsableNames else { return .badName }
        guard let slot = self.slot(of: ack.action), self.hasRoom(forEnd: self.slots[slot].isEnd) else {
            return .tooManyAcknowledgements
        }
        let before = self.slots[slot]
        // How a run ended is its own business: its end is acknowledged.
        let isFailure = ack.isFailure && !before.isEnd
        // A rollback and what it undoes often have the same id, and so has a success after a failure.
        guard self.isNew(ack.id, of: ack.action, ack.status == .rolledBack ? 3 : isFailure ? 2 : 1) else { return nil }
        self.acknowledgements += 1
        switch ack.status {
        case .rolledBack: self.slots[slot].rolledBack += 1
        case _ where isFailure: self.slots[slot].failed += 1
        case .success, .failed: self.slots[slot].succeeded += 1
        }
        if before.isEnd { self.hasEnded = true }
        if isFailure {
            self.tellFailed(ack, slot, now, surroundings, &actions)
        }
        self.settle(slot, from: before, now, surroundings, &actions)
        return nil
    }

    /// The end of a run finds room when nothing else does: without it, the run would be called stale.
    private func hasRoom(forEnd isEnd: Bool) -> Bool {
        self.acknowledgements < Self.maxAcknowledgements + (isEnd ? 16 : 0)
    }

    /// Takes back what the acknowledgement that came last has settled.
    private mutating func settle(
        _ index: Int,
        from before: Slot,
        _ now: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) {
        let slot = self.slots[index]
        guard slot.outstanding < before.outstanding else { return }
        self.tellLate(index, answer: before.answers, now, surroundings, &actions)
        if slot.isEnd {
            if self.slots.allSatisfy({ !$0.isEnd || $0.outstanding == 0 }) { self.endStaleness(&actions) }
        } else if self.slots.allSatisfy({ $0.isEnd || $0.outstanding == 0 }) {
            self.resolveMissing(&actions)
        }
    }

    private mutating func endStaleness(_ actions: inout [ContractAction]) {
        switch self.staleness {
        case .no, .resolved: break
        case .asked:
            self.staleness = .no
            self.askedUntil = .max
        case .told:
            self.staleness = .resolved
            self.resolveStale(&actions)
        }
    }

    /// Whether an action has failed depends on how often it is expected, too, which may be told later than either.
    private mutating func settleFailures(_ actions: inout [ContractAction]) {
        for index in self.slots.indices where self.slots[index].toldFailed != self.slots[index].hasFailed {
            let slot = self.slots[index]
            self.slots[index].toldFailed = slot.hasFailed
            if slot.hasFailed {
                self.raiseFailure(.failed, slot.action, "\(slot.action) has failed before", &actions)
            } else {
                self.resolveFailed(slot.action, &actions)
            }
        }
    }

    private mutating func armDriftChecks(_ now: Int64) {
        guard self.hasContract else { return }
        for index in self.slots.indices
        where self.slots[index].driftCheck == .max && self.slots[index].excess > self.slots[index].toldDrift {
            self.slots[index].driftCheck = now &+ max(1, self.terms.driftPatience)
        }
    }

    private mutating func checkDrift(
        at due: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) {
        var pairs: [(AuditedAction, Int)] = []
        for index in self.slots.indices where self.slots[index].driftCheck <= due {
            let slot = self.slots[index]
            self.slots[index].driftCheck = .max
            guard slot.excess > slot.toldDrift else { continue }
            self.slots[index].toldDrift = slot.excess
            pairs.append((slot.action, Int(slot.excess - slot.toldDrift)))
        }
        if !pairs.isEmpty { self.tellDrift(pairs, at: due, surroundings, &actions) }
    }

    // MARK: Time

    private mutating func passDeadlines(
        at due: Int64,
        noticed now: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) {
        guard self.pausedAt == .max else { return }
        var missing: [Int] = []
        for index in self.expectations.indices
        where !self.expectations[index].isPassed && self.expectations[index].due <= due {
            self.expectations[index].isPassed = true
            let slot = Int(self.expectations[index].slot)
            self.slots[slot].passed += 1
            guard self.slots[slot].passed > self.slots[slot].answers else { continue }
            if !self.slots[slot].isEnd {
                missing.append(index)
            } else if self.staleness == .no {
                self.staleness = .asked
                // The answer takes its time from when the question is asked, not from when it could have been.
                self.askedUntil = now &+ self.terms.truthPatience
                if self.terms.truthPatience > 0 { actions.append(.readTruth(runID: self.runID)) }
            }
        }
        if !missing.isEmpty { self.tellMissing(missing, at: due, surroundings, &actions) }
        if self.staleness == .asked, self.terms.truthPatience == 0 {
            self.tellStale(surroundings, doubt: nil, &actions)
        }
    }

    /// Moves what is not over by the time that the clock stood still.
    private mutating func resume(at now: Int64) {
        guard self.pausedAt != .max else { return }
        let pause = now &- self.pausedAt
        self.pausedAt = .max
        for index in self.expectations.indices
        where !self.expectations[index].isPassed && self.expectations[index].due != .max {
            self.expectations[index].due &+= pause
        }
    }

    /// The end may come a whole length after the last sign of life. A run that is asked about is open again.
    private mutating func extendEnd(_ now: Int64) {
        let base = min(now, self.pausedAt)
        for index in self.expectations.indices where self.expectations[index].due != .max {
            let slot = Int(self.expectations[index].slot)
            guard self.slots[slot].isEnd else { continue }
            if self.expectations[index].isPassed {
                guard self.staleness == .asked, self.slots[slot].outstanding > 0 else { continue }
                self.expectations[index].isPassed = false
                self.slots[slot].passed -= 1
                self.expectations[index].due = base &+ self.expectations[index].length
            } else {
                let due = base &+ self.expectations[index].length
                self.expectations[index].due = max(self.expectations[index].due, due)
            }
        }
        guard self.staleness == .asked, self.slots.allSatisfy({ !$0.isEnd || $0.outstanding == 0 }) else { return }
        self.staleness = .no
        self.askedUntil = .max
    }

    private mutating func learn(
        _ truth: RunTruth,
        _ now: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) -> ContractRefusal? {
        guard self.staleness == .asked else { return nil }
        switch truth {
        case .open:
            self.tellStale(surroundings, doubt: nil, &actions)
        case .unreadable:
            self.tellStale(surroundings, doubt: Self.unreadable, &actions)
        case .finalized(let ack, let at):
            // An end that came in time was not late, only unheard of: its deadline has not passed unanswered.
            if let passed = self.expectations.indices.last(where: {
                self.expectations[$0].isPassed && self.slots[Int(self.expectations[$0].slot)].isEnd
            }), surroundings.clock.reading(self.expectations[passed].due) > at {
                let slot = Int(self.expectations[passed].slot)
                self.expectations[passed].isPassed = false
                self.slots[slot].passed -= 1
                self.endStaleness(&actions)
            }
            return self.acknowledge(ack, now, surroundings, &actions)
        }
        return nil
    }
}

extension AuditedAction {
    var hasUsableNames: Bool {
        self.domain.utf8.count <= RunContract.maxNameBytes && self.action.utf8.count <= RunContract.maxNameBytes
            && !self.domain.isEmpty && !self.action.isEmpty
    }
}
