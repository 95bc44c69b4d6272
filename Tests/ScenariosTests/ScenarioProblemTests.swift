import ReactorConfig
import Testing

/// Every mistake in a scenario is told with its place and what is meant.
struct ScenarioProblemTests {
    /// The lines that begin with a place, of one scenario with these fields.
    private func problems(_ text: String) throws -> [String] {
        let box = try ScenarioBox(SampleHandlers.failures, text)
        return box.problems.split(separator: "\n").map(String.init).filter { $0.hasPrefix("handlers/") }
    }

    private func step(_ text: String) throws -> [String] {
        try self.problems("scenario: s\nsteps:\n  - expect: { no_alerts: true }\n  - \(text)\n")
            .map { $0.split(separator: "h_test.yaml:4:", maxSplits: 1).last.map(String.init) ?? $0 }
    }

    @Test func `fields that nobody knows are told with the nearest name`() throws {
        #expect(
            try self.problems("scenario: s\nstep: []\nsteps: [{ expect: { no_alerts: true } }]") == [
                "handlers/h_test.yaml:2:1: error[R012]: unknown field `step` in `scenario`; did you mean `steps`?"
            ]
        )
        #expect(
            try self.step("{ advnce: 3s }")
                == [
                    "7: error[R012]: unknown field `advnce` in `step`; did you mean `advance`?"
                ]
        )
        #expect(
            try self.step("{ event: { typ: a.b } }")
                == [
                    "16: error[R012]: unknown field `typ` in `event`; did you mean `type`?",
                    "14: error[R011]: `event` needs `type`, such as `run.failed`",
                ].sorted()
        )
        #expect(
            try self.step("{ expect: { alert: [] } }") == [
                "17: error[R012]: unknown field `alert` in `expect`; did you mean `alerts`?"
            ]
        )
        #expect(
            try self.step("{ expect: { alerts: [{ severty: HIGH }] } }") == [
                "28: error[R012]: unknown field `severty` in `alerts`; did you mean `severity`?"
            ]
        )
    }

    @Test func `values are checked as their fields take them`() throws {
        for (text, message) in [
            ("{ expect: { alerts: [{ severity: HIHG }] } }", "R014]: unknown severity `HIHG`; did you mean `HIGH`?"),
            ("{ expect: { verdicts: [{ verdict: mutted }] } }", "unknown verdict `mutted`; did you mean `muted`?"),
            ("{ expect: { verdicts: [{ age: 30 }] } }", "`age` needs a duration with its unit (ms, s, m, h)"),
            ("{ expect: { verdicts: [{ count: many }] } }", "`count` needs a number, found `many`"),
            (
                "{ expect: { alerts: { type: x } } }",
                "`alerts` needs a list with one entry for each alert, found a mapping"
            ),
            ("{ expect: { no_alerts: false } }", "can only be true; what is expected stands under `alerts`"),
            ("{ expect: { no_alerts: true, alerts: [] } }", "has either `alerts` or `no_alerts`, not both"),
            ("{ expect: { published: [{ payload: { a: [{ numric: [\">\", 1] }] } }] } }", "numric"),
            ("{ expect: {} }", "error[R090]: `expect` says nothing"),
            ("{ at: 3s, advance: 3s }", "a step has either `at` or `advance`, not both"),
            ("{ event: { type: a.b }, raw: x }", "one of `event`, `events` and `raw`, not several"),
            ("{ times: 3 }", "`times` repeats events, and the step has none"),
            ("{ event: { type: a.b }, every: 3s }", "`every` is the pause between repetitions; give `times` too"),
            ("{ event: { type: a.b, payload: [1] } }", "`payload` needs a mapping, found a list"),
            ("{ raw: { hex: f } }", "`raw.hex` needs pairs of hex digits, found `f`"),
            ("{ receiver: { name: lgo, answers: [200] } }", "there is no receiver `lgo`; did you mean `log`?"),
            (
                "{ receiver: { name: log, answers: [99] } }",
                "an answer needs an HTTP status, `ok`, `timeout` or `refused`"
            ),
            ("{ receiver: { name: log, answers: [] } }", "`answers` needs at least one"),
            ("{ silence: { matchers: { tenat: x }, for: 1h } }", "tenat"),
            ("{ silence: { matchers: { run_id: x } } }", "`silence` needs `for`"),
        ] {
            let problems = try self.step(text)
            #expect(problems.contains { $0.contains(message) }, "\(message) in \(problems)")
        }
    }

    @Test func `time does not go back, and a scenario that expects nothing is refused`() throws {
        let back = try self.problems("scenario: s\nsteps: [{ at: 3s, expect: { no_alerts: true } }, { at: 2s }]")
        #expect(back == ["handlers/h_test.yaml:2:56: error[R090]: steps go forward in time: it is 3s already"])
        let long = try self.problems(
            "scenario: s\nsteps: [{ times: 300, every: 48h, event: { type: a.b }, expect: { no_alerts: true } }]"
        )
        #expect(long == ["handlers/h_test.yaml:2:9: error[R090]: a scenario lasts a year at most"])
        let nothing = try self.problems("scenario: s\nsteps: [{ at: 3s }]")
        #expect(
            nothing.count == 1 && nothing[0].contains("error[R090]: the scenario expects nothing, so it cannot fail")
        )
        let empty = try self.problems("scenario: s\nsteps: []")
        #expect(empty.count == 1 && empty[0].contains("error[R013]: `steps` needs a list such as"))
    }

    @Test func `handlers, settings and names are checked`() throws {
        let steps = "steps: [{ expect: { no_alerts: true } }]"
        for (text, message) in [
            (
                "scenario: s\nhandlers: [failurs]\n\(steps)",
                "R091]: there is no handler `failurs`; did you mean `failures`?"
            ),
            (
                "scenario: s\nconfig: { alert: {} }\n\(steps)",
                "unknown field `alert` in `config`; did you mean `alerts`?"
            ),
            ("scenario: s\nconfig: { redis: {} }\n\(steps)", "unknown field `redis` in `config`"),
            (
                "scenario: s\nconfig: { alerts: { dedup_window: 3 } }\n\(steps)",
                "`alerts.dedup_window` needs a duration"
            ),
            ("scenario: s\nconfig: { alerts: { routes: [{ to: [x] }] } }\n\(steps)", "R074]"),
            (
                "scenario: s\nhandlers: [failures, { handler: failures, on: a.b, do: [{ log: { message: m } }] }]\n\(steps)",
                ":2:33: error[R021]: handler name `failures` is already used at"
            ),
            ("scenario: s\nhandlers: { handler: x, on: a.b, dont: [] }\n\(steps)", "unknown field `dont`"),
            ("scenario: s\nstart: today\n\(steps)", "`start` needs a time such as"),
            (
                "scenario: s\n\(steps)\n---\nscenario: s\n\(steps)",
                ":4:11: error[R071]: a scenario of this name begins at line 1"
            ),
            ("\(steps)", "`scenario` needs `scenario`"),
        ] {
            let problems = try self.problems(text)
            #expect(problems.contains { $0.contains(message) }, "\(message) in \(problems)")
        }
    }

    @Test func `a handler that cannot be read keeps its scenarios from running`() throws {
        let box = try ScenarioBox("handler: x\non: a.b\n", "scenario: s\nsteps: [{ expect: { no_alerts: true } }]")
        #expect(!box.load().isUsable)
        #expect(box.problems.contains("handlers/h.yaml:1:10: error[R022]"))
    }
}
