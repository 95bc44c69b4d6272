import ChildProcesses
import Events
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// SIGHUP: other handlers between two events, or the old ones and a reason.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ReloadTests {
    /// A steady stream of numbered events until told to end; prints how many. Never far ahead of what was handled: what
    /// handlers publish waits in a bounded queue, and this is not about its bound.
    private static let stream = """
        connection, n, handled, going = client(), 0, 0, [True]
        signal.signal(signal.SIGTERM, lambda *_: going.clear())
        listener = client().pubsub(ignore_subscribe_messages=True)
        listener.subscribe("handled")
        while going:
            pipe = connection.pipeline(transaction=False)
            for i in range(20):
                pipe.publish("aos.events", envelope("work.item", {"n": n + i}))
            pipe.execute()
            n += 20
            while going:
                if listener.get_message(timeout=0.001):
                    handled += 1
                elif n - handled < 2000:
                    break
        print(n)
        """

    @Test func `reloads in the middle of a stream lose nothing, double nothing, and keep the order`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.work("first")) { reactor in
                await eventually("ready") { await reactor.isReady }
                try await Python.withListener(to: "handled", on: server) { listener in
                    try await Python.withScript(Self.stream, on: server) { stream in
                        func waitFor(_ handler: String) async throws {
                            // So many more than those that were under way.
                            let handled = { listener.output.split(separator: "handled.\(handler)").count }
                            let before = handled()
                            await eventually("\(handler) handles") { handled() >= before + 300 }
                        }
                        try await waitFor("first")
                        try await Self.reload(reactor, SampleHandlers.work("second"))
                        try await waitFor("second")
                        try await Self.refuse(reactor)
                        try await waitFor("second")
                        try await Self.reload(reactor, SampleHandlers.work("third"))
                        try await waitFor("third")
                        stream.send(SIGTERM)
                        #expect(try await stream.waitForExit() == .exited(code: 0), "\(stream.errorOutput)")
                        let published = try #require(Int(stream.output.prefix { $0.isNumber }))
                        try await eventually("all were handled") { try listener.jsonLines.count >= published }

                        let handled = try listener.jsonLines
                        let numbers = handled.compactMap { $0["payload"]?["n"]?.intValue }
                        let isWhole = numbers == Array(0..<published)
                        let outcomes = try await reactor.published()
                        #expect(isWhole, "\(numbers.count) of \(published), \(outcomes)")
                        let handlers = handled.compactMap { $0["event_type"]?.stringValue?.dropFirst(8) }
                        #expect(handlers.uniqueRuns == ["first", "second", "third"])
                        figure("events during three reloads, each handled once", published, "events")
                        #expect(await reactor.received() == published)
                    }
                }
                let metrics = try await reactor.get("/metrics").body
                #expect(metrics.contains(#"aos_config_reloads_total{result="refused"} 1"#))
            }
        }
    }

    private static func reload(_ reactor: RunningReactor, _ handlers: String) async throws {
        let before = try await reactor.json("/v1/status")["config_version"]
        try write(handlers, to: reactor.handlersFile)
        reactor.program.send(SIGHUP)
        try await eventually("the new configuration is in force") {
            try await reactor.json("/v1/status")["config_version"] != before
        }
        let status = try await reactor.json("/v1/status")
        #expect(status["config_error"] == nil)
        let version = try #require(status["config_version"]?.stringValue)
        try await eventually("the log says so") {
            try reactor.program.logLines.contains {
                $0["msg"]?.stringValue == "configuration is in force" && $0["config"]?.stringValue == version
            }
        }
        #expect(await reactor.isReady)
    }

    /// Reloads a broken file, and looks for the reason where people look.
    private static func refuse(_ reactor: RunningReactor) async throws {
        let before = try await reactor.json("/v1/status")["config_version"]
        try write(SampleHandlers.work("third") + "prioriti: 3\n", to: reactor.handlersFile)
        reactor.program.send(SIGHUP)
        try await eventually("refused") { try await reactor.json("/v1/status")["config_error"] != nil }
        let reason = "test.yaml:4:1: error[R012]: unknown field `prioriti`; did you mean `priority`?"
        #expect(try await reactor.json("/v1/status")["config_error"]?.stringValue?.contains(reason) == true)
        #expect(try await reactor.json("/v1/status")["config_version"] == before)
        let log = try reactor.program.logLine("configuration refused, the old one stays in force")
        #expect(log?["level"]?.stringValue == "error")
        #expect(log?["reason"]?.stringValue?.contains(reason) == true, "\(String(describing: log))")
        let ready = try await reactor.get("/readyz")
        #expect(ready.status == 503)
        #expect(ready.body.contains("unknown field `prioriti`"))
        #expect(try await reactor.metric("aos_config_last_reload_successful") == 0)
        #expect(try await reactor.json("/v1/handlers")["handlers"]?.arrayValue?.first?["name"]?.stringValue == "second")
    }

    @Test func `the settings of alerts take force too, the others are named`() async throws {
        try await withRedisServer { server in
            let alerts = "alerts: { dedup_window: 0s, cooldowns: { orchestrator: 0s }, max_per_tenant_per_hour: 1 }\n"
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns, config: alerts) {
                reactor in
                await eventually("ready") { await reactor.isReady }
                func publish(_ run: String) async throws -> String? {
                    let event = #"{"event_type": "run.failed", "payload": {"run_id": "\#(run)"}}"#
                    try await server.command("PUBLISH", "aos.events", event)
                    func newest() async throws -> JSONValue? {
                        try await reactor.json("/v1/alerts")["alerts"]?.arrayValue?.first
                    }
                    try await eventually("decided") { try await newest()?["key"]?.stringValue == run }
                    return try await newest()?["receipt"]?["verdict"]?.stringValue
                }
                #expect(try await publish("r1") == "sent")
                #expect(try await publish("r2") == "tenant_rate_limit")

                let changed = alerts.replacing("per_hour: 1", with: "per_hour: 9") + "heartbeat: { interval: 7s }\n"
                let file = "version: 1\nembedded: { demo: false }\n" + changed
                try write(file, to: reactor.folder + "/reactor.yaml")
                reactor.program.send(SIGHUP)
                let warning = "settings that changed take force at the next start only"
                try await eventually("the rest is named") { try reactor.program.logLine(warning) != nil }
                #expect(try reactor.program.logLine(warning)?["settings"]?.stringValue == "heartbeat.interval")
                #expect(try await publish("r3") == "sent")
            }
        }
    }
}

extension RunningReactor {
    /// What became of the events that handlers wanted published.
    fileprivate func published() async throws -> [Substring] {
        try await self.get("/metrics").body.split(separator: "\n")
            .filter { $0.hasPrefix("aos_published_events_total{") }
    }
}

extension Sequence where Element: Equatable {
    /// One element for each run of equal ones.
    fileprivate var uniqueRuns: [Element] {
        self.reduce(into: []) { runs, element in
            if runs.last != element { runs.append(element) }
        }
    }
}
