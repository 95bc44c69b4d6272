import Reactions
import Testing

@testable import ReactorConfig

struct DiagnosticRendererTests {
    @Test func `problems of all files come in one go, in the style of the handbook`() throws {
        let folder = try TemporaryFolder([
            "reactor.yaml": "version: 1\nhearbeat: { interval: 30s }\nlog: { level: loud }\n",
            "handlers/alerts.yaml": """
            handler: page
            on: run.failed
            mach:
              payload: { status: [failed] }
            do:
              - alert:
                  severity: hight
                  domain: incidents
                  key: "{{payload.run_id}"
                  summary: "${PAGER_URL}"
            """,
            "handlers/loop.yaml": """
            handler: page
            on: run.faild
            do:
              - publish: { event_type: run.faild }
            """,
        ])
        let result = folder.load()
        let renderer = DiagnosticRenderer()
        let text =
            folder.text(result)
            + renderer.summary(result.diagnostics, files: result.filesRead.count, elapsed: .milliseconds(12))
        #expect(
            text == """
                handlers/alerts.yaml:3:1: error[R012]: unknown field `mach`; did you mean `match`?
                   3 | mach:
                     | ^^^^
                handlers/alerts.yaml:7:17: error[R026]: unknown severity `hight`; did you mean `HIGH`?
                   7 |       severity: hight
                     |                 ^^^^^
                handlers/alerts.yaml:9:13: error[R050]: the template `key` is not valid: the tag is not closed
                   9 |       key: "{{payload.run_id}"
                     |             ^
                handlers/alerts.yaml:10:17: error[R040]: ${PAGER_URL} is not set and has no default; write ${PAGER_URL:-…} or set it
                  10 |       summary: "${PAGER_URL}"
                     |                 ^^^^^^^^^^^^
                handlers/loop.yaml:1:10: error[R021]: handler name `page` is already used at handlers/alerts.yaml:1:10
                   1 | handler: page
                     |          ^^^^
                handlers/loop.yaml:4:28: error[R061]: `page` publishes `run.faild` to aos.events, which `page` also listens to: an endless loop; publish another type or to another channel
                   4 |   - publish: { event_type: run.faild }
                     |                            ^^^^^^^^^
                reactor.yaml:2:1: error[R012]: unknown field `hearbeat`; did you mean `heartbeat`?
                   2 | hearbeat: { interval: 30s }
                     | ^^^^^^^^
                reactor.yaml:3:15: error[R014]: `log.level` needs `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`, found `loud`
                   3 | log: { level: loud }
                     |               ^^^^
                8 errors, 0 warnings in 3 files (12 ms)
                """
        )
        #expect(result.configuration == nil)
        #expect(!result.isUsable)
        #expect(result.checkExitCode == 1)
    }

    private let problem = Diagnostic(
        .warning,
        .unlikelyEventType,
        at: .source(SourceLocation(file: "a.yaml", line: 12_345, column: 3)),
        "say \"x\"",
        excerpt: Diagnostic.Excerpt(line: "\ta: b", column: 3, length: 99),
        suggestion: "run.failed"
    )

    @Test func `the caret stays on the line and below its character`() {
        #expect(
            DiagnosticRenderer().render(self.problem)
                == "a.yaml:12345:3: warning[R052]: say \"x\"\n12345 | \ta: b\n      | \t ^^^"
        )
    }

    @Test func `colour is added where it is wanted`() {
        let text = DiagnosticRenderer(colour: true).render(self.problem)
        #expect(text.hasPrefix("\u{1B}[1ma.yaml:12345:3\u{1B}[0m: \u{1B}[1;33mwarning[R052]\u{1B}[0m: say"))
        #expect(text.hasSuffix("\u{1B}[1;33m^^^\u{1B}[0m"))
    }

    @Test func `one of a kind is written in the singular`() {
        let text = DiagnosticRenderer().summary([self.problem], files: 1, elapsed: .microseconds(900))
        #expect(text == "0 errors, 1 warning in 1 file (0 ms)")
    }

    @Test func `programs get one line of JSON`() {
        var other = Diagnostic(.error, .badSetting, at: .environment, "a\n\u{1}\\")
        other.patternCode = "P001"
        let text = DiagnosticJSON.render([self.problem, other], files: 2, elapsed: .milliseconds(3))
        #expect(
            text == #"{"diagnostics":[{"severity":"warning","code":"R052","file":"a.yaml","line":12345,"column":3,"#
                + #""message":"say \"x\"","suggestion":"run.failed"},"#
                + #"{"severity":"error","code":"P001","place":"environment","message":"a\n\u0001\\"}],"#
                + #""errors":1,"warnings":1,"notes":0,"files":2,"milliseconds":3}"#
        )
    }

    @Test func `no code is used twice`() {
        #expect(Set(DiagnosticCode.allCases.map(\.rawValue)).count == DiagnosticCode.allCases.count)
    }
}
