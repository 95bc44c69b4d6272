import Events
import ReactorTestKit
import RedisServer
import Testing

/// What the program says of runs that were open while it could not hear: it may be wrong, so it says so, and less loudly.
@Suite(.timeLimit(.minutes(5))) struct BlindRunTests {
    private static func handlers(timeout: String) -> String {
        """
        handler: contract
        uses: audit-contract
        with:
          expect: [{ action: logs/start_trace, within: \(timeout) }]
          run_timeout: \(timeout)
          grace: 1s

        """
    }

    private static func config(_ instance: String, state: String) -> String {
        faultConfig(instance) + "state: \(state)\nalerts: { cooldowns: { audit: 0s } }\n"
    }

    /// `type run severity status`, sorted, and whether the alert says that it is in doubt.
    private static func alerts(_ reactor: RunningReactor) async throws -> [String] {
        try await reactor.ownAlerts().filter { $0["domain"]?.stringValue == "audit" }.map { alert in
            let parts = ["type", "run_id", "severity"].map { alert[$0]?.stringValue ?? "?" }
            let end = alert["receipt"]?["reason"]?.stringValue == "it is over" ? " over" : ""
            let isDoubtful = alert["summary"]?.stringValue?.contains("; in doubt: ") == true
            return parts.joined(separator: " ") + (isDoubtful ? " suspect" : "") + end
        }.sorted()
    }

    private static func began(_ run: String) -> String { RunEvents.event("run.started", run) }

    /// All that the contract wants of a run.
    private static func done(_ run: String) -> [String] {
        [RunEvents.event("trace.started", run, #""trace_id": "t""#), RunEvents.event("run.completed", run)]
    }

    private static func doubts(about run: String, _ reactor: RunningReactor) async throws -> [String] {
        let entries = try await reactor.json("/v1/runs/\(run)")["entries"]?.arrayValue ?? []
        return entries.compactMap { $0["data"]?["doubt"]?.stringValue }
    }

    @Test(arguments: ["memory", "redis"])
    func `a subscriber that was killed doubts what it finds about runs of that time, and of no others`(
        state: String
    ) async throws {
        try await withRedisServer { server in
            try await withRunningReactor(
                redis: server.url,
                handlers: Self.handlers(timeout: "4s"),
                config: Self.config("killed", state: state)
            ) { reactor in
                await eventually(within: .seconds(60), "ready") { await reactor.isReady }
                // Over before the window: nothing that is found about it has to do with what was missed.
                try await server.publish([Self.began("early")] + Self.done("early"), on: "aos.events")
                try await server.publish([Self.began("open")], on: "aos.events")
                await eventually(within: .seconds(60), "it arrived") { await reactor.received() == 4 }
                // One batch: the server executes it before it can accept the new subscription. The run does all it should,
                // and the reactor cannot know.
                _ = try await server.console.send(
                    commands: [["CLIENT", "KILL", "TYPE", "pubsub"]]
                        + Self.done("open").map { ["PUBLISH", "aos.events", $0] }
                )
                _ = try #require(await reactor.line("blind window"))
                try await server.publish([Self.began("later")], on: "aos.events")
                let found = [
                    "EXPECTATION_TIMEOUT later HIGH", "EXPECTATION_TIMEOUT open MEDIUM suspect",
                    "STALE_RUN later HIGH", "STALE_RUN open MEDIUM suspect",
                ]
                await eventually(within: .seconds(60), "found") { (try? await Self.alerts(reactor)) == found }
                #expect(try await Self.alerts(reactor) == found)
                await eventually(within: .seconds(60), "the history says why") {
                    let doubts = (try? await Self.doubts(about: "open", reactor)) ?? []
                    return doubts.count == 2 && doubts.allSatisfy { $0.contains("may have been missed") }
                }
                #expect(try await Self.doubts(about: "later", reactor).isEmpty)

                // A producer that tells again settles it.
                try await server.publish(Self.done("open"), on: "aos.events")
                let over =
                    (found + ["EXPECTATION_TIMEOUT open MEDIUM suspect over", "STALE_RUN open MEDIUM suspect over"])
                    .sorted()
                await eventually(within: .seconds(60), "settled") { (try? await Self.alerts(reactor)) == over }
                #expect(try await Self.alerts(reactor) == over)
                await eventually(within: .seconds(60), "the run is complete") {
                    let run = try? await reactor.json("/v1/runs/open")["run"]
                    return run?["status"]?.stringValue == "COMPLETE"
                }
            }
        }
    }

    @Test func `what is due while the link is a black hole is doubted, and settled by what was held back`() async throws
    {
        try await withRedisServer(tcp: .free) { server in
            let port = try #require(server.address.port)
            try await withTCPProxy(to: .tcp(port: port)) { proxy in
                try await withRunningReactor(
                    redis: proxy.url,
                    handlers: Self.handlers(timeout: "8s"),
                    config: Self.config("black-hole", state: "memory")
                ) { reactor in
                    await eventually(within: .seconds(60), "ready") { await reactor.isReady }
                    try await server.publish([Self.began("open")], on: "aos.events")
                    await eventually(within: .seconds(60), "it arrived") { await reactor.received() == 1 }
                    try await proxy.blackHole()
                    try await server.publish(Self.done("open"), on: "aos.events")
                    _ = try #require(await reactor.line("subscription is suspect, opening a second one"))
                    let found = ["EXPECTATION_TIMEOUT open MEDIUM suspect", "STALE_RUN open MEDIUM suspect"]
                    await eventually(within: .seconds(60), "found") { (try? await Self.alerts(reactor)) == found }
                    #expect(try await Self.alerts(reactor) == found)
                    try await proxy.heal()
                    await eventually(within: .seconds(60), "ready again") { await reactor.isReady }
                    // What the old link held back may have arrived, or may be lost with it: then it is told again.
                    try await server.publish(Self.done("open"), on: "aos.events")
                    let over = (found + found.map { $0 + " over" }).sorted()
                    await eventually(within: .seconds(60), "settled") { (try? await Self.alerts(reactor)) == over }
                    #expect(try await Self.alerts(reactor) == over)
                }
            }
        }
    }

    @Test func `what is due just after the link died, before anybody can know, is doubted as well`() async throws {
        try await withRedisServer(tcp: .free) { server in
            let port = try #require(server.address.port)
            try await withTCPProxy(to: .tcp(port: port)) { proxy in
                try await withRunningReactor(
                    redis: proxy.url,
                    handlers: Self.handlers(timeout: "3s"),
                    config: Self.config("dying", state: "memory")
                ) { reactor in
                    let run = try #require(await Self.runThatIsDueAfterTheLinkDied(reactor, server, proxy))
                    let found = ["EXPECTATION_TIMEOUT \(run) MEDIUM suspect", "STALE_RUN \(run) MEDIUM suspect"]
                    await eventually(within: .seconds(60), "found") {
                        (try? await Self.alerts(reactor).filter { $0.contains(run) }) == found
                    }
                    let told = try await Self.alerts(reactor).filter { $0.contains(run) }
                    #expect(told == found)
                }
            }
        }
    }

    /// A run half a second before whose deadline the link becomes a black hole; nil when a busy machine came too late for
    /// that each time.
    private static func runThatIsDueAfterTheLinkDied(
        _ reactor: RunningReactor,
        _ server: RedisServerProcess,
        _ proxy: TCPProxy
    ) async throws -> String? {
        let clock = ContinuousClock()
        for attempt in 0..<10 {
            await eventually(within: .seconds(60), "ready") { await reactor.isReady }
            let run = "open-\(attempt)"
            let start = clock.now
            try await server.publish([Self.began(run)], on: "aos.events")
            try await clock.sleep(until: start + .milliseconds(2_500))
            try await proxy.blackHole()
            if clock.now < start + .seconds(3) { return run }
            try await proxy.heal()
        }
        return nil
    }

    @Test func `a server that stood still for a moment leaves no doubt: nothing was missed`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(
                redis: server.url,
                handlers: Self.handlers(timeout: "10s"),
                config: Self.config("stood-still", state: "memory")
            ) { reactor in
                await eventually(within: .seconds(60), "ready") { await reactor.isReady }
                try await server.publish([Self.began("open")], on: "aos.events")
                await eventually(within: .seconds(60), "it arrived") { await reactor.received() == 1 }
                server.suspend()
                _ = try #require(await reactor.line("subscription is suspect, opening a second one"))
                server.resume()
                let replaced = try #require(await reactor.line("subscription was replaced"))
                #expect(replaced["exact"] == "true")
                let found = ["EXPECTATION_TIMEOUT open HIGH", "STALE_RUN open HIGH"]
                await eventually(within: .seconds(60), "found") { (try? await Self.alerts(reactor)) == found }
                #expect(try await Self.alerts(reactor) == found)
            }
        }
    }
}
