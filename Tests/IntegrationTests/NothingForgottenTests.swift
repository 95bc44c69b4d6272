import Events
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// All reactors and Redis are killed at once: what people have asked for and what was decided before still holds.
@Suite(.serialized, .timeLimit(.minutes(10))) struct NothingForgottenTests {
    private static let handlers = """
        handler: failed-runs
        on: run.failed
        do: [{ alert: { severity: HIGH, domain: orchestrator, key: "{{payload.run_id}}", summary: "failed" } }]

        """

    private static func config(_ name: String) -> String {
        "instance: \(name)\nalerts: { dedup_window: 1h, cooldowns: { orchestrator: 30m } }\n"
    }

    private static func event(_ run: String, tenant: String) -> String {
        #"{"event_type": "run.failed", "payload": {"run_id": "\#(run)", "tenant_id": "\#(tenant)"}}"#
    }

    /// What each reactor decided about a run, once all have.
    private static func verdicts(_ crew: ReactorCrew, run: String, since: Int = 0) async throws -> [String] {
        var found: [String] = []
        await eventually("all reactors have decided about \(run)") {
            guard let reactor = crew.ready.first.flatMap({ crew.reactor($0) }),
                let receipts = try? await reactor.json("/v1/receipts?run_id=\(run)")["receipts"]?.arrayValue
            else { return false }
            found = receipts.compactMap { $0["receipt"]?["verdict"]?.stringValue }
            return found.count == since + crew.names.count
        }
        return Array(found.prefix(crew.names.count))
    }

    @Test func `silences, cooldowns and dedup windows outlive the death of everything`() async throws {
        try await withRedisServer(appendOnly: true) { server in
            try await ReactorCrew.run(
                ["alfa", "bravo"],
                redis: server.url,
                handlers: Self.handlers,
                config: Self.config,
                { crew in
                    await eventually("ready") { crew.ready.count == 2 }
                    let reactor = try #require(crew.reactor("alfa"))
                    let made = try await reactor.post(
                        "/v1/silences",
                        #"{"matchers": ["tenant_id=quiet"], "duration_seconds": 3600, "created_by": "ada", "reason": "test"}"#
                    )
                    #expect(made.status == 201, "\(made.body)")
                    _ = try await server.publish(
                        [Self.event("r1", tenant: "acme"), Self.event("r2", tenant: "quiet")],
                        on: "aos.events"
                    )
                    #expect(try await Self.verdicts(crew, run: "r1").sorted() == ["duplicate", "sent"])
                    #expect(try await Self.verdicts(crew, run: "r2") == ["silenced", "silenced"])

                    for name in crew.names { crew.kill(name) }
                    try await server.kill()
                    try await server.waitUntilReady()
                    try await crew.waitUntilAllAreReady()

                    _ = try await server.publish(
                        [
                            Self.event("r1", tenant: "acme"), Self.event("r3", tenant: "acme"),
                            Self.event("r4", tenant: "quiet"),
                        ],
                        on: "aos.events"
                    )
                    #expect(try await Self.verdicts(crew, run: "r1", since: 2) == ["duplicate", "duplicate"])
                    #expect(try await Self.verdicts(crew, run: "r3") == ["cooldown", "cooldown"])
                    #expect(try await Self.verdicts(crew, run: "r4") == ["silenced", "silenced"])
                    let silences = try await crew.reactor("bravo")?.json("/v1/silences")["silences"]?.arrayValue ?? []
                    #expect(silences.map { $0["created_by"]?.stringValue } == ["ada"])
                }
            )
        }
    }
}
