import ChildProcesses
import Events
import FoundationEssentials
import ReactorTestKit
import RedisServer
import SyntheticEvents
import Testing

/// The program as its users run it, on a real Redis.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct FirstPathTests {
    @Test func `at every scrape under load all events and all calls are accounted for`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.twelve) { reactor in
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

    @Test func `what handlers were written to log is logged for each event, however alike the lines are`() async throws
    {
        let handler = "handler: speaker\non: work.item\ndo: [{ log: { level: info, message: 'seen {{payload.n}}' } }]\n"
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: handler) { reactor in
                await eventually("ready") { await reactor.isReady }
                let events = (0..<30).map { #"{"event_type": "work.item", "payload": {"n": \#($0)}}"# }
                _ = try await server.publish(events, on: "aos.events")
                await eventually("the last is handled") { await reactor.received() == 30 }
                await eventually("all were said") {
                    let lines = reactor.program.errorOutput.split(separator: "\n").compactMap { ReactorLogLine($0) }
                    return lines.filter { $0.message == "handler says" }.map { $0["text"] }
                        == (0..<30).map { "seen \($0)" }
                }
            }
        }
    }

    @Test func `promtool has nothing to say against the metrics`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.twelve) { reactor in
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
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns) { reactor in
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

    @Test func `without Redis it waits and becomes ready by itself, or ends with 69 if told to`() async throws {
        try await withRedisServer { server in
            try await server.takeDown()
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns) { reactor in
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
}
