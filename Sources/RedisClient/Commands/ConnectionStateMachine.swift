/// The life of one connection: connecting, securing (TLS), greeting (AUTH and so on), ready, closing, closed.
///
/// A value without I/O. The owner reports what happened and performs the action that comes back.
package struct ConnectionStateMachine: Sendable {
    package enum Action: Sendable, Equatable {
        case none
        /// Write these, in one flush.
        case greet
        /// The connection may be used.
        case becomeReady(clientID: Int64?)
        /// A reply to a command of the user.
        case deliver(RedisReply)
        /// Close the channel; `ended()` follows.
        case close
        /// The channel is gone, for this reason. Comes exactly once.
        case finish(RedisError)
    }

    private enum State: Sendable {
        case connecting
        case securing
        case greeting
        case ready
        case closing(RedisError)
        case closed
    }

    private var state = State.connecting
    private var handshake: RedisHandshake
    private let usesTLS: Bool

    package init(handshake: RedisHandshake, usesTLS: Bool) {
        self.handshake = handshake
        self.usesTLS = usesTLS
    }

    /// What `greet` asks to be written. Holds the password: for the connection only.
    package var greeting: [RedisCommand] { self.handshake.commands }

    package var isReady: Bool {
        if case .ready = self.state { true } else { false }
    }

    /// The socket is connected.
    package mutating func opened() -> Action {
        switch self.state {
        case .connecting where self.usesTLS:
            self.state = .securing
            return .none
        case .connecting:
            self.state = .greeting
            return .greet
        case .securing, .greeting, .ready, .closing, .closed:
            // Closed before the event loop got to say that it was open.
            return .none
        }
    }

    /// The TLS handshake is complete: the server's certificate and name are verified.
    package mutating func secured() -> Action {
        switch self.state {
        case .securing:
            self.state = .greeting
            return .greet
        case .connecting, .greeting, .ready, .closing, .closed:
            return .none
        }
    }

    package mutating func received(_ reply: RedisReply) -> Action {
        switch self.state {
        case .greeting:
            return self.greeted(reply)
        case .ready:
            return .deliver(reply)
        case .connecting, .securing:
            return self.failed(RedisError(.unexpectedReply, "the server spoke before it was asked"))
        case .closing, .closed:
            // What was on its way when we gave up.
            return .none
        }
    }

    private mutating func greeted(_ reply: RedisReply) -> Action {
        switch self.handshake.handle(reply) {
        case .wait: return .none
        case .ready(let clientID):
            self.state = .ready
            return .becomeReady(clientID: clientID)
        case .failed(let error): return self.failed(error)
        }
    }

    /// Something is wrong with the connection, or the user wants it closed.
    package mutating func failed(_ error: RedisError) -> Action {
        switch self.state {
        case .connecting, .greeting, .ready:
            self.state = .closing(error)
            return .close
        case .securing:
            self.state = .closing(RedisError(.tlsFailed, error.message))
            return .close
        case .closing, .closed:
            // The first reason is the one that counts.
            return .none
        }
    }

    /// The time for connecting and greeting is over.
    package mutating func greetingDeadlinePassed() -> Action {
        switch self.state {
        case .connecting, .greeting:
            return self.failed(RedisError(.timedOut, "the server accepted the connection but did not answer in time"))
        case .securing:
            return self.failed(RedisError(.tlsFailed, "the TLS handshake did not end in time; is it a TLS port?"))
        case .ready, .closing, .closed:
            return .none
        }
    }

    /// The channel is closed.
    package mutating func ended() -> Action {
        defer { self.state = .closed }
        switch self.state {
        case .connecting:
            return .finish(RedisError(.connectFailed, "the connection was closed before it was open"))
        case .securing:
            return .finish(
                RedisError(.tlsFailed, "the server closed the connection during the TLS handshake; is it a TLS port?")
            )
        case .greeting:
            return .finish(
                RedisError(.connectionClosed, "the server closed the connection before it answered; is it a TLS port?")
            )
        case .ready:
            return .finish(RedisError(.connectionClosed, "the server closed the connection"))
        case .closing(let error):
            return .finish(error)
        case .closed:
            return .none
        }
    }
}
