import Events
import FoundationEssentials
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// Whole stories of alerts through the running program: they begin, hold each other back, are told of together, and end.
@Suite(.timeLimit(.minutes(10))) struct AlertStoryTests {
    private static let handlers = """
        handler: failed-runs
        on: run.failed
        resolve_on: run.recovered
        do: [{ alert: { severity: HIGH, domain: orchestrator, key: "{{payload.run_id}}", summary: "failed" } }]
        ---
        handler: runner-down
        on: runner.down
        resolve_on: runner.up
        do: [{ alert: { severity: CRITICAL, domain: incidents, key: runner, summary: "runner is down" } }]

        """

    private static func event(_ type: String, run: String, tenant: String = "acme") -> String {
        #"{"event_type": "\#(type)", "payload": {"run_id": "\#(run)", "tenant_id": "\#(tenant)"}}"#
    }

    /// Runs a reactor whose only receiver is a sink, which must have got `alerts` in the end.
    private static func withStory(
        _ alerts: String,
        _ body: (RunningReactor, RedisServerProcess, SinkServer) async throws -> Void
    ) async throws {
        try await SinkServer.with { _, _ in
            .status(204)
        } _: { sink in
            let config = """
                alerts:
                  receivers: [ { name: sink, webhook: { url: "http://127.0.0.1:\(sink.port)/" }, allow_private: true } ]
                  default_to: [sink]
                \(alerts)
                """
            try await withRedisServer(appendOnly: true) { server in
                try await withRunningReactor(redis: server.url, handlers: Self.handlers, config: config) { reactor in
                    let isReady = await eventually("ready") { await reactor.isReady }
                    try #require(isReady, "\(reactor.program.errorOutput)")
                    try await body(reactor, server, sink)
                }
            }
        }
    }

    /// The alerts of all messages, in the order of their arrival.
    private static func told(_ sink: SinkServer) -> [JSONValue] {
        sink.requests.compactMap { try? JSONValue.parse($0.body) }
            .flatMap { $0["data"]?["alerts"]?.arrayValue ?? [] }
    }

    private static func verdicts(_ reactor: RunningReactor, run: String) async throws -> [String] {
        try await reactor.json("/v1/receipts?run_id=\(run)")["receipts"]?.arrayValue?
            .compactMap { $0["receipt"]?["verdict"]?.stringValue } ?? []
    }

    @Test func `what was told is told to be over, under the same fingerprint, and nothing else is`() async throws {
        try await Self.withStory("") { reactor, server, sink in
            // Of r0 nobody was told.
            let events = [
                Self.event("run.recovered", run: "r0"), Self.event("run.failed", run: "r1"),
                Self.event("run.recovered", run: "r1"), Self.event("run.recovered", run: "r1"),
                Self.event("run.failed", run: "r2", tenant: "other"),
            ]
            _ = try await server.publish(events, on: "aos.events")
            await eventually("told") { Self.told(sink).contains { $0["run_id"] == "r2" } && Self.told(sink).count >= 3 }
            let ofOne = Self.told(sink).filter { $0["run_id"] == "r1" }
            #expect(ofOne.map { $0["status"]?.stringValue } == ["firing", "resolved"])
            #expect(ofOne[0]["fingerprint"] == ofOne[1]["fingerprint"])
            #expect(ofOne[1]["ends_at"]?.stringValue != nil)
            #expect(!Self.told(sink).contains { $0["run_id"] == "r0" })
            let listed = try await reactor.json("/v1/alerts?run_id=r1")["alerts"]?.arrayValue ?? []
            #expect(listed.map { $0["status"]?.stringValue } == ["resolved", "firing"])
            try await eventually("per receiver") {
                let receipts = try await reactor.json("/v1/receipts?run_id=r1")["receipts"]?.arrayValue ?? []
                let receivers = receipts.compactMap { $0["receivers"]?.arrayValue?.first }
                return receivers.count == 2 && receivers.allSatisfy { $0["verdict"] == "delivered" }
            }
        }
    }

    @Test func `what was held back is told of when the window closes, and the sums are those of the receipts`()
        async throws
    {
        try await Self.withStory("  dedup_window: 3s\n  cooldowns: { orchestrator: 0s }\n") { reactor, server, sink in
            _ = try await server.publish(
                Array(repeating: Self.event("run.failed", run: "r1"), count: 5),
                on: "aos.events"
            )
            await eventually("digest") { Self.told(sink).contains { $0["type"] == "DIGEST" } }
            let digest = try #require(Self.told(sink).first { $0["type"] == "DIGEST" })
            #expect(digest["details"]?["held_back"]?.intValue == 4)
            let verdicts = try await Self.verdicts(reactor, run: "r1")
            #expect(verdicts.count { $0 == "duplicate" } == 4 && verdicts.count { $0 == "sent" } == 1)
            let counts = digest["details"]?["counts"]?.arrayValue ?? []
            #expect(counts.compactMap { $0["alerts"]?.intValue } == [4])
            #expect(counts.first?["verdict"] == "duplicate" && counts.first?["type"] == "failed-runs")
            #expect(Self.told(sink).count == 2)
        }
    }

    @Test func `an alert that explains others holds them back until it is over`() async throws {
        let inhibit = """
              inhibit:
                - { name: down, source: { alertname: runner-down }, target: { alertname: failed-runs }, equal: [tenant_id] }
            """
        try await Self.withStory(inhibit) { reactor, server, sink in
            _ = try await server.publish([Self.event("runner.down", run: "x")], on: "aos.events")
            await eventually("the cause is told") { Self.told(sink).count == 1 }
            _ = try await server.publish(
                [Self.event("run.failed", run: "r1"), Self.event("run.failed", run: "r2", tenant: "other")],
                on: "aos.events"
            )
            try await eventually("held back") { try await Self.verdicts(reactor, run: "r1") == ["inhibited"] }
            // Another tenant's runner is up.
            try await eventually("told") { try await Self.verdicts(reactor, run: "r2") == ["sent"] }
            let receipt = try await reactor.json("/v1/receipts?run_id=r1")["receipts"]?.arrayValue?.first?["receipt"]
            let cause = Self.told(sink).first { $0["type"] == "runner-down" }
            #expect(receipt?["held_back_by"] == cause?["id"])
            _ = try await server.publish(
                [Self.event("runner.up", run: "x"), Self.event("run.failed", run: "r3")],
                on: "aos.events"
            )
            try await eventually("told again") { try await Self.verdicts(reactor, run: "r3") == ["sent"] }
        }
    }

    @Test func `a route is mute by the clock of its own place`() async throws {
        // The hour of now in Calcutta, five and a half hours ahead, and the one beside it, so that it cannot strike.
        let now = Int64(time(nil)) + 19_800
        func clock(_ seconds: Int64) -> String {
            let minutes = seconds / 60 % 1440
            return "\(minutes / 60 < 10 ? "0" : "")\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
        }
        let isNearMidnight = (now + 900) / 86_400 != (now - 900) / 86_400
        let times = isNearMidnight ? "\"00:00-24:00\"" : "\"\(clock(now - 900))-\(clock(now + 900))\""
        let mute = """
              routes: [ { match: { severity: HIGH }, to: [sink], mute: [here] } ]
              mute_intervals: { here: [ { times: [\(times)], location: Asia/Kolkata } ] }
            """
        try await Self.withStory(mute) { reactor, server, sink in
            _ = try await server.publish(
                [Self.event("run.failed", run: "r1"), Self.event("runner.down", run: "r2")],
                on: "aos.events"
            )
            try await eventually("muted") { try await Self.verdicts(reactor, run: "r1") == ["muted"] }
            await eventually("others are told") { Self.told(sink).count == 1 }
            let told = Self.told(sink).first
            #expect(told?["type"] == "runner-down")
        }
    }

    @Test(.enabled(if: RealAlertmanager.path != nil, "needs prometheus-alertmanager: scripts/setup --tests"))
    func `Alertmanager shows the alert while it fires, and no longer`() async throws {
        try await RealAlertmanager.with { address in
            let config = """
                alerts:
                  receivers: [ { name: am, alertmanager: { url: "\(address)" }, allow_private: true } ]
                  default_to: [am]

                """
            try await withRedisServer { server in
                try await withRunningReactor(redis: server.url, handlers: Self.handlers, config: config) { reactor in
                    await eventually("ready") { await reactor.isReady }
                    _ = try await server.publish([Self.event("run.failed", run: "r1")], on: "aos.events")
                    try await eventually("fires") { try await RealAlertmanager.alerts(address).count == 1 }
                    let alert = try #require(try await RealAlertmanager.alerts(address).first)
                    #expect(alert["labels"]?["alertname"] == "failed-runs" && alert["labels"]?["run_id"] == "r1")
                    _ = try await server.publish([Self.event("run.recovered", run: "r1")], on: "aos.events")
                    try await eventually("is over") { try await RealAlertmanager.alerts(address).isEmpty }
                    let receipts = try await reactor.json("/v1/alerts?run_id=r1")["alerts"]?.arrayValue ?? []
                    #expect(receipts.map { $0["status"]?.stringValue } == ["resolved", "firing"])
                }
            }
        }
    }
}
