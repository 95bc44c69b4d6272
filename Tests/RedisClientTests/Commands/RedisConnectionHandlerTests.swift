import NIOCore
import NIOEmbedded
import NIOTLS
import Testing

@testable import RedisClient

@Suite(.timeLimit(.minutes(10))) struct `The connection's channel handler` {
    /// What a delegate was told, in words.
    private final class Witness: RedisConnectionDelegate {
        var seen: [String] = []

        func connectionReady(_ connection: RedisConnectionHandler, clientID: Int64?) {
            self.seen.append("ready \(clientID.map(String.init) ?? "-")")
        }

        func connection(_ connection: RedisConnectionHandler, received reply: RedisReply) {
            self.seen.append("reply \(reply.integer.map(String.init) ?? "-")")
        }

        func connectionReadComplete(_ connection: RedisConnectionHandler) {}

        func connection(_ connection: RedisConnectionHandler, endedWith error: RedisError) {
            self.seen.append("ended \(error.code.rawValue)")
        }
    }

    /// A channel with our handler, and its delegate; both live on the channel's loop.
    private struct Fixture: Sendable {
        let channel: NIOAsyncTestingChannel
        private let parts: NIOLoopBound<(handler: RedisConnectionHandler, witness: Witness)>

        init(tls: Bool = false, attach: Bool = true) async throws {
            let channel = NIOAsyncTestingChannel()
            let endpoint = try RedisEndpoint(url: "redis://:pw@h")
            self.parts = try await channel.eventLoop.submit {
                let handler = RedisConnectionHandler(
                    machine: ConnectionStateMachine(
                        handshake: RedisHandshake(endpoint: endpoint, clientName: "t"),
                        usesTLS: tls
                    ),
                    limits: ReplyLimits(),
                    greetingDeadline: .seconds(3)
                )
                let witness = Witness()
                if attach { handler.attach(witness) }
                try channel.pipeline.syncOperations.addHandler(handler)
                return NIOLoopBound((handler, witness), eventLoop: channel.eventLoop)
            }.get()
            self.channel = channel
        }

        func connect() async throws {
            try await self.channel.connect(to: SocketAddress(unixDomainSocketPath: "/test")).get()
        }

        func receive(_ text: String) async throws { try await self.channel.writeInbound(ByteBuffer(string: text)) }

        func sent() async throws -> String? {
            try await self.channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
        }

        func onLoop(_ body: @escaping @Sendable (RedisConnectionHandler) -> Void) async throws {
            let parts = self.parts
            try await self.channel.eventLoop.submit { body(parts.value.handler) }.get()
        }

        func attach() async throws {
            let parts = self.parts
            try await self.channel.eventLoop.submit { parts.value.handler.attach(parts.value.witness) }.get()
        }

        func seen() async throws -> [String] {
            let parts = self.parts
            return try await self.channel.eventLoop.submit { parts.value.witness.seen }.get()
        }
    }

    @Test func `greets in one write and is ready when all is answered, in pieces of any size`() async throws {
        let fixture = try await Fixture()
        try await fixture.connect()
        let greeting = try #require(try await fixture.sent())
        #expect(greeting.hasPrefix("*2\r\n$4\r\nAUTH\r\n$2\r\npw\r\n*3\r\n$6\r\nCLIENT"))
        #expect(greeting.hasSuffix("$2\r\nID\r\n"))
        for character in "+OK\r\n+OK\r\n:12\r\n" { try await fixture.receive(String(character)) }
        #expect(try await fixture.seen() == ["ready 12"])
        try await fixture.receive(":1\r\n:2\r\n")
        #expect(try await fixture.seen() == ["ready 12", "reply 1", "reply 2"])
        _ = try await fixture.channel.finish()
    }

    @Test func `sends the password only after TLS has verified the server`() async throws {
        let fixture = try await Fixture(tls: true)
        try await fixture.connect()
        #expect(try await fixture.sent() == nil)
        try await fixture.channel.eventLoop.submit { [channel = fixture.channel] in
            channel.pipeline.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        }.get()
        #expect(try await fixture.sent()?.contains("AUTH") == true)
        _ = try await fixture.channel.finish()
    }

    @Test func `tells a delegate that comes later what happened before`() async throws {
        let fixture = try await Fixture(attach: false)
        try await fixture.connect()
        try await fixture.receive("+OK\r\n+OK\r\n:5\r\n")
        try await fixture.channel.close().get()
        try await fixture.attach()
        #expect(try await fixture.seen() == ["ready 5", "ended connection_closed"])
    }

    @Test func `ends a connection that breaks the protocol`() async throws {
        let fixture = try await Fixture()
        try await fixture.connect()
        try await fixture.receive("+OK\r\n+OK\r\n:5\r\n$2\r\nabXY")
        #expect(try await fixture.seen() == ["ready 5", "ended protocol_violation"])
        #expect(!fixture.channel.isActive)
    }

    @Test func `ends a connection whose greeting is not answered in time`() async throws {
        let fixture = try await Fixture()
        try await fixture.connect()
        await fixture.channel.testingEventLoop.advanceTime(by: .seconds(3))
        #expect(try await fixture.seen() == ["ended timed_out"])
    }

    @Test func `ends for the reason it is given, once`() async throws {
        let fixture = try await Fixture()
        try await fixture.connect()
        try await fixture.onLoop { $0.close(RedisError(.cancelled, "first")) }
        try await fixture.onLoop { $0.close(RedisError(.timedOut, "second")) }
        #expect(try await fixture.seen() == ["ended cancelled"])
    }
}
