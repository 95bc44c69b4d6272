import ChildProcesses
import Events
import FoundationEssentials
import ReactorTestKit
import RedisServer
import SeededRandom
import SyntheticEvents
import Testing

/// `match`, `explain`, `routes` and `check` as somebody types them.
@Suite(.timeLimit(.minutes(5)))
struct PatternVerbTests {
    struct Answer {
        var code: Int32?
        var output: String
        var errors: String
    }

    /// Runs the built program in a folder with some files and with a text on standard input.
    private static func run(
        _ arguments: [String],
        input: String = "",
        files: [String: String] = [:],
        environment: [String: String] = [:]
    ) async throws -> Answer {
        try await withTemporaryFolder { folder in
            for (name, content) in files.merging(["input": input], uniquingKeysWith: { first, _ in first }) {
                let path = folder + "/" + name
                let parent = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
                try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
                try Data(content.utf8).write(to: URL(filePath: path))
            }
            let shell = ["/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\" < input", "sh", folder, BuiltProgram.path]
            return try await withTestProgram(shell + arguments, environment: environment) { program in
                let end = try await program.waitForExit(within: .seconds(180))
                guard case .exited(let code) = end else { return Answer(code: nil, output: "", errors: "\(end)") }
                return Answer(code: code, output: program.output, errors: program.errorOutput)
            }
        }
    }

    private static let dear = #"{"payload": {"cost_usd": [{"numeric": [">", 25]}]}}"#

    private static func cost(_ usd: String) -> String {
        #"{"event_type": "cost.recorded", "payload": {"run_id": "r1", "cost_usd": \#(usd)}}"#
    }

    // MARK: match

    @Test func `a match exits with 0 and shows the leaves`() async throws {
        let answer = try await Self.run(["match", "--pattern", Self.dear, "--event", Self.cost("30.50")])
        #expect(answer.code == 0 && answer.errors == "")
        #expect(answer.output == "match\n  payload.cost_usd: numeric > 25, found 30.50\n")
        let json = try await Self.run(["match", "--json", "--pattern", Self.dear, "--event", Self.cost("30.50")])
        #expect(
            json.output == #"{"match":true,"leaves":[{"path":"payload.cost_usd","operator":"numeric","#
                + #""expected":"numeric > 25","actual":"30.50"}]}"# + "\n"
        )
    }

    @Test func `no match exits with 1 and shows path, operator, expected and actual`() async throws {
        let answer = try await Self.run(["match", "--pattern", Self.dear, "--event", Self.cost("12.5")])
        #expect(answer.code == 1 && answer.errors == "")
        #expect(
            answer.output == """
                no match
                  path      payload.cost_usd
                  operator  numeric
                  expected  numeric > 25
                  actual    12.5
                  reason    no value at the path is as expected
                  asked at  line 1, column 26 of the pattern

                """
        )
        let json = try await Self.run(["match", "--json", "--pattern", Self.dear, "--event", Self.cost("{}")])
        #expect(json.code == 1)
        let failure = try JSONValue.parse(json.output)["failure"]
        #expect(failure?["reason"] == "missing" && failure?["actual"] == "an object" && failure?["column"] == 26)
    }

    @Test func `patterns and events are texts, files or standard input, in JSON and YAML`() async throws {
        let files = [
            "p.json": Self.dear, "p.yaml": "payload:\n  cost_usd: [{ numeric: [\">\", 25] }]\n",
            "e.json": Self.cost("26"),
            "low.json": Self.cost("2"),
        ]
        for pattern in ["p.json", "p.yaml", Self.dear, "payload: { cost_usd: [{ numeric: [\">\", 25] }] }"] {
            for event in ["e.json", Self.cost("26"), "-"] {
                let arguments = ["match", "--pattern", pattern, "--event", event]
                let answer = try await Self.run(arguments, input: Self.cost("26"), files: files)
                #expect(answer.code == 0, "\(pattern) \(event): \(answer.errors)")
            }
            let answer = try await Self.run(["match", "--pattern", pattern, "--event", "low.json"], files: files)
            #expect(answer.code == 1, "\(pattern): \(answer.errors)")
        }
        let piped = try await Self.run(
            ["match", "--pattern", "-", "--event", "e.json"],
            input: Self.dear,
            files: files
        )
        #expect(piped.code == 0)
        let not = ["match", "--pattern", "p.json", "--not", "payload: { run_id: r1 }", "--event", "e.json"]
        let excluded = try await Self.run(not, files: files)
        #expect(excluded.code == 1)
        #expect(excluded.output.contains("reason    the event matches the pattern of `not`\n"))
    }

    @Test func `a bad pattern exits with 78 and shows every problem with line, column and caret`() async throws {
        let pattern = "{\n  \"a\": [{\"prefx\": \"x\"}],\n  \"b\": 5\n}"
        let answer = try await Self.run(
            ["match", "--pattern", "bad.json", "--event", "{}"],
            files: ["bad.json": pattern]
        )
        #expect(answer.code == 78 && answer.output == "")
        #expect(
            answer.errors == """
                bad.json:2:10: error[P007]: unknown operator `prefx`; did you mean `prefix`?
                   2 |   "a": [{"prefx": "x"}],
                     |          ^^^^^^^
                bad.json:3:8: error[P005]: `b` must be an object or a list, found a number; write [value]
                   3 |   "b": 5
                     |        ^

                """
        )
        let missing = try await Self.run(["match", "--pattern", "nowhere.json", "--event", "{}"])
        #expect(missing.code == 78 && missing.errors == "nowhere.json: error[R001]: does not exist\n")
        let literal = try await Self.run(["match", "--pattern", "a: [x", "--event", "{}"])
        #expect(literal.code == 78 && literal.errors.contains("<pattern>:1:"))
    }

    @Test func `a bad event exits with 65 and says why`() async throws {
        for (event, reason) in [
            ("[1]", "<event>: error: an event is a JSON object (not_an_object)\n"),
            ("{\"a\": 1} x", "error: the text is not JSON (not_json)\n"),
            (
                #"{"event_type": "x", "payload": 5}"#,
                "<event>: error: `payload` needs an object (payload_not_an_object)\n"
            ),
        ] {
            let answer = try await Self.run(["match", "--pattern", "a: 1", "--event", event])
            #expect(answer.code == 65 && answer.output == "" && answer.errors.hasSuffix(reason), "\(answer.errors)")
        }
        let plain = [
            "match", "--plain", "--pattern", "payload: 5", "--event", #"{"event_type": "x", "payload": 5}"#,
        ]
        #expect(try await Self.run(plain).code == 0)
        let missing = try await Self.run(["match", "--pattern", "a: 1", "--event", "nowhere.json"])
        #expect(missing.code == 65 && missing.errors == "error: nowhere.json: No such file or directory\n")
        let large = "{\"a\": \"\(String(repeating: "x", count: 1 << 20))\"}"
        let oversize = try await Self.run(["match", "--pattern", "a: 1", "--event", "-"], input: large)
        #expect(oversize.code == 65 && oversize.errors.contains("(oversize)"))
    }

    @Test func `flags that do not go together exit with 64`() async throws {
        for arguments in [
            [], ["--pattern", "a: 1"], ["--event", "{}"], ["--pattern", "a: 1", "--event", "{}", "--events", "x"],
            ["--pattern", "a: 1", "--pattern-dir", "x", "--event", "{}"], ["--pattern", "-", "--event", "-"],
            ["--pattern-dir", "x", "--not", "a: 1", "--event", "{}"], ["--pattern", "a: 1", "--event", "{}", "--nope"],
        ] {
            let answer = try await Self.run(["match"] + arguments)
            #expect(answer.code == 64 && answer.output == "" && !answer.errors.isEmpty, "\(arguments)")
        }
    }

    @Test func `many patterns on many events give a line of JSON each, and bad lines are told and counted`()
        async throws
    {
        let files = [
            "p/dear.json": Self.dear, "p/any.yaml": "payload: { cost_usd: [{ exists: true }] }",
            "p/halted.yml": "event_type: run.halted",
            "events.ndjson": [
                Self.cost("30"), "", Self.cost("1"), "{oops", #"{"event_type": "run.halted"}"#, "[1]", #"{"other": 1}"#,
            ].joined(separator: "\n"),
        ]
        let arguments = ["match", "--pattern-dir", "p", "--events"]
        let expected = """
            {"line":1,"matches":["any","dear"]}
            {"line":3,"matches":["any"]}
            {"line":5,"matches":["halted"]}
            {"line":7,"matches":[]}

            """
        let answer = try await Self.run(arguments + ["events.ndjson"], files: files)
        #expect(answer.code == 65 && answer.output == expected)
        #expect(answer.errors.contains("events.ndjson:4:"))
        #expect(answer.errors.contains("events.ndjson:6: error: an event is a JSON object (not_an_object)\n"))
        #expect(answer.errors.hasSuffix("2 of 6 lines are no events\n"))

        let good = try await Self.run(arguments + ["-"], input: Self.cost("30") + "\r\n" + Self.cost("2"), files: files)
        #expect(good.code == 0 && good.errors == "")
        #expect(good.output == #"{"line":1,"matches":["any","dear"]}"# + "\n" + #"{"line":2,"matches":["any"]}"# + "\n")
        let none = try await Self.run(arguments + ["-"], input: "{\"a\":1}\n", files: files)
        #expect(none.code == 1 && none.output == "{\"line\":1,\"matches\":[]}\n")
        let one = try await Self.run(["match", "--pattern-dir", "p", "--event", Self.cost("30")], files: files)
        #expect(one.code == 0 && one.output == #"{"line":1,"matches":["any","dear"]}"# + "\n")
        let single = try await Self.run(
            ["match", "--pattern", "p/dear.json", "--events", "events.ndjson"],
            files: files
        )
        #expect(single.output.hasPrefix(#"{"line":1,"matches":["pattern"]}"#))
    }

    @Test func `every bad pattern of a folder is told before any event is read`() async throws {
        let files = ["p/a.json": "{", "p/b.yaml": "a: []", "p/c.json": #"{"a": [1]}"#]
        let answer = try await Self.run(
            ["match", "--pattern-dir", "p", "--events", "-"],
            input: "{\"a\":1}\n",
            files: files
        )
        #expect(answer.code == 78 && answer.output == "")
        #expect(
            answer.errors.contains("p/a.json:1:2: error[P001]") && answer.errors.contains("p/b.yaml:1:4: error[P004]")
        )
        let empty = try await Self.run(["match", "--pattern-dir", ".", "--event", "{}"])
        #expect(empty.code == 78 && empty.errors.contains(".: error[R029]: holds no pattern"))
    }

    @Test func `a stream of many events is matched as a whole`() async throws {
        let input = (0..<20_000).map { Self.cost("\($0 % 50)") }.joined(separator: "\n")
        let answer = try await Self.run(["match", "--pattern", Self.dear, "--events", "-"], input: input)
        let lines = answer.output.split(separator: "\n")
        #expect(answer.code == 0 && lines.count == 20_000)
        #expect(lines.count { $0.hasSuffix("[\"pattern\"]}") } == 20_000 * 24 / 50)
        #expect(lines.last == "{\"line\":20000,\"matches\":[\"pattern\"]}")
    }

    // MARK: explain, routes, check

    private static let handlers = """
        handler: dear
        on: [cost.recorded, run.step.completed]
        match: { payload: { cost_usd: [{ numeric: [">", 25] }] } }
        priority: 50
        do:
          - alert: { severity: HIGH, domain: d, key: k, summary: s }
          - publish: { event_type: run.pause_requested }
        ---
        handler: all
        on: "*"
        do: [{ log: { message: m } }]
        ---
        handler: "off"
        on: cost.recorded
        enabled: false
        do: [{ log: { message: x } }]
        """

    @Test func `explain says why and why not for each handler`() async throws {
        let files = ["h/a.yaml": Self.handlers]
        let answer = try await Self.run(["explain", "--handlers", "h", "--event", Self.cost("30")], files: files)
        #expect(answer.code == 0 && answer.errors == "")
        #expect(
            answer.output == """
                cost.recorded from unknown: reaches 2 of 3 handlers
                   1 dear  payload.cost_usd: numeric > 25, found 30
                   2 all   `on` accepts *
                   - off   is switched off; would get the event

                """
        )
        let json = try await Self.run(
            ["explain", "--json", "--handlers", "h", "--event", "-"],
            input: Self.cost("3"),
            files: files
        )
        let value = try JSONValue.parse(json.output)
        #expect(value["called"] == ["all"])
        #expect(value["handlers"]?.arrayValue?.first?["failure"]?["path"] == "payload.cost_usd")
        #expect(value["handlers"]?.arrayValue?.first?["location"] == "h/a.yaml:1:10")

        let only = ["h/a.yaml": "handler: a\non: x.y\ndo: [{ log: { message: m } }]"]
        let none = try await Self.run(["explain", "--handlers", "h", "--event", Self.cost("30")], files: only)
        #expect(none.code == 1)
        #expect(none.output == "cost.recorded from unknown: reaches no handler\n   - a  `on` accepts x.y\n")
        let bad = try await Self.run(["explain", "--handlers", "h", "--event", #"{"payload": {}}"#], files: files)
        #expect(bad.code == 65 && bad.errors.contains("(event_type_missing)"))
        let refused = try await Self.run(
            ["explain", "--handlers", "h", "--event", "{}"],
            files: ["h/a.yaml": "handler: a\n"]
        )
        #expect(refused.code == 78 && refused.errors.contains("h/a.yaml:1:10: error[R022]"))
        #expect(try await Self.run(["explain"]).code == 64)
    }

    @Test func `routes shows what each type reaches in four formats`() async throws {
        let files = ["h/a.yaml": Self.handlers]
        let text = try await Self.run(["routes", "--handlers", "h"], files: files)
        #expect(text.code == 0)
        #expect(text.output.hasPrefix("cost.recorded\n   1 dear  if its pattern matches: rule: alert, publish"))
        #expect(text.output.contains("run.pause_requested   <- published by dear\n   1 all   rule: log\n"))
        let dot = try await Self.run(["routes", "--handlers", "h", "--format", "dot"], files: files)
        #expect(dot.output.hasPrefix("digraph routes {") && dot.output.contains("[label=\"publish\", style=dashed];"))
        let mermaid = try await Self.run(["routes", "--handlers", "h", "--format", "mermaid"], files: files)
        #expect(mermaid.output.hasPrefix("flowchart LR\n"))
        let json = try await Self.run(["routes", "--handlers", "h", "--format", "json"], files: files)
        #expect(try JSONValue.parse(json.output)["routes"]?.arrayValue?.count == 4)
        #expect(try await Self.run(["routes", "--format", "svg"]).code == 64)
    }

    @Test func `check looks at the patterns and notes what is probably not meant`() async throws {
        let handlers = """
            handler: never
            on: run.failed
            match: { event_type: run.started }
            do: [{ log: { message: m } }]
            ---
            handler: wide
            on: cost.recorded
            match: { payload: { cost_usd: [{ numeric: [">", 5] }] } }
            do: [{ log: { message: m } }]
            ---
            handler: narrow
            on: cost.recorded
            match: { payload: { cost_usd: [{ numeric: [">", 50] }] } }
            do: [{ publish: { event_type: back } }]
            ---
            handler: circle
            on: back
            do: [{ publish: { event_type: cost.recorded } }]
            """
        let answer = try await Self.run(["check", "--handlers", "h"], files: ["h/a.yaml": handlers])
        #expect(answer.code == 0)
        for line in [
            "h/a.yaml:3:22: warning[R033]: never matches: ", "h/a.yaml:11:10: note[R035]: `narrow` accepts only events",
            "h/a.yaml:14:31: warning[R060]: `narrow` publishes `back` for `circle`, which publishes `cost.recorded`",
            "0 errors, 2 warnings, 1 note in 1 file",
        ] {
            #expect(answer.output.contains(line), "\(line) in \(answer.output)")
        }
    }

    @Test(arguments: ["match", "explain", "routes", "check"])
    func `help shows an example`(verb: String) async throws {
        let answer = try await Self.run([verb, "--help"])
        #expect(answer.code == 0 && answer.output.contains("Example: aos-reactor \(verb)"))
    }

    // MARK: The running reactor

    @Test func `a running reactor does what explain says`() async throws {
        var random = SplitMix64(seed: 11)
        let events = (0..<60).map { number -> String in
            let type = ["cost.recorded", "run.step.completed", "run.failed"].randomElement(using: &random) ?? ""
            let value = ["5", "25", "25.01", "\"30\"", "[1, 99]", "null"].randomElement(using: &random) ?? ""
            return #"{"event_type": "\#(type)", "payload": {"n": \#(number), "cost_usd": \#(value)}}"#
        }
        let live = try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: Self.handlers) { reactor in
                await eventually("ready") { await reactor.isReady }
                let tap = [BuiltProgram.path, "tap", "--json", "--url", "unix:\(reactor.folder)/admin.sock"]
                return try await withTestProgram(tap) { tap in
                    // The tap shows what comes after it began.
                    await eventually("the tap shows events") {
                        _ = try? await server.command(
                            "PUBLISH",
                            "aos.events",
                            #"{"event_type": "begin", "payload": {}}"#
                        )
                        return tap.output.contains("begin")
                    }
                    _ = try await server.publish(events, on: "aos.events")
                    await eventually("the last one is shown") { tap.output.contains("\"n\": 59,") }
                    return tap.output
                }
            }
        }
        var called: [Int: [String]] = [:]
        for line in live.split(separator: "\n") {
            let event = try JSONValue.parse(String(line))
            guard let number = event["payload"]?["n"]?.intValue else { continue }
            called[number] = event["handlers"]?.arrayValue?.compactMap { $0["handler"]?.stringValue } ?? []
        }
        #expect(called.count == events.count)
        let files = ["h/a.yaml": Self.handlers]
        for (number, event) in events.enumerated() {
            let answer = try await Self.run(["explain", "--json", "--handlers", "h", "--event", event], files: files)
            let offline = try JSONValue.parse(answer.output)["called"]?.arrayValue?.compactMap(\.stringValue)
            #expect(offline == called[number], "\(event)")
        }
    }
}
