import RedisClient
import Testing

@Suite struct `The connection's state machine` {
    private let lost = RedisError(.connectionClosed, "test")

    private func machine(tls: Bool = false) throws -> ConnectionStateMachine {
        let endpoint = try RedisEndpoint(url: "redis://h")
        return ConnectionStateMachine(handshake: RedisHandshake(endpoint: endpoint, clientName: "t"), usesTLS: tls)
    }

    @Test func `greets when the socket is open, and is ready after the last answer`() throws {
        var machine = try self.machine()
        #expect(machine.opened() == .greet)
        #expect(machine.opened() == .none)
        #expect(machine.received(.simple("OK")) == .none)
        #expect(!machine.isReady)
        #expect(machine.received(.integer(7)) == .becomeReady(clientID: 7))
        #expect(machine.isReady)
        #expect(machine.received(.null) == .deliver(.null))
        #expect(machine.greetingDeadlinePassed() == .none)
    }

    @Test func `says nothing before TLS has verified the server`() throws {
        var machine = try self.machine(tls: true)
        #expect(machine.opened() == .none)
        #expect(machine.secured() == .greet)
        #expect(machine.secured() == .none)
    }

    @Test func `names what went wrong before it was ready`() throws {
        var tls = try self.machine(tls: true)
        _ = tls.opened()
        #expect(tls.failed(self.lost) == .close)
        #expect(tls.ended() == .finish(RedisError(.tlsFailed, "test")))

        var plain = try self.machine(tls: true)
        _ = plain.opened()
        #expect(plain.ended().reason?.code == .tlsFailed)

        var mute = try self.machine()
        _ = mute.opened()
        #expect(mute.greetingDeadlinePassed() == .close)
        #expect(mute.ended().reason?.code == .timedOut)

        var refused = try self.machine()
        _ = refused.opened()
        let reply = RedisError(reply: Array("NOAUTH Authentication required.".utf8))
        #expect(refused.received(.error(reply)) == .close)
        #expect(refused.ended() == .finish(reply))

        var never = try self.machine()
        #expect(never.ended().reason?.code == .connectFailed)
    }

    @Test func `ends once, for the first reason, and drops what comes after it`() throws {
        var machine = try self.machine()
        _ = machine.opened()
        _ = machine.received(.simple("OK"))
        _ = machine.received(.integer(1))
        #expect(machine.failed(self.lost) == .close)
        #expect(machine.failed(RedisError(.timedOut, "later")) == .none)
        #expect(machine.received(.null) == .none)
        #expect(machine.ended() == .finish(self.lost))
        #expect(machine.ended() == .none)
        #expect(machine.failed(self.lost) == .none)
    }

    @Test func `does not take a server that speaks before it is asked`() throws {
        var machine = try self.machine()
        #expect(machine.received(.simple("OK")) == .close)
    }
}

extension ConnectionStateMachine.Action {
    fileprivate var reason: RedisError? {
        if case .finish(let error) = self { error } else { nil }
    }
}
