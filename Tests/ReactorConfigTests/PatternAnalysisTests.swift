import Testing

@testable import ReactorConfig

/// What `check` says of handlers that can be loaded but are probably not meant so.
struct PatternAnalysisTests {
    private func handler(
        _ name: String,
        _ on: String,
        _ rest: String = "",
        does: String = "log: { message: m }"
    ) -> String {
        "handler: \(name)\non: \(on)\n\(rest.isEmpty ? "" : rest + "\n")do: [{ \(does) }]\n---\n"
    }

    private func compared(_ handlers: String) throws -> String {
        try check(handler: handlers, comparesHandlers: true)
    }

    @Test func `patterns that can never match are told at their place`() throws {
        #expect(
            try check(handler: self.handler("a", "run.failed", "match: { event_type: [run.started, cost.recorded] }"))
                == """
                handlers/a.yaml:3:22: warning[R033]: never matches: `on` accepts run.failed, but `match` wants event_type "run.started" or "cost.recorded"
                   3 | match: { event_type: [run.started, cost.recorded] }
                     |                      ^

                """
        )
        #expect(
            try check(handler: self.handler("a", "run.failed", "match: { payload: failed }")) == """
                handlers/a.yaml:3:19: warning[R033]: never matches: `payload` is always an object; name a field inside it
                   3 | match: { payload: failed }
                     |                   ^^^^^^

                """
        )
        let excluded = "match: { payload: { a: [x, y] } }\nnot: { payload: { a: [{ exists: true }] } }"
        #expect(
            try check(handler: self.handler("a", "x.y", excluded)) == """
                handlers/a.yaml:4:22: warning[R033]: never matches: `not` accepts everything that `match` accepts
                   4 | not: { payload: { a: [{ exists: true }] } }
                     |                      ^

                """
        )
        #expect(
            try check(handler: self.handler("a", "run.*", "not: { event_type: [{ prefix: run }] }"))
                .contains(
                    "3:20: warning[R033]: never matches: `on` accepts run.*, and `not` excludes event_type prefix"
                )
        )
        #expect(try check(handler: self.handler("a", "run.*", "match: { event_type: run.failed }")) == "")
    }

    @Test func `a pattern of a built-in is looked at as well`() throws {
        #expect(
            try check(handler: "handler: a\nuses: audit-alerts\nmatch: { event_type: cost.recorded }")
                .contains("3:22: warning[R033]: never matches: `on` accepts audit.reconciliation.missing, ")
        )
        #expect(try check(handler: "handler: a\nuses: audit-alerts\nmatch: { event_type: run.failed }") == "")
    }

    @Test func `parts that add nothing are told`() throws {
        let match = "match: { payload: { a: [abc, { prefix: ab }], $or: [{ b: [1] }, { b: [1], c: [2] }] } }"
        #expect(
            try check(handler: self.handler("a", "x.y", match)) == """
                handlers/a.yaml:3:24: warning[R036]: `payload.a`: "abc" adds nothing to prefix "ab"
                   3 | match: { payload: { a: [abc, { prefix: ab }], $or: [{ b: [1] }, { b: [1], c: [2] }] } }
                     |                        ^
                handlers/a.yaml:3:78: warning[R036]: a combination of $or (fields payload.a, payload.b, payload.c) accepts nothing that another one (fields payload.a, payload.b) does not
                   3 | match: { payload: { a: [abc, { prefix: ab }], $or: [{ b: [1] }, { b: [1], c: [2] }] } }
                     |                                                                              ^

                """
        )
    }

    @Test func `handlers that accept the same are told, and those within others only noted`() throws {
        let cheap = self.handler("cheap", "cost.recorded", "match: { payload: { usd: [{ numeric: [\">\", 5] }] } }")
        let same = self.handler("same", "cost.recorded", "match: { payload: { usd: [{ numeric: [\">\", 5] }] } }")
        let dear = self.handler("dear", "cost.recorded", "match: { payload: { usd: [{ numeric: [\">\", 50] }] } }")
        #expect(
            try self.compared(cheap + same + dear)
                == """
                handlers/a.yaml:6:10: warning[R034]: `same` accepts the same events as `cheap` (handlers/a.yaml:1:10); one handler can do all of it
                   6 | handler: same
                     |          ^^^^
                handlers/a.yaml:11:10: note[R035]: `dear` accepts only events that `cheap` accepts too (handlers/a.yaml:1:10): for those, both are called
                  11 | handler: dear
                     |          ^^^^

                """
        )
        // Handlers that only listen to the same types are usual, unless they do the same.
        let page = self.handler("b", "x.y", does: "alert: { severity: LOW, domain: d, key: k, summary: s }")
        #expect(try self.compared(self.handler("a", "x.y") + page) == "")
        #expect(try self.compared(self.handler("a", "x.y") + self.handler("b", "x.y")).contains("warning[R034]: `b`"))
        #expect(try self.compared(self.handler("a", "\"*\"") + self.handler("b", "x.y")).contains("note[R035]: `b`"))
        #expect(try self.compared(cheap + self.handler("off", "cost.recorded", "enabled: false")) == "")
        let off = same.replacing("do:", with: "enabled: false\ndo:")
        #expect(try self.compared(cheap + off) == "")
    }

    @Test func `a reactor that starts says nothing of handlers beside each other`() throws {
        let text = self.handler("a", "x.y") + self.handler("b", "x.y")
        let folder = try TemporaryFolder(["handlers/a.yaml": text])
        let result = ConfigurationLoader.load(
            configPath: nil,
            handlersPath: folder.path + "/handlers",
            environment: [:],
            defaultInstance: "test-1"
        )
        #expect(result.diagnostics.isEmpty && result.isUsable)
        #expect(folder.load(comparesHandlers: true).diagnostics.map(\.code) == [.duplicatePattern])
    }

    @Test func `a pattern that costs much is told`() throws {
        let values = (0..<1_200).map { "v\($0)" }.joined(separator: ",\n  ")
        let text = try check(handler: self.handler("a", "x.y", "match:\n  payload:\n    a: [\(values)]"))
        #expect(
            text.contains("handlers/a.yaml:3:1: warning[R037]: costs up to 1201 comparisons an event (1 branches, ")
        )
    }

    @Test func `misspelt types are compared with what handlers publish too`() throws {
        let text =
            self.handler("a", "x.y", does: "publish: { event_type: page.wanted }") + self.handler("b", "page.wantde")
        #expect(
            try check(handler: text).contains(
                "6:5: warning[R052]: nobody is known to publish `page.wantde`; did you mean `page.wanted`?"
            )
        )
        let numbered = self.handler("a", "x.y", does: "publish: { event_type: page.v1 }") + self.handler("b", "page.v2")
        #expect(try check(handler: numbered) == "")
    }

    @Test func `notes do not count as warnings`() throws {
        let folder = try TemporaryFolder([
            "handlers/a.yaml": self.handler("a", "\"*\"") + self.handler("b", "x.y")
        ])
        let result = folder.load(comparesHandlers: true)
        #expect(result.warningCount == 0 && result.errorCount == 0 && result.checkExitCode == 0)
        let summary = DiagnosticRenderer().summary(result.diagnostics, files: 1, elapsed: .milliseconds(2))
        #expect(summary == "0 errors, 0 warnings, 1 note in 1 file (2 ms)")
        let json = DiagnosticJSON.render(result.diagnostics, files: 1, elapsed: .milliseconds(2))
        #expect(json.hasPrefix("{\"diagnostics\":[{\"severity\":\"note\",\"code\":\"R035\","))
        #expect(json.hasSuffix("\"errors\":0,\"warnings\":0,\"notes\":1,\"files\":1,\"milliseconds\":2}"))
    }
}
