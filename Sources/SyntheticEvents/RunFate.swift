import SeededRandom

/// How a made-up run goes.
package enum RunFate: String, Sendable, Hashable, CaseIterable {
    /// Every step and every audit record; ends with `run.completed`.
    case completing
    /// Ends with `run.failed` and an incident; a retry is scheduled.
    case failing
    /// Stops publishing half-way and never ends.
    case stalling
    /// Completes, but its audit records are not those that were promised: one more, or one fewer.
    case drifting
}

/// How often each fate occurs, as weights that need not add up to anything.
package struct RunMix: Sendable, Hashable {
    package var completing: Int
    package var failing: Int
    package var stalling: Int
    package var drifting: Int

    package init(completing: Int = 85, failing: Int = 8, stalling: Int = 4, drifting: Int = 3) {
        self.completing = completing
        self.failing = failing
        self.stalling = stalling
        self.drifting = drifting
    }

    func fate(using random: inout SplitMix64) -> RunFate {
        let weights = [self.completing, self.failing, self.stalling, self.drifting].map { max(0, $0) }
        let total = weights.reduce(0, +)
        guard total > 0 else { return .completing }
        var ticket = Int.random(in: 0..<total, using: &random)
        for (fate, weight) in zip(RunFate.allCases, weights) {
            if ticket < weight { return fate }
            ticket -= weight
        }
        return .completing
    }
}
