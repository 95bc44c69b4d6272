/// What went wrong between us and a PostgreSQL server.
package struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The raw value is a metric label and never changes.
    package enum Code: String, Sendable, CaseIterable {
        /// The URL cannot be used.
        case invalidURL = "invalid_url"
        /// No connection could be made, or the server did not let us in.
        case connectFailed = "connect_failed"
        /// The connection ended.
        case connectionLost = "connection_lost"
        /// No answer within our own deadline.
        case timedOut = "timed_out"
        /// The task that waited was cancelled.
        case cancelled
        /// The server answered with an error.
        case server
    }

    package let code: Code
    /// One sentence for people; never holds a password.
    package let message: String
    /// The five letters that PostgreSQL gives its errors.
    package let sqlState: String?
    /// Whether the statements had been sent, so that the server may have committed them although no answer came.
    package let mayHaveExecuted: Bool

    package init(_ code: Code, _ message: String, sqlState: String? = nil, mayHaveExecuted: Bool = false) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        self.mayHaveExecuted = mayHaveExecuted
    }

    package var description: String {
        "\(self.code.rawValue): \(self.message)" + (self.sqlState.map { " (\($0))" } ?? "")
    }

    /// Whether the values are at fault, so that the same statements fail for ever: bad data (class 22), a constraint
    /// (23), a limit of a row or statement (54). Everything else may pass: a full disk, a read-only server, a lock.
    package var blamesData: Bool {
        guard self.code == .server, let sqlState else { return false }
        return ["22", "23", "54"].contains(sqlState.prefix(2))
    }
}
