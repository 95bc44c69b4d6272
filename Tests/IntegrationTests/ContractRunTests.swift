import Events
import FoundationEssentials
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// Events about runs as producers publish them.
enum RunEvents {
    static func event(_ type: String, _ run: String, _ more: String = "") -> String {
        #"{"event_type": "\#(type)", "timestamp": "\#(Self.now)", "source": "tests", "#
            + #""payload": {"run_id": "\#(run)", "tenant_id": "acme"\#(more.isEmpty ? "" : ", " + more)}}"#
    }

    private static var now: String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000).iso8601
    }
}

/// The program finds by itself what did not happen to a run.
@Suite(.timeLimit(.minutes(5))) struct ContractRunTests {
    private static let handlers = """
        handler: contract
        uses: audit-contract
        with:
          expect: [{ action: incidents/create_incident, within: 1s }, { action: logs/start_trace, within: 1s }]
          run_timeout: 2s
          grace: 500ms
        ---
        handler: audit-alerts
        uses: audit-alerts

        """

    /// Types, severities and runs of the alerts about audits.
    private static func alerts(_ reactor: RunningReactor) async throws -> [String] {
        try await reactor.ownAlerts()
            .filter { $0["domain"]?.stringValue == "audit" && $0["receipt"]?["reason"]?.stringValue != "it is over" }
            .map { "\($0["type"]?.stringValue ?? "?") \($0["run_id"]?.stringValue ?? "?")" }.sorted()
    }

    /// How many events of a type came back to the reactor.
    private static func heard(_ type: String, _ reactor: RunningReactor) async throws -> Double {
        let text = try await reactor.get("/metrics").body
        return RunningReactor.sum(
            of: "aos_events_received_total",
            in: text.split(separator: "\n").filter { $0.contains("event_type=\"\(type)\"") }.joined(separator: "\n")
        )
    }

    @Test(arguments: ["memory", "redis"])
    func `what did not happen is published, counted and alerted once`(state: String) async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: Self.handlers, config: "state: \(state)\n") {
                reactor in
                await eventually(within: .seconds(60), "ready") { await reactor.isReady }
                // Does all it should; begins and falls silent.
                let events = [
                    RunEvents.event("run.started", "good"), RunEvents.event("run.started", "lost"),
                    RunEvents.event("incident.created", "good", #""incident_id": "i1""#),
                    RunEvents.event("trace.started", "good", #""trace_id": "t1""#),
                    RunEvents.event("trace.started", "lost", #""trace_id": "t2""#),
                    RunEvents.event("run.completed", "good"),
                ]
                _ = try await server.publish(events, on: "aos.events")
                await eventually(within: .seconds(60), "found") {
                    (try? await Self.alerts(reactor)) == ["EXPECTATION_TIMEOUT lost", "STALE_RUN lost"]
                }
                await eventually(within: .seconds(60), "heard") {
                    (try? await Self.heard("audit.reconciliation.stale", reactor)) == 1
                }
                #expect(try await Self.heard("audit.expectation.timeout", reactor) == 1)
                #expect(try await reactor.metric("aos_audit_findings_total") == 2)
                // What was published is heard by `audit-alerts`, and it leaves the alert to the one that was raised.
                #expect(try await Self.alerts(reactor).count == 2)

                // Its end, late: the finding stays, and the alert is over.
                _ = try await server.publish([RunEvents.event("run.failed", "lost")], on: "aos.events")
                await eventually(within: .seconds(60), "over") {
                    let ends = try? await reactor.ownAlerts().filter {
                        $0["receipt"]?["reason"]?.stringValue == "it is over"
                    }
                    return ends?.contains { $0["type"]?.stringValue == "STALE_RUN" } == true
                }
                #expect(try await Self.heard("audit.reconciliation.stale", reactor) == 1)
            }
        }
    }

    @Test func `a finding that somebody else publishes is alerted by audit-alerts`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: Self.handlers) { reactor in
                await eventually(within: .seconds(60), "ready") { await reactor.isReady }
                let more = #""expected_finalize_by": "2026-01-01T00:00:00+00:00""#
                _ = try await server.publish(
                    [RunEvents.event("audit.reconciliation.stale", "r9", more)],
                    on: "aos.events"
                )
                await eventually(within: .seconds(60), "alerted") {
                    (try? await Self.alerts(reactor)) == ["STALE_RUN r9"]
                }
            }
        }
    }
}

/// What is to happen by when is known as long as Redis keeps it, whoever dies.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ContractCrashTests {
    private static let handlers = """
        handler: stale-runs
        uses: run-liveness
        with: { run_timeout: 7s, grace: 1s }

        """

    private static func stale(_ reactors: [RunningReactor]) async throws -> [String] {
        var types: [String] = []
        for reactor in reactors {
            types += try await reactor.ownAlerts().filter { $0["domain"]?.stringValue == "audit" }
                .map { "\($0["run_id"]?.stringValue ?? "?") \($0["receipt"]?["verdict"]?.stringValue ?? "?")" }
        }
        return types
    }

    private static func withReactor(
        _ name: String,
        _ server: RedisServerProcess,
        _ body: (RunningReactor) async throws -> Void
    ) async throws {
        let config = "instance: \(name)\nlog: { format: json, level: info }\n"
        try await withRunningReactor(redis: server.url, handlers: Self.handlers, config: config) { reactor in
            await eventually(within: .seconds(60), "ready") { await reactor.isReady }
            try await body(reactor)
        }
    }

    @Test func `two reactors report a producer that was killed once, within a second of its deadline`() async throws {
        try await withRedisServer { server in
            try await Self.withReactor("alfa", server) { alfa in
                try await Self.withReactor("bravo", server) { bravo in
                    let clock = ContinuousClock()
                    let begin = clock.now
                    // What a producer would have published; it is gone, and nothing follows.
                    _ = try await server.publish([RunEvents.event("run.started", "r1")], on: "aos.events")
                    await eventually(within: .seconds(60), "found") {
                        (try? await Self.stale([alfa, bravo])) == ["r1 sent"]
                    }
                    let late = clock.now - begin - .seconds(8)
                    print("stale \(late) after its deadline, seen from outside")
                    #expect(late > .seconds(-1))
                    // By the time a later one is found nobody has found the first one again.
                    _ = try await server.publish([RunEvents.event("run.started", "r2")], on: "aos.events")
                    await eventually(within: .seconds(60), "the next one is found") {
                        (try? await Self.stale([alfa, bravo]).contains { $0.hasPrefix("r2 ") }) == true
                    }
                    let all = try await Self.stale([alfa, bravo])
                    #expect(all.filter { $0.hasPrefix("r1 ") } == ["r1 sent"])
                    #expect(all.count == 2)
                    let found = try await alfa.metric("aos_audit_findings_total")
                    let others = try await bravo.metric("aos_audit_findings_total")
                    #expect(found + others == 2)
                }
            }
        }
    }

    @Test func `kill -9 of the reactor and of Redis before the deadline changes nothing`() async throws {
        try await withRedisServer(appendOnly: true) { server in
            try await Self.withReactor("alfa", server) { reactor in
                let events = [RunEvents.event("run.started", "r1"), RunEvents.event("run.started", "r2")]
                _ = try await server.publish(events, on: "aos.events")
                await eventually(within: .seconds(60), "written") {
                    (try? await server.command("HLEN", "aos:{aos}:machine:stale-runs:states")) == .integer(2)
                }
                // What was answered is in the file, as far as the end of a process goes.
                try await server.kill()
                reactor.program.send(SIGKILL)
                try await reactor.program.waitForExit()
            }
            try await server.waitUntilReady()
            try await Self.withReactor("bravo", server) { reactor in
                await eventually(within: .seconds(60), "found") {
                    // Of two runs of one tenant the second one waits for the end of the first one's cooldown.
                    (try? await Self.stale([reactor]).map { $0.split(separator: " ")[0] }.sorted()) == ["r1", "r2"]
                }
                let told = try await Self.stale([reactor])
                #expect(told.count { $0.hasSuffix(" sent") } == 1)
                #expect(try await reactor.metric("aos_audit_findings_total") == 2)
            }
        }
    }
}

/// What is told and asked of runs and workers by HTTP.
@Suite(.timeLimit(.minutes(5))) struct RunRoutesTests {
    private static let handlers = """
        handler: contract
        uses: audit-contract
        with: { expect: [], run_timeout: 60s }
        ---
        handler: workers
        uses: heartbeat-monitor
        with: { every: 1s, grace: 1s, expect: [mailer] }

        """

    @Test(arguments: ["memory", "redis"])
    func `expectations and acknowledgements come by HTTP as well, and workers are shown`(state: String) async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: Self.handlers, config: "state: \(state)\n") {
                reactor in
                await eventually(within: .seconds(60), "ready") { await reactor.isReady }
                // The first one has time, however slow the machine.
                for (run, deadline) in [("r1", 600_000), ("r2", 5_000)] {
                    let expectation =
                        #"{"id": "e1", "domain": "own", "action": "thing", "deadline_ms": \#(deadline)}"#
                    for _ in 0..<2 {
                        let answer = try await reactor.post("/v1/runs/\(run)/expectations", expectation)
                        #expect(answer.status == 202)
                        #expect(try JSONValue.parse(answer.body)["status"] == "PENDING")
                    }
                }
                let ack = #"{"id": "a1", "domain": "own", "action": "thing"}"#
                let done = try await reactor.post("/v1/runs/r1/acks", ack)
                #expect(try JSONValue.parse(done.body) == ["run_id": "r1", "status": "COMPLETE"])
                await eventually(within: .seconds(60), "missing") {
                    (try? await reactor.alertCount("EXPECTATION_TIMEOUT")) == 1
                }
                #expect(try await reactor.metric("aos_audit_findings_total") == 1)

                let bad = try await reactor.post("/v1/runs/r1/acks", #"{"id": "", "domain": "own", "status": "DONE"}"#)
                #expect(bad.status == 400)
                let errors = try JSONValue.parse(bad.body)["errors"]?.arrayValue?.compactMap {
                    $0["pointer"]?.stringValue
                }
                #expect(errors?.sorted() == ["#/action", "#/id", "#/status"])

                await eventually(within: .seconds(60), "the one that never came is down") {
                    (try? await reactor.json("/v1/heartbeats")["heartbeats"]?.arrayValue?.first?["state"]) == "down"
                }
                _ = try await server.publish(
                    [#"{"event_type": "worker.heartbeat", "payload": {"worker_id": "mailer"}}"#],
                    on: "aos.events"
                )
                await eventually(within: .seconds(60), "and back") {
                    (try? await reactor.json("/v1/heartbeats")["heartbeats"]?.arrayValue?.first?["last_beat"]) != nil
                }
            }
        }
    }
}
