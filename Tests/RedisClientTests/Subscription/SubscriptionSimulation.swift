import NIOCore
import SeededRandom

@testable import RedisClient

/// A server, a network, producers and one subscription, all made of values and driven by one random sequence: the same
/// seed is the same run. Time goes in milliseconds.
struct SubscriptionSimulation {
    enum Fault: CaseIterable {
        /// The server process is stopped for a while.
        case pause
        /// Our own process does not run for a while.
        case stall
        /// The link's connection is closed by the server; what was on its way is lost.
        case kill
        /// The link's connection swallows everything from now on.
        case blackHole
        /// The server forgets the link's subscriptions but answers its PING.
        case deafness
        /// What is published does not reach the link's connection for longer than between two probes; then it does again.
        case passingDeafness
        /// The server is gone for a while and forgets everything.
        case restart

        /// Whether the fault alone loses nothing.
        var isHarmless: Bool { self == .pause || self == .stall }

        /// Those of which the link or the next probe tells, whatever else is the matter. A link that is deaf for a while
        /// shows it only when a probe was sent meanwhile, for which we and the server must have run.
        static let evident = allCases.filter { $0 != .passingDeafness }
    }

    private enum Command {
        case subscribe
        case ping(UInt64)
        case publish(Frame)
        /// A probe or a marker, with the reply that it gets.
        case ownPublish(Frame, UInt64)
    }

    private enum Frame {
        case message(Int)
        case probe(UInt64)
        case marker(UInt64)
        case pong(UInt64)
        case confirmed(String)
        case end

        var isMessage: Bool { if case .message = self { true } else { false } }
    }

    private struct Connection {
        var mode: FeedMode
        var commands: [Command] = []
        var frames: [(due: Int64, frame: Frame)] = []
        var kept: [Frame] = []
        var mark: Int?
        var isSubscribed = false
        var isInHole = false
        var hearsFrom: Int64 = 0
        var connectsAt: Int64?
    }

    static let names = ["aos.reactor.probe.simulation", "events"]
    static let settings = SubscriptionSettings(instance: "simulation")

    private var random: SplitMix64
    private var supervisor = SubscriptionSupervisor(settings: Self.settings, targets: [.channel("events")], seed: 5)
    private var now: Int64 = 0
    private var timer: NIODeadline?
    private var connections: [LinkID: Connection] = [:]
    private var producer: [Command] = []
    private var ourCommands: [Command] = []
    private var replies: [(due: Int64, number: UInt64, receivers: Int, reading: LossAssessment.Reading)] = []
    private var pausedUntil: Int64 = 0
    private var downUntil: Int64 = 0
    private var stalledUntil: Int64 = 0
    private var runID = 0
    private var publishCalls: UInt64 = 0
    private var killCalls: UInt64 = 0
    private var tally = DeliveryTally()
    /// As the driver keeps them.
    private var debt = DeliveryTally()
    private var tallyAtSubscribe: [LinkID: DeliveryTally] = [:]

    /// When each message was executed by the server; nil when the server was not there.
    private(set) var publishedAt: [Int64?] = []
    private(set) var delivered: [Int] = []
    private(set) var reports: [SubscriptionEvent] = []
    /// Faults and reports, for the message of a test that fails.
    private(set) var history: [String] = []

    /// Whether reads of a link at ease are told the short way, and how many were.
    private let makesUseOfEase: Bool
    private(set) var readsAtEase = 0

    init(seed: UInt64, makesUseOfEase: Bool = true) {
        self.random = SplitMix64(seed: seed)
        self.makesUseOfEase = makesUseOfEase
    }

    // MARK: Running

    /// Runs with faults at random times, then leaves time to settle.
    mutating func run(_ faults: [Fault], count: Int, duration: Int64 = 12_000, settling: Int64 = 12_000) {
        var schedule: [Int64: Fault] = [:]
        for _ in 0..<count {
            schedule[Int64.random(in: 1_000..<duration, using: &self.random)] = faults.randomElement(
                using: &self.random
            )
        }
        self.happens(.start)
        while self.now < duration + settling {
            if let fault = schedule[self.now] { self.inflict(fault) }
            if self.now < duration + settling - 5_000 { self.produce() }
            self.serve()
            if self.now >= self.stalledUntil { self.runClient() }
            self.now += 1
        }
    }

    private var instant: NIODeadline { at(self.now) }

    private mutating func inflict(_ fault: Fault) {
        let length = Int64.random(in: 100...6_000, using: &self.random)
        let subscribed = self.connections.filter { $0.value.isSubscribed && !$0.value.isInHole }.keys.sorted()
        let victim = subscribed.randomElement(using: &self.random)
        self.history.append("\(self.now) \(fault) \(length) ms, link \(victim ?? 0)")
        switch fault {
        case .pause: self.pausedUntil = max(self.pausedUntil, self.now + length)
        case .stall: self.stalledUntil = self.now + length
        case .kill:
            guard let victim else { return }
            self.killCalls += 1
            self.cut(victim)
        case .blackHole: if let victim { self.connections[victim]?.isInHole = true }
        case .deafness: if let victim { self.connections[victim]?.isSubscribed = false }
        case .passingDeafness: if let victim { self.connections[victim]?.hearsFrom = self.now + 5_100 + length / 2 }
        case .restart:
            for link in self.connections.keys.sorted() { self.cut(link) }
            self.downUntil = self.now + length
            self.runID += 1
            self.publishCalls = 0
            self.killCalls = 0
            self.ourCommands = []
        }
    }

    /// What is on its way to us is lost in part; the end of the stream follows what remains.
    private mutating func cut(_ link: LinkID) {
        guard var connection = self.connections[link], connection.connectsAt == nil else { return }
        let remaining = Int.random(in: 0...connection.frames.count, using: &self.random)
        connection.frames = Array(connection.frames.prefix(remaining))
        if !connection.isInHole { connection.frames.append((self.now + 1, .end)) }
        connection.isSubscribed = false
        connection.commands = []
        self.connections[link] = connection
    }

    // MARK: The server

    private mutating func produce() {
        for _ in 0..<Int.random(in: 0...2, using: &self.random) {
            self.producer.append(.publish(.message(self.publishedAt.count)))
            self.publishedAt.append(nil)
        }
    }

    private mutating func serve() {
        if self.now < self.downUntil {
            self.producer = []
            return
        }
        guard self.now >= self.pausedUntil else { return }
        // Connections are served in any order, the commands of one in theirs.
        for source in ([-2, -1] + self.connections.keys.sorted()).shuffled(using: &self.random) {
            let commands: [Command]
            switch source {
            case -2: (commands, self.producer) = (self.producer, [])
            case -1: (commands, self.ourCommands) = (self.ourCommands, [])
            default:
                commands = self.connections[source]?.commands ?? []
                self.connections[source]?.commands = []
            }
            for command in commands { self.execute(command, from: source) }
        }
    }

    private mutating func execute(_ command: Command, from source: LinkID) {
        switch command {
        case .subscribe:
            self.connections[source]?.isSubscribed = true
            for name in Self.names { self.send(.confirmed(name), to: source) }
        case .ping(let number): self.send(.pong(number), to: source)
        case .publish(let frame):
            if case .message(let number) = frame { self.publishedAt[number] = self.now }
            _ = self.publish(frame)
        case .ownPublish(let frame, let number):
            let before = self.sample
            let receivers = self.publish(frame)
            let reading = LossAssessment.Reading(before: before, after: self.sample)
            self.replies.append((self.now + 1, number, receivers, reading))
        }
    }

    private var sample: ServerSample {
        ServerSample("run \(self.runID)", publishes: self.publishCalls, kills: self.killCalls)
    }

    private mutating func publish(_ frame: Frame) -> Int {
        self.publishCalls += 1
        let subscribers = self.connections.filter(\.value.isSubscribed).keys.sorted()
        for link in subscribers where self.now >= self.connections[link]?.hearsFrom ?? 0 { self.send(frame, to: link) }
        return subscribers.count
    }

    private mutating func send(_ frame: Frame, to link: LinkID) {
        let earliest = self.connections[link]?.frames.last?.due ?? 0
        let due = max(earliest, self.now + Int64.random(in: 1...3, using: &self.random))
        self.connections[link]?.frames.append((due, frame))
    }

    // MARK: The client

    private mutating func runClient() {
        // After a stall the timer may come before what was sent meanwhile, or after it.
        if Bool.random(using: &self.random) { self.runTimer() }
        for reply in self.replies where reply.due <= self.now {
            self.happens(.published(reply.number, receivers: reply.receivers, reading: reply.reading))
        }
        self.replies.removeAll { $0.due <= self.now }
        for link in self.connections.keys.sorted() {
            self.connect(link)
            self.read(link)
        }
        self.runTimer()
    }

    private mutating func runTimer() {
        guard let due = self.timer, due <= self.instant else { return }
        self.timer = nil
        self.happens(.tick)
        if let next = self.timer { precondition(next > due, "the timer fires again without time passing") }
    }

    private mutating func connect(_ link: LinkID) {
        guard let time = self.connections[link]?.connectsAt, time <= self.now else { return }
        self.connections[link]?.connectsAt = nil
        if self.now < self.downUntil {
            self.connections[link] = nil
            return self.happens(.ended(link, .connectionRefused))
        }
        // The handshake needs a server that runs.
        guard self.now >= self.pausedUntil else {
            self.connections[link]?.connectsAt = self.now + 1
            return
        }
        self.happens(.connected(link))
    }

    private mutating func read(_ link: LinkID) {
        guard let connection = self.connections[link], !connection.isInHole else { return }
        let frames = connection.frames.prefix { $0.due <= self.now }
        guard !frames.isEmpty else { return }
        self.connections[link]?.frames.removeFirst(frames.count)
        let end = frames.last.flatMap { if case .end = $0.frame { $0.frame } else { nil } }
        self.read(frames.dropLast(end == nil ? 0 : 1).map(\.frame), from: link)
        if let end, self.connections[link] != nil { self.take(end, from: link) }
    }

    /// As `SubscriptionLink` tells of a read: at ease behind it, or before the first thing that the supervisor hears of.
    private mutating func read(_ frames: [Frame], from link: LinkID) {
        guard !frames.isEmpty else { return }
        var isUntold = self.makesUseOfEase && self.supervisor.linkAtEase == link
        if !isUntold { self.happens(.received(link, drained: false)) }
        for frame in frames where self.connections[link] != nil {
            if isUntold, !frame.isMessage {
                isUntold = false
                self.happens(.received(link, drained: false))
            }
            self.take(frame, from: link)
        }
        guard self.connections[link] != nil else { return }
        if isUntold, self.supervisor.linkAtEase == link {
            self.supervisor.receivedAtEase(drained: true, at: self.instant)
            self.readsAtEase += 1
        } else {
            self.happens(.received(link, drained: true))
        }
    }

    private mutating func take(_ frame: Frame, from link: LinkID) {
        switch frame {
        case .message, .probe:
            switch self.connections[link]?.mode {
            case .deliver?: self.deliver(frame, from: link)
            case .keep?: self.connections[link]?.kept.append(frame)
            case .skip?, nil: break
            }
        case .marker(let number): self.happens(.marker(link, number))
        case .pong(let number): self.happens(.pong(link, number))
        case .confirmed(let name): self.happens(.confirmed(link, name: Array(name.utf8), isPattern: false))
        case .end:
            self.connections[link] = nil
            self.happens(.ended(link, .closed(midFrame: false, announced: nil)))
        }
    }

    private mutating func deliver(_ frame: Frame, from link: LinkID) {
        switch frame {
        case .message(let number):
            self.delivered.append(number)
            let before = self.tally
            self.tally.channelMessages += 1
            self.tally.pay(&self.debt, since: before)
        case .probe(let number): self.happens(.probe(link, number, self.tally))
        case .marker, .pong, .confirmed, .end: break
        }
    }

    private mutating func happens(_ input: SubscriptionSupervisor.Input) {
        for action in self.supervisor.handle(input, at: self.instant) { self.perform(action) }
        if let deadline = self.supervisor.armTimer() { self.timer = deadline }
    }

    private mutating func perform(_ action: SubscriptionSupervisor.Action) {
        switch action {
        case .open(let link, let mode): self.connections[link] = Connection(mode: mode, connectsAt: self.now + 1)
        case .subscribe(let link):
            self.tallyAtSubscribe[link] = self.tally
            self.connections[link]?.commands.append(.subscribe)
        case .ping(let link, let number):
            if self.connections[link]?.isInHole == false { self.connections[link]?.commands.append(.ping(number)) }
        case .close(let link): self.connections[link] = nil
        case .skip(let link):
            self.connections[link]?.mode = .skip
            self.connections[link]?.kept = []
        case .deliver(let link): self.connections[link]?.mode = .deliver
        case .markKept(let link):
            let count = self.connections[link]?.kept.count
            self.connections[link]?.mark = count
        case .release(let link, let fromMark): self.release(link, fromMark: fromMark)
        case .publishProbe(let number): self.ourCommands.append(.ownPublish(.probe(number), number))
        case .publishMarker(let number): self.ourCommands.append(.ownPublish(.marker(number), number))
        case .report(let event):
            self.reports.append(event)
            if event.label != "probe" { self.history.append("\(self.now) \(event)") }
        case .unsubscribe, .finished: break
        }
    }

    private mutating func release(_ link: LinkID, fromMark: Bool) {
        guard let connection = self.connections[link] else { return }
        self.connections[link]?.mode = .deliver
        self.connections[link]?.kept = []
        if !fromMark, let then = self.tallyAtSubscribe[link] { self.debt = self.tally.since(then) }
        for frame in connection.kept.dropFirst(fromMark ? connection.mark ?? 0 : 0) { self.deliver(frame, from: link) }
    }
}
