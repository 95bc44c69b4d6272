import NIOCore
import ReactorTestKit
import RedisServer
import Testing

@Suite(.timeLimit(.minutes(10)))
struct TCPProxyTests {
    private func withProxy(
        _ body: @Sendable (TCPProxy, RedisServerProcess) async throws -> Void
    ) async throws {
        try await withRedisServer { server in
            try await withTCPProxy(to: .unix(server.address.unixPath)) { proxy in try await body(proxy, server) }
        }
    }

    @Test func `bytes pass in both directions`() async throws {
        try await self.withProxy { proxy, _ in
            try await TestClient.with(port: proxy.port) { client in
                try await client.send("PING\r\n")
                #expect(try await client.receive(7) == "+PONG\r\n")
            }
        }
    }

    @Test func `a black hole keeps everything until it is healed`() async throws {
        try await self.withProxy { proxy, server in
            try await TestClient.with(port: proxy.port) { client in
                try await client.send("SUBSCRIBE c\r\n")
                #expect(try await client.receive(30).hasPrefix("*3\r\n$9\r\nsubscribe"))
                try await proxy.blackHole()
                try await server.publish(["held"], on: "c")
                try await server.takeDown()
                // The end of the stream is held back with the message.
                #expect(try await proxy.connectionCount == 1)
                try await proxy.heal()
                #expect(try await client.receive(1000).hasSuffix("$4\r\nheld\r\n"))
            }
        }
    }

    @Test func `a link is cut after exactly so many bytes`() async throws {
        try await self.withProxy { proxy, _ in
            try await TestClient.with(port: proxy.port) { client in
                try await proxy.cut(after: 10)
                try await client.send("PING\r\nPING\r\n")
                #expect(try await client.receive(1000) == "+PONG\r\n+PO")
            }
            try await TestClient.with(port: proxy.port) { client in
                try await client.send("PING\r\n")
                #expect(try await client.receive(7) == "+PONG\r\n")
            }
        }
    }

    @Test func `a half-closed link ends for the client and still carries what it sends`() async throws {
        try await self.withProxy { proxy, server in
            try await TestClient.with(port: proxy.port) { client in
                try await client.send("SUBSCRIBE c\r\n")
                #expect(try await client.receive(30).hasPrefix("*3"))
                try await proxy.halfClose(.toClient)
                #expect(try await client.receive(1) == "")
                try await client.send("UNSUBSCRIBE c\r\n")
                await eventually { (try? await server.subscriberCount(of: "c")) == 0 }
            }
        }
    }

    @Test func `all links can be reset`() async throws {
        try await self.withProxy { proxy, _ in
            try await TestClient.with(port: proxy.port) { client in
                try await client.send("PING\r\n")
                #expect(try await client.receive(7) == "+PONG\r\n")
                try await proxy.cutAll(reset: true)
                let error = await #expect(throws: IOError.self) { try await client.receive(1) }
                #expect(error?.errnoCode == 104)
                #expect(try await proxy.connectionCount == 0)
            }
        }
    }

    @Test func `a delay holds each piece back and keeps the order`() async throws {
        try await self.withProxy { proxy, _ in
            try await proxy.delay(by: .milliseconds(30))
            try await TestClient.with(port: proxy.port) { client in
                let start = ContinuousClock.now
                for number in 0..<5 { try await client.send("ECHO \(number)\r\n") }
                let answers = try await client.receive(35)
                #expect(ContinuousClock.now - start >= .milliseconds(60))
                #expect(answers.filter(\.isNumber) == "1011121314")
            }
        }
    }
}
