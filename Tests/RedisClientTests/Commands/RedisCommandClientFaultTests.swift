import NIOCore
import NIOPosix
import ReactorTestKit
import RedisClient
import RedisServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10))) struct `A command client and faults` {
    @Test func `comes back by itself after it was killed, and sends what waited`() async throws {
        try await withRedisServer { server in
            let journal = ClientJournal()
            try await withClient(server.url, journal: journal) { client in
                for round in 1...3 {
                    _ = try await server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                    await eventually { journal.losses.count >= round }
                    let reply = try await client.send(RedisCommand("INCR", "n"), deadline: .seconds(20))
                    #expect(reply.integer == Int64(round))
                }
                #expect(journal.losses.allSatisfy { $0.code == .connectionClosed })
                #expect(journal.connections == 4)
            }
        }
    }

    @Test func `waits for a server that is not there yet, and says so`() async throws {
        try await withRedisServer { server in
            let journal = ClientJournal()
            try await server.takeDown()
            try await withClient(server.url, journal: journal, connected: false) { client in
                await eventually { journal.losses.count >= 3 }
                let failed = await #expect(throws: RedisError.self) {
                    try await client.send(RedisCommand("PING"), deadline: .milliseconds(30))
                }
                #expect(failed?.code == .connectFailed && failed?.mayHaveExecuted == false)
                let refused = await #expect(throws: RedisError.self) {
                    try await client.send(RedisCommand("PING"), waitsForConnection: false)
                }
                #expect(refused?.code == .connectFailed)
                async let late = client.send(RedisCommand("ECHO", "late"), deadline: .seconds(30))
                try await server.bringUp()
                let reply = try await late
                #expect(reply.text == "late")
            }
        }
    }

    @Test func `fails what was sent and not what was not when the server dies under load`() async throws {
        try await withRedisServer(appendOnly: true) { server in
            try await withClient(server.url) { client in
                let tally = Tally()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            for _ in 0..<400 {
                                do throws(RedisError) {
                                    _ = try await client.send(RedisCommand("INCR", "n"), deadline: .seconds(30))
                                    tally.counts.withLock { $0.done += 1 }
                                } catch {
                                    tally.counts.withLock { counts in
                                        if error.mayHaveExecuted {
                                            counts.unsure += 1
                                        } else {
                                            counts.other.append(error)
                                        }
                                    }
                                }
                            }
                        }
                    }
                    group.addTask {
                        for _ in 0..<3 {
                            let before = tally.counts.withLock { $0.done }
                            await eventually { tally.counts.withLock { $0.done } > before + 100 }
                            _ = try await server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                        }
                    }
                    try await group.waitForAll()
                }
                let (done, unsure, other) = tally.counts.withLock { ($0.done, $0.unsure, $0.other) }
                #expect(other.isEmpty, "\(other)")
                let total = try await client.send(RedisCommand("GET", "n")).integer ?? 0
                #expect(total >= done && total <= done + unsure)
                #expect(done + unsure == 3_200)
            }
        }
    }

    @Test func `gives up a connection that owes replies and is silent`() async throws {
        try await withRedisServer { server in
            let journal = ClientJournal()
            var settings = RedisCommandClient.Settings()
            settings.maxSilence = .milliseconds(300)
            try await withClient(server.url, settings: settings, journal: journal) { client in
                server.suspend()
                let error = await #expect(throws: RedisError.self) {
                    try await client.send(RedisCommand("INCR", "n"), deadline: .seconds(30))
                }
                #expect(error?.code == .timedOut && error?.mayHaveExecuted == true)
                #expect(journal.losses.first?.code == .timedOut)
                server.resume()
                let reply = try await client.send(RedisCommand("PING"), deadline: .seconds(30))
                #expect(reply.text == "PONG")
            }
        }
    }

    @Test func `does not end the process when the server is gone while it writes`() async throws {
        try await withRedisServer(tcp: .free) { server in
            let url = try #require(server.address.tcpURL)
            try await withClient(url) { client in
                // Without a pause for the loop to notice: writes meet a socket that the server has reset.
                for _ in 0..<20 {
                    for _ in 0..<50 { client.submit(RedisCommand("SET", "k", String(repeating: "v", count: 10_000))) }
                    _ = try await server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                    for _ in 0..<50 { client.submit(RedisCommand("SET", "k", "v")) }
                }
                // The first one may still meet the connection that was killed last.
                await eventually("it answers again") {
                    (try? await client.send(RedisCommand("PING"), deadline: .seconds(30)))?.text == "PONG"
                }
            }
        }
    }

    @Test func `names the refusal of a replica, and the doctor warns of it`() async throws {
        try await withRedisServer(directives: ["replicaof 127.0.0.1 1", "replica-read-only yes"]) { server in
            try await withClient(server.url) { client in
                let error = await #expect(throws: RedisError.self) {
                    try await client.send(RedisCommand("SET", "k", "v"))
                }
                #expect(error?.code == .readOnly)
                let report = try await ServerReport.examine(client)
                #expect(report.findings.first { $0.code == .role }?.severity == .warning)
            }
        }
    }

    @Test func `gives up at once on a server that does not speak RESP2`() async throws {
        let journal = ClientJournal()
        try await withLoopbackServer(answer: "HTTP/1.1 400 Bad Request\r\n\r\n") { port in
            try await withClient("redis://127.0.0.1:\(port)", journal: journal, connected: false) { _ in
                await eventually { !journal.losses.isEmpty }
                #expect(journal.losses.first?.code == .protocolViolation)
            }
        }
    }

    @Test func `tries every address of a name`() async throws {
        // "localhost" is ::1 and 127.0.0.1; the server listens on the latter only.
        try await withRedisServer(tcp: .free) { server in
            let port = try #require(server.address.port)
            try await withClient("redis://localhost:\(port)") { client in
                let reply = try await client.send(RedisCommand("PING"))
                #expect(reply.text == "PONG")
            }
        }
    }

    @Test func `waits when it is stopped for what was sent, and takes no more`() async throws {
        try await withRedisServer { server in
            let journal = ClientJournal()
            try await withClient(server.url, journal: journal) { client in
                let done = Mutex(0)
                try await client.eventLoop.submit {
                    for _ in 0..<500 {
                        client.submit(RedisCommand("INCR", "n")) { result in
                            if case .success = result { done.withLock { $0 += 1 } }
                        }
                    }
                }.get()
                await client.stop(grace: .seconds(20))
                #expect(done.withLock { $0 } == 500)
                let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
                #expect(error?.code == .connectionClosed)
                await eventually { client.state == .stopped }
            }
        }
    }

    @Test func `stops at once while it waits for its next attempt`() async throws {
        let journal = ClientJournal()
        try await withClient("unix:///nowhere/redis.sock", journal: journal, connected: false) { client in
            await eventually(within: .seconds(90)) { journal.losses.count > 0 }
            await client.stop()
            await eventually { client.state == .stopped }
            await client.stop()
        }
    }
}

/// How commands under load ended.
private final class Tally: Sendable {
    struct Counts {
        var done: Int64 = 0
        var unsure: Int64 = 0
        var other: [RedisError] = []
    }

    let counts = Mutex(Counts())
}

/// A server on a loopback port that answers everything with the same text.
private func withLoopbackServer(answer: String, _ body: (Int) async throws -> Void) async throws {
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Answering(answer: answer))
            }
        }
        .bind(host: "127.0.0.1", port: 0)
        .get()
    do {
        try await body(listener.localAddress?.port ?? 0)
    } catch {
        try await listener.close()
        throw error
    }
    try await listener.close()
}

private final class Answering: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: String

    init(answer: String) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: self.answer)), promise: nil)
    }
}
