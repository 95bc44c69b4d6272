import Events
import FoundationEssentials
import ReactorTestKit
import Testing

/// `test`, as somebody types it.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct TestVerbTests {
    private static let handler = """
        handler: pages
        on: run.failed
        do: [{ alert: { severity: HIGH, domain: d, key: "k:{{payload.run_id}}", summary: s } }]

        """
    private static let event = "event: { type: run.failed, payload: { run_id: r1 } }"

    private func scenarios(_ scenarios: String, _ folder: String) throws {
        try write(Self.handler, to: folder + "/handlers/pages.yaml")
        try write(scenarios, to: folder + "/handlers/pages_test.yaml")
    }

    @Test func `the shipped scenarios pass, reach every condition, and take a moment`() async throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let test = try await runVerb("test", "--coverage", in: root)
        #expect(test.exitCode == 0, "\(test.everything)")
        #expect(test.output.contains("\ncoverage: "))
        let gaps = ["never called  ", "never true  ", "never false  "]
        #expect(!gaps.contains { test.output.contains("\n  \($0)") }, "\(test.output)")
        let summary = test.output.split(separator: "\n").last ?? ""
        #expect(summary.hasSuffix(" passed, 0 failed"), "\(summary)")
        figure("shipped scenarios, debug build, start of the program included", test.elapsed.inMilliseconds, "ms")
    }

    @Test func `what fails is told with place and difference, and the program says so`() async throws {
        try await withTemporaryFolder { folder in
            try self.scenarios(
                """
                scenario: passes
                steps: [{ \(Self.event), expect: { alerts: [{ severity: HIGH }] } }]
                ---
                scenario: fails
                steps: [{ \(Self.event), expect: { alerts: [{ severity: LOW, type: pages }] } }]

                """,
                folder
            )
            let test = try await runVerb("test", "--junit", "report.xml", in: folder)
            #expect(test.exitCode == 1)
            #expect(test.errorOutput.isEmpty)
            let lines = test.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            #expect(lines[0].hasPrefix("ok    handlers/pages_test.yaml: passes (0s in "))
            #expect(lines[1].hasPrefix("FAIL  handlers/pages_test.yaml: fails (0s in "))
            let place = "      handlers/pages_test.yaml:5:"
            #expect(lines[2].hasPrefix(place) && lines[2].hasSuffix(": at 0s: the alert is not as expected"))
            #expect(
                lines[3...5] == [
                    "        - severity: \"LOW\"", "        + severity: \"HIGH\"", "          type: pages",
                ]
            )
            #expect(lines.suffix(3) == ["", "1 passed, 1 failed", ""])
            let xml = String(decoding: try Data(contentsOf: URL(filePath: folder + "/report.xml")), as: UTF8.self)
            #expect(xml.contains("<testsuites name=\"aos-reactor\" tests=\"2\" failures=\"1\" "))
            #expect(xml.contains("<failure message=\"handlers/pages_test.yaml:5:"))
            // Only those that are asked for.
            let chosen = try await runVerb("test", "handlers", "--filter", "pages.*pass", in: folder)
            #expect(chosen.exitCode == 0)
            #expect(chosen.output.hasSuffix("\n\n1 passed, 0 failed\n"))
            // Beside the handlers that are named, wherever one stands.
            let besides = try await runVerb("test", "--handlers", "handlers", "--filter", "pass", in: folder)
            #expect(besides.exitCode == 0 && besides.output.hasSuffix("\n\n1 passed, 0 failed\n"))
            let elsewhere = try await runVerb("test", "--handlers", folder + "/handlers", "--filter", "pass", in: "/")
            #expect(elsewhere.exitCode == 0 && elsewhere.output.hasSuffix("\n\n1 passed, 0 failed\n"))
            let file = try await runVerb("test", "handlers/pages_test.yaml", "--junit", "no/such/x.xml", in: folder)
            #expect(file.exitCode == 73)
        }
    }

    @Test func `no tests, bad files and bad flags end in codes of their own`() async throws {
        try await withTemporaryFolder { folder in
            let none = try await runVerb("test", in: folder)
            #expect(none.exitCode == 1)
            #expect(none.output == "0 passed, 0 failed\n")
            #expect(none.errorOutput == "error: no tests found: scenarios are files that end in _test.yaml\n")

            try self.scenarios("scenario: s\nsteps: [{ expct: { no_alerts: true } }]\n", folder)
            let bad = try await runVerb("test", in: folder)
            #expect(bad.exitCode == 78)
            #expect(bad.output.isEmpty)
            let problem =
                "handlers/pages_test.yaml:2:11: error[R012]: unknown field `expct` in `step`; did you mean `expect`?"
            #expect(bad.errorOutput.hasPrefix(problem), "\(bad.errorOutput)")
            #expect(try await runVerb("test", "nowhere_test.yaml", in: folder).exitCode == 78)
            let other = try await runVerb("test", "handlers/pages.yaml", in: folder)
            #expect(other.exitCode == 78)
            #expect(other.errorOutput.hasPrefix("handlers/pages.yaml: error[R090]: is no file of scenarios"))

            try self.scenarios("scenario: s\nsteps: [{ expect: { no_alerts: true } }]\n", folder)
            #expect(try await runVerb("test", in: folder).exitCode == 0)
            let filtered = try await runVerb("test", "--filter", "zzz", in: folder)
            #expect(filtered.exitCode == 1)
            #expect(filtered.errorOutput.hasPrefix("error: no tests found that --filter accepts"))
            #expect(try await runVerb("test", "--filter", "(", in: folder).exitCode == 64)
            #expect(try await runVerb("test", "--no-such-flag", in: folder).exitCode == 64)
            // Scenarios are no handlers.
            #expect(try await runVerb("check", in: folder).exitCode == 0)
        }
    }
}
