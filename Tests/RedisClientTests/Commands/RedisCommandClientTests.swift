import NIOCore
import ReactorTestKit
import RedisClient
import RedisServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10))) struct `A command client on a real server` {
    @Test func `sends commands, pipelines and scripts over TCP and over a unix socket`() async throws {
        try await withRedisServer(tcp: .free) { server in
            let tcp = try #require(server.address.tcpURL)
            for url in [tcp + "/3", server.url + "?db=3"] {
                try await withClient(url) { client in
                    #expect(try await client.send(RedisCommand("SET", "k", "v")).isOK)
                    let replies = try await client.pipeline([
                        RedisCommand("GET", "k"), RedisCommand("NOSUCH"), RedisCommand("INCR", "n"),
                        RedisCommand("HGETALL", "none"), RedisCommand("GET", "none"),
                    ])
                    #expect(replies.map(\.text) == ["v", nil, nil, nil, nil])
                    #expect(replies[1].error?.code == .server)
                    #expect(replies[3] == .array([]) && replies[4] == .null)
                    let info = try await client.send(RedisCommand("CLIENT", "INFO")).text
                    #expect(info?.contains("name=aos_test") == true && info?.contains("db=3") == true)
                    #expect(try await client.ping() > .zero)
                    #expect(try await client.pipeline([]).isEmpty)
                }
            }
        }
    }

    @Test func `throws the server's error by name`() async throws {
        try await withRedisServer { server in
            try await withClient(server.url) { client in
                _ = try await client.send(RedisCommand("SET", "k", "v"))
                let error = await #expect(throws: RedisError.self) {
                    try await client.send(RedisCommand("LPUSH", "k", "v"))
                }
                #expect(error?.code == .wrongType)
                let script = RedisScript("return redis.error_reply('READONLY test')")
                let scripted = await #expect(throws: RedisError.self) { try await client.evaluate(script) }
                #expect(scripted?.code == .readOnly)
            }
        }
    }

    @Test func `runs a script by its source when the server has forgotten it`() async throws {
        try await withRedisServer { server in
            try await withClient(server.url) { client in
                let script = RedisScript("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}")
                for count in 1...3 as ClosedRange<Int64> {
                    let reply = try await client.evaluate(script, keys: ["n"], arguments: ["a\r\nb"])
                    #expect(reply == .array([.bulk(Array("n".utf8)), .bulk(Array("a\r\nb".utf8)), .integer(count)]))
                    if count == 2 { _ = try await client.send(RedisCommand("SCRIPT", "FLUSH")) }
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<200 {
                        group.addTask {
                            if index % 50 == 0 { _ = try await client.send(RedisCommand("SCRIPT", "FLUSH")) }
                            _ = try await client.evaluate(script, keys: ["m"], arguments: [])
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await client.send(RedisCommand("GET", "m")).integer == 200)
            }
        }
    }

    @Test func `gives each of many tasks its own reply, cancelled and late ones among them`() async throws {
        try await withRedisServer { server in
            try await withClient(server.url) { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<2_000 {
                        group.addTask {
                            let deadline: Duration = index % 7 == 0 ? .microseconds(50) : .seconds(20)
                            do throws(RedisError) {
                                let reply = try await client.send(RedisCommand("ECHO", "\(index)"), deadline: deadline)
                                #expect(reply.text == "\(index)")
                            } catch {
                                #expect(
                                    error.code == (index % 3 == 0 ? .cancelled : .timedOut) || error.code == .timedOut
                                )
                            }
                        }
                    }
                    for index in 0..<500 {
                        group.addTask {
                            let child = Task { try await client.send(RedisCommand("ECHO", "cancelled \(index)")) }
                            child.cancel()
                            switch await child.result {
                            case .success(let reply): #expect(reply.text == "cancelled \(index)")
                            case .failure(let error): #expect((error as? RedisError)?.code == .cancelled)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await client.send(RedisCommand("ECHO", "after")).text == "after")
            }
        }
    }

    @Test func `answers a late command by name and keeps the connection in step`() async throws {
        try await withRedisServer { server in
            let journal = ClientJournal()
            try await withClient(server.url, journal: journal) { client in
                // Busy for 300 ms; EVALSHA of a script that the server does not know would be answered at once.
                let sleep = RedisScript(
                    """
                    local s = redis.call('TIME')
                    repeat local n = redis.call('TIME') until (n[1] - s[1]) * 1e6 + n[2] - s[2] > 3e5
                    """
                )
                let error = await #expect(throws: RedisError.self) {
                    try await client.send(sleep.callBySource(keys: [], arguments: []), deadline: .milliseconds(50))
                }
                #expect(error?.code == .timedOut && error?.mayHaveExecuted == true)
                let next = try await client.send(RedisCommand("ECHO", "x"))
                #expect(next.text == "x")
                #expect(journal.connections == 1)
            }
        }
    }

    @Test func `sends from an event loop without waiting`() async throws {
        try await withRedisServer { server in
            try await withClient(server.url) { client in
                let answers = Mutex<[Int64]>([])
                client.eventLoop.execute {
                    for _ in 0..<100 {
                        client.submit(RedisCommand("INCR", "n")) { result in
                            client.eventLoop.preconditionInEventLoop()
                            answers.withLock { $0.append((try? result.get().integer) ?? -1) }
                        }
                    }
                    client.submit(RedisCommand("INCR", "n"))
                }
                await eventually { answers.withLock { $0.count } == 100 }
                #expect(answers.withLock { $0 } == Array(1...100))
                let total = try await client.send(RedisCommand("GET", "n"))
                #expect(total.integer == 101)
            }
        }
    }

    @Test func `writes commands of one turn of its loop together`() async throws {
        try await withRedisServer { server in
            try await withClient(server.url) { client in
                let commands = { @Sendable in try await client.send(RedisCommand("INFO", "stats")).text ?? "" }
                let before = try await Self.number("total_reads_processed", in: commands())
                try await client.eventLoop.submit {
                    for _ in 0..<1_000 { client.submit(RedisCommand("INCR", "n")) }
                }.get()
                let after = try await Self.number("total_reads_processed", in: commands())
                // 27 KB of commands, which the server reads 16 KiB at a time.
                #expect(after - before < 20, "\(after - before) reads for 1,000 commands")
                #expect(try await client.send(RedisCommand("GET", "n")).integer == 1_000)
            }
        }
    }

    private static func number(_ key: String, in info: String) throws -> Int {
        let line = try #require(info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("\(key):") })
        return try #require(Int(line.dropFirst(key.count + 1)))
    }

    @Test func `refuses more than it may hold, by name`() async throws {
        var settings = RedisCommandClient.Settings()
        settings.maxOutstandingCommands = 10
        try await withClient("unix:///nowhere/redis.sock", settings: settings, connected: false) { client in
            let errors = Mutex<[RedisError.Code]>([])
            for _ in 0..<15 {
                client.submit(RedisCommand("PING"), deadline: .seconds(60), waitsForConnection: true) { result in
                    if case .failure(let error) = result { errors.withLock { $0.append(error.code) } }
                }
            }
            await eventually { errors.withLock { $0.count } == 5 }
            #expect(errors.withLock { $0 } == Array(repeating: .overflow, count: 5))
            let commands = Array(repeating: RedisCommand("PING"), count: 2)
            let error = await #expect(throws: RedisError.self) { try await client.pipeline(commands) }
            #expect(error?.code == .overflow && error?.mayHaveExecuted == false)
        }
    }
}
