import Events
import FoundationEssentials
import ReactorTestKit
import RedisServer
import Testing

/// Silences of a running reactor, as somebody types them.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct SilenceVerbTests {
    @Test func `a silence is made, hides, is listed, is ended, and the log of changes says by whom`() async throws {
        try await AlertedReactor.withReactor { reactor, server in
            try await AlertedReactor.decide([AlertedReactor.failedRun("before")], total: 1, reactor, server)
            let preview = try await AlertedReactor.verb(reactor, "silence", "preview", "run_id=~\"be.*\"")
            #expect(preview.exitCode == 0)
            #expect(preview.output.hasPrefix("it would have hidden 1 of the last alert"))
            #expect(try await AlertedReactor.verb(reactor, "silence", "preview", "run_id=other").exitCode == 1)
            #expect(try await AlertedReactor.verb(reactor, "silence", "list").exitCode == 1)

            let made = try await AlertedReactor.verb(
                reactor,
                "silence",
                "add",
                "run_id=quiet",
                "severity!=CRITICAL",
                "--for",
                "2h",
                "--reason",
                "known",
                "--by",
                "ada"
            )
            #expect(made.exitCode == 0, "\(made.errorOutput)")
            let id = String(made.output.dropLast())
            let list = try await AlertedReactor.verb(reactor, "silence", "list")
            #expect(list.output.contains(id))
            #expect(list.output.contains(#"run_id="quiet" severity!="CRITICAL""#))

            try await AlertedReactor.decide(
                [AlertedReactor.failedRun("quiet"), AlertedReactor.failedRun("loud")],
                total: 3,
                reactor,
                server
            )
            let hidden = try await AlertedReactor.verb(reactor, "explain", "quiet")
            #expect(hidden.output.contains("held back, silenced: silence \(id)"), "\(hidden.output)")

            let ended = try await AlertedReactor.verb(reactor, "silence", "expire", id)
            #expect(ended.output == "\(id) expired\n")
            #expect(try await AlertedReactor.verb(reactor, "silence", "list").exitCode == 1)
            let all = try await AlertedReactor.verb(reactor, "silence", "list", "--all", "--json")
            #expect(try JSONValue.parse(all.output)["silences"]?.arrayValue?.first?["state"] == "expired")
            #expect(try await AlertedReactor.verb(reactor, "silence", "expire", "sil_nobody").exitCode == 1)
            let log = try await reactor.json("/v1/audit")["entries"]?.arrayValue ?? []
            #expect(log.last?["actor"] == "ada")
            #expect(log.allSatisfy { $0["subject"]?.stringValue == id })

            let wrong = try await AlertedReactor.verb(
                reactor,
                "silence",
                "add",
                "run_id=~\"(\"",
                "--for",
                "1h",
                "--reason",
                "x"
            )
            #expect(wrong.exitCode == 64)
            #expect(wrong.errorOutput.contains("the group is not closed"))
            let everything = try await AlertedReactor.verb(
                reactor,
                "silence",
                "add",
                "run_id=~\".*\"",
                "--for",
                "1h",
                "--reason",
                "x"
            )
            #expect(everything.exitCode == 64)
        }
    }
}
