import Events
import FoundationEssentials
import ReactorTestKit
import RedisServer
import Testing

/// Runs, their time lines and limits in the built program, asked by the interface and by the verbs.
@Suite(.timeLimit(.minutes(10))) struct RunVerbTests {
    private static let handlers = """
        handler: contract
        uses: audit-contract
        with:
          expect: [{ action: incidents/create_incident, within: 500ms }]
          run_timeout: 1s
          grace: 500ms
        ---
        handler: spend
        uses: threshold
        with:
          aggregate: sum
          on: cost.recorded
          value: payload.cost_usd
          window: 5s
          limit: 10
          publish: run.pause_requested
          set_risk: true

        """

    private static func withReactor(
        _ body: (RunningReactor, RedisServerProcess) async throws -> Void
    ) async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: Self.handlers) { reactor in
                await eventually("ready") { await reactor.isReady }
                try await body(reactor, server)
            }
        }
    }

    private static func kinds(_ reactor: RunningReactor, run: String) async throws -> [String] {
        let answer = try await reactor.get("/v1/runs/\(run)")
        guard answer.status == 200 else { return [] }
        return try JSONValue.parse(answer.body)["entries"]?.arrayValue?.compactMap { $0["kind"]?.stringValue } ?? []
    }

    @Test func `what happened to a run is told in order, with what was found and decided`() async throws {
        try await Self.withReactor { reactor, server in
            let events = [
                RunEvents.event("run.started", "good", #""agent_id": "biller""#),
                RunEvents.event("incident.created", "good", #""incident_id": "i1""#),
                RunEvents.event("run.completed", "good"),
                RunEvents.event("run.started", "lost", #""password": "hunter2""#),
            ]
            _ = try await server.publish(events, on: "aos.events")
            try await eventually("found and decided") {
                let kinds = try await Self.kinds(reactor, run: "lost")
                return kinds.contains("finding") && kinds.contains("receipt") && kinds.contains("alert")
            }
            try await eventually("stale") {
                try await reactor.json("/v1/runs?status=STALE")["runs"]?.arrayValue?.count == 1
            }
            let all = try await AlertedReactor.verb(reactor, "runs")
            #expect(all.exitCode == 0, "\(all.everything)")
            #expect(all.output.split(separator: "\n").count == 3, "\(all.output)")
            #expect(all.output.contains("COMPLETE"))
            #expect(all.output.contains("biller"))
            let open = try await AlertedReactor.verb(reactor, "runs", "--open")
            #expect(open.output.split(separator: "\n").count == 2, "\(open.output)")
            #expect(open.output.contains(" lost"))

            let told = try await AlertedReactor.verb(reactor, "runs", "lost")
            #expect(told.exitCode == 0)
            let lines = told.output.split(separator: "\n").map(String.init)
            #expect(lines[0].hasPrefix("run lost of acme: STALE, started 20"), "\(lines[0])")
            #expect(lines.prefix(4).contains { $0.contains("event           run.started from tests") }, "\(lines)")
            #expect(lines.contains { $0.contains("finding         STALE orchestrator/finalize_run") })
            #expect(lines.contains { $0.contains("incidents/create_incident is expected") })
            let whole = try await reactor.get("/v1/runs/lost").body
            #expect(!whole.contains("hunter2"))
            #expect(whole.contains("<REDACTED>"))

            let explained = try await AlertedReactor.verb(reactor, "explain", "lost")
            #expect(explained.exitCode == 0)
            #expect(explained.output.hasPrefix("run lost of acme: STALE"))
            #expect(explained.output.contains("finding      MISSING incidents/create_incident"))
            #expect(explained.output.contains("held back") || explained.output.contains("sent"))
            // It has no alerts, and there is something to say.
            let good = try await AlertedReactor.verb(reactor, "explain", "good")
            #expect(good.exitCode == 0)
            #expect(good.output.contains("COMPLETE"), "\(good.output)")

            #expect(try await AlertedReactor.verb(reactor, "runs", "nobody").exitCode == 1)
            #expect(try await AlertedReactor.verb(reactor, "runs", "--tenant", "nobody").exitCode == 1)
            #expect(try await AlertedReactor.verb(reactor, "runs", "lost", "--open").exitCode == 64)
        }
    }

    @Test func `a limit that is crossed is published and alerted once, and its end as well`() async throws {
        try await Self.withReactor { reactor, server in
            try await Python.withListener(to: "aos.events", on: server) { listener in
                func published(_ type: String) -> Int {
                    listener.output.split(separator: "\n").count { $0.contains("\"event_type\": \"\(type)\"") }
                }
                let costs = (0..<5).map { RunEvents.event("cost.recorded", "r\($0)", #""cost_usd": 3"#) }
                _ = try await server.publish(costs, on: "aos.events")
                await eventually("told") { published("threshold.exceeded") == 2 }
                let standing = try await reactor.json("/v1/thresholds")["thresholds"]?.arrayValue?.first
                #expect(standing?["handler"]?.stringValue == "spend")
                #expect(standing?["standings"]?.arrayValue?.first?["tier"]?.stringValue == "breach")
                #expect(standing?["standings"]?.arrayValue?.first?["value"]?.doubleValue == 15)
                await eventually("told as over") { published("threshold.recovered") == 2 }
                #expect(published("threshold.exceeded") == 2)
                #expect(published("run.pause_requested") == 1)
                let alerts = try await reactor.json("/v1/alerts")["alerts"]?.arrayValue ?? []
                let raised = alerts.filter { $0["receipt"]?["reason"]?.stringValue != "it is over" }
                #expect(
                    raised.compactMap { $0["type"]?.stringValue }.sorted() == ["THRESHOLD_EXCEEDED", "THRESHOLD_NEAR"]
                )
                try await eventually("kept") {
                    try await Self.kinds(reactor, run: "r3").contains("threshold")
                }
                for (run, risk) in [("r2", "NEAR_THRESHOLD"), ("r3", "AT_RISK")] {
                    try await eventually("risk") {
                        try await reactor.json("/v1/runs/\(run)")["risk"]?.stringValue == risk
                    }
                    let told = try await AlertedReactor.verb(reactor, "runs", run)
                    #expect(
                        told.output.split(separator: "\n").first?.hasSuffix("risk \(risk)") == true,
                        "\(told.output)"
                    )
                }
            }
        }
    }
}
