package import Events

/// Where one delivery (one message to one receiver) stands: from the first attempt to `delivered` or `dead`.
///
/// The id stays the same over all attempts and replicas: receivers that know it take the message once.
package struct DeliveryProgress: Sendable, Hashable {
    package enum State: Sendable, Hashable {
        /// The next attempt is due then.
        case waiting(until: Timestamp)
        /// An attempt is on its way; without news by then it is taken for lost.
        case sending(until: Timestamp)
        case delivered(at: Timestamp)
        case dead(reason: String, at: Timestamp)
        /// Its parts are delivered on their own from now on.
        case split(reason: String, at: Timestamp)

        package var isFinal: Bool {
            switch self {
            case .waiting, .sending: false
            case .delivered, .dead, .split: true
            }
        }
    }

    package enum Input: Sendable, Hashable {
        /// Somebody is ready to send it.
        case due
        case ended(AttemptOutcome)
        /// The receiver is being spared until then; no attempt was made.
        case held(until: Timestamp)
    }

    package enum Action: Sendable, Hashable {
        /// - attempt: from 1.
        case send(attempt: Int)
        case wake(at: Timestamp)
        /// Once and last: delivered, dead or split.
        case finish(State)
        /// Nothing more should be sent to this receiver.
        case disableReceiver(reason: String)
    }

    package let id: String
    package let receiver: String
    package private(set) var state: State
    /// Attempts begun.
    package private(set) var attempts = 0
    /// Those of them that came to nothing. The pauses grow with these: an attempt whose sender died says nothing about the
    /// receiver.
    package private(set) var failures = 0
    /// What the last attempt that failed came to.
    package private(set) var lastReason: String?
    /// How long one attempt may take before it is taken for lost.
    package let lease: Duration

    package init(id: String, receiver: String, dueAt: Timestamp, lease: Duration = .seconds(60)) {
        self.id = id
        self.receiver = receiver
        self.state = .waiting(until: dueAt)
        self.lease = lease
    }

    /// Goes on with one that is kept elsewhere and was claimed for its next attempt.
    ///
    /// - Parameters:
    ///   - attempt: the number of that attempt, from 1.
    ///   - failures: how many of those before it came to nothing.
    ///   - isTakenOver: whether somebody else had begun the attempt before it, and never told what came of it.
    package init(
        claimed id: String,
        receiver: String,
        attempt: Int,
        failures: Int,
        isTakenOver: Bool,
        lastReason: String?
    ) {
        let past = Timestamp(microseconds: 0)
        self.init(id: id, receiver: receiver, dueAt: past)
        self.attempts = max(0, attempt - 1)
        self.failures = failures
        self.lastReason = lastReason
        if isTakenOver { self.state = .sending(until: past) }
    }

    package mutating func handle(
        _ input: Input,
        at now: Timestamp,
        policy: RetryPolicy,
        using random: inout some RandomNumberGenerator
    ) -> [Action] {
        switch (input, self.state) {
        case (_, .delivered), (_, .dead), (_, .split):
            return []
        case (.due, .waiting(let until)):
            return until <= now ? self.send(at: now, policy) : [.wake(at: until)]
        case (.due, .sending(let until)):
            guard until <= now else { return [.wake(at: until)] }
            self.lastReason = "nobody said what came of attempt \(self.attempts)"
            return self.send(at: now, policy)
        case (.held(let until), .waiting(let earlier)):
            let until = max(until, earlier)
            self.state = .waiting(until: until)
            return [.wake(at: until)]
        case (.held, .sending), (.ended, .waiting):
            // News of an attempt that was given up for lost, or of none: whoever sends now will tell.
            if case .ended(.delivered) = input { return self.finish(.delivered(at: now)) }
            return []
        case (.ended(let outcome), .sending):
            return self.end(outcome, at: now, policy, &random)
        }
    }

    private mutating func send(at now: Timestamp, _ policy: RetryPolicy) -> [Action] {
        guard self.attempts < policy.maxAttempts else {
            return self.finish(.dead(reason: self.givenUp, at: now))
        }
        self.attempts += 1
        self.state = .sending(until: now + self.lease)
        return [.send(attempt: self.attempts)]
    }

    private mutating func end(
        _ outcome: AttemptOutcome,
        at now: Timestamp,
        _ policy: RetryPolicy,
        _ random: inout some RandomNumberGenerator
    ) -> [Action] {
        self.lastReason = outcome.reason
        switch outcome {
        case .delivered:
            return self.finish(.delivered(at: now))
        case .dead(let reason):
            return self.finish(.dead(reason: reason, at: now))
        case .split(let reason):
            return self.finish(.split(reason: reason, at: now))
        case .gone(let reason):
            return self.finish(.dead(reason: reason, at: now)) + [.disableReceiver(reason: reason)]
        case .retry(_, let after, let slowDown):
            self.failures += 1
            let pause = policy.pause(
                afterFailure: self.failures,
                retryAfter: after,
                slowDown: slowDown,
                using: &random
            )
            guard let pause, self.attempts < policy.maxAttempts else {
                return self.finish(.dead(reason: self.givenUp, at: now))
            }
            self.state = .waiting(until: now + pause)
            return [.wake(at: now + pause)]
        }
    }

    private mutating func finish(_ state: State) -> [Action] {
        self.state = state
        return [.finish(state)]
    }

    private var givenUp: String {
        let times = self.attempts == 1 ? "1 attempt" : "\(self.attempts) attempts"
        return "given up after \(times): \(self.lastReason ?? "no reason is known")"
    }
}
