import EventPatterns
import Testing

@testable import ReactorConfig

struct PatternLoaderTests {
    /// What is printed about a text that is given as a pattern; empty when it is fine.
    private func problems(
        _ text: String,
        _ name: String = "<pattern>",
        not: String? = nil,
        _ environment: [String: String] = [:]
    ) -> String {
        let loader = PatternLoader(environment: environment)
        let pattern = loader.pattern((Array(text.utf8), name), not: not.map { (Array($0.utf8), "<not>") })
        let printed = DiagnosticRenderer().render(loader.diagnostics)
        #expect((pattern == nil) == loader.hasErrors)
        return printed
    }

    private func matches(
        _ text: String,
        _ event: String,
        not: String? = nil,
        _ environment: [String: String] = [:]
    ) throws -> Bool {
        let loader = PatternLoader(environment: environment)
        let pattern = try #require(
            loader.pattern((Array(text.utf8), "<pattern>"), not: not.map { (Array($0.utf8), "<not>") }),
            "\(DiagnosticRenderer().render(loader.diagnostics))"
        )
        return try pattern.explain(json: Array(event.utf8)).isMatch
    }

    @Test func `patterns are read as JSON and as YAML`() throws {
        for text in [
            #"{"a": {"b": [5, "x"]}}"#, " \n{\"a\": {\"b\": [5, \"x\"]}}\n", "a: { b: [5, x] }", "a:\n  b: [5, x]",
            "a:\n  b:\n  - 5\n  - x\n", "{a: {b: 5}}", "{ 'a': { b: 5 } }", "---\na: { b: 5 }",
        ] {
            #expect(try self.matches(text, #"{"a":{"b":5}}"#), "\(text)")
            #expect(try !self.matches(text, #"{"a":{"b":"5"}}"#), "\(text)")
        }
        #expect(try self.matches("a: \"${TENANT}\"", #"{"a":"acme"}"#, ["TENANT": "acme"]))
        #expect(try self.matches(#"{"a": ["${TENANT}"]}"#, #"{"a":"${TENANT}"}"#, ["TENANT": "acme"]))
        #expect(try self.matches("a: [x, y]", #"{"a":"x"}"#, not: #"{"a": ["y"]}"#))
        #expect(try !self.matches("a: [x, y]", #"{"a":"y"}"#, not: #"{"a": ["y"]}"#))
        #expect(try !self.matches(#"{"a": ["x", "y"]}"#, #"{"a":"y"}"#, not: "a: y"))
    }

    @Test func `JSON is held to the rules of EventBridge`() {
        #expect(
            self.problems(#"{"a": {"b": 5}}"#) == """
                <pattern>:1:13: error[P005]: `b` must be an object or a list, found a number; write [value]
                   1 | {"a": {"b": 5}}
                     |             ^

                """
        )
        #expect(
            self.problems(
                "{\n  \"a\": [{\"prefix\": [\"x\"]}],\n  \"b\": [{\"numeric\": [\">\", 5, \"<\", 1]}]\n}",
                "p.json"
            ) == """
                p.json:2:20: error[P009]: `prefix` needs a string, found a list; for alternatives write one entry each: [{prefix: a}, {prefix: b}]
                   2 |   "a": [{"prefix": ["x"]}],
                     |                    ^
                p.json:3:21: error[P017]: numeric range is empty: > 5 and < 1
                   3 |   "b": [{"numeric": [">", 5, "<", 1]}]
                     |                     ^

                """
        )
        #expect(self.problems(#"{"a": [1]} x"#).contains("<pattern>:1:12: error[P001]: found more text"))
        #expect(self.problems(#"{"a": [1],}"#).contains("<pattern>:1:11: error[P001]: "))
        // A line that JSON does not end where YAML would.
        #expect(self.problems("{\"a\u{2028}\": 5}").contains("<pattern>:1:8: error[P005]"))
    }

    @Test func `YAML is held to the rules of handlers`() {
        #expect(
            self.problems("payload:\n  a: [{ prefx: x }]\n", "p.yaml") == """
                p.yaml:2:9: error[P007]: unknown operator `prefx`; did you mean `prefix`?
                   2 |   a: [{ prefx: x }]
                     |         ^^^^^

                """
        )
        #expect(self.problems("a: [x", "p.yml").contains("error[R003]"))
        #expect(self.problems("a: &x [1]").contains("error[R006]"))
        #expect(self.problems("a: 1\na: 2").contains("error[R009]"))
        #expect(self.problems("a: 012").contains("1:4: error[R032]"))
        #expect(
            self.problems("a: 1\n---\nb: 1").contains("3:1: error[R008]: one pattern is meant here, found 2 documents")
        )
        #expect(self.problems("", "p.yaml").contains("1:1: error[R008]: one pattern is meant here, found 0 documents"))
        #expect(self.problems("a: ${NOPE}").contains("error[R040]"))
        #expect(self.problems("- a").contains("1:1: error[P002]: a pattern is an object of fields, found a list"))
    }

    @Test func `problems of both patterns are told`() {
        let text = self.problems("a: []", not: "b: []")
        #expect(text.contains("<not>:1:4: error[P004]") && text.contains("<pattern>:1:4: error[P004]"))
    }

    @Test func `what is no text is refused`() {
        let loader = PatternLoader(environment: [:])
        #expect(loader.pattern(([0xFF, 0x7B], "x")) == nil)
        #expect(loader.pattern((Array(repeating: 0x20, count: 1 << 21), "y")) == nil)
        #expect(loader.diagnostics.map(\.code) == [.notText, .tooLarge])
    }

    @Test func `a folder of patterns is read in order, and all that is wrong is told`() throws {
        let folder = try TemporaryFolder([
            "p/b.json": #"{"a": [1]}"#, "p/a.yaml": "a: 1", "p/a.yml": "a: 2", "p/.hidden.json": "x",
            "p/sub/c.json": "x",
        ])
        let good = PatternLoader(environment: [:])
        #expect(good.patterns(in: folder.path + "/p").map(\.name) == ["a", "a", "b"])
        #expect(good.diagnostics.isEmpty)

        try folder.write("p/c.json", Array("{".utf8))
        try folder.write("p/d.yaml", Array("x: []".utf8))
        try folder.write("p/e.txt", Array("x".utf8))
        let bad = PatternLoader(environment: [:])
        _ = bad.patterns(in: folder.path + "/p/")
        #expect(bad.hasErrors)
        #expect(bad.diagnostics.map(\.codeText) == ["P001", "P004", "R028"])
        #expect(bad.diagnostics.map { folder.shortened($0.place.text) } == ["p/c.json:1:2", "p/d.yaml:1:4", "p/e.txt"])

        let none = PatternLoader(environment: [:])
        #expect(none.patterns(in: folder.path + "/p/sub/none").isEmpty)
        _ = none.patterns(in: folder.path)
        #expect(none.diagnostics.map(\.code) == [.noPatterns, .unreadable])
    }

    @Test func `arguments are texts, files or standard input`() {
        #expect(TextArgument("-") == .standardInput)
        for text in ["{\"a\": 1}", "  {a: 1}", "[", "a: 1", "a:\n  b", "", " "] {
            #expect(TextArgument(text) == .literal(text), "\(text)")
        }
        for path in ["a.json", "./-", "patterns/x.yaml", "C:x", "a b"] {
            #expect(TextArgument(path) == .file(path), "\(path)")
        }
        #expect(TextArgument("-").name("event") == "<stdin>")
        #expect(TextArgument("{}").name("event") == "<event>")
        #expect(TextArgument("e.json").name("event") == "e.json")
    }
}
