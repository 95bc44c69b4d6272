import NIOCore
import ReactorTestKit
import Testing

@Suite(.timeLimit(.minutes(10)))
struct FakeRedisServerTests {
    private static let subscribed = "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
    private static let pong = "*2\r\n$4\r\npong\r\n$0\r\n\r\n"

    private static func message(_ text: String) -> String {
        "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$\(text.utf8.count)\r\n\(text)\r\n"
    }

    private static func command(_ parts: String...) -> String {
        "*\(parts.count)\r\n" + parts.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }

    @Test func `a subscriber gets what is published, and an answer to PING`() async throws {
        try await withFakeRedisServer { server in
            try await TestClient.with(port: server.port) { client in
                try await client.send(Self.command("SUBSCRIBE", "c") + Self.command("PING"))
                let greeting = Self.subscribed + Self.pong
                #expect(try await client.receive(greeting.utf8.count) == greeting)
                try await TestClient.with(port: server.port) { publisher in
                    try await publisher.send(Self.command("PUBLISH", "c", "hello"))
                    #expect(try await publisher.receive(4) == ":1\r\n")
                }
                let message = Self.message("hello")
                #expect(try await client.receive(message.utf8.count) == message)
            }
        }
    }

    @Test func `a deaf server answers PING and delivers nothing`() async throws {
        try await withFakeRedisServer { server in
            try await TestClient.with(port: server.port) { client in
                try await client.send(Self.command("SUBSCRIBE", "c"))
                #expect(try await client.receive(Self.subscribed.utf8.count) == Self.subscribed)
                try await server.goDeaf()
                try await client.send(Self.command("PUBLISH", "c", "hello") + Self.command("PING"))
                let answers = ":1\r\n" + Self.pong
                #expect(try await client.receive(answers.utf8.count) == answers)
            }
        }
    }

    @Test(arguments: [1, 999, 50_000])
    func `a flood has exactly the number of messages, round and round`(total: Int) async throws {
        try await withFakeRedisServer { server in
            try await TestClient.with(port: server.port) { client in
                try await client.send(Self.command("SUBSCRIBE", "c"))
                #expect(try await client.receive(Self.subscribed.utf8.count) == Self.subscribed)
                async let blast: Void = server.blast(["a", "bb", "ccc"], on: "c", total: total)
                var expected = (0..<total).reduce(0) { $0 + Self.message(["a", "bb", "ccc"][$1 % 3]).utf8.count }
                var messages = 0
                while expected > 0 {
                    let piece = try await client.receive(1)
                    expected -= piece.utf8.count
                    messages += piece.utf8.count { $0 == UInt8(ascii: "*") }
                }
                try await blast
                #expect(messages == total)
                #expect(expected == 0)
            }
        }
    }
}
