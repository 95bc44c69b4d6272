import NIOCore

// The life of one link: opened, connected, confirmed, read from, ended.
extension SubscriptionSupervisor {
    mutating func openPrimary(at now: NIODeadline) {
        let link = self.nextLink(at: now)
        self.retryAt = nil
        self.primary = link
        self.actions.append(.open(link.id, .deliver))
    }

    mutating func openSuccessor(at now: NIODeadline) {
        let link = self.nextLink(at: now)
        self.retryAt = nil
        self.successor = link
        self.actions.append(.open(link.id, .keep))
    }

    mutating func connected(_ id: LinkID, at now: NIODeadline) {
        let deadline = now + TimeAmount(self.settings.confirmDeadline)
        let isKnown = self.change(id) { link in
            link.stage = .confirming
            link.deadline = deadline
            _ = link.liveness.received(at: now)
        }
        if isKnown { self.actions.append(.subscribe(id)) }
    }

    mutating func received(_ id: LinkID, drained: Bool, at now: NIODeadline) {
        if self.primary?.id == id {
            self.primary?.horizon.read(at: now, drained: drained)
            self.handover?.receivedOnOldLink(at: now)
            guard case .recovered(let silence)? = self.primary?.liveness.received(at: now) else { return }
            if self.suspicion?.cause == .silent { self.report(.recovered(after: Duration(silence))) }
        } else if self.successor?.id == id {
            self.successor?.horizon.read(at: now, drained: drained)
            self.handover?.receivedOnSuccessor(at: now)
            _ = self.successor?.liveness.received(at: now)
        }
    }

    /// The link of which a read shows only that it lives; nil while something is under way that any read may decide.
    var linkAtEase: LinkID? {
        guard case .running = self.phase, let primary = self.primary, self.successor == nil, self.handover == nil,
            self.suspicion == nil, self.skipping == nil, primary.confirmedAt != nil, primary.liveness.isQuiet
        else { return nil }
        return primary.id
    }

    /// What `received` comes to for the link at ease: nothing is to be done, and no deadline comes nearer, so that the
    /// timer may stay as it is.
    mutating func receivedAtEase(drained: Bool, at now: NIODeadline) {
        self.primary?.horizon.read(at: now, drained: drained)
        _ = self.primary?.liveness.received(at: now)
    }

    /// Until when everything that was published has been read, as far as the link in use can tell: a dead one says
    /// nothing any more. The end of time when there is no link to go by, which is reported in another way.
    var heardUntil: NIODeadline {
        guard case .running = self.phase, let primary = self.primary, primary.confirmedAt != nil, self.suspicion == nil
        else { return .distantFuture }
        return primary.liveness.lastByteAt
    }

    /// Asks the server unless it has spoken since, or was asked already.
    mutating func doubted(since: NIODeadline, at now: NIODeadline) {
        guard self.heardUntil < since, let id = self.primary?.id, self.primary?.liveness.ask(at: now) == true else {
            return
        }
        self.actions.append(.ping(id, self.nextNumber()))
    }

    mutating func confirmed(_ id: LinkID, _ name: [UInt8], _ isPattern: Bool, at now: NIODeadline) {
        guard case .running = self.phase else { return }
        var isComplete = false
        _ = self.change(id) { link in
            guard link.stage == .confirming else { return }
            isComplete = link.confirmations.confirm(name, isPattern: isPattern)
            guard isComplete else { return }
            link.stage = .confirmed(at: now)
            link.deadline = nil
        }
        guard isComplete else { return }
        if self.primary?.id == id {
            self.primaryConfirmed(at: now)
        } else {
            self.successorConfirmed(at: now)
        }
    }

    private mutating func primaryConfirmed(at now: NIODeadline) {
        self.report(.subscribed)
        if let blindness = self.blindness {
            self.blindness = nil
            self.measure(blindness.evidence, from: blindness.start, to: now)
        }
        self.publishProbe(at: now)
    }

    /// Has a probe measure a window that is over.
    ///
    /// - Parameter probe: the first one that was published after its end; the next one when left out.
    mutating func measure(
        _ evidence: BlindEvidence,
        from start: NIODeadline,
        to end: NIODeadline,
        by probe: UInt64? = nil
    ) {
        let window = LossAssessment.OpenWindow(start: start, end: end, evidence: evidence)
        if let superseded = self.assessment.opened(window, nextProbe: probe ?? self.upcomingNumber) {
            self.report(.blindWindow(superseded))
        }
    }

    mutating func ended(_ id: LinkID, _ end: LinkEnd, at now: NIODeadline) {
        if self.primary?.id == id {
            self.primaryEnded(end, at: now)
        } else if self.successor?.id == id {
            self.dropSuccessor()
            self.report(.attemptFailed(end))
            self.retryAt = now + self.retry.nextPause(after: end)
        }
    }

    private mutating func primaryEnded(_ end: LinkEnd, at now: NIODeadline) {
        guard let link = self.primary else { return }
        if case .stopping = self.phase { return self.finish(at: now) }
        if let action = self.handover?.oldLinkEnded(), case .releaseEverything = action {
            return self.takeOver(.fromFirstMessage, evidence: self.evidence(end, at: now), at: now)
        }
        self.primary = nil
        self.nextProbeAt = nil
        if link.confirmedAt == nil {
            self.attemptFailed(end)
        } else {
            let start = self.skipping?.since ?? link.horizon.horizon(endedAt: now)
            self.blindness = Blindness(start: start, evidence: self.evidence(end, at: now))
            self.report(.lost(end))
        }
        self.skipping = nil
        self.suspicion = nil
        self.replaceEndedPrimary(after: end, at: now)
    }

    /// A successor on its way becomes the primary; without one the next attempt is due after a pause.
    private mutating func replaceEndedPrimary(after end: LinkEnd, at now: NIODeadline) {
        if let successor = self.successor {
            self.actions.append(.release(successor.id, fromMark: false))
            self.primary = successor
            self.successor = nil
        } else {
            self.retryAt = now + self.retry.nextPause(after: end)
        }
    }

    /// Nobody was subscribed and the attempt to change that failed.
    private mutating func attemptFailed(_ end: LinkEnd) {
        switch end {
        case .connectionRefused: self.blindness?.evidence.wasRefused = true
        case .refused(let error): self.blindness?.evidence.wasForbidden = error.needsOperator
        case .closed, .broken, .silent, .deaf, .connectFailed, .protocolViolation: break
        }
        self.report(.attemptFailed(end))
    }

    /// What the end of a link shows by itself.
    func evidence(_ end: LinkEnd, at now: NIODeadline) -> BlindEvidence {
        BlindEvidence(end: end, ownStall: self.lag.recentStall(at: now))
    }

    /// Changes the link with this number.
    ///
    /// - Returns: false when there is none any more.
    mutating func change(_ id: LinkID, _ body: (inout SupervisedLink) -> Void) -> Bool {
        if self.primary?.id == id {
            body(&self.primary!)
        } else if self.successor?.id == id {
            body(&self.successor!)
        } else {
            return false
        }
        return true
    }
}
