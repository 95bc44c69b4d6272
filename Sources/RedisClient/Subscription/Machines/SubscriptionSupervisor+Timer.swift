import NIOCore

// Everything that happens because time passes. There is one timer for all of it.
extension SubscriptionSupervisor {
    /// When the timer must fire. Asked for after every input.
    ///
    /// - Returns: a time to arm the timer for; nil when the one it is armed for is early enough.
    mutating func armTimer() -> NIODeadline? {
        guard let deadline = self.nextDeadline else { return nil }
        if let armedFor = self.lag.armedFor, armedFor <= deadline { return nil }
        self.lag.arm(for: deadline)
        return deadline
    }

    private var nextDeadline: NIODeadline? {
        switch self.phase {
        case .idle: return nil
        case .stopping(let deadline): return deadline
        case .running: break
        }
        var earliest: NIODeadline?
        func consider(_ deadline: NIODeadline?) {
            guard let deadline else { return }
            earliest = min(earliest ?? deadline, deadline)
        }
        consider(self.retryAt)
        consider(self.nextProbeAt)
        consider(self.markerDeadline)
        consider(self.markerRetryAt)
        consider(self.handover?.nextDeadline)
        for link in [self.primary, self.successor] {
            guard let link else { continue }
            consider(link.deadline)
            if link.confirmedAt != nil { consider(link.liveness.nextDeadline) }
            consider(link.probes.nextDeadline)
        }
        return earliest
    }

    mutating func tick(at now: NIODeadline) {
        let stalled = self.lag.fired(at: now)
        if self.lag.isReported(stalled) { self.report(.ownStall(Duration(stalled))) }
        if case .stopping(let deadline) = self.phase {
            if deadline <= now { self.finish(at: now) }
            return
        }
        guard case .running = self.phase else { return }
        self.tickStages(at: now, stalled: stalled)
        self.tickLiveness(at: now, stalled: stalled)
        self.tickProbes(at: now, stalled: stalled)
        self.tickHandover(at: now, stalled: stalled)
        self.tickRetry(at: now)
    }

    /// Connecting and confirming take too long.
    private mutating func tickStages(at now: NIODeadline, stalled: TimeAmount) {
        for link in [self.primary, self.successor] {
            guard let link, let deadline = link.deadline, deadline <= now else { continue }
            if stalled > .zero {
                _ = self.change(link.id) { $0.deadline = now + stalled }
                continue
            }
            let what = link.stage == .connecting ? "no connection" : "SUBSCRIBE was not confirmed"
            self.actions.append(.close(link.id))
            self.ended(link.id, .connectFailed(RedisError(.timedOut, "\(what) in time")), at: now)
        }
    }

    private mutating func tickLiveness(at now: NIODeadline, stalled: TimeAmount) {
        if self.primary?.confirmedAt != nil, let id = self.primary?.id {
            switch self.primary?.liveness.tick(at: now, stalled: stalled) {
            case .ping?: self.actions.append(.ping(id, self.nextNumber()))
            case .suspect?: self.suspect(.silent, at: now)
            case .some(.none), nil: break
            }
        }
        if self.successor?.confirmedAt != nil, let id = self.successor?.id {
            // Its silence is no news: nothing better can be opened meanwhile. But it must be asked.
            if self.successor?.liveness.tick(at: now, stalled: stalled) == .ping {
                self.actions.append(.ping(id, self.nextNumber()))
            }
        }
    }

    private mutating func tickProbes(at now: NIODeadline, stalled: TimeAmount) {
        if let age = self.primary?.probes.overdue(at: now, stalled: stalled) {
            self.report(.probeOverdue(age: Duration(age)))
            self.suspect(.deaf, at: now)
        }
        if let due = self.nextProbeAt, due <= now { self.publishProbe(at: now) }
    }

    private mutating func tickHandover(at now: NIODeadline, stalled: TimeAmount) {
        if let action = self.handover?.tick(at: now, stalled: stalled) { self.perform(action, at: now) }
        if let retryAt = self.markerRetryAt, retryAt <= now { self.publishMarker() }
        guard let deadline = self.markerDeadline, deadline <= now, let successor = self.successor else { return }
        // What is published does not arrive there either. The old link stays, and another successor is tried.
        self.actions.append(.close(successor.id))
        self.ended(successor.id, .deaf, at: now)
    }

    private mutating func tickRetry(at now: NIODeadline) {
        guard let retryAt = self.retryAt, retryAt <= now else { return }
        self.retryAt = nil
        if self.primary == nil {
            self.openPrimary(at: now)
        } else if self.suspicion != nil, self.successor == nil {
            self.openSuccessor(at: now)
        }
    }
}
