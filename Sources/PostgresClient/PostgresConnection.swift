/// A connection to a PostgreSQL server, made when it is first needed and again after it was lost.
///
/// libpq blocks, so all of it happens on a thread of this actor's own. A call waits for its deadline and 50 ms at the
/// longest when all calls of a connection have the same limit, since each counts from when it was made; a server that
/// stopped keeps nobody longer. A call that is cancelled gives the connection up and waits for nothing.
package actor PostgresConnection {
    package struct Settings: Sendable {
        /// How long a server may take to let us in; a call's own deadline may be earlier.
        package var connectLimit: Duration = .seconds(5)
        /// The server's own limit of a statement (`statement_timeout`), the backstop behind our deadlines: what we gave
        /// up ends there too.
        package var statementLimit: Duration = .seconds(30)
        /// After a failure to connect, calls fail at once for this long; doubled from one failure to the next.
        package var shortestPause: Duration = .milliseconds(50)
        package var longestPause: Duration = .seconds(2)
        /// The schema that names without one are looked up in, alone; the server's own choice when nil.
        package var schema: String?

        package init() {}
    }

    package nonisolated let endpoint: PostgresEndpoint
    private let settings: Settings
    private nonisolated let thread: SerialThread
    private nonisolated let alarm = Alarm()
    private var session: PostgresSession?
    private var pause: Duration = .zero
    private var nextAttempt: ContinuousClock.Instant?
    private var lastFailure: PostgresError?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { self.thread.asUnownedSerialExecutor() }

    /// Connects to nothing yet.
    package init(_ endpoint: PostgresEndpoint, settings: Settings = Settings()) {
        self.endpoint = endpoint
        self.settings = settings
        self.thread = SerialThread()
    }

    deinit { self.thread.stop() }

    /// Runs statements as one transaction in one round trip and returns their answers.
    ///
    /// - Throws: `PostgresError`. After an error with `mayHaveExecuted` nobody knows whether the transaction was
    ///   committed, so the statements must be such that running them again does no harm.
    package nonisolated func run(
        _ statements: [PostgresStatement],
        within limit: Duration
    ) async throws(PostgresError) -> [PostgresAnswer] {
        let call = PostgresCall(deadline: ContinuousClock.now.advanced(by: limit))
        let alarm = self.alarm
        return try await withTaskCancellationHandler {
            await self.perform(statements, call)
        } onCancel: {
            call.cancel()
            alarm.ring()
        }.get()
    }

    package nonisolated func run(
        _ sql: String,
        _ parameters: [PostgresValue] = [],
        within limit: Duration
    ) async throws(PostgresError) -> PostgresAnswer {
        try await self.run([PostgresStatement(sql, parameters)], within: limit)[0]
    }

    /// Gives the connection up; the next call makes a new one.
    package func disconnect() { self.session = nil }

    private func perform(
        _ statements: [PostgresStatement],
        _ call: PostgresCall
    ) -> Result<[PostgresAnswer], PostgresError> {
        do {
            let session = try self.connected(call)
            defer { if !session.isUsable { self.session = nil } }
            return .success(try session.run(statements, call))
        } catch {
            return .failure(error)
        }
    }

    private func connected(_ call: PostgresCall) throws(PostgresError) -> PostgresSession {
        if call.isCancelled { throw PostgresError(.cancelled, "the call was given up") }
        if let session, session.isUsable { return session }
        let now = ContinuousClock.now
        if let nextAttempt, now < nextAttempt, let lastFailure { throw lastFailure }
        do {
            let deadline = min(call.deadline, now.advanced(by: self.settings.connectLimit))
            let attempt = PostgresCall(deadline: deadline, following: call)
            let session = try PostgresSession(self.endpoint, alarm: self.alarm, call: attempt)
            _ = try session.run(self.greeting, attempt)
            self.session = session
            self.pause = .zero
            self.nextAttempt = nil
            return session
        } catch {
            guard error.code != .cancelled else { throw error }
            let failure = PostgresError(.connectFailed, error.message, sqlState: error.sqlState)
            self.pause = min(max(self.pause * 2, self.settings.shortestPause), self.settings.longestPause)
            // Spread, so that many clients do not come back in one instant.
            self.nextAttempt = ContinuousClock.now.advanced(by: self.pause * Double.random(in: 0.5...1))
            self.lastFailure = failure
            throw failure
        }
    }

    /// What each session is told first. Settings that an older server does not have are left out.
    private var greeting: [PostgresStatement] {
        let limit = "\(self.settings.statementLimit.components.seconds)s"
        let settings = [
            ("statement_timeout", limit), ("lock_timeout", limit), ("idle_in_transaction_session_timeout", limit),
            // A statement whose client is gone is noticed while it runs.
            ("client_connection_check_interval", "1s"),
        ]
        let named = settings.map { name, value in
            PostgresStatement(
                "SELECT set_config(name, $2, false) FROM pg_settings WHERE name = $1",
                [.text(name), .text(value)]
            )
        }
        // What is answered must be on disk: `off` was measured to lose acknowledged rows when the server is killed.
        let durable = "SELECT set_config(name, 'on', false) FROM pg_settings WHERE name = $1 AND setting = 'off'"
        let path = self.settings.schema.map {
            PostgresStatement("SELECT set_config('search_path', quote_ident($1), false)", [.text($0)])
        }
        return named + [PostgresStatement(durable, [.text("synchronous_commit")])] + (path.map { [$0] } ?? [])
    }
}
