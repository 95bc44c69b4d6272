import Events
import Reactions
import SeededRandom
import Testing

@Suite struct TemplateTests {
    private static let payload: JSONValue = [
        "run_id": "r-1", "cost_usd": .number("25.10"), "big": .number("9007199254740993"), "ok": true, "none": nil,
        "quoted": "a<b>&\"c\"", "items": [["id": "a", "n": 1], ["id": "b", "n": 2]], "names": ["x", "y"], "empty": [],
        "owner": ["name": "Ada", "team": ["lead": "Grace"]],
    ]

    private let event: SampleEvent

    init() throws {
        self.event = try SampleEvent("cost.recorded", payload: Self.payload, tenant: "t-1", eventID: "e-9")
    }

    @Test(arguments: [
        ("plain", "plain"),
        ("", ""),
        ("Run {{payload.run_id}} has cost {{payload.cost_usd}} USD", "Run r-1 has cost 25.10 USD"),
        ("{{event_type}} {{source}} {{run_id}} {{tenant_id}} {{event_id}}", "cost.recorded aos r-1 t-1 e-9"),
        ("{{timestamp}}", "2026-11-21T00:40:00.123456+00:00"),
        ("{{payload.big}}", "9007199254740993"),
        ("{{ payload.ok }}", "true"),
        ("[{{payload.none}}][{{payload.absent}}][{{payload.owner.absent.deeper}}]", "[][][]"),
        ("{{payload.quoted}} {{{payload.quoted}}} {{&payload.quoted}}", "a<b>&\"c\" a<b>&\"c\" a<b>&\"c\""),
        ("{{payload.owner.team.lead}}", "Grace"),
        ("{{payload.owner}}", #"{"name":"Ada","team":{"lead":"Grace"}}"#),
        ("{{payload.names}}", #"["x","y"]"#),
        ("a { b {{run_id}} } c", "a { b r-1 } c"),
        ("line 1\n  {{run_id}}\nline 3", "line 1\n  r-1\nline 3"),
        ("\n{{run_id}}", "\nr-1"),
    ])
    func `tags are replaced by the values of the event`(source: String, expected: String) throws {
        #expect(try self.event.render(source) == expected)
    }

    @Test(arguments: [
        ("{{#payload.items}}{{id}}={{n}};{{/payload.items}}", "a=1;b=2;"),
        ("{{#payload.names}}{{.}}{{^last()}}, {{/last()}}{{/payload.names}}", "x, y"),
        ("{{#payload.items}}{{id}} of {{run_id}} {{/payload.items}}", "a of r-1 b of r-1 "),
        ("{{^payload.empty}}nothing{{/payload.empty}}", "nothing"),
        ("{{#payload.absent}}no{{/payload.absent}}{{^payload.absent}}absent{{/payload.absent}}", "absent"),
        ("{{#payload.ok}}yes{{/payload.ok}}", "yes"),
        ("{{#payload.owner}}{{name}}/{{team.lead}}{{/payload.owner}}", "Ada/Grace"),
        ("{{count(payload.items)}} {{uppercased(payload.run_id)}}", "2 R-1"),
        ("{{! a remark }}{{payload.cost_usd}}", "25.10"),
        ("{{#payload.names}}\n- {{.}}\n{{/payload.names}}\nend", "- x\n- y\nend"),
        ("{{#payload.quoted}}{{.}}{{/payload.quoted}}", "a<b>&\"c\""),
    ])
    func `sections turn over arrays, look into objects and test for presence`(source: String, expected: String) throws {
        #expect(try self.event.render(source) == expected)
    }

    @Test(arguments: [
        ("{{payload.run_id", "1:1: the tag is not closed"),
        ("ab\ncd {{#payload.x}}", "2:"),
        ("{{#payload.x}}{{/payload.y}}", "1:"),
        ("{{paylod.run_id}}", "1:1: unknown name \"paylod\"; an event has event_type, source"),
        ("ok\n  {{run}}", "2:3: unknown name \"run\""),
        ("{{payload.a b}}", "1:"),
        ("{{> other}}", "1:1: partial templates are not offered"),
        ("{{=<% %>=}}", "1:1: other delimiters"),
        ("{{% CONTENT_TYPE:HTML}}", "1:1: pragmas"),
        ("{{}}", "1:1: the tag has no name"),
        ("{{shout(payload.x)}}", "1:1: unknown function \"shout\""),
    ])
    func `a bad template is refused with its place`(source: String, expected: String) {
        let error = #expect(throws: TemplateError.self) { try Template(source) }
        #expect(error?.description.hasPrefix(expected) == true, "\(error?.description ?? "")")
    }

    @Test func `templates that are too long or nested too deep are refused`() {
        #expect(throws: TemplateError.self) { try Template(String(repeating: "x", count: 16 * 1024 + 1)) }
        let open = String(repeating: "{{#payload}}", count: 17)
        let close = String(repeating: "{{/payload}}", count: 17)
        #expect(throws: TemplateError.self) { try Template(open + close) }
    }

    @Test func `a template without tags is static`() throws {
        #expect(try Template("plain").isStatic)
        #expect(try Template("").isStatic)
        #expect(try !Template("{{run_id}}").isStatic)
        #expect(try !Template("{{#payload}}x{{/payload}}").isStatic)
    }

    @Test func `names that the event does not have are reported`() throws {
        var context = self.event.context
        let text = try Template("{{payload.absent}}-{{payload.none}}-{{run_id}}").render(&context)
        #expect(text == "--r-1")
        #expect(context.missing == ["payload.absent", "payload.none"])
    }

    @Test func `the payload is parsed once, and not at all when nothing of it is used`() throws {
        var reads = 0
        var context = TemplateContext(self.event.envelope) { _ in
            reads += 1
            return Self.payload
        }
        _ = try Template("{{event_type}} {{payload.run_id}}").render(&context)
        #expect(reads == 0)
        _ = try Template("{{payload.cost_usd}}").render(&context)
        _ = try Template("{{#payload.items}}{{id}}{{/payload.items}}").render(&context)
        #expect(reads == 1)
    }

    @Test func `a payload that cannot be read fails each time with the cause`() throws {
        struct Broken: Error, CustomStringConvertible { var description: String { "at byte 7" } }
        var reads = 0
        var context = TemplateContext(self.event.envelope) { _ in
            reads += 1
            throw Broken()
        }
        let template = try Template("{{payload.cost_usd}}")
        for _ in 0..<2 {
            let error = #expect(throws: ReactionError.self) { try template.render(&context) }
            #expect(error?.message == "the payload cannot be read: at byte 7")
        }
        #expect(reads == 1)
    }

    @Test func `output is cut at its bound, between characters`() throws {
        let event = try SampleEvent("x", payload: ["text": .string(String(repeating: "é", count: 100))])
        var context = event.context
        let text = try Template("{{payload.text}}").render(&context, limit: 11)
        #expect(text == "ééééé")
        #expect(context.truncations == 1)
    }

    @Test(.timeLimit(.minutes(10)))
    func `sections nested over one long array end at the bound`() throws {
        let event = try SampleEvent("x", payload: ["a": .array(Array(repeating: 1, count: 20_000))])
        var context = event.context
        let source =
            "{{#payload.a}}{{#payload.a}}{{#payload.a}}{{#payload.a}}x{{/payload.a}}{{/payload.a}}{{/payload.a}}"
            + "{{/payload.a}}"
        let text = try Template(source).render(&context)
        #expect(text.utf8.count <= Template.maxOutputBytes)
        #expect(context.truncations == 1)
    }

    @Test func `plain templates render as swift-mustache renders them`() throws {
        var generator = SplitMix64(seed: 11)
        let parts = [
            "{{payload.run_id}}", "{{payload.absent}}", "{{event_type}}", "{{payload.owner}}", "{{payload.cost_usd}}",
            "{{payload.ok}}", "{{payload.none}}", "text", "\n", "  ", "{", "}", "é", "{{{payload.quoted}}}",
        ]
        for _ in 0..<500 {
            let source =
                (0..<Int.random(in: 1...8, using: &generator))
                .map { _ in parts.randomElement(using: &generator) ?? "" }.joined() + "."
            guard let plain = try? Template(source) else { continue }
            var context = self.event.context
            let text = try plain.render(&context)
            // An empty section sends the same text through swift-mustache itself. (Which drops blanks on a last line
            // without an end, hence the dot.)
            let other = try Template("{{#payload.absent}}{{/payload.absent}}x" + source)
            #expect(try other.render(&context) == "x" + text, "\(source)")
        }
    }
}
