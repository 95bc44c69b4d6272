import NIOCore

@testable import RedisClient

/// A time on the virtual clock of a test, in milliseconds from its start.
func at(_ milliseconds: Int64) -> NIODeadline {
    .uptimeNanoseconds(1_000_000_000_000) + .milliseconds(milliseconds)
}

/// A supervisor with a virtual clock and a timer, and short ways to say what happens.
struct SupervisorTrace {
    typealias Action = SubscriptionSupervisor.Action

    private var machine: SubscriptionSupervisor
    private var timer: NIODeadline?
    private(set) var now = at(0)
    private let settings: SubscriptionSettings

    init(
        targets: [SubscriptionTarget] = [.channel("events")],
        change: (inout SubscriptionSettings) -> Void = { _ in }
    ) {
        var settings = SubscriptionSettings(instance: "test")
        settings.backoff.firstAttempt = .zero
        change(&settings)
        self.settings = settings
        self.machine = SubscriptionSupervisor(settings: settings, targets: targets, seed: 1)
    }

    /// Something happens at this time, and nothing before it but the timer.
    mutating func happens(_ input: SubscriptionSupervisor.Input, _ milliseconds: Int64) -> [Action] {
        var actions = self.wait(until: milliseconds)
        actions += self.machine.handle(input, at: self.now)
        self.arm()
        return actions
    }

    /// Time passes; the timer fires when it is due.
    mutating func wait(until milliseconds: Int64) -> [Action] {
        var actions: [Action] = []
        var sameTime = 0
        while let due = self.timer, due <= at(milliseconds) {
            sameTime = due == self.now ? sameTime + 1 : 0
            precondition(sameTime < 10, "the timer fires again and again without time passing")
            self.now = max(self.now, due)
            actions += self.fire()
        }
        self.now = at(milliseconds)
        return actions
    }

    /// Our own process does not run until then, not even for its timer.
    mutating func stall(until milliseconds: Int64) {
        self.now = at(milliseconds)
    }

    /// The overdue timer fires now.
    mutating func fire() -> [Action] {
        self.timer = nil
        let actions = self.machine.handle(.tick, at: self.now)
        self.arm()
        return actions
    }

    private mutating func arm() {
        if let deadline = self.machine.armTimer() { self.timer = deadline }
    }

    /// Until when everything that was published is known to have been read.
    var heardUntil: NIODeadline { self.machine.heardUntil }

    /// The link connects and every target is confirmed.
    mutating func confirm(_ link: LinkID, _ milliseconds: Int64) -> [Action] {
        var actions = self.happens(.connected(link), milliseconds)
        actions += self.happens(.received(link, drained: true), milliseconds)
        for name in [self.settings.privateChannel, "events"] {
            actions += self.happens(.confirmed(link, name: Array(name.utf8), isPattern: false), milliseconds)
        }
        return actions
    }

    /// The first link is up and proven by its first probe, at 0 ms.
    static func proven(
        reading: LossAssessment.Reading? = nil,
        _ change: (inout SubscriptionSettings) -> Void = { _ in }
    ) -> SupervisorTrace {
        var trace = SupervisorTrace(change: change)
        _ = trace.happens(.start, 0)
        _ = trace.confirm(1, 0)
        _ = trace.probeReturns(1, on: 1, 0, reading: reading)
        return trace
    }

    /// A probe is published, and comes back on the link.
    mutating func probeReturns(
        _ number: UInt64,
        on link: LinkID,
        _ milliseconds: Int64,
        reading: LossAssessment.Reading? = nil,
        tally: DeliveryTally = DeliveryTally()
    ) -> [Action] {
        var actions = self.happens(.published(number, receivers: 1, reading: reading), milliseconds)
        actions += self.happens(.received(link, drained: true), milliseconds)
        actions += self.happens(.probe(link, number, tally), milliseconds)
        return actions
    }
}

extension [SubscriptionSupervisor.Action] {
    /// What is reported, in order.
    var reports: [SubscriptionEvent] {
        self.compactMap { if case .report(let event) = $0 { event } else { nil } }
    }

    /// Names of what is reported, in order.
    var labels: [String] { self.reports.map(\.label) }

    /// The blind windows that are reported.
    var windows: [BlindWindow] {
        self.reports.compactMap { if case .blindWindow(let window) = $0 { window } else { nil } }
    }

    /// The numbers of the probes that are to be published.
    var probes: [UInt64] {
        self.compactMap { if case .publishProbe(let number) = $0 { number } else { nil } }
    }

    /// The numbers of the markers that are to be published.
    var markers: [UInt64] {
        self.compactMap { if case .publishMarker(let number) = $0 { number } else { nil } }
    }

    /// The pings that are to be sent, with their links.
    var pings: [LinkID] {
        self.compactMap { if case .ping(let link, _) = $0 { link } else { nil } }
    }

    /// The links that are to be opened.
    var openings: [LinkID] {
        self.compactMap { if case .open(let link, _) = $0 { link } else { nil } }
    }
}

extension ServerSample {
    init(_ runID: String, publishes: UInt64, kills: UInt64 = 0, inputBytes: UInt64 = 0) {
        self.init()
        self.runID = Array(runID.utf8)
        self.publishCalls = publishes
        self.killCalls = kills
        self.inputBytes = inputBytes
    }
}

extension LossAssessment.Reading {
    /// The counters around a probe, between whose two readings only the probe was published.
    init(_ runID: String, publishes: UInt64, kills: UInt64 = 0, inputBytes: UInt64 = 0) {
        self.init(
            before: ServerSample(runID, publishes: publishes, kills: kills, inputBytes: inputBytes),
            after: ServerSample(runID, publishes: publishes + 1, kills: kills, inputBytes: inputBytes)
        )
    }
}
