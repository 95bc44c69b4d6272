/// What went wrong between us and a Redis server, by name.
///
/// Errors that the server reports (`-LOADING`, `-READONLY`, ...) and those that we find ourselves (a lost connection, a
/// deadline) share one type, so that logs and metrics name every cause in the same vocabulary.
package struct RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The cause. The raw value is the metric label and never changes.
    package enum Code: String, Sendable, CaseIterable {
        // MARK: Reported by the server
        /// `-LOADING`: the server is reading its data set from disk.
        case loading
        /// `-READONLY`: a replica, or a master that was demoted.
        case readOnly = "read_only"
        /// `-NOAUTH`: the server wants a password and none was given.
        case noAuth = "no_auth"
        /// `-WRONGPASS`: user or password is wrong, or the user is switched off.
        case wrongPassword = "wrong_password"
        /// `-NOPERM`: the ACL forbids this command, key or channel.
        case noPermission = "no_permission"
        /// `-MOVED` or `-ASK`: the key lives on another node of a cluster.
        case moved
        /// `-CLUSTERDOWN`: the cluster does not serve requests.
        case clusterDown = "cluster_down"
        /// `-MASTERDOWN`: a replica that lost its master and does not serve stale data.
        case masterDown = "master_down"
        /// `-NOREPLICAS`: fewer replicas are attached than the server was told to want.
        case noReplicas = "no_replicas"
        /// `-BUSY`: a script is running and does not end.
        case busy
        /// `-OOM`: the server's memory limit is reached.
        case outOfMemory = "out_of_memory"
        /// `-MISCONF`: the server cannot write to its disk and refuses writes.
        case misconfigured
        /// `-NOSCRIPT`: the script is not in the server's cache.
        case noScript = "no_script"
        /// `-WRONGTYPE`: the key holds another kind of value.
        case wrongType = "wrong_type"
        /// `-EXECABORT`: a transaction was given up because of an earlier error.
        case transactionAborted = "transaction_aborted"
        /// `-UNBLOCKED`: the server gave up a blocking command.
        case unblocked
        /// Any other error reply; the message has the server's words.
        case server

        // MARK: Found by us
        /// No connection could be made: refused, unreachable, name not found, no socket file.
        case connectFailed = "connect_failed"
        /// The connection ended, or there is none.
        case connectionClosed = "connection_closed"
        /// TLS failed: certificate not trusted, wrong host name, or no TLS on the other side.
        case tlsFailed = "tls_failed"
        /// No answer within the deadline.
        case timedOut = "timed_out"
        /// The task that waited was cancelled.
        case cancelled
        /// More commands or bytes are outstanding than the client may hold.
        case overflow
        /// The server sent bytes that are not RESP2, or more of them than the limits allow.
        case protocolViolation = "protocol_violation"
        /// A well-formed reply of a kind that the command never has.
        case unexpectedReply = "unexpected_reply"
    }

    package let code: Code

    /// One sentence for people; never holds a password.
    package let message: String

    /// Whether the command had been handed to the connection, so that the server may have executed it although no
    /// reply came. A command for which this is false was certainly not executed.
    package let mayHaveExecuted: Bool

    package init(_ code: Code, _ message: String, mayHaveExecuted: Bool = false) {
        self.code = code
        self.message = message
        self.mayHaveExecuted = mayHaveExecuted
    }

    /// The error that an error reply stands for.
    ///
    /// - Parameter reply: the line without its leading `-` and without the terminator.
    package init(reply: some Collection<UInt8>) {
        let message = Self.printable(reply)
        let name = message.prefix { $0 != " " }
        self.init(Self.codes[String(name)] ?? .server, message)
    }

    /// The value of the `code` label in metrics: one of a closed list.
    package var metricLabel: String { self.code.rawValue }

    package var description: String { "\(self.code.rawValue): \(self.message)" }

    /// Whether trying again soon is pointless until somebody changes the configuration or the server.
    package var needsOperator: Bool {
        switch self.code {
        case .noAuth, .wrongPassword, .noPermission, .tlsFailed: true
        default: false
        }
    }

    /// The same error, for a command that had been sent already.
    func sent() -> RedisError { RedisError(self.code, self.message, mayHaveExecuted: true) }

    /// Longest part of a server's message that we repeat, in bytes.
    private static let longestMessage = 256

    private static func printable(_ bytes: some Collection<UInt8>) -> String {
        let visible = bytes.prefix(Self.longestMessage).map { byte in byte < 0x20 || byte == 0x7F ? 0x20 : byte }
        return String(decoding: visible, as: UTF8.self)
    }

    private static let codes: [String: Code] = [
        "LOADING": .loading, "READONLY": .readOnly, "NOAUTH": .noAuth, "WRONGPASS": .wrongPassword,
        "NOPERM": .noPermission, "MOVED": .moved, "ASK": .moved, "CLUSTERDOWN": .clusterDown,
        "MASTERDOWN": .masterDown, "NOREPLICAS": .noReplicas, "BUSY": .busy, "OOM": .outOfMemory,
        "MISCONF": .misconfigured, "NOSCRIPT": .noScript, "WRONGTYPE": .wrongType, "EXECABORT": .transactionAborted,
        "UNBLOCKED": .unblocked,
    ]
}
