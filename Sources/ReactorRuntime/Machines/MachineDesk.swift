package import Events
package import Logging
package import NIOCore
package import Reactions
import RedisClient
import Synchronization
package import Telemetry

/// Takes the events of built-ins that remember from the event loop, which must not wait, hands them to their machines in
/// order, wakes the machines when something is due, and does what they want done.
///
/// Bounded without ever dropping: the queue takes every event and says when it is full, the pipeline then pauses until it
/// is told that there is room.
package final class MachineDesk: Sendable {
    /// Events queued at which the pipeline is asked to pause.
    package static let highWater = 20_000
    private static let lowWater = 5_000
    private static let batchSize = 1024
    /// Events and alerts that others may have waiting before nothing is added.
    private static let congestion = 5_000
    /// Events that are dropped came before they were dropped, but hardly longer ago than that.
    static let longestQueue: Duration = .seconds(30)
    /// When no reactor has listened for longer than this, events may have been missed.
    private static let longestAbsence: Duration = .seconds(3)

    enum Item: Sendable {
        case event(Event, machine: Int)
        case notice(MachineNotice)
        /// What is due until then is due.
        case due(Timestamp)
        /// Events are heard from then on.
        case listening(since: Timestamp)
        /// Opens when everything before it is done, and written down where it is to be.
        case mark(Gate)
        /// Something that other reactors have written down.
        case stored(StoredKey, machine: Int)
    }

    private struct State {
        var counts: [MachineCount: UInt64] = [:]
        /// Machines must not see the time go back.
        var lastTime = Timestamp(microseconds: .min)
        /// Since when nobody had listened when this reactor began.
        var absentSince: Timestamp?
        /// What was handed on to be decided, and where it stands in that queue.
        var tellings: [(version: MachineVersion, mark: Int)] = []
    }

    let machines: MachineSet
    private let sharing: MachineSharing?
    private let alerts: AlertDesk
    private let publisher: EventPublisher
    let clock: EvenClock
    let logger: Logger
    private let handlerLogger: Logger
    private let lateness: HistogramHandle
    private let oldestWaiting: @Sendable () async -> Timestamp?
    private let heard: @Sendable (NIODeadline) async -> NIODeadline?
    private let record: @Sendable ([HistoryRow]) -> Void
    private let onRoom: @Sendable () -> Void
    let queue = WorkQueue<Item>()
    private let state = Mutex(State())
    /// Rung when there may be another deadline than the one that is waited for.
    private let deadlines = WakeSignal()
    private let isDueQueued = Atomic(false)
    private let saidFull = Atomic(false)

    /// - Parameters:
    ///   - store: where reactors share what machines know; nil to keep it in memory.
    ///   - lateness: records, in seconds, how long after a deadline it was worked off.
    ///   - oldestWaiting: when the event arrived that has waited for longest before it comes here; the answer comes when
    ///     everything read before the question is here or is waiting. No deadline after that is taken to have passed.
    ///   - heard: until when everything published is known to have been read; nil when that is before the time given,
    ///     to be asked again shortly. No deadline after that is taken to have passed either: what would have kept it may
    ///     be on a link that died without a word.
    ///   - record: gets what is for the history. Must not wait.
    ///   - onRoom: called when the queue has fallen to its low mark after having been full.
    package init(
        machines: MachineSet,
        store: (any MachineStore)?,
        alerts: AlertDesk,
        publisher: EventPublisher,
        clock: PipelineClock,
        logger: Logger,
        handlerLogger: Logger,
        lateness: HistogramHandle,
        oldestWaiting: @escaping @Sendable () async -> Timestamp?,
        heard: @escaping @Sendable (NIODeadline) async -> NIODeadline?,
        record: @escaping @Sendable ([HistoryRow]) -> Void = { _ in },
        onRoom: @escaping @Sendable () -> Void
    ) {
        self.machines = machines
        self.sharing = store.map { store in
            MachineSharing(store: store, machines: machines, logger: logger) { publisher.message(for: $0) }
        }
        self.alerts = alerts
        self.publisher = publisher
        self.clock = EvenClock(clock)
        self.logger = logger
        self.handlerLogger = handlerLogger
        self.lateness = lateness
        self.oldestWaiting = oldestWaiting
        self.heard = heard
        self.record = record
        self.onRoom = onRoom
    }

    /// Other handlers or settings are in force.
    package func lookAgain() { self.deadlines.ring() }

    package var counts: [MachineCount: UInt64] { self.state.withLock { $0.counts } }

    /// Events not yet handled.
    package var depth: Int { self.queue.depth }

    /// Events that nobody has taken yet: without ticks of the clock and what else nobody misses when it was not handled.
    package var waitingEvents: Int {
        self.queue.waiting(where: { if case .event = $0 { true } else { false } })
    }

    // MARK: From the event loop

    /// Queues an event; never waits.
    ///
    /// - Returns: Whether there is room for more.
    package func submit(_ event: Event, machine: Int) -> Bool {
        guard let depth = self.queue.push(.event(event, machine: machine)), depth >= Self.highWater else { return true }
        self.saidFull.store(true, ordering: .sequentiallyConsistent)
        // Whoever works may have emptied the queue just before it could see that somebody waits for that.
        if self.queue.waiting <= Self.lowWater {
            return self.saidFull.exchange(false, ordering: .sequentiallyConsistent)
        }
        return false
    }

    /// Hands an event that came another way to machines, and returns when what they know of it is safe.
    ///
    /// - Returns: False when the task was cancelled before, or nothing is taken any more.
    package func accept(_ event: Event, machines: [Int]) async -> Bool {
        let gate = Gate()
        for machine in machines { self.queue.push(.event(event, machine: machine)) }
        guard self.queue.push(.mark(gate)) != nil else { return false }
        await gate.wait()
        return gate.isOpen
    }

    // MARK: Work

    /// Handles what is queued until `finish` was called and nothing is left, or the task is cancelled.
    package func run() async {
        if let sharing = self.sharing { await self.begin(sharing) }
        while true {
            let batch = await self.queue.take(upTo: Self.batchSize)
            guard !batch.isEmpty else { return }
            await self.sharing?.load(self.moment(self.clock.now))
            let outputs = self.work(batch)
            if let sharing = self.sharing {
                for settled in await sharing.settle(outputs, self.moment(self.clock.now)) {
                    await self.perform(settled)
                }
            } else {
                await self.perform(outputs)
            }
            for case .mark(let gate) in batch where !Task.isCancelled { gate.open() }
            self.deadlines.ring()
            if self.queue.waiting <= Self.lowWater,
                self.saidFull.exchange(false, ordering: .sequentiallyConsistent)
            {
                self.onRoom()
            }
        }
    }

    /// Takes nothing further; `run` returns when the queued is done.
    package func finish() { self.queue.finish() }

    package func waitUntilIdle() async { await self.queue.waitUntilIdle() }

    private func work(_ batch: [Item]) -> [MachineOutput] {
        var outputs: [MachineOutput] = []
        for item in batch {
            switch item {
            case .event(let event, let machine):
                let heardAt = self.clock.time(atWall: event.arrivedAt)
                let moment = self.moment(heardAt, heardAt: heardAt)
                outputs += self.machines.handle(event, machine: machine, moment)
            case .notice(let notice):
                outputs += self.machines.handle(notice, self.moment(self.clock.now))
            case .due(let time):
                outputs += self.workOff(until: time)
            case .listening(let since):
                _ = self.machines.handle(MachineNotice.listening(since: since), self.moment(self.clock.now))
                guard let from = self.state.withLock({ $0.absentSince.take() }) else { continue }
                let notice = MachineNotice.blindnessEnded(from: from, to: since, reason: Self.nobodyListened)
                outputs += self.machines.handle(notice, self.moment(self.clock.now))
            case .mark: break
            case .stored(let stored, let machine):
                self.sharing?.learn(stored, machine: machine, self.moment(self.clock.now))
            }
        }
        return outputs
    }

    private func workOff(until time: Timestamp) -> [MachineOutput] {
        // What is to be done at once has no time of its own.
        if let due = self.machines.nextDeadline, due <= time, due > .atOnce {
            self.lateness.record((self.clock.now - due).inSeconds)
        }
        let outputs = self.machines.advance(self.moment(time))
        self.isDueQueued.store(false, ordering: .sequentiallyConsistent)
        return outputs
    }

    // MARK: What reactors share

    private static let nobodyListened = "no reactor was listening"

    /// Learns what is written down before anything is handled.
    private func begin(_ sharing: MachineSharing) async {
        var before: Timestamp?
        let isKnown = await sharing.insist("what is remembered cannot be read") {
            let answer = try await sharing.store.noteAlive()
            self.clock.set(answer.now)
            before = answer.before
        }
        guard isKnown else { return }
        await sharing.load(self.moment(self.clock.now))
        if let before, self.clock.now - before > Self.longestAbsence {
            self.state.withLock { $0.absentSince = before }
            let notice = MachineNotice.blindnessBegan(at: before, reason: Self.nobodyListened)
            _ = self.machines.handle(notice, self.moment(self.clock.now))
        }
        self.deadlines.ring()
    }

    /// Stays in step with other reactors, until the task is cancelled: says that this one listens, looks after what they
    /// have left undone, and settles what was told.
    package func keepInStep() async {
        guard let sharing = self.sharing else { return }
        var round = 0
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            guard !Task.isCancelled else { break }
            round += 1
            do {
                _ = try await sharing.store.noteAlive()
                for (number, name) in self.machines.shared {
                    for stored in try await sharing.store.overdue(name, by: .seconds(1), limit: 256) {
                        self.queue.push(.stored(stored, machine: number))
                    }
                }
                await self.confirmTellings()
                if round % 5 == 0 { try await self.takeOverTellings(sharing) }
            } catch {
                self.logger.debug("other reactors cannot be followed", error: error, metadata: [:])
            }
        }
    }

    /// Says of what was decided that it was told.
    package func confirmTellings() async {
        guard let sharing = self.sharing else { return }
        let told = self.state.withLock { state in
            state.tellings.filter { self.alerts.hasDecided(until: $0.mark) }.map(\.version)
        }
        guard !told.isEmpty else { return }
        do {
            try await sharing.store.confirm(told)
            let done = Set(told)
            self.state.withLock { $0.tellings.removeAll { done.contains($0.version) } }
        } catch {
            self.logger.debug("what was told could not be settled", error: error, metadata: [:])
        }
    }

    /// Tells what another reactor has found and not told, since it ended before.
    private func takeOverTellings(_ sharing: MachineSharing) async throws {
        let own = self.state.withLock { Set($0.tellings.map(\.version)) }
        for stored in try await sharing.store.unconfirmed(for: .seconds(10), limit: 256)
        where !own.contains(stored.version) {
            self.logger.notice(
                "telling what another reactor has found",
                metadata: ["alerts": "\(stored.telling.alerts.count)"]
            )
            await self.tell(stored.telling.alerts, stored.telling.ends, stored.version)
        }
    }

    private func tell(_ alerts: [Alert], _ ends: [Resolution], _ version: MachineVersion) async {
        for alert in alerts where !self.alerts.submit(alert) { await self.waitForRoom() }
        for end in ends where !self.alerts.submit(end) { await self.waitForRoom() }
        let mark = self.alerts.mark
        self.state.withLock { $0.tellings.append((version, mark)) }
    }

    private func perform(_ settled: MachineSharing.Settled) async {
        // A machine that shares nothing publishes for itself.
        guard settled.isPublished else { return await self.perform(settled.outputs) }
        var rest: [MachineOutput] = []
        var published = 0
        for output in settled.outputs {
            if case .react(.publish) = output.content { published += 1 } else { rest.append(output) }
        }
        if published > 0 { self.publisher.notePublished(published) }
        await self.perform(rest)
        guard let version = settled.telling else { return }
        let mark = self.alerts.mark
        self.state.withLock { $0.tellings.append((version, mark)) }
    }

    private func moment(_ time: Timestamp, heardAt: Timestamp? = nil) -> MachineMoment {
        let now = self.state.withLock { state in
            state.lastTime = max(state.lastTime, time)
            return state.lastTime
        }
        return MachineMoment(now: now, heardAt: heardAt) {
            var generator = SystemRandomNumberGenerator()
            return AlertIdentifiers.make(at: now, using: &generator)
        }
    }

    // MARK: Deadlines

    /// Has what is due worked off, until the task is cancelled.
    package func keepTime() async {
        while !Task.isCancelled {
            let now = self.clock.now
            guard !self.isDueQueued.load(ordering: .sequentiallyConsistent), let due = self.machines.nextDeadline else {
                await self.deadlines.wait(atMost: .seconds(60))
                continue
            }
            guard due <= now else {
                await self.deadlines.wait(atMost: due - now)
                continue
            }
            guard let until = await self.horizon(due, now) else {
                try? await Task.sleep(for: .milliseconds(2))
                continue
            }
            self.isDueQueued.store(true, ordering: .sequentiallyConsistent)
            self.queue.push(.due(until))
        }
    }

    /// Until when everything is known that there is to know; nil when that is before the deadline.
    private func horizon(_ due: Timestamp, _ now: Timestamp) async -> Timestamp? {
        guard let heard = await self.heard(self.clock.deadline(at: due)) else { return nil }
        var until = min(now, self.clock.time(atNanoseconds: heard.uptimeNanoseconds))
        // What arrived before the deadline counts, however long it has waited to be handled. Asked last, so that what was
        // read until then is here or waits.
        if let oldest = await self.oldestWaiting() {
            until = min(until, self.clock.time(atWall: oldest) - .microseconds(1))
        }
        return due <= until ? until : nil
    }

    // MARK: Outputs

    private func perform(_ outputs: [MachineOutput]) async {
        let rows = outputs.compactMap { if case .record(let row) = $0.content { row } else { nil } }
        if !rows.isEmpty { self.record(rows) }
        for output in outputs {
            switch output.content {
            case .react(.alert(let alert)):
                if !self.alerts.submit(alert) { await self.waitForRoom() }
            case .react(.resolve(let resolution)):
                if !self.alerts.submit(resolution) { await self.waitForRoom() }
            case .react(.publish(let event)):
                await self.waitForRoom()
                self.publisher.submit(event)
            case .react(.log(let level, let message)):
                let said: Logger.Metadata = ["key": "\(output.key)", "text": "\(message)"]
                self.handlerLogger.log(level: level.loggerLevel, "handler says", metadata: said)
            case .react(.loopCut), .record: break
            case .count(let count, let number):
                self.state.withLock { $0.counts[count, default: 0] += number }
            }
        }
    }

    /// Returns when those who tell have caught up: what was found is not to be lost because much was found.
    private func waitForRoom() async {
        while self.publisher.depth > Self.congestion || self.alerts.depth > Self.congestion, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}
