import ChildProcesses
import Events
import FoundationEssentials
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// Without `REDIS_URL`: the private server, and what a newcomer sees.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct EmbeddedServerTests {
    /// Runs the program in a folder, with the shipped handlers.
    private static func withEmbedded<Result: Sendable>(
        in folder: String,
        demo: Bool,
        _ body: (RunningReactor) async throws -> Result
    ) async throws -> Result {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let run = [
            BuiltProgram.path, "run", "--handlers", repository + "/handlers", "--listen", "unix:\(folder)/admin.sock",
        ]
        let environment = ["REACTOR_EMBEDDED_DEMO": demo ? "on" : "off"]
        return try await withTestProgram(try command(run, in: folder), environment: environment) { program in
            try await body(RunningReactor(program: program, folder: folder))
        }
    }

    private static func serverProcess(in folder: String) -> Int32? {
        let text = FileManager.default.contents(atPath: folder + "/var/redis/redis.pid") ?? Data()
        return Int32(String(decoding: text, as: UTF8.self).filter(\.isNumber))
    }

    private static func hasEnded(_ process: Int32) -> Bool {
        guard let stat = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return true }
        return String(decoding: stat, as: UTF8.self).contains(") Z ")
    }

    @Test func `a server that is killed comes back, and the reactor is ready again by itself`() async throws {
        try await withTemporaryFolder { folder in
            let server = try await Self.withEmbedded(in: folder, demo: false) { reactor in
                await eventually("ready") { await reactor.isReady }
                let first = try #require(Self.serverProcess(in: folder))
                let console = RedisConsole(unixPath: folder + "/var/redis/redis.sock")
                #expect(try await console.send("SET", "kept", "yes") == .simple("OK"))
                try await eventually("it is in the append-only file") {
                    try await console.send("INFO", "persistence").text?.contains("aof_buffer_length:0\r\n") == true
                }
                let begin = ContinuousClock.now
                kill(first, SIGKILL)
                // It may be back before anybody could have seen it away; the window is kept.
                await eventually("the blind window is counted") {
                    (try? await reactor.metric("aos_gap_windows_total")) == 1
                }
                await eventually("ready again") { await reactor.isReady }
                figure(
                    "from kill -9 of the embedded server to ready",
                    (ContinuousClock.now - begin).inMilliseconds,
                    "ms"
                )
                let second = try #require(Self.serverProcess(in: folder))
                #expect(second != first)
                let kept = try await console.send("GET", "kept")
                #expect(kept == .bulk("yes"))
                #expect(try await reactor.metric("aos_gap_windows_total") == 1)
                let window = try #require(try reactor.program.logLine("blind window"))
                #expect(window["cause"]?.stringValue == "server_restarted", "\(window)")
                #expect(try reactor.program.logLine("redis-server died")?["status"]?.stringValue == "signal 9")

                // Verbs in that folder find the server by themselves, and events are handled.
                let failed = try await runVerb("publish", "run.failed", "--payload", #"{"run_id": "r"}"#, in: folder)
                #expect(failed.output == "1 event published on aos.events, 1 subscribers\n", "\(failed.everything)")
                await eventually("an alert") { (try? await reactor.metric("aos_alert_decisions_total")) == 1 }

                reactor.program.send(SIGTERM)
                #expect(try await reactor.program.waitForExit() == .exited(code: 0))
                return second
            }
            await eventually("it is stopped with the reactor") { Self.hasEnded(server) }
        }
    }

    @Test func `with a server of one's own nothing is brought and nothing played`() async throws {
        try await withRedisServer { server in
            try await withTemporaryFolder { folder in
                // On a port that the system chooses; the log tells which.
                let run = [BuiltProgram.path, "run", "--listen", "127.0.0.1:0"]
                try await Python.withListener(to: "aos.events", on: server) { listener in
                    let environment = ["REDIS_URL": server.url]
                    try await withTestProgram(try command(run, in: folder), environment: environment) { program in
                        try await eventually("RUNNING") { try program.logLine("reactor is RUNNING") != nil }
                        try await eventually("it listens") { try program.logLine("admin interface listens") != nil }
                        let address = try program.logLine("admin interface listens")?["address"]?.stringValue ?? ""
                        let status = try await runVerb("status", "--url", "http://\(address)")
                        #expect(status.exitCode == 0, "\(address): \(status.everything)")
                        try await eventually("its first beat") { try !listener.jsonLines.isEmpty }
                        program.send(SIGTERM)
                        #expect(try await program.waitForExit() == .exited(code: 0))
                        #expect(program.output.isEmpty)
                        #expect(!FileManager.default.fileExists(atPath: folder + "/var/redis"))
                    }
                    // The listener may print a moment after the reactor has ended.
                    try await eventually("its farewell") {
                        let types = Set(try listener.jsonLines.compactMap { $0["event_type"]?.stringValue })
                        return types == ["reactor.heartbeat", "reactor.stopping"]
                    }
                }
            }
        }
    }

    @Test func `a second reactor in the same folder is refused and disturbs nothing`() async throws {
        try await withTemporaryFolder { folder in
            try await Self.withEmbedded(in: folder, demo: false) { reactor in
                await eventually("ready") { await reactor.isReady }
                let server = try #require(Self.serverProcess(in: folder))
                let second = try await runVerb("run", "--listen", "off", in: folder)
                #expect(second.exitCode == 69)
                #expect(second.errorOutput.contains("another process runs a Redis server in"), "\(second.errorOutput)")
                #expect(second.errorOutput.contains(folder + "/var/redis"))
                #expect(await reactor.isReady)
                #expect(Self.serverProcess(in: folder) == server && !Self.hasEnded(server))

                // With a Redis of its own it is the admin socket that is taken.
                try await withRedisServer { other in
                    let socket = try await runVerb(
                        "run",
                        "--listen",
                        reactor.adminAddress,
                        in: folder,
                        environment: ["REDIS_URL": other.url]
                    )
                    #expect(socket.exitCode == 69)
                    #expect(socket.errorOutput.contains("the admin interface cannot listen"))
                }
                #expect(await reactor.isReady)
            }
        }
    }

    @Test func `the demonstration is over within 15 seconds of the start; killed, it leaves no server behind`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let begin = ContinuousClock.now
            let server = try await Self.withEmbedded(in: folder, demo: true) { reactor in
                await eventually(within: .seconds(60), "the whole demonstration") {
                    // Its last lines, which tell where to go on.
                    reactor.program.output.contains(": /readyz  /metrics")
                }
                let elapsed = ContinuousClock.now - begin
                figure("from the start to the end of the demonstration", elapsed.inMilliseconds, "ms")
                #expect(elapsed < .seconds(15))
                let output = reactor.program.output
                for expected in [
                    "run.started", "run.completed", "HIGH     MISSING_ACK", "MEDIUM   DRIFT", "HIGH     STALE_RUN",
                    "held     MISSING_ACK", "duplicate: the same alert was sent", "publish an event",
                    "unix socket \(folder)/admin.sock: /readyz",
                ] {
                    #expect(output.contains(expected), "\(expected) in \(output)")
                }
                #expect(!output.contains("\u{1B}["))
                return try #require(Self.serverProcess(in: folder))
            }
            // The program was killed at the end of the block; its server must not outlive it.
            await eventually("the server is gone") { Self.hasEnded(server) }
        }
    }
}
