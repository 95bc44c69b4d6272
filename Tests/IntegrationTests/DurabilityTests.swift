import ChildProcesses
import Events
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// Whether state outlives the server that keeps it, and what the program does when it does not.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct DurabilityTests {
    private static let enforced = ["AOS_MODE": "prod", "RAC_ENABLED": "true"]

    @Test func `says what its state is worth, and runs all the same where nobody asks for more`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                await eventually("judged") { await Self.verdict(reactor) == "volatile" }
                let status = try await reactor.json("/v1/status")
                #expect(status["durability"]?["reason"]?.stringValue == "appendonly no, no replica")
                let message = try await Self.stateMessage(reactor)
                #expect(message == "volatile: appendonly no, no replica")
            }
        }
    }

    @Test func `state in memory is called volatile`() async throws {
        try await withRedisServer(appendOnly: true) { server in
            let config = "state: memory\n"
            try await withRunningReactor(
                redis: server.url,
                handlers: SampleHandlers.failedRuns,
                config: config
            ) { reactor in
                await eventually("judged") { await Self.verdict(reactor) == "volatile" }
                let message = try await Self.stateMessage(reactor)
                #expect(message == "volatile: state is kept in this process")
            }
        }
    }

    @Test func `where audit is enforced a server that forgets is refused before anything is read`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(
                redis: server.url,
                handlers: SampleHandlers.failedRuns,
                environment: Self.enforced
            ) { reactor in
                let end = try await reactor.program.waitForExit()
                #expect(end == .exited(code: 78))
                let told = reactor.program.errorOutput
                #expect(told.contains("state would not survive: appendonly no"), "\(told)")
                #expect(!told.contains("reactor is RUNNING"))
            }
            // Somebody accepts it.
            try await withRunningReactor(
                redis: server.url,
                handlers: SampleHandlers.failedRuns,
                environment: Self.enforced.merging(["REACTOR_DURABILITY": "warn"]) { $1 }
            ) { reactor in
                await eventually("ready") { await reactor.isReady }
                #expect(reactor.program.exitStatus == nil)
            }
        }
    }

    @Test func `where audit is enforced a server that lasts is taken`() async throws {
        try await withRedisServer(appendOnly: true) { server in
            try await withRunningReactor(
                redis: server.url,
                handlers: SampleHandlers.failedRuns,
                environment: Self.enforced
            ) { reactor in
                await eventually("ready") { await reactor.isReady }
                await eventually("judged") { await Self.verdict(reactor) == "durable" }
            }
        }
    }

    @Test func `state in memory is refused by the check where it must last`() async throws {
        try await withTemporaryFolder { folder in
            try write("version: 1\n", to: folder + "/reactor.yaml")
            let verb = try await runVerb(
                "check",
                "--config",
                folder + "/reactor.yaml",
                environment: Self.enforced.merging(["REACTOR_STATE": "memory"]) { $1 }
            )
            #expect(verb.exitCode == 1)
            let told = verb.output + verb.errorOutput
            #expect(told.contains("state in memory does not survive a restart"), "\(told)")
        }
    }

    @Test func `a store that fails for good is told, and the reactor is not ready until it works again`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                // The server takes no more writes; it still delivers events.
                try await server.command("CONFIG", "SET", "maxmemory", "1")
                try await server.command("PUBLISH", "aos.events", #"{"event_type": "run.failed", "payload": {}}"#)
                await eventually("told") {
                    (try? await Self.stateMessage(reactor))?.contains("alerts cannot be decided for") ?? false
                }
                await eventually(within: .seconds(90), "not ready") { await !reactor.isReady }
                try await server.command("CONFIG", "SET", "maxmemory", "0")
                await eventually("ready again") { await reactor.isReady }
            }
        }
    }

    private static func verdict(_ reactor: RunningReactor) async -> String? {
        (try? await reactor.json("/v1/status"))?["durability"]?["verdict"]?.stringValue
    }

    private static func stateMessage(_ reactor: RunningReactor) async throws -> String? {
        try await reactor.json("/readyz")["components"]?.arrayValue?
            .first { $0["name"]?.stringValue == "state" }?["message"]?.stringValue
    }
}
