import Testing

@testable import ReactorConfig

struct YAMLReaderTests {
    private func problems(_ text: String) -> [String] {
        YAMLReader(SourceText(name: "a.yaml", text: text)).problems.map {
            "\($0.position.line):\($0.position.column) \($0.code.rawValue) \($0.message)"
        }
    }

    private func outline(_ text: String) -> String {
        YAMLReader(SourceText(name: "a.yaml", text: text)).documents.map(Self.outline).joined(separator: "---")
    }

    private static func outline(_ node: YAMLNode) -> String {
        switch node {
        case .scalar(let scalar): scalar.style == .plain ? scalar.text : "\"\(scalar.text)\""
        case .sequence(let elements, _): "[" + elements.map(Self.outline).joined(separator: ",") + "]"
        case .mapping(let members, _):
            "{" + members.map { "\($0.key)@\($0.position.column):\(Self.outline($0.value))" }.joined(separator: ",")
                + "}"
        }
    }

    @Test func `scalars stay what they look like, and on is a key`() {
        #expect(self.outline("on: [no, 012, 1:30, 1e3, 1.10, off]") == "{on@1:[no,012,1:30,1e3,1.10,off]}")
        #expect(self.outline("a: |\n  x\n  y\nb: 'c'\nc: \"d\\n\"") == "{a@1:\"x\ny\n\",b@1:\"c\",c@1:\"d\n\"}")
        #expect(self.outline("\u{FEFF}a: 1") == "{a@1:1}")
        #expect(self.outline("") == "")
        #expect(self.outline("# nothing\n---\na: 1\n---\n---\nb: 2") == "{a@1:1}---{b@1:2}")
    }

    @Test func `columns count characters`() {
        #expect(self.outline("{äöü: 1, 😀: 2, x: 3}") == "{äöü@2:1,😀@10:2,x@16:3}")
    }

    @Test func `anchors, aliases and tags are refused at their place`() {
        let text = "anchors and aliases are not supported: write the value out, or quote it if it is text"
        #expect(self.problems("a: &x [1]\nb: 2") == ["1:4 R006 \(text)"])
        let alias = "`*` begins an alias in YAML, and aliases are not supported; if text is meant, quote it:"
        #expect(self.problems("on: *") == ["1:5 R006 \(alias) \"*\""])
        #expect(self.problems("on: [*run.failed, b]") == ["1:6 R006 \(alias) \"*run.failed\""])
        #expect(self.problems("<<: *base") == ["1:5 R006 \(alias) \"*base\""])
        let tag = "tags are not supported: the field decides how its value is read; quote it if it is text"
        #expect(self.problems("a: !!binary aGk=\nb: !x {}") == ["1:4 R007 \(tag)", "2:4 R007 \(tag)"])
        #expect(self.problems("a: ! x\nb: !!str \"x\"") == ["1:4 R007 \(tag)", "2:4 R007 \(tag)"])
    }

    @Test func `a star, ampersand or exclamation mark inside a text is text`() {
        let text = "a: \"*x &y !z\" # *c\nb: a *b\nc: |\n  * one\n  * two\nd: '*'\ne: x&y!"
        #expect(self.problems(text).isEmpty)
        #expect(self.outline(text).contains("b@1:a *b,c@1:\"* one\n* two\n\",d@1:\"*\",e@1:x&y!"))
    }

    @Test func `every key that stands twice is found`() {
        let text = "a: 1\nb: {c: 1, c: 2}\na: 2\n\"d\": 1\nd: 2\na: 3"
        #expect(
            self.problems(text) == [
                "2:11 R009 `c` stands twice in this mapping; it is already at line 2",
                "3:1 R009 `a` stands twice in this mapping; it is already at line 1",
                "5:1 R009 `d` stands twice in this mapping; it is already at line 4",
                "6:1 R009 `a` stands twice in this mapping; it is already at line 1",
            ]
        )
        #expect(self.outline(text) == "{a@1:1,b@1:{c@5:1},d@1:1}")
        #expect(self.problems("\"\": 1\n\"\": 2") == ["1:1 R009 this key stands twice in its mapping"])
    }

    @Test func `a key must be text`() {
        #expect(self.problems("{[a]: 1}") == ["1:2 R010 a key must be a single text, found a list"])
        #expect(self.problems("a: {{payload.run_id}}") == ["1:4 R010 a text that begins with `{{` must be quoted"])
        #expect(self.problems("? {a: 1}\n: 2") == ["1:3 R010 a key must be a single text, found a mapping"])
    }

    @Test func `nesting has a bound and never overflows the stack`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(self.problems(nested(32)).isEmpty)
        #expect(self.problems(nested(33)) == ["1:33 R005 nested deeper than 32 levels"])
        #expect(self.problems(nested(100_000)).map { $0.contains("R005") } == [true])
        #expect(self.problems(String(repeating: "{a: ", count: 50_000)).map { $0.contains("R005") } == [true])
        #expect(self.problems(String(repeating: "- ", count: 100_000)).map { $0.contains("R005") } == [true])
        #expect(self.problems(String(repeating: "? ", count: 100_000)).map { $0.contains("R005") } == [true])
    }

    @Test func `a bomb of aliases is refused without being expanded`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...60 {
            let alias = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]\n"
        }
        text += "? *a60\n: 1\n? *a60\n: 2\n"
        let clock = ContinuousClock()
        var found: [String] = []
        let elapsed = clock.measure { found = self.problems(text) }
        #expect(found.count == 63)
        #expect(found.allSatisfy { $0.contains("R006") })
        // Expanding it would take longer than the universe has lasted; the bound only has to be far below that.
        #expect(elapsed < .seconds(10))
    }

    @Test func `what is no YAML is told with its place and a hint`() {
        #expect(
            self.problems("a: b: c")
                == [
                    "1:5 R003 not valid YAML: mapping values are not allowed in this context; "
                        + "a text that holds `: ` must be quoted"
                ]
        )
        #expect(
            self.problems("a:\n\tb: 1")
                == [
                    "2:1 R003 not valid YAML: found character that cannot start any token "
                        + "(while scanning for the next token); indent with blanks, never with tabs"
                ]
        )
        #expect(
            self.problems("a: @b")
                == [
                    "1:4 R003 not valid YAML: found character that cannot start any token "
                        + "(while scanning for the next token); a text that begins so must be quoted"
                ]
        )
        #expect(
            self.problems("a: {b: ${C}, d: 1}").map { $0.contains("; a text with `${` must be quoted here") } == [true]
        )
        #expect(self.problems("a: \u{1}") == ["1:4 R002 the character U+0001 is not allowed in YAML"])
        #expect(self.problems("a: [1,").map { $0.contains("R003") } == [true])
    }
}
