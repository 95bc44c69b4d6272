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
        var event: Event
        var type: String
    }

    private struct Start: Sendable {
        var ticket: LaneTicket
        var call: Call
        var handler: Handler
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
    }

    private let settings: LaneSettings
    private let timeout: Duration
    private let clock: PipelineClock
    private let logger: Logger
    private let executor = HandlerExecutor()
    private let starts = WorkQueue<Start>()
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
        let call = Call(event: event, type: type)
        let actions = self.state.withLock { state in
            state.counts[lane][type, default: Counts()].dispatched += 1
            return state.scheduler.handle(.submit(handler: lane, key: key, bytes: bytes, work: call))
        }
        self.perform(actions)
    }

    /// Runs what is submitted until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            while true {
                let starts = await self.starts.take(upTo: 64)
                guard !starts.isEmpty else { return }
                for start in starts {
                    group.addTask { await self.run(start) }
                }
            }
        }
    }

    /// Returns when no call waits or runs, or the task is cancelled. For stopping: it looks every 2 ms.
    package func waitUntilIdle() async {
        while self.depth > 0, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    private func perform(_ actions: [LaneScheduler<Call>.Action]) {
        for action in actions {
            switch action {
            case .start(let ticket, let call):
                let handler = self.state.withLock { $0.handlers[ticket.handler].run }
                self.starts.push(Start(ticket: ticket, call: call, handler: handler))
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

    private func run(_ start: Start) async {
        let began = self.clock.monotonic()
        await withTaskGroup(of: HandlerOutcome?.self) { group in
            group.addTask(executorPreference: self.executor) { await self.call(start) }
            group.addTask {
                try? await Task.sleep(for: self.timeout)
                return Task.isCancelled ? nil : .timedOut
            }
            let outcome = await group.next() ?? nil
            let took = Int64(self.clock.monotonic() &- began)
            self.settle(start, outcome ?? .failed, took)
            group.cancelAll()
            guard outcome == .timedOut else { return }
            // The lane went on at the time-out. This straggler holds up nobody; when it returns, that is noted.
            await group.waitForAll()
            self.perform(self.state.withLock { $0.scheduler.handle(.finished(start.ticket)) })
        }
    }

    private func call(_ start: Start) async -> HandlerOutcome {
        do {
            try await start.handler(start.call.event)
            return .succeeded
        } catch {
            let name = self.state.withLock { $0.handlers[start.ticket.handler].name }
            self.logger.error("handler failed", metadata: ["handler": "\(name)", "reason": "\(error)"])
            return .failed
        }
    }

    private func settle(_ start: Start, _ outcome: HandlerOutcome, _ nanoseconds: Int64) {
        let (actions, name) = self.state.withLock { state in
            let lane = start.ticket.handler
            var counts = state.counts[lane][start.call.type, default: Counts()]
            switch outcome {
            case .succeeded: counts.succeeded += 1
            case .failed: counts.failed += 1
            case .timedOut: counts.timedOut += 1
            }
            counts.durations.record(nanoseconds: nanoseconds)
            state.counts[lane][start.call.type] = counts
            let input: LaneScheduler<Call>.Input =
                outcome == .timedOut ? .timedOut(start.ticket) : .finished(start.ticket)
            return (state.scheduler.handle(input), state.handlers[lane].name)
        }
        if outcome == .timedOut {
            self.logger.error(
                "handler timed out",
                metadata: ["handler": "\(name)", "limit_s": "\(self.timeout.inSeconds)"]
            )
        }
        self.perform(actions)
    }
}

extension Event {
    /// Events of one run share a lane; events without one go by their type's lane.
    fileprivate var laneKey: UInt64 {
        var id = self.runID ?? self.eventType
        return id.withUTF8 { LaneKey.of(ByteView(UnsafeRawBufferPointer($0))) }
    }
}
