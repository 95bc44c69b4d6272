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
        self.primary?.probes.accepted(number, receivers: receivers)
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
}
