import Events
import FoundationEssentials
import Glibc
import ReactorTestKit
import RedisServer
import Synchronization
import SyntheticEvents
import Testing

/// The program as its users run it, on a real Redis.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct FirstPathTests {
    static let types = CrossDomainEvents.all().map(\.eventType)

    /// One handler for each of the eleven types, and one for all.
    static var twelveHandlers: String {
        let exact = types.enumerated().map { index, type in
            "handler: exact-\(index)\non: \(type)\ndo: [{ log: { level: info, message: seen } }]\n"
        }
        return (exact + ["handler: all\non: \"*\"\ndo: [{ log: { level: info, message: seen } }]\n"])
            .joined(separator: "---\n")
    }

    static let failedRuns = """
        handler: failed-runs
        on: run.failed
        do: [{ alert: { severity: HIGH, domain: orchestrator, key: "{{payload.run_id}}", summary: "failed" } }]

        """

    @Test func `eleven events of a Python producer reach eleven exact handlers and the one for all`()
        async throws
    {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: Self.twelveHandlers) { reactor in
                await eventually("ready") { await reactor.isReady }
                let events = CrossDomainEvents.all().map { event -> String in
                    let payload = event.payload.compactText
                    return "(\"\(event.eventType)\", json.loads(r'''\(payload)'''))"
                }
                // As the original's publisher writes: json.dumps with its defaults, UTC with an offset.
                let script = """
                    import json, redis
                    from datetime import datetime, timezone
                    client = redis.Redis(unix_socket_path="\(server.address.unixPath)")
                    for event_type, payload in [\(events.joined(separator: ", "))]:
                        client.publish("aos.events", json.dumps({
                            "event_type": event_type, "timestamp": datetime.now(timezone.utc).isoformat(),
                            "source": payload.get("source", "aos"), "payload": payload}, default=str))
                    """
                try await withTestProgram(["/usr/bin/python3", "-c", script]) { python in
                    let end = try await python.waitForExit()
                    #expect(end == .exited(code: 0), "\(python.errorOutput)")
                }
                await eventually("all were handled") { await reactor.received() == 11 }
                let status = try await reactor.json("/v1/status")
                #expect(status["state"]?.stringValue == "RUNNING")
                #expect(status["events"]?["matched"]?.intValue == 11)
                #expect(status["handlers"]?["calls"]?.intValue == 22)
                #expect(status["handlers"]?["succeeded"]?.intValue == 22)
                #expect(status["handlers"]?["failed"]?.intValue == 0)
            }
        }
    }

    @Test func `what is not an event is quarantined with its reason, and the next event is handled`() async throws {
        let poison = [
            ("[1]", "not_an_object"), ("5", "not_an_object"), ("null", "not_an_object"), ("{oops", "not_json"),
            (String(repeating: "[", count: 5000), "too_deep"),
            (#"{"event_type": "run.failed", "payload": null}"#, "payload_not_an_object"),
            (#"{"event_type": ["x"], "payload": {}}"#, "event_type_not_a_string"),
        ]
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: Self.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                for (text, _) in poison { _ = try await server.command("PUBLISH", "aos.events", text) }
                let good = #"{"event_type": "run.failed", "payload": {"run_id": "r1"}}"#
                _ = try await server.command("PUBLISH", "aos.events", good)
                await eventually("the good one raised an alert") {
                    (try? await reactor.metric("aos_alert_decisions_total")) == 1
                }
                let entries = try await reactor.json("/v1/quarantine")["entries"]?.arrayValue ?? []
                #expect(entries.reversed().map { $0["reason"]?.stringValue } == poison.map(\.1))
            }
        }
    }

    @Test func `at every scrape under load all events and all calls are accounted for`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: Self.twelveHandlers) { reactor in
                await eventually("ready") { await reactor.isReady }
                let generator = [
                    BuiltProgram.path, "generate", "--redis", server.url, "--count", "20000", "--seed", "3",
                ]
                try await withTestProgram(generator) { generator in
                    var scrapes = 0
                    while generator.exitStatus == nil || scrapes < 20 {
                        let text = try await reactor.get("/metrics").body
                        Self.expectConservation(text)
                        scrapes += 1
                    }
                    let end = try await generator.waitForExit()
                    #expect(end == .exited(code: 0))
                }
                await eventually("all arrived") { await reactor.received() == 20000 }
                Self.expectConservation(try await reactor.get("/metrics").body)
            }
        }
    }

    private static func expectConservation(_ text: String) {
        func value(_ name: String) -> Double { RunningReactor.sum(of: name, in: text) }
        let parts =
            value("aos_events_matched_total") + value("aos_events_unmatched_total")
            + value("aos_events_quarantined_total") + value("aos_events_dropped_total")
        #expect(value("aos_messages_received_total") == parts)
        let ends =
            value("aos_handler_succeeded_total") + value("aos_handler_failed_total")
            + value("aos_handler_timed_out_total") + value("aos_handler_in_flight")
        #expect(value("aos_handler_dispatched_total") == ends)
    }

    @Test func `promtool has nothing to say against the metrics`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: Self.twelveHandlers) { reactor in
                await eventually("ready") { await reactor.isReady }
                for event in CrossDomainEvents.all() {
                    let frame = String(decoding: event.frame(publishedAt: Timestamp(seconds: 1e9)), as: UTF8.self)
                    _ = try await server.command("PUBLISH", "aos.events", frame)
                }
                await eventually("handled") { await reactor.received() == 11 }
                let file = reactor.folder + "/metrics.txt"
                try Data(try await reactor.get("/metrics").body.utf8).write(to: URL(filePath: file))
                try await withTestProgram(["/bin/sh", "-c", "promtool check metrics < \(file)"]) { promtool in
                    let end = try await promtool.waitForExit()
                    #expect(end == .exited(code: 0), "\(promtool.errorOutput)")
                }
            }
        }
    }

    @Test func `a killed subscriber, a restarted and a stopped server are noticed, measured and survived`() async throws
    {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: Self.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                _ = try await server.command("CLIENT", "KILL", "TYPE", "pubsub")
                await eventually("the blind window is counted") {
                    (try? await reactor.metric("aos_gap_windows_total")) == 1
                }
                await eventually("ready again") { await reactor.isReady }

                try await server.restart()
                await eventually("the second window is counted") {
                    (try? await reactor.metric("aos_gap_windows_total")) == 2
                }
                await eventually("ready again") { await reactor.isReady }

                server.suspend()
                await eventually("silence is noticed") {
                    reactor.program.errorOutput.contains("subscription is suspect")
                }
                server.resume()
                await eventually("ready again") { await reactor.isReady }
                _ = try await server.command("PUBLISH", "aos.events", #"{"event_type": "run.failed", "payload": {}}"#)
                await eventually("and handles events") { await reactor.received() == 1 }
                #expect(try await reactor.metric("aos_gap_windows_total") == 2)
            }
        }
    }

    @Test func `SIGTERM after a burst exits with 0 and says that nothing was left undone`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: Self.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                let failed = #"{"event_type": "run.failed", "payload": {"run_id": "r"}}"#
                _ = try await server.publish(Array(repeating: failed, count: 5000), on: "aos.events")
                reactor.program.send(SIGTERM)
                let end = try await reactor.program.waitForExit()
                #expect(end == .exited(code: 0))
                #expect(reactor.program.errorOutput.contains("stopped, nothing left undone"))
            }
        }
    }

    @Test func `SIGHUP with a broken file keeps the old handlers and says why; with a good one it swaps`() async throws
    {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: Self.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                let file = URL(filePath: reactor.folder + "/handlers/test.yaml")
                try Data("handler: failed-runs\non: run.failed\nmach: {}\n".utf8).write(to: file)
                reactor.program.send(SIGHUP)
                await eventually("refused") {
                    (try? await reactor.metric("aos_config_last_reload_successful")) == 0
                }
                #expect(try await reactor.get("/readyz").body.contains("refused"))
                _ = try await server.command("PUBLISH", "aos.events", #"{"event_type": "run.failed", "payload": {}}"#)
                await eventually("the old handler works") {
                    (try? await reactor.metric("aos_alert_decisions_total")) == 1
                }

                try Data(Self.failedRuns.replacing("run.failed", with: "run.halted").utf8).write(to: file)
                reactor.program.send(SIGHUP)
                await eventually("swapped") { (try? await reactor.metric("aos_config_last_reload_successful")) == 1 }
                #expect(await reactor.isReady)
                let handlers = try await reactor.get("/v1/handlers").body
                #expect(handlers.contains("run.halted") && !handlers.contains("run.failed"))
            }
        }
    }

    @Test func `a password is shown nowhere`() async throws {
        let password = "p@ss:w/rd?#%41x"
        try await withRedisServer { server in
            _ = try await server.command("ACL", "SETUSER", "default", "on", ">" + password, "resetpass", ">" + password)
            let encoded = "p%40ss%3Aw%2Frd%3F%23%2541x"
            let url = server.url.replacing("unix://", with: "unix://:\(encoded)@")
            try await withRunningReactor(redis: url, handlers: Self.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                var everything = ""
                for path in ["/readyz", "/metrics", "/v1/status", "/v1/handlers", "/v1/alerts"] {
                    everything += try await reactor.get(path).body
                }
                reactor.program.send(SIGTERM)
                try await reactor.program.waitForExit()
                everything += reactor.program.output + reactor.program.errorOutput
                #expect(!everything.contains(password) && !everything.contains(encoded))
            }
        }
    }

    @Test func `without Redis it waits and becomes ready by itself, or ends with 69 if told to`() async throws {
        try await withRedisServer { server in
            try await server.takeDown()
            try await withRunningReactor(redis: server.url, handlers: Self.failedRuns) { reactor in
                await eventually("the admin interface answers") { (try? await reactor.get("/readyz").status) == 503 }
                try await server.bringUp()
                await eventually("ready") { await reactor.isReady }
            }
            try await server.takeDown()
            try await withRunningReactor(redis: server.url, handlers: "", arguments: ["--require-redis"]) { reactor in
                let end = try await reactor.program.waitForExit()
                #expect(end == .exited(code: 69))
            }
            try await server.bringUp()
        }
    }

    @Test func `without REDIS_URL it brings its own server and shows the demonstration`() async throws {
        try await withTemporaryFolder { folder in
            let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().path
            let command = [
                "/bin/sh", "-c",
                "cd \(folder) && exec \(BuiltProgram.path) run --handlers \(repository)/handlers --listen off",
            ]
            let server: Int32 = try await withTestProgram(command) { program in
                await eventually(within: .seconds(60), "the whole demonstration") {
                    program.output.contains("That was the demonstration")
                }
                let output = program.output
                for expected in [
                    "run.started", "run.completed", "HIGH     MISSING_ACK", "MEDIUM   DRIFT", "HIGH     STALE_RUN",
                    "held     MISSING_ACK", "duplicate",
                ] {
                    #expect(output.contains(expected), "\(expected) in \(output)")
                }
                let text = FileManager.default.contents(atPath: folder + "/var/redis/redis.pid") ?? Data()
                return try #require(Int32(String(decoding: text, as: UTF8.self).filter(\.isNumber)))
            }
            // The program was killed at the end of the block; its server must not outlive it.
            await eventually("the server is gone") { Self.hasEnded(server) }
        }
    }

    private static func hasEnded(_ process: Int32) -> Bool {
        guard let stat = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return true }
        return String(decoding: stat, as: UTF8.self).contains(") Z ")
    }
}
