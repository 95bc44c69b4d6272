import RedisClient
import Testing

@Suite struct `The handshake` {
    private func handshake(_ url: String, name: String = "aos-reactor") throws -> RedisHandshake {
        RedisHandshake(endpoint: try RedisEndpoint(url: url), clientName: name)
    }

    @Test func `sends only what the endpoint needs`() throws {
        #expect(try self.handshake("redis://h").commands.map(\.name) == ["CLIENT", "CLIENT"])
        let all = try self.handshake("redis://joe:pw@h/2").commands
        #expect(
            all.map(\.encoded)
                == [
                    RedisCommand("AUTH", "joe", "pw"), RedisCommand("SELECT", "2"),
                    RedisCommand("CLIENT", "SETNAME", "aos-reactor"), RedisCommand("CLIENT", "ID"),
                ].map(\.encoded)
        )
        #expect(try self.handshake("redis://:pw@h").commands[0].encoded == RedisCommand("AUTH", "pw").encoded)
    }

    @Test func `replaces what CLIENT SETNAME refuses`() throws {
        let command = try self.handshake("redis://h", name: "a b\nc").commands[0]
        #expect(command.encoded == RedisCommand("CLIENT", "SETNAME", "a_b_c").encoded)
    }

    @Test func `is ready with the server's number for the connection`() throws {
        var handshake = try self.handshake("redis://joe:pw@h/2")
        for _ in 0..<3 { #expect(handshake.handle(.simple("OK")) == .wait) }
        #expect(handshake.handle(.integer(42)) == .ready(clientID: 42))
        guard case .failed(let error) = handshake.handle(.simple("OK")) else {
            Issue.record("one reply too many was taken")
            return
        }
        #expect(error.code == .unexpectedReply)
    }

    @Test func `goes on for a user without CLIENT`() throws {
        let refusal = RedisReply.error(RedisError(reply: Array("NOPERM this user has no permissions".utf8)))
        var handshake = try self.handshake("redis://joe:pw@h")
        #expect(handshake.handle(.simple("OK")) == .wait)
        #expect(handshake.handle(refusal) == .wait)
        #expect(handshake.handle(refusal) == .ready(clientID: nil))
    }

    @Test(arguments: [
        ("NOAUTH Authentication required.", RedisError.Code.noAuth),
        ("LOADING Redis is loading the dataset in memory", .loading),
    ])
    func `fails where a password is wanted and none is given, and where the server is not ready`(
        text: String,
        code: RedisError.Code
    ) throws {
        var handshake = try self.handshake("redis://h")
        #expect(handshake.handle(.error(RedisError(reply: Array(text.utf8)))) == .failed(RedisError(code, text)))
    }

    @Test(arguments: ["ERR DB index is out of range", "LOADING Redis is loading the dataset in memory"])
    func `fails when the database cannot be selected`(text: String) throws {
        var handshake = try self.handshake("redis://h/99")
        #expect(
            handshake.handle(.error(RedisError(reply: Array(text.utf8))))
                == .failed(RedisError(reply: Array(text.utf8)))
        )
    }

    @Test func `does not repeat the arguments of an AUTH that the server does not know`() throws {
        var handshake = try self.handshake("redis://:s3cret@h")
        let text = "ERR unknown command 'AUTH', with args beginning with: 's3cret' "
        guard case .failed(let error) = handshake.handle(.error(RedisError(reply: Array(text.utf8)))) else {
            Issue.record("the refusal was not taken for one")
            return
        }
        #expect(!"\(error)".contains("s3cret"))
        var wrong = try self.handshake("redis://:s3cret@h")
        let refusal = Array("WRONGPASS invalid username-password pair or user is disabled.".utf8)
        #expect(wrong.handle(.error(RedisError(reply: refusal))) == .failed(RedisError(reply: refusal)))
    }
}
