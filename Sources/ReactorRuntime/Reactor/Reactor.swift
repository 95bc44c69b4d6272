import Delivery
import Events
public import Logging
package import Reactions
package import RedisClient
public import ServiceLifecycle
import Stores
import Synchronization
package import Telemetry

/// Listens to what is published on Redis channels and runs handlers for it.
///
///     let reactor = try Reactor(redisURL: "redis://127.0.0.1", settings: .init(instance: "my-service"))
///     try reactor.on("run.failed", priority: 50) { event in
///         print(event.runID ?? "?", "failed")
///     }
///     try await reactor.run()
///
/// `run` returns when a graceful shutdown begins or `stop` is called, after what was received has been handled; or at once
/// when its task is cancelled. Then it may be called again. See `EventPipeline` for the way of an event.
public final class Reactor: Service {
    public let settings: ReactorSettings
    package let version: String
    let endpoint: RedisEndpoint
    package let store: any StateStore
    let standIn: MemoryStateStore
    package let deliveries: Deliveries
    /// Keeps what happened; run by whoever made it, for longer than this reactor.
    package let history: (any HistoryStore)?
    let archive: ReceiptArchive?
    let quarantineRecorder: QuarantineRecorder?
    let runRecorder: RunRecorder?
    let heldBack: @Sendable (Alert, Receipt) -> Void
    let clock: PipelineClock
    let registry: MetricsRegistry
    let alerts = AlertLog()
    let lanes: LaneExecutor
    /// Built-ins that remember; what they know outlives a stop.
    package let machines: MachineSet
    /// Where reactors share that; nil to keep it in memory.
    let machineStore: (any MachineStore)?
    let logger: Logger
    /// For what handlers say: each line is wanted, however alike they are.
    let handlerLogger: Logger
    let state: Mutex<State>

    struct State {
        var lifecycle = ReactorLifecycle()
        var life: ReactorLife?
        var stop: Gate?
        var startedAt: Timestamp?
        var fileHandlers: [HandlerEntry] = []
        var closures: [HandlerEntry] = []
        var configVersion = ""
        var configError: String?
        var configLoadedAt: Timestamp?
        var reloads: [Bool: UInt64] = [:]
        var durability: ServerDurability?
        /// Why the reactor ends although nobody has asked it to.
        var refusal: ReactorError?
    }

    /// A reactor for an embedding program: alerts are decided in memory and told to the log.
    ///
    /// - Parameters:
    ///   - redisURL: `redis://`, `rediss://` or `unix://`, with user, password and database; never printed.
    ///   - caFile: certificates to trust for `rediss://`, in PEM form; the system's when nil.
    /// - Throws: `ReactorError` (`invalidSetting`) when the address of Redis is not one.
    public convenience init(
        redisURL: String,
        caFile: String? = nil,
        settings: ReactorSettings,
        logger: Logger = Logger(label: "aos-reactor")
    ) throws {
        let clock = PipelineClock.system
        let endpoint: RedisEndpoint
        do {
            endpoint = try RedisEndpoint(url: redisURL, caFile: caFile)
        } catch {
            throw ReactorError(.invalidSetting, "the address of Redis: \(error)")
        }
        let registry = MetricsRegistry()
        let parts = Deliveries.inMemory(
            instance: settings.instance,
            log: LogSink(logger: logger),
            registry: registry,
            clock: clock
        )
        self.init(
            endpoint: endpoint,
            settings: settings,
            version: "embedded",
            store: parts.store,
            deliveries: parts.deliveries,
            heldBack: { LogSink.explain($0, $1, to: logger) },
            registry: registry,
            clock: clock,
            logger: logger
        )
    }

    package init(
        endpoint: RedisEndpoint,
        settings: ReactorSettings,
        version: String,
        store: any StateStore,
        machineStore: (any MachineStore)? = nil,
        deliveries: Deliveries,
        history: (any HistoryStore)? = nil,
        bookmark: ArchiveBookmark? = nil,
        heldBack: @escaping @Sendable (Alert, Receipt) -> Void,
        registry: MetricsRegistry,
        clock: PipelineClock,
        logger: Logger,
        handlerLogger: Logger? = nil
    ) {
        self.endpoint = endpoint
        self.settings = settings
        self.version = version
        self.store = store
        self.standIn = MemoryStateStore(instance: settings.instance, clock: clock.wall)
        self.deliveries = deliveries
        self.history = history
        self.archive = history.map {
            ReceiptArchive(store: store, history: $0, bookmark: bookmark, logger: logger)
        }
        self.quarantineRecorder = history.map { QuarantineRecorder(history: $0, instance: settings.instance) }
        self.runRecorder = history.map { RunRecorder(history: $0) }
        self.heldBack = heldBack
        self.registry = registry
        self.clock = clock
        self.logger = logger
        self.handlerLogger = handlerLogger ?? logger
        self.machines = MachineSet(keepsHistory: history != nil)
        self.machineStore = machineStore
        self.lanes = LaneExecutor(
            lanes: settings.lanesPerHandler,
            queued: settings.queuedPerHandler,
            timeout: settings.handlerTimeout,
            clock: clock,
            logger: logger
        )
        self.state = Mutex(State())
    }

    // MARK: Life

    /// Runs until a graceful shutdown begins or `stop` is called, and then for as long as it takes to handle what was
    /// received, at most `shutdownGrace`. A task that is cancelled does not wait: what it leaves undone is told.
    ///
    /// - Throws: `ReactorError`: `alreadyRunning`; `redisUnreachable` when Redis is required and away; `workLeft` when
    ///   something that was received has not been handled, with what and how much in the message.
    public func run() async throws {
        let stop = try self.begin()
        defer { self.end() }
        try await withGracefulShutdownHandler {
            guard self.settings.isEnabled else {
                self.logger.notice("reactor is disabled: it subscribes to nothing")
                await stop.wait()
                return try self.conclude(left: nil, unfinished: nil)
            }
            try await self.live(until: stop)
        } onGracefulShutdown: {
            stop.open()
        }
    }

    /// Begins to stop; `run` returns when that is done.
    public func stop() {
        self.state.withLock { $0.stop }?.open()
    }

    private func begin() throws -> Gate {
        let now = self.clock.wall()
        return try self.state.withLock { state in
            for case .refuse(let reason) in state.lifecycle.handle(.start, at: now) {
                throw ReactorError(.alreadyRunning, reason)
            }
            let stop = Gate()
            state.stop = stop
            state.startedAt = now
            state.durability = nil
            state.refusal = nil
            return stop
        }
    }

    private func end() {
        let now = self.clock.wall()
        self.state.withLock { state in
            let run = state.lifecycle.run
            _ = state.lifecycle.handle(.stopped(run: run, left: 0), at: now)
            state.life = nil
            state.stop = nil
            state.startedAt = nil
        }
    }

    private func live(until stop: Gate) async throws {
        let life = self.makeLife()
        self.state.withLock { $0.life = life }
        let isFinished: Bool
        do {
            isFinished = try await withThrowingTaskGroup(of: Void.self) { group in
                life.start(in: &group)
                if self.settings.requiresRedis { try await self.requireRedis(life) }
                await stop.wait()
                let isFinished = await self.drain(life)
                await life.halt()
                group.cancelAll()
                return isFinished
            }
        } catch {
            await self.end(life)
            throw error
        }
        // Everything that ran has ended: what is left now stays left.
        let left = await life.workLeft()
        let unfinished = life.unfinished
        await self.end(life)
        if let refusal = self.state.withLock({ $0.refusal }) { throw refusal }
        try self.conclude(left: left, unfinished: isFinished ? nil : unfinished)
    }

    private func end(_ life: ReactorLife) async {
        // From here on nobody finds it who would ask it something.
        self.state.withLock { $0.life = nil }
        await life.end()
    }

    private func requireRedis(_ life: ReactorLife) async throws {
        guard await !finishes(within: .seconds(5), { await life.ready.wait() }), !Task.isCancelled else { return }
        let reason = life.link.facts.lastEnd.map(\.label) ?? "no answer within 5 s"
        throw ReactorError(.redisUnreachable, "Redis at \(self.endpoint) cannot be used: \(reason)")
    }

    // MARK: Stop

    /// Stops reading and finishes what was received, within the grace; not at all in a task that is cancelled.
    ///
    /// - Returns: Whether everything came to its end.
    private func drain(_ life: ReactorLife) async -> Bool {
        let now = self.clock.wall()
        self.state.withLock { _ = $0.lifecycle.handle(.stop(grace: self.settings.shutdownGrace), at: now) }
        guard !Task.isCancelled else {
            self.logger.warning("cancelled, ending at once")
            return false
        }
        self.logger.info("stopping", metadata: ["grace_s": "\(self.settings.shutdownGrace.inSeconds)"])
        return await finishes(within: self.settings.shutdownGrace) { await life.finishWork() }
    }

    /// Says how the life ended.
    ///
    /// - Throws: `ReactorError` (`workLeft`).
    private func conclude(left: String?, unfinished: String?) throws {
        guard let reason = left ?? unfinished else { return self.logger.info("stopped, nothing left undone") }
        // Of a task that was cancelled nobody expects that everything was ended in order.
        if left == nil, Task.isCancelled { return self.logger.warning("ended, nothing left undone") }
        self.logger.error("stopped with work left", metadata: ["left": "\(reason)"])
        throw ReactorError(.workLeft, reason)
    }
}
