import ChildProcesses
package import Logging

/// A private `redis-server`, started, watched and stopped by us.
///
/// `run()` owns the server: it starts it, starts it again when it dies, and when its task is cancelled stops it and
/// only then returns. When this process is killed, a guardian stops the server (see `Guardian`); should the guardian
/// be killed as well, the next `run()` on the same folder stops the orphan before it starts its own.
package final class RedisServerProcess: Sendable {
    package let settings: RedisServerSettings
    let board = StatusBoard()
    private let logger: Logger
    private let observer: @Sendable (RedisServerEvent) -> Void

    /// - Parameter observer: told what happens to the server, in order, from within `run()`; must not block.
    package init(
        _ settings: RedisServerSettings,
        logger: Logger,
        observer: @escaping @Sendable (RedisServerEvent) -> Void = { _ in }
    ) {
        self.settings = settings
        self.logger = logger
        self.observer = observer
    }

    /// Where the server listens. Known once `waitUntilReady()` has returned.
    package var address: RedisServerAddress {
        guard let address = self.board.address else { preconditionFailure("the server was not started yet") }
        return address
    }

    /// `unix://` and the path of its socket. Known once `waitUntilReady()` has returned.
    package var url: String { self.address.url }

    /// The process that serves now, nil while none does.
    package var processID: Int32? { self.board.phase.processID }

    /// Runs the server until the task is cancelled. Call once.
    /// - Throws: `RedisServerError` when it cannot be started the first time. Later deaths are answered with a restart.
    package func run() async throws {
        do {
            try await withTaskCancellationHandler {
                try await self.supervise()
            } onCancel: {
                self.board.want(.end)
            }
            self.board.move(to: .ended)
        } catch let error as RedisServerError {
            self.board.move(to: .failed(error))
            throw error
        }
    }

    /// Returns once the server answers.
    /// - Throws: why it never will: `RedisServerError`; or `CancellationError`.
    package func waitUntilReady() async throws {
        try await self.board.wait { status in
            switch status.phase {
            case .serving: true
            case .failed(let error): throw error
            case .ended: throw RedisServerError(.stopped, "the Redis server was stopped")
            case .starting, .down: false
            }
        }
    }

    private func supervise() async throws {
        let executable = try ExecutableSearch.redisServer(given: self.settings.executable)
        let folder = try DataFolder(path: self.settings.dataFolder)
        defer { folder.unlock() }
        var backoff = RestartBackoff()
        let clock = ContinuousClock()
        var life = Life(executable: executable.path, program: executable.program, folder: folder)
        while await self.board.maySpawn() {
            // Left behind by an earlier owner, or by our own guardian when that was killed: it would write to the same
            // files, and take the socket away from its successor when it ends.
            try await folder.removeOrphan(executable: executable.program, grace: self.settings.stopGrace)
            let start = clock.now
            let status = try await self.live(&life)
            switch self.board.wanted {
            case .up:
                guard self.settings.restartsWhenItDies else {
                    self.report(.died(status, restartAfter: nil))
                    return
                }
                let delay = backoff.delay(afterLifeOf: clock.now - start)
                self.report(.died(status, restartAfter: delay))
                // Cancelled: the loop's condition ends it.
                try? await clock.sleep(for: delay)
            case .down, .end:
                self.report(.stopped)
            }
        }
    }

    /// What one life of the server needs to know, and the number of lives so far.
    private struct Life {
        let executable: String
        let program: String
        let folder: DataFolder
        var count = 0
        var portAttempts = 0
    }

    /// Starts the server, announces it when it answers, and returns how it ended.
    private func live(_ life: inout Life) async throws -> ProcessEnd {
        while true {
            let address = try self.board.address ?? self.chooseAddress(life.folder)
            let text = RedisServerConfiguration.text(self.settings, folder: life.folder, address: address)
            try life.folder.write(configuration: text)
            let guardian = try Guardian.start(
                executable: life.executable,
                configuration: life.folder.configuration,
                output: life.folder.log,
                stopGrace: self.settings.stopGrace
            )
            self.board.started(guardian)
            let number = life.count + 1
            // Ends with this life: leaving the scope cancels it.
            async let _: Void = self.announce(number, folder: life.folder, program: life.program, address)
            let status = await guardian.waitForExit()
            if self.board.lifeEnded() { life.count = number }
            if life.count > 0 || self.board.wanted != .up { return status }
            // Somebody took the port between our look and the server's: a free one is looked for again.
            life.portAttempts += 1
            let tail = life.folder.endOfLog()
            guard tail.contains("Address already in use"), life.portAttempts < 5, !self.hasFixedPort else {
                throw RedisServerError(.exitedAtStart, "redis-server ended at its start (\(status)):\n\(tail)")
            }
        }
    }

    private func announce(_ life: Int, folder: DataFolder, program: String, _ address: RedisServerAddress) async {
        guard (try? await RedisProbe.waitUntilServing(socket: address.unixPath)) != nil else { return }
        guard let processID = folder.servingProcess(executable: program) else { return }
        guard self.board.serves(processID: processID, address: address) else { return }
        self.report(.ready(life: life, processID: processID))
    }

    private var hasFixedPort: Bool {
        if case .fixed = self.settings.tcp { return true }
        if case .fixed = self.settings.tls?.port { return true }
        return false
    }

    private func chooseAddress(_ folder: DataFolder) throws(RedisServerError) -> RedisServerAddress {
        RedisServerAddress(
            unixPath: folder.socket,
            port: try Self.resolve(self.settings.tcp),
            tlsPort: try Self.resolve(self.settings.tls?.port)
        )
    }

    private static func resolve(_ port: RedisServerSettings.Port?) throws(RedisServerError) -> UInt16? {
        switch port {
        case nil: return nil
        case .fixed(let number): return number
        case .free:
            guard let number = LoopbackPort.free() else {
                throw RedisServerError(.spawnFailed, "no free TCP port on 127.0.0.1")
            }
            return number
        }
    }

    private func report(_ event: RedisServerEvent) {
        switch event {
        case .ready(let life, let processID):
            self.logger.debug("redis-server is ready", metadata: ["pid": "\(processID)", "life": "\(life)"])
        case .died(let status, let delay):
            self.logger.warning(
                "redis-server died",
                metadata: ["status": "\(status)", "restart_after": "\(delay.map(String.init(describing:)) ?? "never")"]
            )
        case .stopped:
            self.logger.debug("redis-server was stopped")
        }
        self.observer(event)
    }
}
