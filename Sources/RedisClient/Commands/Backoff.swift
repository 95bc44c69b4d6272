import NIOCore

/// How long to wait before the next attempt to connect: at once after a loss, then ever longer.
///
/// The waits grow slowly, so that the wait is always about a tenth of how long the server has been away: a
/// server that restarts within two seconds is found again within 250 ms of its return, and one that stays away is
/// asked every two seconds. Each wait is spread at random, so that many clients do not come back in one instant.
package struct Backoff: Sendable, Equatable {
    package struct Settings: Sendable, Equatable {
        /// The first attempt after a loss waits between nothing and this long.
        package var firstAttempt: Duration = .milliseconds(20)
        /// Upper bound of the second wait.
        package var shortest: Duration = .milliseconds(50)
        /// Upper bound of every wait.
        package var longest: Duration = .seconds(2)
        /// Growth from one wait to the next.
        package var factor: Double = 1.06

        package init() {}
    }

    private let settings: Settings
    private var failures = 0
    private var bound: Duration

    package init(settings: Settings = Settings()) {
        self.settings = settings
        self.bound = settings.shortest
    }

    /// Attempts since the last success.
    package var attempts: Int { self.failures }

    /// A connection is up and useful: the next loss is answered at once.
    package mutating func reset() {
        self = Backoff(settings: self.settings)
    }

    /// The wait before the next attempt.
    ///
    /// - Parameter needsOperator: the last attempt failed for a reason that only a person can change (a wrong password,
    ///   a bad certificate); the wait is then the longest one, not to flood the server's log.
    package mutating func next(
        needsOperator: Bool = false,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        self.failures += 1
        guard !needsOperator else { return Self.spread(self.settings.longest, from: 0.5, using: &random) }
        guard self.failures > 1 else { return Self.spread(self.settings.firstAttempt, from: 0, using: &random) }
        let wait = Self.spread(self.bound, from: 0.5, using: &random)
        self.bound = min(self.bound * self.settings.factor, self.settings.longest)
        return wait
    }

    private static func spread(
        _ bound: Duration,
        from least: Double,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        bound * Double.random(in: least...1, using: &random)
    }
}

/// The pauses of somebody who tries again to reach a server: often where an attempt costs next to nothing, so that the
/// server's return is seen early however long it was away; ever more seldom where it does not.
package struct RetryPauses: Sendable {
    /// Longest pause while connections are refused or the server is loading its data: asking a port that nobody listens on
    /// costs next to nothing, and the server's return must be seen within 250 ms.
    package static let defaultCeiling = Duration.milliseconds(150)
    /// An attempt that fails this quickly was refused by somebody, or led nowhere to begin with.
    private static let atOnce = TimeAmount.milliseconds(100)

    private var slow: Backoff
    private var cheap: Backoff

    /// - Parameter ceiling: Longest pause after an attempt that cost next to nothing.
    package init(settings: Backoff.Settings, ceiling: Duration) {
        self.slow = Backoff(settings: settings)
        var often = settings
        often.longest = min(often.longest, ceiling)
        self.cheap = Backoff(settings: often)
    }

    /// Attempts since the last success.
    package var attempts: Int { self.slow.attempts }

    /// A success: the next loss is a new one.
    package mutating func reset() {
        self.slow.reset()
        self.cheap.reset()
    }

    /// - Parameters:
    ///   - isCheap: Whether another attempt soon costs nobody anything.
    ///   - needsOperator: as for `Backoff`.
    package mutating func next(
        isCheap: Bool,
        needsOperator: Bool,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        let slow = self.slow.next(needsOperator: needsOperator, using: &random)
        let often = self.cheap.next(using: &random)
        return isCheap && !needsOperator ? often : slow
    }

    /// Whether an attempt to connect that began then, and now has failed, was refused at once.
    static func wasRefused(since start: NIODeadline, _ error: RedisError) -> Bool {
        NIODeadline.now() - start < Self.atOnce && error.code == .connectFailed
    }
}
