import ChildProcesses
import Glibc
import Logging
import ReactorTestKit
import RedisServer
import Synchronization
import Testing

func expectAnswer(of server: RedisServerProcess, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let answer = try await server.command("PING")
    #expect(answer == .simple("PONG"), sourceLocation: sourceLocation)
}

@Suite(.timeLimit(.minutes(10)))
struct RedisServerProcessTests {
    @Test func `a server answers on its socket and is gone afterwards`() async throws {
        let processID = try await withRedisServer { server in
            try await expectAnswer(of: server)
            #expect(server.url.hasPrefix("unix:///tmp/"))
            #expect(server.address.tcpURL == nil)
            return try #require(server.processID)
        }
        #expect(kill(processID, 0) != 0)
    }

    @Test func `the folder and the socket are for its user alone`() async throws {
        try await withRedisServer { server in
            #expect(Self.mode(of: server.settings.dataFolder) == 0o700)
            #expect(Self.mode(of: server.settings.dataFolder + "/redis.conf") == 0o600)
            #expect(Self.mode(of: server.address.unixPath) == 0o700)
        }
    }

    @Test func `a server that is killed comes back with its data, on the same port`() async throws {
        let events = Mutex<[RedisServerEvent]>([])
        // Every write is on disk before its answer, so the kill loses nothing.
        let durable = ["appendfsync always"]
        let observer = { @Sendable (event: RedisServerEvent) in events.withLock { $0.append(event) } }
        try await withRedisServer(tcp: .free, appendOnly: true, directives: durable, observer: observer) { server in
            let port = try #require(server.address.port)
            let first = try #require(server.processID)
            try await server.command("SET", "kept", "yes")
            try await server.kill()
            try await server.waitUntilReady()
            #expect(try await server.command("GET", "kept") == .bulk("yes"))
            #expect(server.address.port == port)
            let second = try #require(server.processID)
            #expect(first != second)
            #expect(
                events.withLock { $0 } == [
                    .ready(life: 1, processID: first),
                    .died(.killed(signal: SIGKILL), restartAfter: .zero),
                    .ready(life: 2, processID: second),
                ]
            )
        }
        #expect(events.withLock { $0.last } == .stopped)
    }

    @Test func `a server whose guardian is killed ends before the next one begins`() async throws {
        try await withRedisServer(appendOnly: true, directives: ["appendfsync always"]) { server in
            let first = try #require(server.processID)
            try await server.command("SET", "kept", "yes")
            // The leader of the server's session.
            kill(getsid(first), SIGKILL)
            await eventually(within: .seconds(60), "the next one answers") {
                server.processID.map { $0 != first } ?? false
            }
            // Gone, or dead and not yet collected by the parent that it was given.
            var path = [CChar](repeating: 0, count: 8)
            #expect(readlink("/proc/\(first)/exe", &path, path.count) < 0)
            #expect(try await server.command("GET", "kept") == .bulk("yes"))
            #expect(access(server.address.unixPath, F_OK) == 0)
        }
    }

    @Test func `a server that is taken down stays down until it is brought up`() async throws {
        try await withRedisServer { server in
            try await server.takeDown()
            #expect(server.processID == nil)
            await #expect(throws: RedisConsole.Failure.self) { try await server.command("PING") }
            try await server.bringUp()
            try await expectAnswer(of: server)
            try await server.restart()
            try await expectAnswer(of: server)
        }
    }

    @Test func `a suspended server answers after it is resumed, and a suspended one can be stopped`() async throws {
        try await withRedisServer { server in
            server.suspend()
            async let reply = server.command("PING")
            server.resume()
            let answer = try await reply
            #expect(answer == .simple("PONG"))
            server.suspend()
        }
    }

    @Test func `many servers run beside each other`() async throws {
        try await withThrowingTaskGroup(of: UInt16?.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await withRedisServer(tcp: .free) { server in
                        try await expectAnswer(of: server)
                        return server.address.port
                    }
                }
            }
            for try await port in group { #expect(port != nil) }
        }
    }

    @Test func `a path that is too long for a socket gets a short one`() async throws {
        try await withTemporaryFolder { folder in
            let deep = folder + "/" + String(repeating: "deep", count: 30)
            let settings = RedisServerSettings(dataFolder: deep)
            try await withRedisServerProcess(settings, logger: Logger(label: "test")) { server in
                try await expectAnswer(of: server)
                #expect(server.address.unixPath.utf8.count < 108)
            }
        }
    }

    @Test func `a configuration that the server refuses is reported with its words`() async throws {
        let error = await #expect(throws: RedisServerError.self) {
            try await withRedisServer(directives: ["no-such-directive yes"]) { _ in }
        }
        #expect(error?.code == .exitedAtStart)
        #expect(error?.message.contains("no-such-directive") == true)
    }

    @Test func `a program that does not exist is reported with the remedy`() async throws {
        let error = await #expect(throws: RedisServerError.self) {
            try await withRedisServer(executable: "/nowhere/redis-server") { _ in }
        }
        #expect(error?.code == .executableNotFound)
    }

    @Test func `two owners cannot share a folder`() async throws {
        try await withRedisServer { server in
            let error = await #expect(throws: RedisServerError.self) {
                try await withRedisServerProcess(server.settings, logger: Logger(label: "test")) { _ in }
            }
            #expect(error?.code == .dataFolderInUse)
            try await expectAnswer(of: server)
        }
    }

    private static func mode(of path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }
}
