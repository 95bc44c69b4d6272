package import Events

/// A run as it is shown to people: what is expected of it, and how it stands.
package struct ContractSummary: Sendable, Hashable {
    package struct Expectation: Sendable, Hashable {
        package enum State: String, Sendable, Hashable, CaseIterable {
            case open
            case answered
            /// Its deadline has passed without an answer.
            case overdue
        }

        package var action: AuditedAction
        package var state: State
        /// Nil for one without a valid deadline, and while the run is paused.
        package var due: Timestamp?
        package var allowed: Duration
    }

    /// How often an action was acknowledged, and how often that may be.
    package struct Action: Sendable, Hashable {
        package var action: AuditedAction
        package var expected: Int
        package var succeeded: Int
        package var failed: Int
        package var rolledBack: Int
        /// Told as drift.
        package var tooMany: Int
    }

    package var runID: String
    package var tenant: String
    package var status: ContractStatus
    package var firstSeen: Timestamp
    package var lastActivity: Timestamp
    package var isPaused: Bool
    package var hasEnded: Bool
    package var expectations: [Expectation]
    package var actions: [Action]

    init(_ run: RunContract, _ clock: SteadyClock, withActions: Bool = true) {
        self.runID = run.runID
        self.tenant = run.tenant
        self.status = run.status
        self.firstSeen = clock.reading(run.firstSeen)
        self.lastActivity = clock.reading(run.lastActivity)
        self.isPaused = run.pausedAt != .max
        self.hasEnded = run.hasEnded
        // The n-th answer belongs to the n-th deadline.
        var answers = run.slots.map { Int($0.answers) }
        self.expectations = run.expectations.sorted { $0.due < $1.due }.map { expectation in
            let slot = Int(expectation.slot)
            let isAnswered = answers[slot] > 0
            answers[slot] -= 1
            let hasDue = expectation.due != .max && (run.pausedAt == .max || expectation.isPassed)
            return Expectation(
                action: run.slots[slot].action,
                state: isAnswered ? .answered : expectation.isPassed ? .overdue : .open,
                due: hasDue ? clock.reading(expectation.due) : nil,
                allowed: .microseconds(expectation.length)
            )
        }
        guard withActions else {
            self.actions = []
            return
        }
        self.actions = run.slots.map { slot in
            Action(
                action: slot.action,
                expected: Int(slot.expected),
                succeeded: Int(slot.succeeded),
                failed: Int(slot.failed),
                rolledBack: Int(slot.rolledBack),
                tooMany: Int(slot.toldDrift)
            )
        }
    }
}
