package import Events
package import Logging
import Reactions
import Synchronization
package import Telemetry

/// Runs the closures of embedding programs: what `LaneScheduler` decides, performed.
///
/// Each closure has lanes of its own, so that none waits for another one; events of one run share a lane and stay in order.
package final class LaneExecutor: Sendable {
    package typealias Handler = @Sendable (Event) async throws -> Void

    /// How many bytes of events may wait for one closure.
    private static let queuedBytes = 16 << 20

    private struct Call: Sendable {
        var lane: Int
        var event: Event
        var type: String
    }

    /// A call that was begun and is waited for.
    private struct Running {
        var ticket: LaneTicket
        var type: String
        var began: UInt64
        var deadline: ContinuousClock.Instant
        var task: Task<Void, Never>?
    }

    /// What became of one closure's calls for one type: dispatched = succeeded + failed + timed out + in flight.
    package struct Counts: Sendable {
        package var dispatched: UInt64 = 0
        package var succeeded: UInt64 = 0
        package var failed: UInt64 = 0
        package var timedOut: UInt64 = 0
        package var durations = HistogramCounts(MetricCatalog.Original.handlerDuration)

        package var inFlight: UInt64 { self.dispatched - self.succeeded - self.failed - self.timedOut }
    }

    private struct State {
        var scheduler = LaneScheduler<Call>()
        var handlers: [(name: String, run: Handler)] = []
        /// By lane number, then event type.
        var counts: [[String: Counts]] = []
        /// By the serial of the ticket; at most one for each lane.
        var running: [UInt64: Running] = [:]
        /// Between two lives nothing is begun.
        var isOpen = true
        /// Calls that the end of the last life left undone, by lane number.
        var givenUp: [Int: Int] = [:]
    }

    private let settings: LaneSettings
    private let timeout: Duration
    private let clock: PipelineClock
    private let logger: Logger
    private let executor = HandlerExecutor()
    private let state = Mutex(State())

    package init(lanes: Int, queued: Int, timeout: Duration, clock: PipelineClock, logger: Logger) {
        var settings = LaneSettings()
        settings.lanes = max(1, lanes)
        settings.maxQueued = max(1, queued)
        settings.maxQueuedBytes = Self.queuedBytes
        self.settings = settings
        self.timeout = timeout
        self.clock = clock
        self.logger = logger
    }

    /// Adds a closure.
    ///
    /// - Returns: The number under which its events are submitted.
    package func register(_ name: String, _ handler: @escaping Handler) -> Int {
        self.state.withLock { state in
            state.handlers.append((name, handler))
            state.counts.append([:])
            return state.scheduler.addHandler(self.settings)
        }
    }

    /// Calls that wait or run.
    package var depth: Int {
        self.state.withLock { $0.scheduler.running + $0.scheduler.queued }
    }

    /// The counts of one closure by event type.
    package func counts(lane: Int) -> [String: Counts] { self.state.withLock { $0.counts[lane] } }

    /// Hands an event to a closure; never waits. An event that finds no room counts as failed.
    package func submit(_ event: Event, lane: Int, type: String) {
        let key = event.laneKey
        let bytes = event.payloadBytes.count
        let call = Call(lane: lane, event: event, type: type)
        let actions = self.state.withLock { state -> [LaneScheduler<Call>.Action]? in
            state.counts[lane][type, default: Counts()].dispatched += 1
            guard state.isOpen else {
                state.counts[lane][type]?.failed += 1
                state.givenUp[lane, default: 0] += 1
                return nil
            }
            return state.scheduler.handle(.submit(handler: lane, key: key, bytes: bytes, work: call))
        }
        if let actions { self.perform(actions) }
    }

    // MARK: Life

    /// Takes events again after `run` has ended.
    package func open() {
        self.state.withLock { state in
            state.isOpen = true
            state.givenUp = [:]
        }
    }

    /// The calls that the end of `run` left undone, by the names of their closures in the order of registration.
    package var givenUp: [(name: String, calls: Int)] {
        self.state.withLock { state in
            state.givenUp.sorted { $0.key < $1.key }.map { (state.handlers[$0.key].name, $0.value) }
        }
    }

    /// Ends the patience with calls that take too long, until the task is cancelled; then cancels what runs and gives up what
    /// waits. Returns without waiting for closures that do not notice.
    package func run() async {
        while !Task.isCancelled {
            let next = self.state.withLock { $0.running.values.map(\.deadline).min() }
            // Who begins later has a later deadline.
            try? await Task.sleep(until: next ?? .now + self.timeout, clock: .continuous)
            guard !Task.isCancelled else { break }
            let now = ContinuousClock.now
            for late in self.state.withLock({ $0.running.values.filter { $0.deadline <= now } }) {
                self.settle(late.ticket, .timedOut)
                late.task?.cancel()
            }
        }
        self.giveUp()
    }

    /// Returns when no call waits or runs, or the task is cancelled. For stopping: it looks every 2 ms.
    package func waitUntilIdle() async {
        while self.depth > 0, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    private func giveUp() {
        let (running, queued) = self.state.withLock { state -> ([Running], Int) in
            state.isOpen = false
            let queued = state.scheduler.removeQueued()
            for call in queued {
                state.counts[call.lane][call.type]?.failed += 1
                state.givenUp[call.lane, default: 0] += 1
            }
            let running = Array(state.running.values)
            state.running = [:]
            for call in running {
                state.counts[call.ticket.handler][call.type]?.failed += 1
                state.givenUp[call.ticket.handler, default: 0] += 1
                // Nothing waits any more, so there is nothing to start in its place.
                _ = state.scheduler.handle(.timedOut(call.ticket))
            }
            return (running, queued.count)
        }
        for call in running { call.task?.cancel() }
        guard !running.isEmpty || queued > 0 else { return }
        self.logger.error(
            "calls of handlers given up by the stop",
            metadata: ["running": "\(running.count)", "waiting": "\(queued)"]
        )
    }

    // MARK: Calls

    private func perform(_ actions: [LaneScheduler<Call>.Action]) {
        for action in actions {
            switch action {
            case .start(let ticket, let call): self.begin(ticket, call)
            case .refuse(let lane, let call, let reason):
                let name = self.state.withLock { state in
                    state.counts[lane][call.type, default: Counts()].failed += 1
                    return state.handlers[lane].name
                }
                self.logger.error(
                    "event refused, its handler is too far behind",
                    metadata: ["handler": "\(name)", "reason": "\(reason.rawValue)"]
                )
            }
        }
    }

    private func begin(_ ticket: LaneTicket, _ call: Call) {
        let began = self.clock.monotonic()
        let deadline = ContinuousClock.now + self.timeout
        let handler = self.state.withLock { state in
            state.running[ticket.serial] = Running(ticket: ticket, type: call.type, began: began, deadline: deadline)
            return state.handlers[ticket.handler]
        }
        // Not a child of anybody's task: a closure that never returns must not keep a stop from returning. `run` cancels it
        // when its time is over.
        let task = Task(executorPreference: self.executor) {
            self.settle(ticket, await self.outcome(of: handler.run, handler.name, call.event))
        }
        let isWaitedFor = self.state.withLock { state in
            state.running[ticket.serial]?.task = task
            return state.running[ticket.serial] != nil
        }
        // It has ended, or its time is over already.
        if !isWaitedFor { task.cancel() }
    }

    private func outcome(of handler: Handler, _ name: String, _ event: Event) async -> HandlerOutcome {
        do {
            try await handler(event)
            return .succeeded
        } catch {
            self.logger.error("handler failed", metadata: ["handler": "\(name)", "reason": "\(error)"])
            return .failed
        }
    }

    /// Counts how a call ended, the first time; and goes on with its lane. A straggler whose time was over before is only
    /// reported to the scheduler.
    private func settle(_ ticket: LaneTicket, _ outcome: HandlerOutcome) {
        let ended = self.clock.monotonic()
        let (actions, lateName) = self.state.withLock { state -> ([LaneScheduler<Call>.Action], String?) in
            let call = state.running.removeValue(forKey: ticket.serial)
            if let call { Self.count(outcome, of: call, ended, in: &state) }
            let isLate = outcome == .timedOut
            let actions = state.scheduler.handle(isLate ? .timedOut(ticket) : .finished(ticket))
            return (actions, isLate && call != nil ? state.handlers[ticket.handler].name : nil)
        }
        if let lateName {
            self.logger.error(
                "handler timed out",
                metadata: ["handler": "\(lateName)", "limit_s": "\(self.timeout.inSeconds)"]
            )
        }
        self.perform(actions)
    }

    private static func count(_ outcome: HandlerOutcome, of call: Running, _ ended: UInt64, in state: inout State) {
        var counts = state.counts[call.ticket.handler][call.type, default: Counts()]
        switch outcome {
        case .succeeded: counts.succeeded += 1
        case .failed: counts.failed += 1
        case .timedOut: counts.timedOut += 1
        }
        counts.durations.record(nanoseconds: Int64(ended &- call.began))
        state.counts[call.ticket.handler][call.type] = counts
    }
}

extension Event {
    /// Events of one run share a lane; events without one go by their type's lane.
    fileprivate var laneKey: UInt64 {
        var id = self.runID ?? self.eventType
        return id.withUTF8 { LaneKey.of(ByteView(UnsafeRawBufferPointer($0))) }
    }
}
