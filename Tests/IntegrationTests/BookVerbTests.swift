import Events
import FoundationEssentials
import ReactorTestKit
import RedisServer
import Testing

/// What people do about a running reactor's messages: receivers are tried, dead letters looked after.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct BookVerbTests {
    @Test func `receivers are listed and tried, and what is tried says so`() async throws {
        try await withTemporaryFolder { outbox in
            let config = """
                alerts:
                  receivers:
                    - { name: disk, file: { path: \(outbox)/alerts.jsonl } }
                    - { name: gone, webhook: { url: "http://127.0.0.1:1/canary" }, allow_private: true }
                  routes: [ { match: { severity: CRITICAL }, to: [disk, gone] } ]

                """
            try await AlertedReactor.withReactor(config: config) { reactor, _ in
                let file = reactor.folder + "/reactor.yaml"
                let list = try await runVerb("receivers", "--config", file)
                #expect(list.exitCode == 0)
                #expect(list.output.contains("http://127.0.0.1:1/***"))
                #expect(!list.everything.contains("canary"))

                let one = try await AlertedReactor.verb(reactor, "receivers", "test", "disk")
                #expect(one.exitCode == 0, "\(one.everything)")
                #expect(one.output.hasPrefix("disk (file): delivered ("))
                let written = try String(contentsOfFile: outbox + "/alerts.jsonl", encoding: .utf8)
                #expect(written.contains("[TEST]"))

                let both = try await AlertedReactor.verb(
                    reactor,
                    "receivers",
                    "test",
                    "--severity",
                    "CRITICAL",
                    "--json"
                )
                #expect(both.exitCode == 1)
                let results = try JSONValue.parse(both.output)["results"]?.arrayValue ?? []
                #expect(results.map { $0["outcome"]?.stringValue } == ["delivered", "retry"])
                #expect(!both.everything.contains("canary"))
                let unknown = try await AlertedReactor.verb(reactor, "receivers", "test", "dsk")
                #expect(unknown.exitCode == 1)
                #expect(unknown.errorOutput.contains("there is log, disk, gone"))
                // Nothing was decided, so nothing is on record.
                #expect(try await reactor.json("/v1/receipts")["receipts"]?.arrayValue?.count == 0)
            }
        }
    }

    @Test func `what was given up is listed, shown, sent again and dropped`() async throws {
        try await withTemporaryFolder { outbox in
            let config = """
                alerts:
                  receivers:
                    - name: script
                      exec: { command: [/bin/sh, -c, "test -e \(outbox)/ok && cat >> \(outbox)/told || exit 65"] }
                  routes: [ { matchers: ['run_id=~".+"'], to: [script] } ]

                """
            try await AlertedReactor.withReactor(config: config) { reactor, server in
                #expect(try await AlertedReactor.verb(reactor, "dlq", "list").exitCode == 1)
                try await AlertedReactor.decide(
                    [AlertedReactor.failedRun("r1"), AlertedReactor.failedRun("r2", tenant: "t2")],
                    total: 2,
                    reactor,
                    server
                )
                try await eventually("given up") {
                    try await reactor.json("/v1/dead-letters")["deliveries"]?.arrayValue?.count == 2
                }
                let explained = try await AlertedReactor.verb(reactor, "explain", "r1")
                #expect(explained.output.contains("told      script (exec): given up at "), "\(explained.output)")
                let list = try await AlertedReactor.verb(reactor, "dlq", "list", "--json")
                let letters = try JSONValue.parse(list.output)["deliveries"]?.arrayValue ?? []
                let ids = Dictionary(
                    letters.map { ($0["tenant"]?.stringValue ?? "", $0["id"]?.stringValue ?? "") },
                    uniquingKeysWith: { first, _ in first }
                )
                let first = try #require(ids["acme"])
                let second = try #require(ids["t2"])
                let shown = try await AlertedReactor.verb(reactor, "dlq", "show", first)
                let payload = try #require(try JSONValue.parse(shown.output)["payload"])
                #expect("\(payload.compactText)".contains("r1"))

                try write("", to: outbox + "/ok")
                let again = try await AlertedReactor.verb(reactor, "dlq", "retry", first)
                #expect(again.output == "\(first) retried\n")
                try await eventually("told") {
                    try await AlertedReactor.verb(reactor, "explain", "r1").output.contains(
                        "script (exec): delivered at "
                    )
                }
                let story = try await AlertedReactor.verb(reactor, "explain", "r1").output
                let attempts = story.split(separator: "\n").suffix(3)
                #expect(attempts.first?.contains(" attempt 1 by ") == true, "\(story)")
                #expect(attempts.dropFirst().first?.hasSuffix("  sent again by hand") == true)
                #expect(
                    attempts.last?.contains(" attempt 1 by ") == true && attempts.last?.hasSuffix(": delivered") == true
                )
                #expect(try String(contentsOfFile: outbox + "/told", encoding: .utf8).contains(first))
                let dropped = try await AlertedReactor.verb(reactor, "dlq", "drop", "--all", "--receiver", "script")
                #expect(dropped.output == "\(second) dropped\n")
                #expect(try await AlertedReactor.verb(reactor, "dlq", "list").exitCode == 1)
                #expect(try await AlertedReactor.verb(reactor, "dlq", "drop", second).exitCode == 1)
                #expect(try await AlertedReactor.verb(reactor, "dlq", "retry").exitCode == 64)
            }
        }
    }
}
