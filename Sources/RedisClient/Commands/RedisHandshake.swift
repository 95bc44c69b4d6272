/// What is said on a new connection before it is used: AUTH, SELECT, CLIENT SETNAME, CLIENT ID, in one write.
///
/// A value without I/O, for the command connection and the subscription alike. There is no HELLO: in RESP2 it tells
/// nothing that we need, and servers before 6.0 and many proxies refuse it.
package struct RedisHandshake: Sendable {
    /// What a reply led to.
    package enum Step: Sendable, Equatable {
        /// More replies are to come.
        case wait
        /// The connection may be used. `clientID` is the server's number for it, nil when it does not tell.
        case ready(clientID: Int64?)
        /// The server refused; the connection is of no use.
        case failed(RedisError)
    }

    private enum Question: Sendable {
        case auth
        case select
        case setName
        case identify
    }

    /// The commands to send, all at once. They hold the password: hand them to the connection only.
    package let commands: [RedisCommand]

    private var awaited: ArraySlice<Question>

    /// - Parameter clientName: shown by the server's CLIENT LIST; characters that the server refuses are replaced.
    package init(endpoint: RedisEndpoint, clientName: String) {
        var commands: [RedisCommand] = []
        var questions: [Question] = []
        if let password = endpoint.password {
            let user = endpoint.user.map { [Array($0.utf8)] } ?? []
            commands.append(RedisCommand([Array("AUTH".utf8)] + user + [password.reveal()]))
            questions.append(.auth)
        }
        if endpoint.database != 0 {
            commands.append(RedisCommand("SELECT", String(endpoint.database)))
            questions.append(.select)
        }
        commands.append(RedisCommand("CLIENT", "SETNAME", Self.allowed(clientName)))
        questions.append(.setName)
        commands.append(RedisCommand("CLIENT", "ID"))
        questions.append(.identify)
        self.commands = commands
        self.awaited = questions[...]
    }

    /// Takes the next reply.
    package mutating func handle(_ reply: RedisReply) -> Step {
        guard let question = self.awaited.popFirst() else {
            return .failed(RedisError(.unexpectedReply, "the server sent more replies than there were commands"))
        }
        switch (question, reply) {
        case (.auth, .error(let error)):
            return .failed(Self.withoutArguments(error))
        case (_, .error(let error)) where Self.isFatal(error, to: question):
            return .failed(error)
        case (.identify, _):
            return .ready(clientID: reply.integer)
        default:
            return .wait
        }
    }

    /// A user without the right to CLIENT SETNAME or CLIENT ID may still subscribe and publish.
    private static func isFatal(_ error: RedisError, to question: Question) -> Bool {
        switch question {
        case .auth, .select: true
        case .setName, .identify: error.code == .noAuth || error.code == .loading
        }
    }

    /// A server where AUTH is renamed repeats its arguments in the error, and the password is one of them.
    private static func withoutArguments(_ error: RedisError) -> RedisError {
        switch error.code {
        case .wrongPassword, .noPermission, .loading, .noAuth: error
        case _ where error.message.hasPrefix("ERR AUTH <password> called without any password configured"): error
        default: RedisError(error.code, "the server refused AUTH with an error that is not repeated here")
        }
    }

    /// CLIENT SETNAME refuses blanks, line ends and everything that is not printable ASCII.
    private static func allowed(_ name: String) -> String {
        String(decoding: name.utf8.map { byte in byte > 0x20 && byte < 0x7F ? byte : UInt8(ascii: "_") }, as: UTF8.self)
    }
}
