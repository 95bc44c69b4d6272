import Delivery
import Events
import Logging
import Reactions
import Synchronization

extension DeliveryLine {
    /// Makes one attempt, and writes down what came of it. When the task is cancelled in between nothing is written: the
    /// claim lapses, and somebody else makes the attempt again.
    ///
    /// - Parameter disabled: what the receiver has said when it said that it is no more.
    func deliver(_ claim: DeliveryClaim, _ start: Start, _ disabled: String?) async {
        let way = start.way
        defer { self.end(claim, start) }
        await start.before?.wait()
        if claim.isTakenOver { self.counts.tookOver() }
        var outcome: AttemptOutcome?
        defer { if way != nil { self.receivers.end(claim.receiver, outcome, at: self.time.now) } }
        let ending: DeliveryEnding
        if let way, let notification = claim.notification, disabled == nil || claim.isForced {
            var progress = DeliveryProgress(
                claimed: claim.deliveryID,
                receiver: claim.receiver,
                attempt: claim.attempt,
                failures: claim.failures,
                isTakenOver: claim.isTakenOver,
                lastReason: claim.lastReason
            )
            var random = self.random
            let begun = progress.handle(.due, at: self.time.now, policy: way.policy, using: &random)
            if case .send = begun.first {
                do {
                    outcome = try await self.attempt(notification, way)
                } catch {
                    return self.logger.info("attempt was broken off", metadata: self.metadata(claim))
                }
                let now = self.time.now
                let actions = progress.handle(
                    .ended(outcome ?? .delivered),
                    at: now,
                    policy: way.policy,
                    using: &random
                )
                ending = Self.ending(actions, claim, outcome, fingerprint: way.fingerprint, at: now)
            } else {
                ending = Self.ending(begun, claim, nil, fingerprint: way.fingerprint, at: self.time.now)
            }
        } else if way == nil {
            ending = .dead(reason: "no receiver of this name is configured")
        } else if claim.notification == nil {
            ending = .dead(reason: "the message is kept in a form that is not known here")
        } else {
            ending = .dead(reason: "the receiver is disabled: \(disabled ?? "")")
        }
        await self.write(claim, ending)
    }

    private func attempt(
        _ notification: AlertNotification,
        _ way: ReceiverSet.Way
    ) async throws -> AttemptOutcome {
        let start = self.clock.monotonic()
        let outcome = try await way.sink.attempt(notification, at: self.clock.wall())
        self.counts.attempted(seconds: Double(self.clock.monotonic() &- start) / 1e9)
        return outcome
    }

    private static func ending(
        _ actions: [DeliveryProgress.Action],
        _ claim: DeliveryClaim,
        _ outcome: AttemptOutcome?,
        fingerprint: String,
        at now: Timestamp
    ) -> DeliveryEnding {
        var ending = DeliveryEnding.dead(reason: "no attempt could be made")
        for action in actions {
            switch action {
            case .finish(.delivered): ending = .delivered
            case .finish(.dead(let reason, _)), .finish(.split(let reason, _)): ending = .dead(reason: reason)
            case .wake(let due): ending = .retry(reason: outcome?.reason ?? "no reason is known", after: due - now)
            case .disableReceiver(let reason): ending = .dead(reason: reason, disables: fingerprint)
            case .send, .finish: break
            }
        }
        return ending
    }

    /// Tries until it is written: what was sent and is not on record is sent again.
    private func write(_ claim: DeliveryClaim, _ ending: DeliveryEnding) async {
        var pause = Duration.milliseconds(20)
        while true {
            do {
                try await self.outbox.finish(claim, ending)
                self.note(claim, ending)
                return self.tell(claim, ending)
            } catch {
                guard !Task.isCancelled else { return }
                self.failed(error)
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(500))
            }
        }
    }

    private func note(_ claim: DeliveryClaim, _ ending: DeliveryEnding) {
        guard let kind = self.receivers.kind(claim.receiver) else { return }
        self.record(
            HistoryRow.attempt(
                claim,
                ending,
                kind: kind,
                instance: self.receivers.instance,
                at: self.clock.wall()
            )
        )
    }

    private func tell(_ claim: DeliveryClaim, _ ending: DeliveryEnding) {
        // What lasts is dated by its server.
        let now = self.outbox.isLasting ? self.clock.wall() : self.time.now
        let seconds = (now - claim.createdAt).inSeconds
        switch ending {
        case .delivered:
            self.counts.ended(claim.receiver, .delivered, after: seconds)
            self.logger.debug("message was delivered", metadata: self.metadata(claim))
        case .retry(let reason, let after):
            self.counts.ended(claim.receiver, .retried, after: seconds)
            self.logger.warning(
                "message was not delivered",
                metadata: self.metadata(claim, ["reason": "\(reason)", "again_in_s": "\(after.inSeconds)"])
            )
        case .dead(let reason, let disables):
            self.counts.ended(claim.receiver, .dead, after: seconds)
            self.logger.error("message is a dead letter", metadata: self.metadata(claim, ["reason": "\(reason)"]))
            if disables != nil {
                self.logger.error(
                    "receiver is disabled until its configuration changes",
                    metadata: ["receiver": "\(claim.receiver)", "reason": "\(reason)"]
                )
            }
        }
    }

    /// Only worked out for lines that are written.
    private func metadata(_ claim: DeliveryClaim, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        let own: Logger.Metadata = [
            "delivery_id": "\(claim.deliveryID)", "receiver": "\(claim.receiver)", "attempt": "\(claim.attempt)",
        ]
        return own.merging(more) { $1 }
    }
}
