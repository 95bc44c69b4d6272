import NIOCore

// Make before break: a suspect primary, its successor, and the cut between them.
extension SubscriptionSupervisor {
    mutating func suspect(_ cause: SuspectCause, at now: NIODeadline) {
        guard case .running = self.phase, self.suspicion == nil, let link = self.primary else { return }
        self.suspicion = Suspicion(cause: cause, since: now)
        self.report(.suspect(cause, lastByte: link.liveness.lastByteAt))
        if self.successor == nil, self.retryAt == nil { self.openSuccessor(at: now) }
    }

    mutating func successorConfirmed(at now: NIODeadline) {
        guard let old = self.primary, let successor = self.successor else { return }
        self.handover = Handover(
            confirmedAt: now,
            oldLastByteAt: old.liveness.lastByteAt,
            patience: TimeAmount(self.settings.handoverPatience)
        )
        self.successor?.waitedForServer =
            now - successor.openedAt >= TimeAmount(self.settings.pongDeadline)
        self.markerDeadline = now + TimeAmount(self.settings.markerDeadline)
        self.publishMarker()
    }

    mutating func publishMarker() {
        let number = self.nextNumber()
        self.marker = self.marker ?? number
        self.markerRetryAt = nil
        self.assessment.issued(number)
        self.actions.append(.publishMarker(number))
    }

    mutating func markerReturned(_ id: LinkID, _ number: UInt64, at now: NIODeadline) {
        self.assessment.accepted(number)
        if self.primary?.id == id, let skipping = self.skipping, number >= skipping.marker {
            self.skipping = nil
            self.actions.append(.deliver(id))
            self.cutIsExact(skipping.suspicion, at: now)
        }
        if self.primary?.id == id { self.noticeLoss(before: number, measuredBy: self.upcomingNumber, at: now) }
        guard let marker = self.marker, number >= marker else { return }
        if self.primary?.id == id {
            self.perform(self.handover?.markerOnOldLink() ?? .none, at: now)
        } else if self.successor?.id == id {
            let ping = self.upcomingNumber
            let action = self.handover?.markerOnSuccessor(ping: ping) ?? .none
            if action == .pingOldLink { self.actions.append(.markKept(id)) }
            self.perform(action, at: now)
        }
    }

    mutating func pong(_ id: LinkID, _ number: UInt64, at now: NIODeadline) {
        guard self.primary?.id == id else { return }
        self.perform(self.handover?.pongOnOldLink(number) ?? .none, at: now)
    }

    mutating func keptIsFull(_ id: LinkID, at now: NIODeadline) {
        guard self.successor?.id == id else { return }
        let isDeaf = self.suspicion?.cause == .deaf
        self.perform(self.handover?.keptIsFull(oldLinkIsDeaf: isDeaf) ?? .none, at: now)
    }

    mutating func perform(_ action: Handover.Action, at now: NIODeadline) {
        switch action {
        case .none:
            break
        case .pingOldLink:
            if let old = self.primary { self.actions.append(.ping(old.id, self.nextNumber())) }
        case .pingSuccessor:
            if let successor = self.successor { self.actions.append(.ping(successor.id, self.nextNumber())) }
        case .switchAtMarkerOfSuccessor:
            self.switchAtMarker(at: now)
        case .releaseAfterMarker:
            self.takeOver(.exact, evidence: nil, at: now)
        case .releaseEverything(.ended):
            preconditionFailure("only the end of the old link leads here, and that is handled where it is noticed")
        case .releaseEverything(.silent):
            self.takeOver(.fromFirstMessage, evidence: self.evidence(.silent, at: now), at: now)
        case .releaseEverything(.deaf):
            self.takeOver(.fromFirstMessage, evidence: self.evidence(.deaf, at: now), at: now)
        }
    }

    /// The old link has delivered everything up to the marker. The successor is primary from now on, and its messages
    /// count from the marker on.
    private mutating func switchAtMarker(at now: NIODeadline) {
        guard let old = self.primary, let successor = self.successor, let marker = self.marker,
            let suspicion = self.suspicion
        else { return }
        self.actions.append(.close(old.id))
        self.actions.append(.skip(successor.id))
        self.promote(successor, at: now)
        self.skipping = Skipping(since: now, marker: marker, suspicion: suspicion)
    }

    /// The successor takes over.
    ///
    /// - Parameter evidence: of the old link's end, when the cut is not exact.
    mutating func takeOver(_ cut: Replacement.Cut, evidence: BlindEvidence?, at now: NIODeadline) {
        guard let old = self.primary, let successor = self.successor, let confirmedAt = successor.confirmedAt,
            let suspicion = self.suspicion
        else { return }
        let skippedSince = self.skipping?.since
        self.actions.append(.close(old.id))
        self.actions.append(.release(successor.id, fromMark: cut == .exact))
        self.promote(successor, at: now)
        guard var evidence, cut == .fromFirstMessage else { return self.cutIsExact(suspicion, at: now) }
        self.reportReplacement(suspicion, cut, at: now)
        evidence.successorWaited = successor.waitedForServer
        let start = skippedSince ?? Self.lastCertainty(of: old, evidence.end, at: now)
        if start < confirmedAt { self.measure(evidence, from: start, to: confirmedAt) }
        self.publishProbe(at: now)
    }

    /// Until when it is certain that the link delivered everything.
    private static func lastCertainty(of link: SupervisedLink, _ end: LinkEnd, at now: NIODeadline) -> NIODeadline {
        switch end {
        case .deaf: link.lastProofAt
        case .silent: link.liveness.lastByteAt
        default: link.horizon.horizon(endedAt: now)
        }
    }

    /// The successor delivered the marker, which was published like everything else: that proves it, too.
    private mutating func cutIsExact(_ suspicion: Suspicion, at now: NIODeadline) {
        self.primary?.isProven = true
        self.retry.succeeded()
        self.reportReplacement(suspicion, .exact, at: now)
        self.publishProbe(at: now)
    }

    private mutating func reportReplacement(_ suspicion: Suspicion, _ cut: Replacement.Cut, at now: NIODeadline) {
        let duration = Duration(now - suspicion.since)
        self.report(.replaced(Replacement(cause: suspicion.cause, cut: cut, duration: duration)))
    }

    private mutating func promote(_ successor: SupervisedLink, at now: NIODeadline) {
        var link = successor
        // It was confirmed while the other link was judged; its own silence is judged from now on.
        link.liveness = LinkLiveness(settings: self.settings, at: now)
        self.dropSuccessor()
        self.primary = link
        self.suspicion = nil
        self.skipping = nil
        self.nextProbeAt = nil
        self.retryAt = nil
    }

    mutating func dropSuccessor() {
        self.successor = nil
        self.handover = nil
        self.marker = nil
        self.markerDeadline = nil
        self.markerRetryAt = nil
    }
}
