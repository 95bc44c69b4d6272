import Events
import Reactions
import Testing

@Suite struct TemplateTreeTests {
    @Test func `a leaf of exactly one tag keeps the type of its value`() throws {
        let event = try SampleEvent("x", payload: ["n": .number("1.50"), "list": [1, "a"], "flag": false])
        let tree = try TemplateTree([
            "n": "{{payload.n}}", "text": "{{payload.n}} USD", "list": "{{payload.list}}", "flag": "{{payload.flag}}",
            "fixed": 3, "absent": "{{payload.absent}}", "deep": [["type": "{{event_type}}"]],
        ])
        var context = event.context
        let rendered = try tree.render(&context)
        #expect(
            rendered == [
                "n": .number("1.50"), "text": "1.50 USD", "list": [1, "a"], "flag": false, "fixed": 3, "absent": nil,
                "deep": [["type": "x"]],
            ]
        )
        #expect(context.missing == ["payload.absent"])
    }

    @Test func `a bad leaf is named by its way`() {
        let error = #expect(throws: TemplateTreeError.self) {
            try TemplateTree(["a": ["fine", ["b": "{{nope}}"]]])
        }
        #expect(error?.path == ["a", "1", "b"])
        #expect(error?.error.message.hasPrefix("unknown name \"nope\"") == true)
    }

    @Test func `a tree without tags is static`() throws {
        #expect(try TemplateTree(["a": "x", "b": [1, nil]]).isStatic)
        #expect(try !TemplateTree(["a": ["{{run_id}}"]]).isStatic)
    }
}
