import NIOCore

/// Notices that our own loop did not run: the armed timer is overdue.
struct LagMeter {
    private let tolerance: TimeAmount
    private let reported: TimeAmount
    /// What the timer is armed for.
    private(set) var armedFor: NIODeadline?
    private var stallEndedAt: NIODeadline?
    private var stallLength = TimeAmount.zero

    /// How long a stall explains the end of a link.
    static let memory = TimeAmount.seconds(5)

    init(settings: SubscriptionSettings) {
        self.tolerance = TimeAmount(settings.lagTolerance)
        self.reported = TimeAmount(settings.reportedStall)
    }

    /// The timer is armed for another time; nil when it is not armed.
    mutating func arm(for deadline: NIODeadline?) {
        self.armedFor = deadline
    }

    /// The timer fired.
    ///
    /// - Returns: for how long our loop did not run, zero when that is within tolerance.
    mutating func fired(at now: NIODeadline) -> TimeAmount {
        let lag = self.overdue(at: now)
        self.armedFor = nil
        guard lag > .zero else { return .zero }
        self.stallEndedAt = now
        self.stallLength = lag
        return lag
    }

    /// Whether a stall of this length is worth a report.
    func isReported(_ stall: TimeAmount) -> Bool { stall >= self.reported }

    /// The stall that is just over, or that the next `fired` will notice; zero when there is none.
    func recentStall(at now: NIODeadline) -> TimeAmount {
        let overdue = self.overdue(at: now)
        guard let endedAt = self.stallEndedAt, now - endedAt <= Self.memory else { return overdue }
        return max(overdue, self.stallLength)
    }

    private func overdue(at now: NIODeadline) -> TimeAmount {
        guard let armedFor = self.armedFor, now > armedFor else { return .zero }
        let lag = now - armedFor
        return lag > self.tolerance ? lag : .zero
    }
}
