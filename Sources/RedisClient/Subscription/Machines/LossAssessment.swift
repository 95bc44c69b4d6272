import NIOCore

/// Measures blind windows: why, and how many messages at most.
///
/// Every probe is sent as `INFO`, `PUBLISH`, `INFO` in one write. When it comes back on the subscription, everything
/// that was published before it has been received or never will be; so two probes that came back enclose a number of
/// `PUBLISH` calls and a number of received messages, whose difference is what was missed in between. The first `INFO`
/// of the earlier probe and the second one of the later probe are used, so that the difference is an upper bound.
struct LossAssessment {
    /// What the server said around one probe.
    struct Reading: Equatable, Sendable {
        let before: ServerSample
        let after: ServerSample
    }

    /// A window whose end is known and whose measure is not.
    struct OpenWindow: Equatable {
        let start: NIODeadline
        let end: NIODeadline
        let evidence: BlindEvidence
    }

    private struct Round {
        let number: UInt64
        let publishedAt: NIODeadline
        /// Nil until the replies came.
        var reading: Reading?
        /// Nil until the probe came back.
        var tally: DeliveryTally?
    }

    private struct Baseline {
        let sample: ServerSample
        let tally: DeliveryTally
        let number: UInt64
        let publishedAt: NIODeadline
    }

    /// One of our own publishes. Several are under way at a time and reach the server in any order, so that the numbers
    /// alone do not tell whether it was executed between two probes.
    private struct OwnPublish {
        let number: UInt64
        /// The baseline when it was handed over: it was executed after that one, whose reply had come.
        let baseline: UInt64?
        /// The highest number that had been handed over when this one was known to be executed: it was executed before
        /// every higher one.
        var lastIssuedThen: UInt64?

        func wasExecuted(between earlier: UInt64, and later: UInt64) -> Bool {
            if self.number == earlier || self.number == later { return true }
            guard let lastIssuedThen else { return false }
            return self.baseline == earlier && lastIssuedThen < later
        }
    }

    /// Most own publishes that are remembered; older ones are forgotten and thereby not deducted.
    private static let rememberedPublishes = 256

    private let patterns: Int
    private var rounds: [Round] = []
    private var baseline: Baseline?
    private var window: OpenWindow?
    /// Number of the first probe that was published after the window's end.
    private var measuringFrom: UInt64 = 0
    /// Our own publishes on the private channel since the baseline. One that failed may have been executed or not; it is
    /// not deducted, so that the bound stays one.
    private var ownPublishes: [OwnPublish] = []
    /// The highest number that was handed to the commands' connection.
    private var lastIssued: UInt64 = 0

    /// - Parameter patterns: how many of the targets are patterns.
    init(patterns: Int) {
        self.patterns = patterns
    }

    /// Whether a window waits for its measure.
    var isMeasuring: Bool { self.window != nil }

    /// A probe is about to be published.
    mutating func published(_ number: UInt64, at now: NIODeadline) {
        // Probes that were lost with a link never come back; the last few rounds are all that can still matter.
        if self.rounds.count >= 4 { self.rounds.removeFirst() }
        self.rounds.append(Round(number: number, publishedAt: now))
        self.issued(number)
    }

    /// A marker is about to be published; for probes `published` says so.
    mutating func issued(_ number: UInt64) {
        if self.ownPublishes.count >= Self.rememberedPublishes { self.ownPublishes.removeFirst() }
        self.ownPublishes.append(OwnPublish(number: number, baseline: self.baseline?.number))
        self.lastIssued = max(self.lastIssued, number)
    }

    /// A probe or a marker was executed by the server: it said so, or what was published came back.
    mutating func accepted(_ number: UInt64) {
        guard let index = self.ownPublishes.firstIndex(where: { $0.number == number }),
            self.ownPublishes[index].lastIssuedThen == nil
        else { return }
        self.ownPublishes[index].lastIssuedThen = self.lastIssued
    }

    /// A probe could not be published, or nobody knows whether it was.
    mutating func failed(_ number: UInt64) {
        self.rounds.removeAll { $0.number == number }
        self.ownPublishes.removeAll { $0.number == number }
    }

    /// The window that began at `start` is over; the next probe measures it.
    ///
    /// - Returns: an earlier window that will not be measured any more.
    mutating func opened(_ window: OpenWindow, nextProbe: UInt64) -> BlindWindow? {
        let superseded = self.giveUp(.coveredByNext)
        self.window = window
        self.measuringFrom = nextProbe
        return superseded
    }

    /// Reports a window that waits for its measure without one.
    mutating func giveUp(_ reason: MissedEstimate.Reason) -> BlindWindow? {
        guard let window = self.window else { return nil }
        self.window = nil
        let cause = window.evidence.cause(before: nil, after: nil, excess: nil)
        return Self.blindWindow(window, since: self.baseline, cause: cause, .unknown(reason))
    }

    /// The replies around a probe came; nil when the server does not give us its counters.
    mutating func replied(_ number: UInt64, _ reading: Reading?) -> BlindWindow? {
        guard let index = self.rounds.firstIndex(where: { $0.number == number }) else { return nil }
        guard let reading else {
            self.rounds.remove(at: index)
            return number >= self.measuringFrom ? self.giveUp(.notMeasured) : nil
        }
        self.rounds[index].reading = reading
        return self.conclude(index)
    }

    /// A probe came back.
    mutating func returned(_ number: UInt64, tally: DeliveryTally) -> BlindWindow? {
        guard let index = self.rounds.firstIndex(where: { $0.number == number }) else { return nil }
        self.rounds[index].tally = tally
        return self.conclude(index)
    }

    private mutating func conclude(_ index: Int) -> BlindWindow? {
        let round = self.rounds[index]
        guard let reading = round.reading, let tally = round.tally else { return nil }
        self.rounds.removeAll { $0.number <= round.number }
        // A probe from within the window must not take the place of the count from before it.
        if self.window != nil, round.number < self.measuringFrom { return nil }
        let earlier = self.baseline
        self.baseline = Baseline(
            sample: reading.before,
            tally: tally,
            number: round.number,
            publishedAt: round.publishedAt
        )
        defer { self.ownPublishes.removeAll { $0.number < round.number } }
        guard let window = self.window else { return nil }
        self.window = nil
        return self.measure(window, from: earlier, to: round, reading: reading, tally: tally)
    }

    private func measure(
        _ window: OpenWindow,
        from earlier: Baseline?,
        to round: Round,
        reading: Reading,
        tally: DeliveryTally
    ) -> BlindWindow {
        guard let earlier else {
            let cause = window.evidence.cause(before: nil, after: reading.after, excess: nil)
            return Self.blindWindow(window, since: earlier, cause: cause, .unknown(.noBaseline))
        }
        let own = UInt64(
            self.ownPublishes.count { $0.wasExecuted(between: earlier.number, and: round.number) }
        )
        let published = reading.after.publishCalls
        let received = tally.distinct(since: earlier.tally, patterns: self.patterns)
        if reading.after.beganAnew(since: earlier.sample) {
            // The counters began anew; they tell only what came after that, less what we know to be ours.
            let cause = window.evidence.cause(before: earlier.sample, after: reading.after, excess: nil)
            let since = published > 1 ? published - 1 : 0
            return Self.blindWindow(
                window,
                since: earlier,
                cause: cause,
                .unknown(.countersReset(publishedSince: since))
            )
        }
        let calls = published - earlier.sample.publishCalls
        let accounted = received + own
        let missed = calls > accounted ? calls - accounted : 0
        let bytesIn = reading.after.inputBytes &- earlier.sample.inputBytes
        let bytesGot = tally.bytes &- earlier.tally.bytes
        let excess = BlindEvidence.Excess(messages: missed, bytes: bytesIn > bytesGot ? bytesIn - bytesGot : 0)
        let cause = window.evidence.cause(before: earlier.sample, after: reading.after, excess: excess)
        return Self.blindWindow(window, since: earlier, cause: cause, .atMost(missed))
    }

    private static func blindWindow(
        _ window: OpenWindow,
        since baseline: Baseline?,
        cause: BlindCause,
        _ missed: MissedEstimate
    ) -> BlindWindow {
        BlindWindow(
            start: window.start,
            end: window.end,
            cause: cause,
            missed: missed,
            provenUntil: baseline?.publishedAt
        )
    }
}
