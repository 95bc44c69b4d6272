package import Events

/// Spares a receiver that does not answer: after some failures in a row nothing is sent for a while, then one delivery
/// is let through to see. Held deliveries lose no attempt.
package struct CircuitBreaker: Sendable, Hashable {
    package struct Settings: Sendable, Hashable {
        /// Failures in a row that open it.
        package var failures: Int
        /// How long it stays open the first time; each probe that fails doubles it.
        package var pause: Duration
        package var longestPause: Duration
        /// A probe that has not ended by then is taken for lost.
        package var probeTime: Duration

        package init(
            failures: Int = 5,
            pause: Duration = .seconds(10),
            longestPause: Duration = .seconds(600),
            probeTime: Duration = .seconds(60)
        ) {
            self.failures = failures
            self.pause = pause
            self.longestPause = longestPause
            self.probeTime = probeTime
        }
    }

    package enum State: Sendable, Hashable {
        /// All is well; so many failures in a row.
        case closed(failures: Int)
        /// Nothing goes out until then.
        case open(until: Timestamp)
        /// One delivery is on its way to see.
        case halfOpen(probeSince: Timestamp)

        package var name: String {
            switch self {
            case .closed: "closed"
            case .open: "open"
            case .halfOpen: "half_open"
            }
        }
    }

    package enum Admission: Sendable, Hashable {
        case go
        /// Go, and everything depends on it.
        case probe
        case wait(until: Timestamp)
    }

    package let settings: Settings
    package private(set) var state: State = .closed(failures: 0)
    private var pause: Duration

    package init(_ settings: Settings = Settings()) {
        self.settings = settings
        self.pause = settings.pause
    }

    /// Whether a delivery may go out now. A probe that was let through has to be reported.
    package mutating func admit(at now: Timestamp) -> Admission {
        switch self.state {
        case .closed:
            return .go
        case .open(let until):
            guard until <= now else { return .wait(until: until) }
        case .halfOpen(let since):
            guard since + self.settings.probeTime <= now else { return .wait(until: since + self.settings.probeTime) }
        }
        self.state = .halfOpen(probeSince: now)
        return .probe
    }

    /// An attempt that was admitted has ended. `retryAfter`: the receiver asked everybody to stay away so long.
    package mutating func report(_ outcome: AttemptOutcome, at now: Timestamp) {
        if outcome.showsLife {
            self.state = .closed(failures: 0)
            self.pause = self.settings.pause
            return
        }
        var asked: Duration?
        if case .retry(_, let after, _) = outcome { asked = after }
        switch self.state {
        case .closed(let failures):
            if failures + 1 >= self.settings.failures {
                self.open(asked, at: now)
            } else {
                self.state = .closed(failures: failures + 1)
            }
        case .halfOpen:
            self.pause = min(self.pause * 2, self.settings.longestPause)
            self.open(asked, at: now)
        case .open(let until):
            // An attempt that was under way when it opened: no news, unless it asks for more time.
            if let asked { self.state = .open(until: max(until, now + self.bounded(asked))) }
        }
    }

    private mutating func open(_ asked: Duration?, at now: Timestamp) {
        self.state = .open(until: now + max(self.pause, self.bounded(asked ?? .zero)))
    }

    private func bounded(_ asked: Duration) -> Duration { min(asked, self.settings.longestPause) }
}
