import Events
import Logging
import Reactions
import ReactorConfig
import ReactorRuntime
import RedisClient
import SeededRandom
import Stores
import Synchronization
import SyntheticEvents
import Telemetry

/// The engine of a reactor, held by hand: the same pipeline, decisions, deliveries and attempts as in `run`, on a clock
/// that stands until it is turned, with state in memory, receivers that are scripted and random numbers that are the same
/// each time. Nothing sleeps and nothing happens by itself.
///
/// Time is turned from one thing that is due to the next, so a day in which little happens takes no longer than a minute.
/// Used by one task at a time.
final class ScenarioEngine {
    private static let channel = "aos.events"
    private static let instance = "scenario"

    /// How often the clock was stopped because something was due, and how many frames arrived.
    private(set) var wakes = 0
    private(set) var frames = 0

    private let scenario: Scenario
    private let clock: VirtualClock
    private let port = ScenarioPort()
    private let store: MemoryStateStore
    private let outbox: MemoryOutbox
    private let deliveries: DeliverySteps
    private let receivers = ScriptedReceivers()
    private let random: SeededRandom
    private let coverage: CoverageRecorder?
    private let machines = MachineSet()
    /// Runs that built-ins that remember have heard of, in the order in which they did.
    private var runs: [String] = []
    private var knownRuns: Set<String> = []
    /// Since when and until when nothing is heard.
    private var blindness: (from: Timestamp, to: Timestamp)?
    private var pipeline: EventPipeline
    /// What the scenario asks about; nothing else has to be kept.
    private let subjects: Set<ScenarioSubject>
    /// What happened, in its order.
    private var observed: [ScenarioSubject: [Observation]] = [:]
    private var quarantined: UInt64 = 0

    init(_ scenario: Scenario, coverage: CoverageRecorder? = nil) {
        self.scenario = scenario
        self.subjects = Set(scenario.steps.flatMap(\.expectations).map(\.subject))
        self.coverage = coverage
        let clock = VirtualClock(at: scenario.start)
        let random = SeededRandom(scenario.seed)
        let logger = Logger(label: "scenario") { _ in SwiftLogNoOpLogHandler() }
        let outbox = MemoryOutbox(instance: Self.instance) { clock.now }
        let store = MemoryStateStore(
            settings: scenario.settings.alerts,
            configVersion: scenario.settings.version,
            instance: Self.instance,
            receiptCapacity: 0,
            clock: { clock.now },
            notices: { outbox.add($0) }
        )
        let receivers = self.receivers
        let deliveries = Deliveries(
            outbox: outbox,
            instance: Self.instance,
            log: receivers.sink(for: .log),
            registry: MetricsRegistry(),
            clock: clock.clocks,
            makeSink: { receivers.sink(for: $0) },
            random: random.source
        )
        deliveries.apply(scenario.settings.alerts)
        self.clock = clock
        self.random = random
        self.outbox = outbox
        self.store = store
        self.deliveries = DeliverySteps(deliveries, outbox, logger: logger)
        let machines = self.machines
        self.pipeline = EventPipeline(
            routes: RouteTable(scenario.handlers.map { HandlerEntry($0, machines: machines) }),
            limits: DecoderLimits(maxEventBytes: scenario.settings.intake.maxEventBytes),
            ring: FrameRing(capacity: 1 << 20, policy: .dropNewest),
            port: self.port,
            clock: clock.clocks
        ) {
            var generator = random.source
            return AlertIdentifiers.make(at: clock.now, using: &generator)
        }
    }

    // MARK: Time

    var start: Timestamp { self.scenario.start }

    /// Since the beginning.
    var elapsed: Duration { self.clock.now - self.scenario.start }

    /// Turns the clock to a time, and stops at everything that becomes due on the way; what is due at that very time is
    /// done as well.
    ///
    /// - Parameter at: since the beginning.
    func turn(to at: Duration) async throws {
        let end = self.scenario.start + at
        try await self.work()
        while let due = self.nextDue(), due <= end {
            self.clock.turn(to: due)
            self.wakes += 1
            self.pipeline.tick()
            self.endBlindness()
            try await self.work()
        }
        self.clock.turn(to: end)
        self.pipeline.tick()
        try await self.work()
    }

    /// The next thing that is due and still lies ahead; what is due and was not done is nobody's, and waits for ever.
    private func nextDue() -> Timestamp? {
        let now = self.clock.now
        return [
            self.machines.nextDeadline, self.store.nextSettling, self.deliveries.nextDue(at: now), self.blindness?.to,
        ].compactMap(\.self).filter { $0 > now }.min()
    }

    // MARK: What happens

    func perform(_ action: ScenarioAction) async throws {
        switch action {
        case .events(let events, let times, let every):
            let begin = self.clock.now - self.scenario.start
            let frames = events.map { ScenarioFrame($0) }
            for number in 0..<times {
                if number > 0, every > .zero { try await self.turn(to: begin + every * number) }
                for frame in frames {
                    self.receive(frame.bytes(number: number + 1, at: self.clock.now))
                    try await self.work()
                }
            }
        case .script(let receiver, let answers): self.receivers.script(receiver, answers)
        case .silence(let silence):
            let request = SilenceRequest(
                matchers: silence.matchers,
                endsAt: self.clock.now + silence.length,
                createdBy: Self.instance,
                reason: silence.reason,
                expiresOnResolve: silence.endsOnResolve
            )
            _ = try await self.store.add(request, id: silence.name)
        case .blind(let length):
            let now = self.clock.now
            self.blindness = (self.blindness?.from ?? now, now + length)
            self.tell(.blindnessBegan(at: now, reason: "the subscription was lost"))
            try await self.work()
        }
    }

    /// The subscription is back.
    private func endBlindness() {
        guard let blindness = self.blindness, blindness.to <= self.clock.now else { return }
        self.blindness = nil
        let reason = "events may have been missed while the subscription was blind"
        self.tell(.blindnessEnded(from: blindness.from, to: blindness.to, reason: reason))
    }

    private func tell(_ notice: MachineNotice) { self.perform(self.machines.handle(notice, self.moment)) }

    /// Gives the pipeline one message, as it stands in a receive buffer.
    private func receive(_ frame: [UInt8]) {
        guard self.blindness == nil else { return }
        self.frames += 1
        self.coverage?.note(frame)
        let head = "*3\r\n$7\r\nmessage\r\n$\(Self.channel.utf8.count)\r\n\(Self.channel)\r\n$\(frame.count)\r\n"
        let bytes = Array(head.utf8) + frame + Array("\r\n".utf8)
        bytes.withUnsafeBytes { bytes in
            var batch = MessageBatch(reading: bytes)
            if self.pipeline.receive(&batch) {
                while self.pipeline.drain() {}
            }
        }
        self.noteQuarantined()
    }

    /// Does all that can be done now: decides, sends, publishes, and takes what was published.
    private func work() async throws {
        self.wakeMachines()
        if let due = self.store.nextSettling, due <= self.clock.now {
            for telling in try await self.store.settle() { self.note(telling) }
        }
        while true {
            let wishes = self.port.take()
            for feed in wishes.feeds { self.feed(feed) }
            for decision in wishes.decisions {
                switch decision {
                case .alert(let alert): self.decide(alert)
                case .end(let resolution):
                    for telling in try await self.store.resolve([resolution]) { self.note(telling) }
                }
            }
            self.note(wishes)
            try await self.deliveries.work()
            for event in wishes.published where self.scenario.hears(event.channel) {
                self.receive(event.frame(at: self.clock.now))
            }
            if wishes.isEmpty { return }
        }
    }

    // MARK: Built-ins that remember

    private var moment: MachineMoment {
        let now = self.clock.now
        let random = self.random
        return MachineMoment(now: now) {
            var generator = random.source
            return AlertIdentifiers.make(at: now, using: &generator)
        }
    }

    /// Has everything worked off that is due; a machine with much to do takes several steps.
    private func wakeMachines() {
        while let due = self.machines.nextDeadline, due <= self.clock.now {
            let outputs = self.machines.advance(self.moment)
            self.perform(outputs)
            // One that says that something is due and does nothing about it would keep us here for ever.
            if outputs.isEmpty, self.machines.nextDeadline == due { return }
        }
    }

    private func feed(_ feed: ScenarioPort.Feed) {
        if let run = feed.event.anyRunID, self.knownRuns.insert(run).inserted { self.runs.append(run) }
        self.perform(self.machines.handle(feed.event, machine: feed.machine, self.moment))
    }

    private func perform(_ outputs: [MachineOutput]) {
        self.note(outputs)
        for output in outputs {
            guard case .react(let reaction) = output.content else { continue }
            switch reaction {
            case .alert(let alert): _ = self.port.raise(alert)
            case .resolve(let resolution): _ = self.port.resolve(resolution)
            case .publish(let event): self.port.publish(event)
            case .log(let level, let message): self.port.log(level, message, handler: output.key)
            case .loopCut(let event): self.port.cut(event)
            }
        }
    }

    // MARK: Alerts

    private func decide(_ alert: Alert) {
        for receipt in self.store.decideNow([alert]) { self.note(alert, .firing, receipt) }
    }

    // MARK: What happened

    private func note(_ subject: ScenarioSubject, _ observation: @autoclosure () -> Observation) {
        guard self.subjects.contains(subject) else { return }
        self.observed[subject, default: []].append(observation())
    }

    private func note(_ telling: Telling) { self.note(telling.alert, telling.status, telling.receipt) }

    private func note(_ alert: Alert, _ status: AlertStatus, _ receipt: Receipt) {
        let (now, start) = (self.clock.now, self.scenario.start)
        if receipt.verdict.isSent { self.note(.alerts, Observation(alert, status: status, at: now, since: start)) }
        self.note(.verdicts, Observation(alert, receipt, status: status, at: now, since: start))
    }

    private func note(_ wishes: ScenarioPort.Wishes) {
        let elapsed = self.elapsed
        for event in wishes.published {
            self.note(.published, Observation(event, at: self.clock.now, since: self.scenario.start))
        }
        for line in wishes.logs { self.note(.logs, Observation(line, at: elapsed)) }
        for call in wishes.failedCalls { self.note(.failedCalls, Observation(call, at: elapsed)) }
    }

    /// What contracts found.
    private func note(_ outputs: [MachineOutput]) {
        guard self.subjects.contains(.findings) else { return }
        let rows = outputs.compactMap { output -> Observation? in
            guard case .record(let row) = output.content, case .finding(let finding) = row.content else { return nil }
            return Observation(finding, row, at: self.clock.now, since: self.scenario.start)
        }
        // Those that count findings without writing them down say less about them.
        let counted = outputs.compactMap { output -> Observation? in
            guard case .count(.finding(let kind), let count) = output.content else { return nil }
            return Observation([
                ("kind", .string(kind.rawValue)), ("run_id", .string(output.key)), ("count", .number(Int(count))),
                ("at", .duration(self.elapsed)),
            ])
        }
        for observation in rows.isEmpty ? counted : rows { self.note(.findings, observation) }
    }

    private func noteQuarantined() {
        let total = self.pipeline.quarantine.total
        let new = self.pipeline.quarantine.newest(Int(total - self.quarantined)).reversed()
        self.quarantined = total
        for entry in new { self.note(.quarantined, Observation(entry, since: self.scenario.start)) }
    }

    /// All that happened so far, or how things stand.
    func observations(of subject: ScenarioSubject) async throws -> [Observation] {
        switch subject {
        case .receivers: return try await self.receiverStates()
        case .runs:
            return self.runs.map { run in
                let summary = self.machines.first(of: ContractMachine.self) { $0.summary(of: run) }
                return Observation(run, summary)
            }
        case .workers:
            let now = self.clock.now
            return self.machines.all(of: WorkerMachine.self) { machine in
                machine.views(at: now).map { Observation($0, of: machine.name, since: self.scenario.start) }
            }.flatMap(\.self)
        case .thresholds:
            return self.machines.all(of: ThresholdMachine.self) { machine in
                let status = machine.status(limit: .max)
                return status.standings.map { Observation($0, of: status) }
            }.flatMap(\.self)
        case .alerts, .verdicts, .findings, .published, .deliveries, .quarantined, .logs, .failedCalls:
            return self.observed[subject] ?? []
        }
    }

    /// All messages, in the order in which they were made.
    func deliveryRecords() async throws -> [DeliveryRecord] {
        var query = DeliveryQuery()
        query.limit = .max
        return try await self.outbox.deliveries(query).reversed()
    }

    private func receiverStates() async throws -> [Observation] {
        let dead = try await self.deliveryRecords().filter { $0.status == .dead }
        return self.deliveries.breakers.sorted { $0.key < $1.key }.map { name, breaker in
            Observation([
                ("name", .string(name)), ("breaker", .string(breaker)),
                ("dead_letters", .number(dead.count { $0.receiver == name })),
            ])
        }
    }

    /// How often each handler was called, by its number among the scenario's.
    func calls() -> [Int] {
        let counters = self.pipeline.counters.settled
        var calls = [Int](repeating: 0, count: self.scenario.handlers.count)
        for (slot, label) in self.pipeline.routes.slotLabels.enumerated() {
            calls[label.handler] += Int(counters.succeeded[slot] + counters.failed[slot])
        }
        return calls
    }
}

/// Random numbers that are the same each time.
private final class SeededRandom: Sendable {
    private let generator: Mutex<SplitMix64>

    init(_ seed: UInt64) {
        self.generator = Mutex(SplitMix64(seed: seed))
    }

    var source: RandomSource { RandomSource { self.generator.withLock { $0.next() } } }
}
