import DequeModule
package import Logging
package import NIOCore
import Synchronization

/// Commands to one Redis server over one pipelined connection that is made again whenever it is lost.
///
/// Any number of tasks may use it at once: commands that come within one turn of the event loop go out in one write.
/// Nothing is sent twice: a command whose connection is lost fails (`mayHaveExecuted` tells whether it had been sent),
/// and the caller, who knows whether it may run twice, decides. A command that comes while there is no connection waits
/// for one until its deadline.
package final class RedisCommandClient: Sendable {
    /// Bounds and deadlines of a client.
    package struct Settings: Sendable {
        /// Most commands that wait for a connection or a reply; one more fails with `overflow`.
        package var maxOutstandingCommands = 65_536
        /// Most formatted bytes of those commands.
        package var maxOutstandingBytes = 64 * 1_048_576
        /// A connection that has commands outstanding and brings nothing for this long is given up.
        package var maxSilence: Duration = .seconds(3)
        /// For name resolution and the TCP handshake.
        package var connectTimeout: Duration = .seconds(2)
        /// For TLS, AUTH and what else comes before the first command.
        package var greetingTimeout: Duration = .seconds(3)
        package var replies = ReplyLimits()
        package var backoff = Backoff.Settings()
        /// Longest pause while connections are refused at once, the server loads its data, or loses its connections soon:
        /// what is to be decided waits for its return.
        package var refusedRetryCeiling = RetryPauses.defaultCeiling

        package init() {}
    }

    /// What a command gets when its sender names no other deadline.
    package static let defaultDeadline = Duration.seconds(5)

    /// A connection that lasted this long was of use: the next one is tried at once again.
    private static let usefulConnection = TimeAmount.seconds(1)

    /// How an attempt to serve a connection ended.
    private struct ServiceEnd {
        let error: RedisError
        /// Whether the connection lasted.
        var wasUseful = false
        /// Whether another attempt soon costs nobody anything.
        var isCheapToRetry = false
    }

    package let endpoint: RedisEndpoint
    package let eventLoop: any EventLoop
    private let clientName: String
    private let settings: Settings
    private let logger: Logger
    private let inbox = Mutex(CommandInbox())
    private let currentState: Mutex<RedisConnectionState>
    private let onStateChange: @Sendable (RedisConnectionState) -> Void
    private let isRunning = Atomic(false)
    /// Set once, in `init`; its value is touched on the event loop only.
    private let core: NIOLoopBoundBox<CommandCore?>

    /// - Parameters:
    ///   - clientName: shown by the server's CLIENT LIST.
    ///   - onStateChange: called on the event loop at each change, before anybody else can see the new state's effects.
    package init(
        endpoint: RedisEndpoint,
        clientName: String,
        eventLoop: any EventLoop,
        logger: Logger,
        settings: Settings = Settings(),
        onStateChange: @escaping @Sendable (RedisConnectionState) -> Void = { _ in }
    ) {
        self.endpoint = endpoint
        self.clientName = clientName
        self.eventLoop = eventLoop
        self.logger = logger
        self.settings = settings
        self.currentState = Mutex(.connecting)
        self.onStateChange = onStateChange
        self.core = .makeBoxSendingValue(nil, eventLoop: eventLoop)
    }

    /// How the client stands with its server now.
    package var state: RedisConnectionState { self.currentState.withLock { $0 } }

    package var isConnected: Bool {
        if case .connected = self.state { true } else { false }
    }

    // MARK: Commands

    /// Sends one command and waits for its reply.
    ///
    /// - Throws: `RedisError`: the server's error reply, or why there is no reply.
    package func send(
        _ command: RedisCommand,
        deadline: Duration = RedisCommandClient.defaultDeadline,
        waitsForConnection: Bool = true
    ) async throws(RedisError) -> RedisReply {
        let result = await self.cancellable(count: 1) { (id, continuation: Waiting<RedisReply>) in
            .command(
                id: id,
                command,
                deadline: .now() + TimeAmount(deadline),
                waitsForConnection: waitsForConnection,
                receiver: .task(continuation)
            )
        }
        return try result.get().orThrow()
    }

    /// Sends commands together, in order, with nothing between them from this client, and waits for all replies.
    ///
    /// - Returns: a reply for each command; the server's errors are replies among them.
    /// - Throws: `RedisError` when not all replies came.
    package func pipeline(
        _ commands: [RedisCommand],
        deadline: Duration = RedisCommandClient.defaultDeadline
    ) async throws(RedisError) -> [RedisReply] {
        guard !commands.isEmpty else { return [] }
        let result = await self.cancellable(count: commands.count) { (id, continuation: Waiting<[RedisReply]>) in
            .batch(id: id, commands, deadline: .now() + TimeAmount(deadline), continuation: continuation)
        }
        return try result.get()
    }

    /// Sends a command without waiting; for event loops and whoever does not care.
    ///
    /// - Parameter completion: called on the client's event loop with the reply (an error reply is one) or with the
    ///   reason why there is none.
    package func submit(
        _ command: RedisCommand,
        deadline: Duration = RedisCommandClient.defaultDeadline,
        waitsForConnection: Bool = false,
        completion: (@Sendable (Result<RedisReply, RedisError>) -> Void)? = nil
    ) {
        let needsWake = self.inbox.withLock { inbox in
            inbox.add(
                .command(
                    id: inbox.takeIDs(1),
                    command,
                    deadline: .now() + TimeAmount(deadline),
                    waitsForConnection: waitsForConnection,
                    receiver: completion.map { .callback($0) } ?? .nobody
                )
            )
        }
        if needsWake { self.wake() }
    }

    private typealias Waiting<Value> = CheckedContinuation<Result<Value, RedisError>, Never>

    private func cancellable<Value: Sendable>(
        count: Int,
        _ makeItem: (UInt64, Waiting<Value>) -> CommandInbox.Item
    ) async -> Result<Value, RedisError> {
        let ticket = CommandTicket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else {
                    return continuation.resume(returning: .failure(RedisError(.cancelled, "the task was cancelled")))
                }
                let (id, needsWake) = self.inbox.withLock { inbox in
                    let id = inbox.takeIDs(count)
                    return (id, inbox.add(makeItem(id, continuation)))
                }
                ticket.issue(id)
                if needsWake { self.wake() }
                // A cancellation before the ticket had its number found nothing to cancel.
                if Task.isCancelled { self.add(.cancel(id: id, count: count)) }
            }
        } onCancel: {
            if let id = ticket.id { self.add(.cancel(id: id, count: count)) }
        }
    }

    private func add(_ item: CommandInbox.Item) {
        if self.inbox.withLock({ $0.add(item) }) { self.wake() }
    }

    private func wake() {
        self.eventLoop.execute { self.coreOnLoop().take(self.inbox.withLock { $0.drain() }) }
    }

    private func coreOnLoop() -> CommandCore {
        if let core = self.core.value { return core }
        let core = CommandCore(
            eventLoop: self.eventLoop,
            limits: .init(
                commands: self.settings.maxOutstandingCommands,
                bytes: self.settings.maxOutstandingBytes,
                silence: TimeAmount(self.settings.maxSilence)
            ),
            report: { [weak self] state in self?.changed(to: state) }
        )
        self.core.value = core
        return core
    }

    // MARK: Life

    /// Connects, serves, and connects again after each loss, until `stop()` or until the task is cancelled.
    package func run() async {
        precondition(!self.isRunning.exchange(true, ordering: .acquiringAndReleasing), "the client runs already")
        await withTaskCancellationHandler {
            var pauses = RetryPauses(settings: self.settings.backoff, ceiling: self.settings.refusedRetryCeiling)
            var random = SystemRandomNumberGenerator()
            while await !self.isStopped() {
                let ended = await self.serveOneConnection()
                if ended.wasUseful { pauses.reset() }
                let wait = pauses.next(
                    isCheap: ended.isCheapToRetry,
                    needsOperator: ended.error.needsOperator,
                    using: &random
                )
                self.logger.debug(
                    "Redis connection is tried again",
                    metadata: ["redis.attempt": "\(pauses.attempts)", "redis.wait": "\(wait)"]
                )
                await self.pause(wait)
            }
        } onCancel: {
            self.close()
        }
        self.changed(to: .stopped)
    }

    /// Takes no further commands, waits for the replies to those that were sent, and ends `run()`.
    ///
    /// - Parameter grace: how long to wait for those replies.
    package func stop(grace: Duration = .seconds(1)) async {
        let drained = self.eventLoop.flatSubmit { self.coreOnLoop().stop() }
        let timer = self.eventLoop.scheduleTask(in: TimeAmount(grace)) { self.close() }
        // Fails never; and a client that is closed before it is drained is drained by that.
        try? await drained.get()
        timer.cancel()
        self.close()
    }

    private func close() {
        self.eventLoop.execute { self.coreOnLoop().close() }
    }

    private func serveOneConnection() async -> ServiceEnd {
        let channel: any Channel
        let start = NIODeadline.now()
        do throws(RedisError) {
            let connector = RedisConnector(
                endpoint: self.endpoint,
                eventLoop: self.eventLoop,
                connectTimeout: self.settings.connectTimeout
            )
            channel = try await connector.connect { channel in try self.addHandler(to: channel) }
        } catch {
            await self.onLoop { core in core.connectFailed(error) }
            return ServiceEnd(error: error, isCheapToRetry: RetryPauses.wasRefused(since: start, error))
        }
        let ending = self.eventLoop.makePromise(of: RedisError.self)
        await self.onLoop { core in core.adopt(channel, ending: ending) }
        // The promise never fails: it is kept when the channel closes, as every channel does.
        let error = (try? await ending.futureResult.get()) ?? RedisError(.connectionClosed, "the connection ended")
        guard let readyAt = await self.onLoop({ core in core.readyAt }).flatMap({ $0 }) else {
            return ServiceEnd(error: error, isCheapToRetry: error.code == .loading)
        }
        // A server that has just answered is likely to be back soon, also where it was lost again within moments.
        return ServiceEnd(
            error: error,
            wasUseful: NIODeadline.now() - readyAt >= Self.usefulConnection,
            isCheapToRetry: true
        )
    }

    private func addHandler(to channel: any Channel) throws {
        let handler = RedisConnectionHandler(
            machine: ConnectionStateMachine(
                handshake: RedisHandshake(endpoint: self.endpoint, clientName: self.clientName),
                usesTLS: self.endpoint.usesTLS
            ),
            limits: self.settings.replies,
            greetingDeadline: self.settings.greetingTimeout
        )
        self.coreOnLoop().propose(handler, on: channel)
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    private func isStopped() async -> Bool {
        await self.onLoop { core in core.isStopped } ?? true
    }

    /// Nil only when the event loop has ended, and with it everything here.
    @discardableResult
    private func onLoop<Value: Sendable>(_ body: @escaping @Sendable (CommandCore) -> Value) async -> Value? {
        try? await self.eventLoop.submit { body(self.coreOnLoop()) }.get()
    }

    private func pause(_ duration: Duration) async {
        // Fails only when the event loop has ended.
        try? await self.eventLoop.flatSubmit { self.coreOnLoop().pause(duration) }.get()
    }

    private func changed(to state: RedisConnectionState) {
        let before = self.currentState.withLock { current in
            defer { current = state }
            return current
        }
        self.log(state, before: before)
        self.onStateChange(state)
    }

    private func log(_ state: RedisConnectionState, before: RedisConnectionState) {
        switch (before, state) {
        case (.disconnected, .disconnected(let error)):
            self.logger.debug("Redis is still not reached", metadata: Self.metadata(error))
        case (_, .disconnected(let error)):
            self.logger.warning("Redis connection for commands is lost", metadata: Self.metadata(error))
        case (_, .connected):
            self.logger.info("Redis connection for commands is up", metadata: ["redis.server": "\(self.endpoint)"])
        case (_, .connecting), (_, .stopped):
            break
        }
    }

    private static func metadata(_ error: RedisError) -> Logger.Metadata {
        ["redis.reason": "\(error.code.rawValue)", "error.message": "\(error.message)"]
    }
}
