import NIOCore

/// Keeps the probes of one link that have not come back yet.
///
/// A probe is a number published on the private channel the way producers publish, over the commands' connection. One
/// that comes back on the subscription proves the whole way; `PONG` proves the socket only.
struct ProbeLedger {
    private struct Probe {
        let number: UInt64
        var publishedAt: NIODeadline
        var heardByNobody = false
        /// The last number that had been given away when the server said that it executed the `PUBLISH`: whatever has a
        /// higher one was executed after it. Nil while it has not said so; without that nothing can be concluded.
        var lastIssuedThen: UInt64?
        var isReported = false

        var isAccepted: Bool { self.lastIssuedThen != nil }
    }

    /// Most probes that are waited for; of a link that stays deaf without a successor the older ones are forgotten.
    private static let capacity = 64

    private var outstanding: [Probe] = []
    private let deadline: TimeAmount
    private let unheardDeadline: TimeAmount

    /// When the last probe came back.
    private(set) var provenAt: NIODeadline?

    init(settings: SubscriptionSettings) {
        self.deadline = TimeAmount(settings.probeDeadline)
        self.unheardDeadline = TimeAmount(settings.unheardProbeDeadline)
    }

    /// When the oldest accepted probe is overdue.
    var nextDeadline: NIODeadline? {
        self.outstanding.filter { $0.isAccepted && !$0.isReported }.map(self.dueAt).min()
    }

    mutating func published(_ number: UInt64, at now: NIODeadline) {
        if self.outstanding.count >= Self.capacity { self.outstanding.removeFirst() }
        self.outstanding.append(Probe(number: number, publishedAt: now))
    }

    /// The server executed the `PUBLISH` and said how many clients it handed the message to.
    ///
    /// - Parameter lastIssued: the last number that was given away, to whatever.
    mutating func accepted(_ number: UInt64, receivers: Int, lastIssued: UInt64) {
        guard let index = self.outstanding.firstIndex(where: { $0.number == number }) else { return }
        self.outstanding[index].lastIssuedThen = lastIssued
        self.outstanding[index].heardByNobody = receivers == 0
    }

    /// Whether the server said that it executed this probe, which has not come back yet.
    func isAccepted(_ number: UInt64) -> Bool {
        self.outstanding.contains { $0.number == number && $0.isAccepted }
    }

    /// The `PUBLISH` failed or its reply did not come; the subscription cannot be blamed.
    ///
    /// - Returns: whether it was one of this link's probes.
    mutating func failed(_ number: UInt64) -> Bool {
        let before = self.outstanding.count
        self.outstanding.removeAll { $0.number == number }
        return self.outstanding.count < before
    }

    /// A probe or a marker came back. Probes that the server had executed before it will not come any more, since Redis
    /// keeps the order: the link lost them, and whatever else was published around them.
    ///
    /// - Returns: whether there were any.
    mutating func settle(before number: UInt64) -> Bool {
        let before = self.outstanding.count
        self.outstanding.removeAll { probe in probe.lastIssuedThen.map { $0 < number } ?? false }
        return self.outstanding.count < before
    }

    /// A probe came back. Earlier ones are not waited for any longer.
    ///
    /// - Returns: its round trip; nil when it was not one of this link's.
    mutating func returned(_ number: UInt64, at now: NIODeadline) -> TimeAmount? {
        guard let index = self.outstanding.firstIndex(where: { $0.number == number }) else { return nil }
        let roundTrip = now - self.outstanding[index].publishedAt
        self.outstanding.removeAll { $0.number <= number }
        self.provenAt = now
        return roundTrip
    }

    /// The age of the first probe that is overdue, if one is. It is reported once.
    ///
    /// - Parameter stalled: for how long our own loop did not run before this call.
    mutating func overdue(at now: NIODeadline, stalled: TimeAmount = .zero) -> TimeAmount? {
        if stalled > .zero {
            for index in self.outstanding.indices {
                self.outstanding[index].publishedAt = min(now, self.outstanding[index].publishedAt + stalled)
            }
        }
        let late = self.outstanding.indices.filter { index in
            let probe = self.outstanding[index]
            return probe.isAccepted && !probe.isReported && self.dueAt(probe) <= now
        }
        guard let oldest = late.first else { return nil }
        // They may come yet, only late; a later one that comes first says that they are lost.
        for index in late { self.outstanding[index].isReported = true }
        return now - self.outstanding[oldest].publishedAt
    }

    private func dueAt(_ probe: Probe) -> NIODeadline {
        probe.publishedAt + (probe.heardByNobody ? self.unheardDeadline : self.deadline)
    }
}
