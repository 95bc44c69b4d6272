import NIOCore

// Proof of the whole way: what is published comes back on the subscription.
extension SubscriptionSupervisor {
    mutating func publishProbe(at now: NIODeadline) {
        guard case .running = self.phase, self.primary?.confirmedAt != nil else { return }
        let number = self.nextNumber()
        self.primary?.probes.published(number, at: now)
        self.assessment.published(number, at: now)
        self.nextProbeAt = now + TimeAmount(self.settings.probeInterval)
        self.actions.append(.publishProbe(number))
    }

    /// The server executed one of our publishes.
    mutating func published(_ number: UInt64, _ receivers: Int, _ reading: LossAssessment.Reading?) {
        let lastIssued = self.upcomingNumber - 1
        self.primary?.probes.accepted(number, receivers: receivers, lastIssued: lastIssued)
        self.assessment.accepted(number)
        if let measured = self.assessment.replied(number, reading) { self.report(.blindWindow(measured)) }
        self.answered(number)
    }

    /// The probe that proved the link is answered as well, or will never be: a window that begins from here on has a
    /// count to be measured from.
    private mutating func answered(_ number: UInt64) {
        guard let proof = self.primary?.unansweredProof, proof.number <= number else { return }
        self.primary?.unansweredProof = nil
        self.report(.ready(roundTrip: Duration(proof.roundTrip)))
    }

    mutating func publishFailed(_ number: UInt64, _ error: RedisError, at now: NIODeadline) {
        if let marker = self.marker, number >= marker, self.handover != nil, self.markerRetryAt == nil {
            self.markerRetryAt = now + TimeAmount(self.settings.markerRetry)
        }
        self.assessment.failed(number)
        self.answered(number)
        guard self.primary?.probes.failed(number) == true else { return }
        self.report(.probeFailed(error))
    }

    mutating func probeReturned(_ id: LinkID, _ number: UInt64, _ tally: DeliveryTally, at now: NIODeadline) {
        // Only what the primary delivers counts: a successor's messages are kept and not counted yet.
        guard self.primary?.id == id, self.skipping == nil else { return }
        let wasAnswered = self.primary?.probes.isAccepted(number) == true
        self.noticeLoss(before: number, measuredBy: number, at: now)
        let roundTrip = self.primary?.probes.returned(number, at: now)
        if let measured = self.assessment.returned(number, tally: tally) { self.report(.blindWindow(measured)) }
        guard let roundTrip else { return }
        self.retry.succeeded()
        if self.primary?.isProven == false {
            self.primary?.isProven = true
            self.primary?.unansweredProof = .init(number: number, roundTrip: roundTrip)
            if wasAnswered { self.answered(number) }
        } else {
            self.report(.probe(roundTrip: Duration(roundTrip)))
        }
        if let suspicion = self.suspicion, suspicion.cause == .deaf {
            self.report(.recovered(after: Duration(now - suspicion.since)))
        }
    }

    /// A probe or a marker came back on the primary: if earlier ones did not, it was deaf for a while, and is no more.
    ///
    /// - Parameter measuredBy: the number of the first probe that can measure what was missed.
    mutating func noticeLoss(before number: UInt64, measuredBy probe: UInt64, at now: NIODeadline) {
        guard let start = self.primary?.lastProofAt, self.primary?.probes.settle(before: number) == true else { return }
        self.measure(self.evidence(.deaf, at: now), from: start, to: now, by: probe)
    }
}
