import Glibc
package import Logging

/// What tests and tools do to a server. All of them leave the supervision in charge.
extension RedisServerProcess {
    /// SIGKILL; returns when the death was noticed. The server comes back by itself, see `waitUntilReady()`.
    package func kill() async throws {
        guard let processID = self.processID else { return }
        Glibc.kill(processID, SIGKILL)
        try await self.waitUntilEnded(processID)
    }

    /// SIGSTOP: the server keeps its connections and answers nothing.
    package func suspend() { self.send(SIGSTOP) }

    /// SIGCONT.
    package func resume() { self.send(SIGCONT) }

    /// Stops the server and keeps it down until `bringUp()`; returns when it is down.
    package func takeDown() async throws {
        self.board.want(.down)
        try await self.board.wait { status in
            switch status.phase {
            case .down, .ended, .failed: true
            case .starting, .serving: false
            }
        }
    }

    /// Starts a server that was taken down; returns when it answers, at the same addresses as before.
    package func bringUp() async throws {
        self.board.want(.up)
        try await self.waitUntilReady()
    }

    /// Stops the server with SIGTERM and starts it again; returns when it answers.
    package func restart() async throws {
        try await self.takeDown()
        try await self.bringUp()
    }

    private func send(_ signal: CInt) {
        if let processID = self.processID { Glibc.kill(processID, signal) }
    }

    private func waitUntilEnded(_ processID: Int32) async throws {
        try await self.board.wait { $0.phase.processID != processID }
    }
}

/// Runs a server while `body` runs; returns when the server has been stopped.
/// - Throws: `RedisServerError` when the server cannot be started or for good has ended; what `body` throws.
package func withRedisServerProcess<Result: Sendable>(
    _ settings: RedisServerSettings,
    logger: Logger,
    observer: @escaping @Sendable (RedisServerEvent) -> Void = { _ in },
    _ body: (RedisServerProcess) async throws -> Result
) async throws -> Result {
    let server = RedisServerProcess(settings, logger: logger, observer: observer)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        // Leaving the group, by return or throw, cancels `run()` and waits for it.
        defer { group.cancelAll() }
        try await server.waitUntilReady()
        return try await body(server)
    }
}
