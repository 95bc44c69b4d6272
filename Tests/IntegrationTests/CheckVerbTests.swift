import Events
import FoundationEssentials
import ReactorTestKit
import Testing

/// `check` and `handlers`: what is read from files, and what is told about it.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct CheckVerbTests {
    @Test
    func `every problem of configuration and handlers is told in one go, with place, source line, caret and name`()
        async throws
    {
        try await withTemporaryFolder { folder in
            try write(
                "version: 1\nhearbeat: { interval: 30s }\nlog: { level: loud }\n",
                to: folder + "/config/reactor.yaml"
            )
            try write(
                """
                handler: pages
                on: run.failed
                mach: { payload: {} }
                do: [{ alert: { severity: HIHG, domain: d, key: k, summary: s } }]
                ---
                handler: pages
                on: ${NOT_SET}
                do: [{ publish: { event_type: x.y, payload: {} } }]
                ---
                handler: loop
                on: x.y
                do: [{ publish: { event_type: x.y, payload: {} } }]

                """,
                to: folder + "/handlers/pages.yaml"
            )
            let check = try await runVerb("check", in: folder)
            #expect(check.exitCode == 1)
            #expect(check.errorOutput.isEmpty)
            let expected = """
                config/reactor.yaml:2:1: error[R012]: unknown field `hearbeat`; did you mean `heartbeat`?
                   2 | hearbeat: { interval: 30s }
                     | ^^^^^^^^
                """
            #expect(check.output.hasPrefix(expected), "\(check.output)")
            for problem in [
                "config/reactor.yaml:3:15: error[R014]: `log.level` needs",
                "handlers/pages.yaml:3:1: error[R012]: unknown field `mach`; did you mean `match`?\n"
                    + "   3 | mach: { payload: {} }\n     | ^^^^\n",
                "handlers/pages.yaml:4:27: error[R026]:",
                "handlers/pages.yaml:6:10: error[R021]:",
                "handlers/pages.yaml:7:5: error[R040]:",
                "handlers/pages.yaml:12:31: error[R061]:",
            ] {
                #expect(check.output.contains(problem), "\(problem) in \(check.output)")
            }
            let summary = check.output.split(separator: "\n").last ?? ""
            #expect(summary.hasPrefix("7 errors, 0 warnings in 2 files ("), "\(summary)")
        }
    }

    @Test func `the same as JSON, for programs`() async throws {
        try await withTemporaryFolder { folder in
            try write("version: 1\nhearbeat: {}\n", to: folder + "/reactor.yaml")
            let check = try await runVerb("check", "--format", "json", "--config", "reactor.yaml", in: folder)
            #expect(check.exitCode == 1)
            let report = try JSONValue.parse(check.output)
            let problem = try #require(
                report["diagnostics"]?.arrayValue?.first { $0["severity"]?.stringValue == "error" }
            )
            #expect(problem["code"]?.stringValue == "R012")
            #expect(problem["file"]?.stringValue == "reactor.yaml")
            #expect(problem["line"]?.intValue == 2)
            #expect(problem["column"]?.intValue == 1)
        }
    }

    @Test func `files without a problem end with 0, warnings included`() async throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let shipped = try await runVerb(
            "check",
            "--config",
            repository + "/config/reactor.yaml",
            "--handlers",
            repository + "/handlers"
        )
        #expect(shipped.exitCode == 0)
        #expect(shipped.output.hasPrefix("0 errors, 0 warnings in "), "\(shipped.output)")
        let empty = try await runVerb("check")
        #expect(empty.exitCode == 0)
        #expect(empty.output.contains("warning[R024]"))
    }

    @Test func `handlers are listed in the order in which they are called`() async throws {
        try await withTemporaryFolder { folder in
            try write(
                """
                handler: for-all
                on: "*"
                do: [{ log: { level: info, message: seen } }]
                ---
                handler: exact
                on: [run.failed, incident.created]
                match: { payload: { run_id: [{ exists: true }] } }
                do:
                  - alert: { severity: HIGH, domain: d, key: k, summary: s }
                  - publish: { event_type: x.y, payload: {} }
                ---
                handler: resting
                on: run.failed
                enabled: false
                do: [{ log: { level: info, message: seen } }]

                """,
                to: folder + "/handlers/a.yaml"
            )
            try write("handler: findings\nuses: audit-alerts\n", to: folder + "/handlers/b.yaml")
            try write(
                "handler: first\non: run.*\npriority: 1000\ndo: [{ log: { level: info, message: seen } }]\n",
                to: folder + "/handlers/c.yaml"
            )
            let table = try await runVerb("handlers", in: folder)
            #expect(table.exitCode == 0)
            let rows = table.output.split(separator: "\n").map { row in
                row.split(separator: "  ").map { $0.trimmingSpaces }.filter { !$0.isEmpty }
            }
            #expect(rows[0] == ["ORDER", "HANDLER", "PRIORITY", "MATCH", "DOES", "FILE", "ON"])
            #expect(rows[1] == ["1", "first", "1000", "-", "rule: log", "handlers/c.yaml:1:10", "run.*"])
            // The seven registrations of the built-in, by their priorities.
            #expect(rows[2...8].map { $0[2] } == ["100", "100", "90", "90", "80", "50", "50"])
            #expect(rows[2...8].allSatisfy { $0[4] == "audit-alerts" })
            // Among equals the exact one goes before the one for all, whatever the order of the files.
            #expect(
                rows[9] == [
                    "9", "exact", "0", "yes", "rule: alert, publish", "handlers/a.yaml:5:10",
                    "run.failed, incident.created",
                ]
            )
            #expect(rows[10].prefix(2) == ["10", "for-all"])
            #expect(rows[11].prefix(2) == ["off", "resting"])
            #expect(rows.count == 12, "\(table.output)")
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        let trimmed = self.drop { $0 == " " }
        return String(trimmed.reversed().drop { $0 == " " }.reversed())
    }
}
