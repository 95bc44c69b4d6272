import EventPatterns
package import Events

/// `uses: heartbeat-monitor`: workers and producers that are to beat.
package struct WorkerMachine: SharedMachine {
    /// The last change of a worker, as it is written down.
    private struct Change {
        var at: Timestamp
        /// What was told of it, until it is written down.
        var outputs: [MachineOutput] = []
    }

    package let name: String
    private var definition: WorkerDefinition
    private var monitor: HeartbeatMonitor
    private var changes: [String: Change] = [:]
    private var changed: Set<String> = []
    private var isShared = false
    /// Whether those that are named have to be told to the monitor yet.
    private var hasNews = true

    package init(name: String, _ definition: WorkerDefinition) {
        self.name = name
        self.definition = definition
        self.monitor = HeartbeatMonitor(definition.terms(), maxWorkers: definition.maxWorkers)
    }

    package var nextDeadline: Timestamp? { self.hasNews ? .atOnce : self.monitor.nextDeadline }

    package var figures: MachineFigures { MachineFigures(kept: self.monitor.count) }

    /// All workers by name, as they stand at a time.
    package func views(at now: Timestamp) -> [WorkerView] { self.monitor.views(at: now) }

    /// Those that are named have their new terms at once, and all others from the next start on.
    package mutating func update(_ definition: MachineDefinition) -> Bool {
        guard case .workers(let workers) = definition else { return false }
        self.definition = workers
        self.hasNews = true
        return true
    }

    // MARK: Inputs

    package mutating func handle(_ event: Event, _ moment: MachineMoment) -> [MachineOutput] {
        guard let key = Self.key(event[self.definition.key]) else { return [] }
        var outputs = self.takeNews(moment)
        let inputs = event.withEventTypeView { type -> [HeartbeatMonitor.Input] in
            var inputs: [HeartbeatMonitor.Input] = []
            if self.definition.beats.contains(where: { $0.accepts(type) }) { inputs.append(.beat(key: key)) }
            if self.definition.failures.contains(where: { $0.accepts(type) }) { inputs.append(.failed(key: key)) }
            if self.definition.paused.contains(where: { $0.accepts(type) }) { inputs.append(.paused(key: key)) }
            if self.definition.resumed.contains(where: { $0.accepts(type) }) { inputs.append(.resumed(key: key)) }
            return inputs
        }
        for input in inputs {
            self.tell(self.monitor.handle(input, at: moment.now), EventReference(event), moment, &outputs)
        }
        return outputs
    }

    package mutating func handle(_ notice: MachineNotice, _ moment: MachineMoment) -> [MachineOutput] {
        let input: HeartbeatMonitor.Input? =
            switch notice {
            case .blindnessBegan(let at, _): .blindnessBegan(at: at)
            case .blindnessEnded(let from, let to, _): .blindnessEnded(from: from, to: to)
            // Whoever is late because of it gets the time that it lasted.
            case .blindnessDismissed: .blindnessEnded(from: moment.now, to: moment.now)
            case .listening: nil
            }
        guard let input else { return [] }
        var outputs: [MachineOutput] = []
        self.tell(self.monitor.handle(input, at: moment.now), nil, moment, &outputs)
        return outputs
    }

    package mutating func advance(_ moment: MachineMoment) -> [MachineOutput] {
        var outputs = self.takeNews(moment)
        self.tell(self.monitor.handle(.deadlineReached, at: moment.now), nil, moment, &outputs)
        return outputs
    }

    /// Names those that the settings name.
    private mutating func takeNews(_ moment: MachineMoment) -> [MachineOutput] {
        guard self.hasNews else { return [] }
        self.hasNews = false
        var outputs: [MachineOutput] = []
        for expected in self.definition.expected {
            let input = HeartbeatMonitor.Input.expected(key: expected.key, self.definition.terms(of: expected))
            self.tell(self.monitor.handle(input, at: moment.now), nil, moment, &outputs)
        }
        return outputs
    }

    /// Names that are numbers are understood too.
    private static func key(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text) where !text.isEmpty: text
        case .number(let text): text
        default: nil
        }
    }

    // MARK: Outputs

    private mutating func tell(
        _ actions: [HeartbeatMonitor.Action],
        _ event: EventReference?,
        _ moment: MachineMoment,
        _ outputs: inout [MachineOutput]
    ) {
        for action in actions {
            let (key, contents) = self.contents(of: action, event, moment)
            let told = contents.map { MachineOutput(key: key, $0) }
            outputs += told
            if case .refused = action { continue }
            if case .forgotten = action {
                self.changes[key] = nil
                self.changed.insert(key)
                continue
            }
            if case .flipped(let flip) = action {
                self.changes[key] = Change(at: flip.at, outputs: told)
            } else {
                self.changes[key, default: Change(at: moment.now)].outputs += told
            }
            self.changed.insert(key)
        }
    }

    private func contents(
        of action: HeartbeatMonitor.Action,
        _ event: EventReference?,
        _ moment: MachineMoment
    ) -> (key: String, [MachineOutput.Content]) {
        switch action {
        case .flipped(let flip):
            let row = HeartbeatHistory(
                worker: flip.key,
                from: flip.from.rawValue,
                to: flip.to.rawValue,
                reason: flip.reason.rawValue
            )
            let id = "\(self.name)/\(flip.key)@\(flip.at.microseconds)"
            let history = HistoryRow(id: id, runID: "", tenant: "", at: flip.at, content: .heartbeat(row))
            return (flip.key, [.count(.flip(flip.to.rawValue), 1), .record(history)])
        case .down(let flip, let expected):
            return (flip.key, [.react(.alert(self.down(flip, expected, event, moment)))])
        case .recovered(let flip, let after):
            let resolution = Resolution(
                id: moment.makeID(),
                key: self.alertKey(flip.key),
                tenant: "",
                domain: self.definition.domain,
                runID: Alert.unknownRun,
                summary: "Worker \(flip.key) is back after \(Int(after.inSeconds)) s (\(flip.reason.rawValue))",
                handler: self.name,
                event: event,
                raisedAt: moment.now
            )
            return (flip.key, [.react(.resolve(resolution))])
        case .gapsGrow(let key, let gaps):
            return (key, [.react(.alert(self.slowing(key, gaps, event, moment)))])
        case .refused(let key):
            return (key, [.count(.refused("too_many_workers"), 1)])
        case .forgotten(let key): return (key, [])
        }
    }

    private func alertKey(_ worker: String) -> String { ClippedText.identifier("WORKER_DOWN:\(self.name):\(worker)") }

    private func down(
        _ flip: WorkerFlip,
        _ expected: Timestamp,
        _ event: EventReference?,
        _ moment: MachineMoment
    ) -> Alert {
        let last = flip.lastBeat.map { "last heard of at \($0.inWords)" } ?? "never heard of"
        let what = flip.reason == .failure ? "said that it failed" : "has not beaten by \(flip.at.inWords)"
        return self.alert(
            "WORKER_DOWN",
            self.definition.severity,
            key: self.alertKey(flip.key),
            "Worker \(flip.key) is down: it \(what); \(last)",
            [
                JSONMember("worker", .string(flip.key)), JSONMember("reason", .string(flip.reason.rawValue)),
                JSONMember("expected_at", .string(expected.iso8601)),
                JSONMember("last_beat", flip.lastBeat.map { .string($0.iso8601) } ?? .null),
            ],
            lasts: true,
            event,
            moment
        )
    }

    private func slowing(
        _ worker: String,
        _ gaps: [Duration],
        _ event: EventReference?,
        _ moment: MachineMoment
    ) -> Alert {
        let seconds = gaps.map(\.inSeconds)
        let list = seconds.map { "\(Int($0.rounded()))" }.joined(separator: ", ")
        return self.alert(
            "WORKER_SLOWING",
            self.definition.severity.lowered,
            key: ClippedText.identifier("WORKER_SLOWING:\(self.name):\(worker)"),
            "Worker \(worker) beats ever more slowly: the gaps between its last beats were \(list) s",
            [
                JSONMember("worker", .string(worker)),
                JSONMember("gaps_seconds", .array(seconds.map { .number($0) })),
            ],
            lasts: false,
            event,
            moment
        )
    }

    private func alert(
        _ type: String,
        _ severity: Severity,
        key: String,
        _ summary: String,
        _ details: [JSONMember],
        lasts: Bool,
        _ event: EventReference?,
        _ moment: MachineMoment
    ) -> Alert {
        Alert(
            id: moment.makeID(),
            type: type,
            severity: severity,
            domain: self.definition.domain,
            tenant: "",
            runID: Alert.unknownRun,
            key: key,
            summary: ClippedText.text(summary),
            details: BoundedDetails.bounded(.object(details)),
            handler: self.name,
            event: event,
            raisedAt: moment.now,
            lasts: lasts
        )
    }

    // MARK: What reactors share

    package mutating func beginSharing() { self.isShared = true }

    package mutating func takeChanges() -> [HashedText] {
        defer { self.changed = [] }
        guard self.isShared else {
            self.changes = [:]
            return []
        }
        return self.changed.sorted().map { HashedText($0) }
    }

    /// When somebody is to beat is looked after by every reactor that runs; nobody takes over for others.
    package func state(of key: HashedText) -> MachineState? {
        let key = key.text
        guard let stored = self.monitor.stored(key) else { return nil }
        let at = self.changes[key]?.at ?? Timestamp(microseconds: 0)
        let json: JSONValue = ["at": .number(String(at.microseconds)), "worker": stored]
        return MachineState(bytes: json.compactBytes, due: nil)
    }

    package mutating func confirm(_ key: HashedText) { self.changes[key.text]?.outputs = [] }

    /// `adopt` compares what is stored with what is known, whichever was written first.
    package func isLater(_ stored: [UInt8], than key: String) -> Bool { true }

    package mutating func restore(_ key: String, _ stored: [UInt8], _ moment: MachineMoment) {
        _ = self.takeNews(moment)
        guard let (at, worker) = Self.read(stored) else { return }
        self.changes[key] = Change(at: at)
        self.monitor.restore(key, worker, at: moment.now)
    }

    /// Of two changes the later one holds; equal ones were told by whoever wrote first.
    package mutating func adopt(_ key: String, _ stored: [UInt8]?, _ moment: MachineMoment) -> [MachineOutput] {
        guard let stored, let (at, worker) = Self.read(stored) else { return [] }
        let own = self.changes[key]
        let isSame = worker["state"]?.stringValue == self.monitor.stored(key)?["state"]?.stringValue
        if !isSame, let own, own.at > at {
            self.changed.insert(key)
            return own.outputs
        }
        self.changes[key] = Change(at: at)
        if !isSame { self.monitor.restore(key, worker, at: moment.now) }
        return []
    }

    private static func read(_ bytes: [UInt8]) -> (at: Timestamp, worker: JSONValue)? {
        guard let json = try? JSONValue.parse(bytes), let at = json["at"]?.intValue, let worker = json["worker"] else {
            return nil
        }
        return (Timestamp(microseconds: Int64(at)), worker)
    }
}

extension Timestamp {
    /// Before every time that a machine lives at.
    package static let atOnce = Timestamp(microseconds: 0)
}
