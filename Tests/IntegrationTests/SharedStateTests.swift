import Events
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// Several reactors that decide as one, and what is remembered when all of them are gone.
@Suite(.timeLimit(.minutes(10))) struct SharedStateTests {
    private static func failedRun(_ run: String) -> String {
        #"{"event_type": "run.failed", "payload": {"run_id": "\#(run)", "tenant_id": "acme"}}"#
    }

    /// Alerts of one key and domain only; the heartbeats' own alerts are none of them.
    private static func decisions(_ reactor: RunningReactor) async throws -> [String] {
        try await reactor.ownAlerts().filter { $0["handler"]?.stringValue == "failed-runs" }
            .compactMap { $0["receipt"]?["verdict"]?.stringValue }
    }

    private static func withReactor<Result: Sendable>(
        _ name: String,
        on server: RedisServerProcess,
        config: String = "",
        _ body: (RunningReactor) async throws -> Result
    ) async throws -> Result {
        try await withRunningReactor(
            redis: server.url,
            handlers: SampleHandlers.failedRuns,
            config: "instance: \(name)\n" + config
        ) { reactor in
            await eventually(within: .seconds(60), "ready") { await reactor.isReady }
            return try await body(reactor)
        }
    }

    @Test func `of equal alerts that three reactors raise at one time one is sent`() async throws {
        try await withRedisServer { server in
            try await Self.withReactor("alfa", on: server) { alfa in
                try await Self.withReactor("bravo", on: server) { bravo in
                    try await Self.withReactor("charlie", on: server) { charlie in
                        let events = Array(repeating: Self.failedRun("r1"), count: 20)
                        _ = try await server.publish(events, on: "aos.events")
                        var verdicts: [String] = []
                        for reactor in [alfa, bravo, charlie] {
                            await eventually(within: .seconds(60), "all decided") {
                                (try? await Self.decisions(reactor).count) == 20
                            }
                            verdicts += try await Self.decisions(reactor)
                        }
                        #expect(verdicts.count == 60)
                        #expect(verdicts.filter { $0 == "sent" }.count == 1)
                        #expect(verdicts.filter { $0 == "duplicate" }.count == 59)
                    }
                }
            }
        }
    }

    @Test func `reactors of other namespaces decide for themselves, as does one that keeps its state in memory`()
        async throws
    {
        try await withRedisServer { server in
            try await Self.withReactor("alfa", on: server) { alfa in
                try await Self.withReactor("bravo", on: server, config: "namespace: other\n") { bravo in
                    try await Self.withReactor("charlie", on: server, config: "state: memory\n") { charlie in
                        _ = try await server.publish([Self.failedRun("r1")], on: "aos.events")
                        for reactor in [alfa, bravo, charlie] {
                            await eventually(within: .seconds(60), "decided") {
                                (try? await Self.decisions(reactor)) == ["sent"]
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func `kill -9 of the reactor and of Redis forgets no window`() async throws {
        try await withRedisServer(appendOnly: true) { server in
            try await Self.withReactor("alfa", on: server) { reactor in
                _ = try await server.publish([Self.failedRun("r1")], on: "aos.events")
                await eventually(within: .seconds(60), "sent") { (try? await Self.decisions(reactor)) == ["sent"] }
                try await server.kill()
                reactor.program.send(SIGKILL)
                try await reactor.program.waitForExit()
            }
            try await server.waitUntilReady()
            try await Self.withReactor("bravo", on: server) { reactor in
                _ = try await server.publish([Self.failedRun("r1")], on: "aos.events")
                await eventually(within: .seconds(60), "held back") {
                    (try? await Self.decisions(reactor)) == ["duplicate"]
                }
            }
        }
    }

    @Test func `while Redis is away its own alert goes out undecided and is on record when it is back`() async throws {
        try await withRedisServer { server in
            let config = "heartbeat: { interval: 1s, miss_threshold: 2 }\n"
            try await Self.withReactor("alfa", on: server, config: config) { reactor in
                try await server.takeDown()
                await eventually(within: .seconds(60), "told without Redis") {
                    reactor.program.errorOutput.contains("sent undecided")
                        || reactor.program.errorOutput.contains("reactor.unhealthy")
                }
                let alerts = try await reactor.json("/v1/alerts?limit=10")["alerts"]?.arrayValue ?? []
                let unhealthy = try #require(alerts.first { $0["type"]?.stringValue == "reactor.unhealthy" })
                #expect(unhealthy["receipt"]?["verdict"]?.stringValue == "fatigue_disabled")
                #expect(
                    unhealthy["receipt"]?["reason"]?.stringValue?.contains("state store could not be asked") == true
                )
                try await server.bringUp()
                await eventually(within: .seconds(60), "on record") {
                    reactor.program.errorOutput.contains("alerts sent undecided are on record")
                }
                let stream = try await server.command("XREVRANGE", "aos:{aos}:receipts", "+", "-", "COUNT", "10")
                #expect("\(stream)".contains("reactor.unhealthy"))
            }
        }
    }
}
