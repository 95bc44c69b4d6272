import Events
import FoundationEssentials
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// What people ask a running reactor about alerts, and what they change.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct AlertVerbTests {
    @Test func `alerts and explain say what came, what was decided by which number, and what was held back`()
        async throws
    {
        try await AlertedReactor.withReactor { reactor, server in
            let none = try await AlertedReactor.verb(reactor, "alerts")
            #expect(none.exitCode == 1)
            #expect(none.errorOutput == "no alerts\n")
            try await AlertedReactor.decide(
                [
                    AlertedReactor.failedRun("r1"), AlertedReactor.failedRun("r1"),
                    AlertedReactor.failedRun("r2", tenant: "other"),
                ],
                total: 3,
                reactor,
                server
            )
            let all = try await AlertedReactor.verb(reactor, "alerts", "--since", "1h")
            #expect(all.exitCode == 0)
            let rows = all.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            #expect(rows.first?.first == "DECIDED")
            #expect(
                rows.dropFirst().map { Array($0[2...6]) }.sorted { "\($0)" < "\($1)" } == [
                    ["HIGH", "failed-runs", "acme", "r1", "duplicate"], ["HIGH", "failed-runs", "acme", "r1", "sent"],
                    ["HIGH", "failed-runs", "other", "r2", "sent"],
                ]
            )
            let filtered = try await AlertedReactor.verb(
                reactor,
                "alerts",
                "--tenant",
                "acme",
                "--verdict",
                "sent",
                "--json"
            )
            let alerts = try #require(try JSONValue.parse(filtered.output)["alerts"]?.arrayValue)
            #expect(alerts.map { $0["run_id"]?.stringValue } == ["r1"])
            let sent = try #require(alerts.first?["id"]?.stringValue)
            let page = try await AlertedReactor.verb(reactor, "alerts", "--limit", "2")
            #expect(page.errorOutput.hasPrefix("there are more: --before "))

            let run = try await AlertedReactor.verb(reactor, "explain", "r1")
            #expect(run.exitCode == 0)
            #expect(run.output.hasPrefix("run r1: 2 alerts, 1 sent, 1 held back\n"), "\(run.output)")
            #expect(run.output.contains("came      run.failed from tests at "))
            #expect(run.output.contains("decided   sent: "))
            #expect(run.output.contains("of 100 alerts of the tenant in the last hour"))
            #expect(run.output.contains("decided   held back, duplicate: the same alert was sent "))
            #expect(run.output.contains("within the dedup window of 60 s"))
            #expect(run.output.contains("in its way is alert \(sent)"))

            let one = try await AlertedReactor.verb(reactor, "explain", sent)
            #expect(one.exitCode == 0)
            #expect(one.output.contains("alert \(sent)"))
            let program = try await AlertedReactor.verb(reactor, "explain", "r1", "--json")
            #expect(try JSONValue.parse(program.output)["alerts"]?.arrayValue?.count == 2)
            let unknown = try await AlertedReactor.verb(reactor, "explain", "nobody's run")
            #expect(unknown.exitCode == 1)
            #expect(unknown.errorOutput.contains("no alert of a run `nobody's run` and none of that id"))
            for wrong in [
                ["alerts", "--verdict", "held"], ["alerts", "--since", "5"], ["alerts", "--limit", "0"], ["explain"],
            ] {
                let refused = try await withTemporaryFolder { folder in
                    try await finish(
                        try command([BuiltProgram.path] + wrong + ["--url", reactor.adminAddress], in: folder)
                    )
                }
                #expect(refused.exitCode == 64, "\(wrong): \(refused.everything)")
            }
        }
    }

    @Test func `with a token nobody is answered without it, and nobody needs it to see that it lives`() async throws {
        let token = "canary-0123456789abcdef"
        try await AlertedReactor.withReactor(
            config: "http: { token: { env: ADMIN_TOKEN } }\n",
            environment: ["ADMIN_TOKEN": token]
        ) {
            reactor,
            _ in
            #expect(try await reactor.get("/healthz").status == 200)
            #expect(try await reactor.get("/readyz").status == 200)
            for path in ["/metrics", "/v1/status", "/v1/alerts", "/openapi.json", "/nothing"] {
                let refused = try await reactor.get(path)
                #expect(refused.status == 401, "\(path)")
                #expect(!refused.body.contains("canary"))
            }
            let without = try await AlertedReactor.verb(reactor, "alerts")
            #expect(without.exitCode == 69)
            #expect(without.errorOutput.contains("this server wants its token"))
            let arguments = [BuiltProgram.path, "alerts", "--url", reactor.adminAddress]
            let with = try await withTemporaryFolder { folder in
                try await finish(try command(arguments, in: folder), environment: ["REACTOR_HTTP_TOKEN": token])
            }
            #expect(with.exitCode == 1)
            #expect(with.errorOutput == "no alerts\n")
            #expect(!reactor.program.errorOutput.contains("canary"))
        }
        let open = try await runVerb("run", "--listen", "0.0.0.0:0")
        #expect(open.exitCode == 78)
        #expect(open.errorOutput.contains("without a token the admin interface listens on this machine only"))
    }
}
