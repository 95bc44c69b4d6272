package import Events

/// Watches the beats of workers and producers and tells, once, who is down, and once who beats again: sans I/O, one
/// thread at a time.
///
/// A worker is known because it was named, or because it beat. One that was named and never comes is down, too. A beat
/// counts for the time at which it came, and an older one changes nothing: beats commute, and a store may keep the
/// last one of each worker as a score that only rises. Whoever is about to call a worker down looks again whether it has
/// beaten since. After a time in which beats may have been missed nobody is called down for silence in it.
package struct HeartbeatMonitor: Sendable {
    package enum Input: Sendable {
        case beat(key: String)
        /// It says that it failed: it is down at once.
        case failed(key: String)
        /// It is expected from now on, on its own terms. For one that is known, new terms.
        case expected(key: String, HeartbeatTerms)
        case forgotten(key: String)
        case paused(key: String)
        case resumed(key: String)
        /// Beats may be missed from then on.
        case blindnessBegan(at: Timestamp)
        case blindnessEnded(from: Timestamp, to: Timestamp)
        /// `nextDeadline` may have come.
        case deadlineReached
    }

    package enum Action: Sendable, Hashable {
        /// Every change between new, up, down and paused, for those who keep records.
        case flipped(WorkerFlip)
        /// To be alerted: it should have beaten at `expected` and had its grace.
        case down(WorkerFlip, expected: Timestamp)
        /// To be resolved.
        case recovered(WorkerFlip, after: Duration)
        /// To be warned of: the gaps between its beats, the newest last.
        case gapsGrow(key: String, [Duration])
        /// There is no room to watch it.
        case refused(key: String)
        /// It was down for so long that nothing is kept of it.
        case forgotten(key: String)
    }

    private struct Worker: Sendable {
        var terms: HeartbeatTerms
        var state = WorkerState.new
        /// Named, and so never forgotten by itself.
        var isNamed = false
        /// Expectation counts from here: the last beat, the naming, or the end of a pause or of a blind time.
        var reference: Int64
        var lastBeat: Int64?
        var downSince: Int64?
        var gaps = BeatGaps()
        /// A time in which beats may have been missed lies in the gap that is going on.
        var missedSome = false
        var armed = Int64.max
        var generation: UInt32

        var expected: Int64 { self.terms.schedule.next(after: self.reference) }
        var graceLength: Int64 { max(0, self.terms.grace.wholeMicroseconds) }
    }

    package static let defaultMaxWorkers = 10_000
    /// A worker that nobody named is forgotten when it has been down for a day: most that come and go have names that do
    /// not come again.
    package static let keepDown: Int64 = 86_400_000_000
    package static let maxKeyBytes = 512

    private let terms: HeartbeatTerms
    private let maxWorkers: Int
    private var clock = SteadyClock()
    private var workers: [String: Worker] = [:]
    private var names: [UInt32: String] = [:]
    private var heap = DeadlineHeap()
    private var blind = BlindWindows()
    private var generations: UInt32 = 0
    /// Beats of workers that there was no room to watch.
    package private(set) var refused: UInt64 = 0

    /// - Parameters:
    ///   - terms: for workers that beat without having been named.
    ///   - maxWorkers: watched at a time; what further ones tell is counted and left alone.
    package init(
        _ terms: HeartbeatTerms = HeartbeatTerms(schedule: .every(.seconds(30)), grace: .seconds(60)),
        maxWorkers: Int = HeartbeatMonitor.defaultMaxWorkers
    ) {
        self.terms = terms
        self.maxWorkers = maxWorkers
    }

    package var count: Int { self.workers.count }
    package var nextDeadline: Timestamp? { self.heap.first.map { self.clock.reading($0.due) } }

    /// All workers by name, as they stand at `now`.
    package func views(at now: Timestamp) -> [WorkerView] {
        self.workers.keys.sorted().compactMap { self.view(of: $0, at: now) }
    }

    package func view(of key: String, at now: Timestamp) -> WorkerView? {
        guard let worker = self.workers[key] else { return nil }
        let isWaiting = worker.state != .down && worker.state != .paused
        let expected = isWaiting ? worker.expected : nil
        // Late is not a change that anybody is told of: every worker is, by a moment, each time.
        let isLate = worker.state == .up && self.clock.reading(worker.expected) <= now
        return WorkerView(
            key: key,
            state: isLate ? .grace : worker.state,
            lastBeat: worker.lastBeat.map(self.clock.reading),
            expectedAt: expected.map(self.clock.reading),
            downAt: expected.map { self.clock.reading($0 &+ worker.graceLength) },
            downSince: worker.downSince.map(self.clock.reading),
            gaps: worker.gaps.gaps.map { .microseconds($0) }
        )
    }

    package mutating func handle(_ input: Input, at now: Timestamp) -> [Action] {
        let instant = self.clock.instant(now)
        var actions: [Action] = []
        if case .blindnessEnded(let from, let to) = input {
            self.endBlindness(self.instant(from, instant, now), self.instant(to, instant, now))
        }
        // First what is over, so that it does not matter whether somebody has looked since.
        self.workOff(instant, &actions)
        switch input {
        case .beat(let key): self.beat(key, instant, &actions)
        case .failed(let key): self.fail(key, instant, &actions)
        case .expected(let key, let terms): self.expect(key, terms, instant, &actions)
        case .forgotten(let key): self.forget(key)
        case .paused(let key): self.pause(key, instant, &actions)
        case .resumed(let key): self.resume(key, instant, &actions)
        case .blindnessBegan(let from):
            self.blind.begin(at: self.instant(from, instant, now), reason: "")
        case .blindnessEnded, .deadlineReached: break
        }
        return actions
    }

    private func instant(_ time: Timestamp, _ instant: Int64, _ now: Timestamp) -> Int64 {
        instant &- (now.microseconds &- time.microseconds)
    }

    // MARK: What is told of a worker

    private mutating func beat(_ key: String, _ now: Int64, _ actions: inout [Action]) {
        guard var worker = self.known(key, self.terms, now) else {
            self.refused += 1
            actions.append(.refused(key: key))
            return
        }
        if let last = worker.lastBeat {
            let wasDeaf = worker.missedSome || self.blind.end(overlapping: last, to: now) != nil
            if wasDeaf || worker.state == .paused || worker.state == .down {
                worker.gaps.clear()
            } else if worker.gaps.add(now &- last), worker.terms.watchesGaps {
                actions.append(.gapsGrow(key: key, worker.gaps.gaps.map { .microseconds($0) }))
            }
        }
        worker.missedSome = false
        worker.reference = now
        let before = worker.lastBeat
        worker.lastBeat = now
        if worker.state != .up {
            let flip = self.flip(key, &worker, to: .up, at: now, .beat, lastBeat: before)
            actions.append(.flipped(flip))
            if let since = worker.downSince {
                actions.append(.recovered(flip, after: .microseconds(now &- since)))
                worker.downSince = nil
            }
        }
        self.keep(key, worker)
    }

    private mutating func fail(_ key: String, _ now: Int64, _ actions: inout [Action]) {
        guard var worker = self.known(key, self.terms, now) else {
            self.refused += 1
            actions.append(.refused(key: key))
            return
        }
        worker.lastBeat = now
        worker.reference = now
        if worker.state != .down, worker.state != .paused {
            let flip = self.flip(key, &worker, to: .down, at: now, .failure, lastBeat: now)
            worker.downSince = now
            actions.append(.flipped(flip))
            actions.append(.down(flip, expected: self.clock.reading(now)))
        }
        self.keep(key, worker)
    }

    private mutating func expect(_ key: String, _ terms: HeartbeatTerms, _ now: Int64, _ actions: inout [Action]) {
        guard var worker = self.known(key, terms, now) else {
            self.refused += 1
            actions.append(.refused(key: key))
            return
        }
        worker.isNamed = true
        worker.terms = terms
        worker.armed = .max
        self.keep(key, worker)
    }

    private mutating func pause(_ key: String, _ now: Int64, _ actions: inout [Action]) {
        guard var worker = self.workers[key], worker.state != .paused else { return }
        let flip = self.flip(key, &worker, to: .paused, at: now, .paused, lastBeat: worker.lastBeat)
        actions.append(.flipped(flip))
        // Who pauses a worker that is down has seen that it is.
        if let since = worker.downSince {
            actions.append(.recovered(flip, after: .microseconds(now &- since)))
            worker.downSince = nil
        }
        self.workers[key] = worker
    }

    private mutating func resume(_ key: String, _ now: Int64, _ actions: inout [Action]) {
        guard var worker = self.workers[key], worker.state == .paused else { return }
        worker.reference = now
        worker.missedSome = true
        let state: WorkerState = worker.lastBeat == nil ? .new : .up
        actions.append(.flipped(self.flip(key, &worker, to: state, at: now, .resumed, lastBeat: worker.lastBeat)))
        self.keep(key, worker)
    }

    // MARK: Time

    private mutating func workOff(_ now: Int64, _ actions: inout [Action]) {
        while let top = self.heap.first, top.due <= now {
            _ = self.heap.removeFirst()
            guard let key = self.names[top.place], var worker = self.workers[key], worker.armed == top.due else {
                continue
            }
            worker.armed = .max
            if let since = worker.downSince, !worker.isNamed, top.due >= since &+ Self.keepDown {
                self.forget(key)
                actions.append(.forgotten(key: key))
                continue
            }
            self.judge(key, &worker, top.due, &actions)
            self.keep(key, worker)
        }
    }

    private func judge(_ key: String, _ worker: inout Worker, _ due: Int64, _ actions: inout [Action]) {
        guard worker.state != .down, worker.state != .paused else { return }
        let expected = worker.expected
        let downAt = expected &+ worker.graceLength
        if due >= downAt {
            // Silence in a time in which nothing could be heard says nothing. What was before the time that counts is over:
            // it would be found again and again.
            let from = max(worker.reference, expected &- worker.graceLength)
            if let heardAgain = self.blind.end(overlapping: from, to: downAt &+ 1) {
                worker.missedSome = true
                if heardAgain < .max { worker.reference = max(worker.reference, heardAgain) }
                return
            }
            let flip = self.flip(key, &worker, to: .down, at: downAt, .timeout, lastBeat: worker.lastBeat)
            worker.downSince = downAt
            actions.append(.flipped(flip))
            actions.append(.down(flip, expected: self.clock.reading(expected)))
        }
    }

    private mutating func endBlindness(_ from: Int64, _ to: Int64) {
        self.blind.add(from: from, to: to, reason: "")
        // Those whose time came meanwhile were left alone until now.
        for key in self.workers.keys.sorted() {
            guard let worker = self.workers[key] else { continue }
            self.keep(key, worker)
        }
    }

    private func flip(
        _ key: String,
        _ worker: inout Worker,
        to state: WorkerState,
        at instant: Int64,
        _ reason: WorkerFlip.Reason,
        lastBeat: Int64?
    ) -> WorkerFlip {
        defer { worker.state = state }
        return WorkerFlip(
            key: key,
            from: worker.state,
            to: state,
            at: self.clock.reading(instant),
            reason: reason,
            lastBeat: lastBeat.map(self.clock.reading)
        )
    }

    // MARK: Workers

    /// The worker of that name, made when it is new; nil when there is no room or its name cannot be kept.
    private mutating func known(_ key: String, _ terms: HeartbeatTerms, _ now: Int64) -> Worker? {
        if let worker = self.workers[key] { return worker }
        guard self.workers.count < self.maxWorkers, !key.isEmpty, key.utf8.count <= Self.maxKeyBytes else { return nil }
        self.generations &+= 1
        self.names[self.generations] = key
        return Worker(terms: terms, reference: now, generation: self.generations)
    }

    private mutating func forget(_ key: String) {
        guard let worker = self.workers.removeValue(forKey: key) else { return }
        self.names[worker.generation] = nil
    }

    /// Keeps it, and makes sure that it is looked at when its state may change by itself.
    private mutating func keep(_ key: String, _ worker: Worker) {
        var worker = worker
        let due: Int64 =
            switch worker.state {
            case .new, .up, .grace: worker.expected &+ worker.graceLength
            case .down: worker.isNamed ? .max : worker.downSince.map { $0 &+ Self.keepDown } ?? .max
            case .paused: .max
            }
        // While nothing can be heard, who has been looked at has to wait until something can.
        let waits = worker.missedSome && self.blind.isGoingOn && worker.armed == .max
        if due < worker.armed, !waits {
            worker.armed = due
            self.heap.insert(DeadlineHeap.Entry(due: due, place: worker.generation, generation: worker.generation))
        }
        self.workers[key] = worker
    }
}

// MARK: - What survives a restart

extension HeartbeatMonitor {
    /// What is to be kept of a worker; nil when nothing is known of it.
    package func stored(_ key: String) -> JSONValue? {
        guard let worker = self.workers[key] else { return nil }
        let clock = self.clock
        func time(_ instant: Int64?) -> JSONValue {
            instant.map { .number(String(clock.reading($0).microseconds)) } ?? .null
        }
        return [
            "state": .string(worker.state.rawValue), "last_beat": time(worker.lastBeat),
            "down_since": time(worker.downSince),
        ]
    }

    /// A worker as `stored` wrote it. It has its time to beat from now on: nobody may have listened since.
    package mutating func restore(_ key: String, _ json: JSONValue, at now: Timestamp) {
        let instant = self.clock.instant(ofReading: now)
        guard let state = json["state"]?.stringValue.flatMap(WorkerState.init(rawValue:)),
            var worker = self.known(key, self.workers[key]?.terms ?? self.terms, instant)
        else { return }
        func time(_ name: String) -> Int64? {
            json[name]?.intValue.map { self.clock.instant(ofReading: Timestamp(microseconds: Int64($0))) }
        }
        worker.state = state
        worker.reference = max(worker.reference, instant)
        worker.lastBeat = [worker.lastBeat, time("last_beat")].compactMap { $0 }.max()
        worker.downSince = time("down_since")
        worker.missedSome = true
        worker.armed = .max
        self.keep(key, worker)
    }

    /// Every worker with its state, by name. Terms are not part of it: they are configuration.
    package var json: JSONValue {
        .array(
            self.workers.sorted { $0.key < $1.key }.map { key, worker in
                .object([
                    JSONMember("key", .string(key)), JSONMember("state", .string(worker.state.rawValue)),
                    JSONMember("reference", .number(String(worker.reference))),
                    JSONMember("last_beat", worker.lastBeat.map { .number(String($0)) } ?? .null),
                    JSONMember("down_since", worker.downSince.map { .number(String($0)) } ?? .null),
                    JSONMember("gaps", .array(worker.gaps.gaps.map { .number(String($0)) })),
                ])
            }
        )
    }

    /// Takes in what was stored, after the workers that are named were: one that is not has the terms of all others.
    /// Nobody listened since it was written, so nobody is called down for silence until `now`.
    package mutating func restore(_ json: JSONValue, writtenAt: Timestamp, at now: Timestamp) {
        let instant = self.clock.instant(now)
        for entry in json.arrayValue ?? [] {
            guard let key = entry["key"]?.stringValue, let reference = entry["reference"]?.intValue,
                let state = entry["state"]?.stringValue.flatMap(WorkerState.init(rawValue:)),
                var worker = self.known(key, self.terms, instant)
            else { continue }
            worker.state = state
            worker.reference = Int64(reference)
            worker.lastBeat = entry["last_beat"]?.intValue.map(Int64.init)
            worker.downSince = entry["down_since"]?.intValue.map(Int64.init)
            for gap in entry["gaps"]?.arrayValue ?? [] { _ = worker.gaps.add(Int64(gap.intValue ?? 0)) }
            worker.armed = .max
            self.keep(key, worker)
        }
        self.endBlindness(self.instant(writtenAt, instant, now), instant)
    }
}

extension BlindWindows {
    /// When the window ends that overlaps a time; nil when there is none, `Int64.max` while it lasts.
    func end(overlapping from: Int64, to: Int64) -> Int64? { self.windows.last { $0.from < to && $0.to > from }?.to }

    var isGoingOn: Bool { self.windows.last?.to == .max }
}
