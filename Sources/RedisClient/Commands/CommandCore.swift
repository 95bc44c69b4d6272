import NIOCore

/// The part of a command client that lives on its event loop: pipeline, connection, timer.
final class CommandCore {
    private let eventLoop: any EventLoop
    private let report: @Sendable (RedisConnectionState) -> Void
    private let silence: TimeAmount
    private var pipeline: CommandPipeline<ReplyReceiver>
    private var connection: RedisConnectionHandler?
    private var candidates: [ObjectIdentifier: RedisConnectionHandler] = [:]
    /// Told why the connection ended; set while `run()` waits for that.
    private var ending: EventLoopPromise<RedisError>?
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?
    private var outgoing = ByteBuffer()
    private var sleep: Scheduled<Void>?
    private var drained: EventLoopPromise<Void>?
    private(set) var isStopped = false
    private(set) var readyAt: NIODeadline?

    init(
        eventLoop: any EventLoop,
        limits: CommandPipeline<ReplyReceiver>.Limits,
        report: @escaping @Sendable (RedisConnectionState) -> Void
    ) {
        self.eventLoop = eventLoop
        self.pipeline = CommandPipeline(limits: limits)
        self.silence = limits.silence
        self.report = report
    }

    var outstanding: Int { self.pipeline.outstanding }

    // MARK: Commands

    /// Takes everything that was asked since the last call, and writes it in one flush.
    func take(_ items: some Sequence<CommandInbox.Item>) {
        let now = NIODeadline.now()
        for item in items {
            switch item {
            case .command(let id, let command, let deadline, let waits, let receiver):
                self.submit(id, command, deadline, waits, receiver, now)
            case .batch(let id, let commands, let deadline, let continuation):
                self.submit(id, commands, deadline, continuation, now)
            case .cancel(let id, let count):
                self.cancel(id, count)
            }
        }
        self.flush()
    }

    private func submit(
        _ id: UInt64,
        _ command: RedisCommand,
        _ deadline: NIODeadline,
        _ waits: Bool,
        _ receiver: ReplyReceiver,
        _ now: NIODeadline
    ) {
        let entry = CommandPipeline<ReplyReceiver>.Entry(
            id: id,
            encoded: command.encoded,
            deadline: deadline,
            waitsForConnection: waits,
            receiver: receiver
        )
        switch self.pipeline.submit(entry, at: now) {
        case .send: self.outgoing.writeBytes(command.encoded)
        case .queued: break
        case .refused(let error):
            receiver.resume(.failure(error))
            return
        }
        self.wake(at: min(deadline, now + self.silence))
    }

    /// All of them or none.
    private func submit(
        _ id: UInt64,
        _ commands: [RedisCommand],
        _ deadline: NIODeadline,
        _ continuation: CheckedContinuation<Result<[RedisReply], RedisError>, Never>,
        _ now: NIODeadline
    ) {
        let bytes = commands.reduce(0) { $0 + $1.encoded.count }
        if let error = self.pipeline.overflow(commands: commands.count, bytes: bytes) {
            return continuation.resume(returning: .failure(error))
        }
        let batch = CommandBatch(count: commands.count, continuation: continuation)
        for (index, command) in commands.enumerated() {
            self.submit(id + UInt64(index), command, deadline, true, .part(batch, index: index), now)
        }
    }

    private func cancel(_ id: UInt64, _ count: Int) {
        for offset in 0..<UInt64(count) {
            guard let (receiver, error) = self.pipeline.cancel(id + offset) else { continue }
            receiver.resume(.failure(error))
        }
    }

    private func flush() {
        guard self.outgoing.readableBytes > 0 else { return }
        self.connection?.send(self.outgoing)
        // The channel keeps the buffer until it is written; a new one is cheaper than a copy.
        self.outgoing = ByteBuffer()
    }

    // MARK: Deadlines

    /// Makes sure that deadlines are looked at by then.
    private func wake(at deadline: NIODeadline) {
        if let timer, timer.at <= deadline { return }
        self.timer?.task.cancel()
        let task = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.checkDeadlines() }
        self.timer = (task, deadline)
    }

    private func checkDeadlines() {
        self.timer = nil
        let now = NIODeadline.now()
        for (receiver, error) in self.pipeline.expire(at: now) { receiver.resume(.failure(error)) }
        if self.pipeline.isDead(at: now) {
            self.connection?.close(RedisError(.timedOut, "the server has not answered for too long"))
        }
        self.finishDrainIfEmpty()
        if let next = self.pipeline.nextDeadline() { self.wake(at: max(next, now + .milliseconds(1))) }
    }

    // MARK: Connections

    /// A channel was made for one of the server's addresses; whether it is the one, `adopt` or `connectFailed` tells.
    func propose(_ connection: RedisConnectionHandler, on channel: any Channel) {
        self.candidates[ObjectIdentifier(channel)] = connection
    }

    /// This channel won; tells through the promise when and why its connection ended.
    func adopt(_ channel: any Channel, ending: EventLoopPromise<RedisError>) {
        guard let connection = self.candidates[ObjectIdentifier(channel)] else {
            preconditionFailure("every channel is proposed before it is connected")
        }
        self.candidates = [:]
        self.connection = connection
        self.ending = ending
        self.readyAt = nil
        connection.attach(self)
        if self.isStopped { connection.close(RedisError(.connectionClosed, "the client is stopped")) }
    }

    /// No connection could be made.
    func connectFailed(_ error: RedisError) {
        self.candidates = [:]
        self.disconnected(error)
    }

    private func disconnected(_ error: RedisError) {
        let over = self.pipeline.disconnected(error)
        self.outgoing.clear()
        if !self.isStopped { self.report(.disconnected(error)) }
        for (receiver, error) in over { receiver.resume(.failure(error)) }
        self.finishDrainIfEmpty()
    }

    // MARK: Waiting and stopping

    /// A promise-backed pause that `stop` ends early.
    func pause(_ duration: Duration) -> EventLoopFuture<Void> {
        guard !self.isStopped else { return self.eventLoop.makeSucceededVoidFuture() }
        let sleep = self.eventLoop.scheduleTask(in: TimeAmount(duration)) {}
        self.sleep = sleep
        return sleep.futureResult.recover { _ in }
    }

    /// Takes no further commands; the future succeeds when those that were sent are answered.
    func stop() -> EventLoopFuture<Void> {
        if let drained { return drained.futureResult }
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.drained = promise
        self.isStopped = true
        for (receiver, error) in self.pipeline.stop() { receiver.resume(.failure(error)) }
        self.finishDrainIfEmpty()
        return promise.futureResult
    }

    /// Ends the connection and every pause.
    func close() {
        self.isStopped = true
        for (receiver, error) in self.pipeline.stop() { receiver.resume(.failure(error)) }
        self.connection?.close(RedisError(.connectionClosed, "the client is stopped"))
        self.sleep?.cancel()
    }

    private func finishDrainIfEmpty() {
        guard self.pipeline.outstanding == 0, let drained else { return }
        drained.succeed()
    }
}

extension CommandCore: RedisConnectionDelegate {
    func connectionReady(_ connection: RedisConnectionHandler, clientID: Int64?) {
        guard connection === self.connection else { return }
        let now = NIODeadline.now()
        self.readyAt = now
        for bytes in self.pipeline.connected(at: now) { self.outgoing.writeBytes(bytes) }
        self.flush()
        self.report(.connected(clientID: clientID))
    }

    func connection(_ connection: RedisConnectionHandler, received reply: RedisReply) {
        guard connection === self.connection else { return }
        switch self.pipeline.replied(at: .now()) {
        case .receiver(let receiver): receiver.resume(.success(reply))
        case .nobody: break
        case .unexpected:
            connection.close(RedisError(.unexpectedReply, "the server sent a reply that nobody asked for"))
        }
    }

    func connectionReadComplete(_ connection: RedisConnectionHandler) {
        self.finishDrainIfEmpty()
    }

    func connection(_ connection: RedisConnectionHandler, endedWith error: RedisError) {
        guard connection === self.connection else { return }
        self.connection = nil
        self.disconnected(error)
        self.ending.take()?.succeed(error)
    }
}
