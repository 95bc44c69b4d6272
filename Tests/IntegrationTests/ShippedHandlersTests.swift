import Events
import FoundationEssentials
import ReactorTestKit
import RedisServer
import Testing

/// The handlers that come with the program, and the events that real producers write.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ShippedHandlersTests {
    private static let handlers =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/handlers"

    /// Runs a reactor with them, every alert of which goes out.
    private static func withShipped(
        environment: [String: String] = [:],
        _ body: (RunningReactor, RedisServerProcess) async throws -> Void
    ) async throws {
        try await withRedisServer { server in
            try await withRunningReactor(
                redis: server.url,
                handlers: "",
                config: "alerts: { fatigue_control: false }\n",
                arguments: ["--handlers", Self.handlers],
                environment: environment
            ) { reactor in
                await eventually("ready") { await reactor.isReady }
                try await body(reactor, server)
            }
        }
    }

    /// `run type severity` of each alert, in the order of raising.
    private static func alerts(of reactor: RunningReactor) async throws -> [String] {
        let alerts = try await reactor.json("/v1/alerts")["alerts"]?.arrayValue ?? []
        return alerts.reversed().map { alert in
            ["run_id", "type", "severity"].map { alert[$0]?.stringValue ?? "?" }.joined(separator: " ")
        }
    }

    @Test func `findings, failures, halts and costs raise their alerts; what is no fault raises none`() async throws {
        let publisher = """
            connection = client()
            def publish(event_type, **payload):
                connection.publish("aos.events", envelope(event_type, payload))
            publish("audit.reconciliation.missing", run_id="a1", missing_actions=[["incidents", "create_incident"]])
            publish("audit.reconciliation.missing", run_id="a2", missing_actions="oops")
            publish("audit.reconciliation.missing", run_id="a3", missing_actions=[["x"], 5, None])
            publish("audit.reconciliation.stale", run_id="a4", expected_finalize_by="2026-01-01 00:00:00")
            publish("audit.reconciliation.drift", run_id="a5", drift_actions=[["policies", "evaluate_policy"]])
            publish("audit.expectation.timeout", run_id="a6", domain="logs", action="start_trace", deadline_ms=5000)
            publish("audit.reconciliation.failed", run_id="a7", error="no contract")
            publish("run.failed", run_id="b1", attempts=5, error="boom")
            publish("run.failed", run_id="b2", status="failed", reason="authorization_denied")
            publish("run.halted", run_id="b3", halt_reason="hard_budget_limit", budget_limit_cents=100)
            publish("run.halted", run_id="b4", halt_reason="policy", policy_id="p")
            publish("cost.recorded", run_id="b5", cost_usd=25.01)
            publish("cost.recorded", run_id="b6", cost_usd=25)
            publish("run.completed", run_id="b7", status="succeeded")
            """
        try await Self.withShipped { reactor, server in
            try await Python.withListener(to: "aos.events", on: server) { listener in
                try await Python.run(publisher, on: server)
                // The request to pause is an event like any other and comes back.
                await eventually("received") { await reactor.received() == 15 }
                try await eventually("decided") { try await Self.alerts(of: reactor).count == 10 }
                #expect(
                    try await Self.alerts(of: reactor) == [
                        "a1 MISSING_ACK HIGH", "a2 MISSING_ACK HIGH", "a3 MISSING_ACK HIGH", "a4 STALE_RUN HIGH",
                        "a5 DRIFT MEDIUM", "a6 EXPECTATION_TIMEOUT HIGH", "a7 RECONCILIATION_FAILED HIGH",
                        "b1 failed-runs MEDIUM", "b3 budget-halts HIGH", "b5 runaway-cost HIGH",
                    ]
                )
                let requests = try listener.jsonLines.filter {
                    $0["event_type"]?.stringValue == "run.pause_requested"
                }
                #expect(requests.map { $0["payload"]?["run_id"]?.stringValue } == ["b5"])
                let metrics = try await reactor.get("/metrics").body
                #expect(metrics.contains(#"aos_audit_alerts_total{alert_type="MISSING_ACK",severity="HIGH"} 3"#))
                #expect(try await reactor.metric("aos_handler_failed_total") == 0)
            }
        }
    }

    @Test func `the original's variables change the audit handlers, and a wrong one is refused at the start`()
        async throws
    {
        let drift = """
            client().publish("aos.events", envelope("audit.reconciliation.drift", {"run_id": "r", "drift_actions": []}))
            """
        try await Self.withShipped(environment: ["AUDIT_ALERT_SEVERITY_DRIFT": "CRITICAL"]) { reactor, server in
            try await Python.run(drift, on: server)
            try await eventually("decided") { try await Self.alerts(of: reactor) == ["r DRIFT CRITICAL"] }
        }
        try await Self.withShipped(environment: ["AUDIT_ALERTS_ENABLED": "false"]) { reactor, server in
            try await Python.run(drift, on: server)
            await eventually("received") { await reactor.received() == 1 }
            let unmatched = try await reactor.metric("aos_events_unmatched_total")
            #expect(unmatched == 1)
        }
        let wrong = try await runVerb(
            "run",
            "--handlers",
            Self.handlers,
            environment: ["AUDIT_ALERT_SEVERITY_STALE": "LOUD", "REDIS_URL": "unix:///nothing.sock"]
        )
        #expect(wrong.exitCode == 78)
        #expect(wrong.errorOutput.contains("AUDIT_ALERT_SEVERITY_STALE is `LOUD`"), "\(wrong.errorOutput)")
    }

    @Test func `every form in which producers write an event is understood`() async throws {
        let publisher = """
            connection = client()
            def publish(run, **envelope):
                key = "data" if "specversion" in envelope else "payload"
                envelope.setdefault(key, {"run_id": run, "error": "e"})
                connection.publish("aos.events", json.dumps(envelope))
            publish("topic", topic="run.failed")
            publish("cloud", specversion="1.0", id="1", type="run.failed", source="/x", time="2026-01-02T03:04:05Z")
            publish("float", event_type="run.failed", timestamp=1767323045.5)
            publish("blank", event_type="run.failed", timestamp="2026-01-02 03:04:05")
            publish("offset", event_type="run.failed", timestamp="2026-01-02T04:04:05.000001+01:00")
            publish("unreadable", event_type="run.failed", timestamp="yesterday")
            publish("", event_type="run.failed", payload={"run_id": "nan", "error": float("nan")})
            publish("", event_type="run.failed", payload={"run_id": "\\u00e4\\U0001f600", "error": "\\u0000"})
            """
        try await Self.withShipped { reactor, server in
            try await Python.run(publisher, on: server)
            try await eventually("decided") { try await Self.alerts(of: reactor).count == 8 }
            let runs = try await Self.alerts(of: reactor).map { String($0.prefix { $0 != " " }) }
            #expect(runs == ["topic", "cloud", "float", "blank", "offset", "unreadable", "nan", "ä😀"])
            let alerts = try await reactor.json("/v1/alerts")["alerts"]?.arrayValue?.reversed() ?? []
            let times = Array(alerts).map { $0["event"]?["timestamp"]?.stringValue ?? "" }
            #expect(
                times[1...4] == [
                    "2026-01-02T03:04:05.000000Z", "2026-01-02T03:04:05.500000Z", "2026-01-02T03:04:05.000000Z",
                    "2026-01-02T03:04:05.000001Z",
                ]
            )
            let metrics = try await reactor.get("/metrics").body
            for (problem, count) in [("missing", 3), ("unreadable", 1), ("without_offset", 1)] {
                #expect(metrics.contains("aos_events_timestamp_flagged_total{problem=\"\(problem)\"} \(count)"))
            }
            #expect(metrics.contains("aos_events_non_finite_total 1"))
            #expect(try await reactor.metric("aos_events_quarantined_total") == 0)
        }
    }

    @Test func `handlers that answer each other are told by check, and cut at run time`() async throws {
        let circle = """
            handler: ping
            on: ping
            do: [{ publish: { event_type: pong, payload: {} } }]
            ---
            handler: pong
            on: pong
            do: [{ publish: { event_type: ping, payload: {} } }]

            """
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: circle) { reactor in
                let check = try await runVerb("check", "--handlers", reactor.handlersFile)
                #expect(check.exitCode == 0)
                #expect(check.output.contains("warning[R060]: `ping` publishes `pong` for `pong`"), "\(check.output)")
                await eventually("ready") { await reactor.isReady }
                let warning = try reactor.program.logLine("configuration")?["problem"]?.stringValue ?? ""
                #expect(warning.contains("test.yaml:3:31: warning[R060]:"), "\(warning)")
                try await server.command("PUBLISH", "aos.events", #"{"event_type": "ping", "payload": {}}"#)
                await eventually("cut") {
                    (try? await reactor.get("/metrics").body.contains(#"{result="loop_cut"} 1"#)) == true
                }
                let log = try reactor.program.logLine("event was not published: reactors answer each other in a loop")
                #expect(log?["hops"]?.stringValue == "8", "\(String(describing: log))")
                // The one that was published by hand, and one for each hop.
                #expect(await reactor.received() == 9)
            }
        }
    }
}
