import EventPatterns
import Events
import Testing

@Suite struct `Explanations` {
    private static func explain(_ pattern: String, not: String? = nil, _ event: String) throws -> Explanation {
        let compiled = try EventPattern.parse(json: Array(pattern.utf8), not: not.map { Array($0.utf8) })
        return try compiled.explain(json: Array(event.utf8))
    }

    struct Row: CustomTestStringConvertible, Sendable {
        var pattern: String
        var event: String
        var says: String

        init(_ pattern: String, _ event: String, _ says: String) {
            self.pattern = pattern
            self.event = event
            self.says = says
        }

        var testDescription: String { "\(self.pattern) and \(self.event)" }
    }

    @Test(arguments: [
        Row(
            #"{"p":{"cost":[{"numeric":[">",25]}]}}"#,
            #"{"p":{"cost":12.50}}"#,
            "p.cost: expected numeric > 25, found 12.50"
        ),
        Row(#"{"p":{"cost":[{"numeric":[">",25]}]}}"#, #"{"p":{}}"#, "p.cost: expected numeric > 25, found nothing"),
        Row(#"{"a":["x",{"prefix":"y"}]}"#, #"{"a":["é","q"]}"#, #"a: expected "x" or prefix "y", found "é", "q""#),
        Row(#"{"a":[{"exists":false}]}"#, #"{"a":null}"#, "a: expected exists false, found null"),
        Row(#"{"b":[1],"a":[2]}"#, #"{"a":3,"b":3}"#, "b: expected 1, found 3"),
        Row(#"{"a":[1]}"#, #"{"a":[2,3,4,5,6]}"#, "a: expected 1, found 2, 3, 4 and 2 more"),
        Row(#"{"a":[{"cidr":"10.9.8.7/8"}]}"#, #"{"a":"x"}"#, #"a: expected cidr 10.0.0.0/8, found "x""#),
        Row(#"{"a":["10.0.0.1"]}"#, #"{"a":1}"#, "a: expected the address 10.0.0.1, found 1"),
        Row(
            #"{"a":[{"anything-but":{"wildcard":"*x"}}]}"#,
            #"{"a":"zx"}"#,
            #"a: expected anything-but wildcard "*x", found "zx""#
        ),
        Row(
            #"{"a":{"x":[1],"y":[2]}}"#,
            #"{"a":[{"x":1},{"y":2}]}"#,
            "a.x, a.y: each matches, but in different elements of one array"
        ),
        Row(#"{"a":{"b":["x"]}}"#, #"{"a":{"b":{"c":1}}}"#, #"a.b: expected "x", found an object"#),
        Row(#"{"a":{"b":["x"]}}"#, #"{"a.b":[{}]}"#, #"a.b: expected "x", found a list without values"#),
        // The branch that gets the furthest.
        Row(#"{"$or":[{"a":[1],"b":[1]},{"a":[5],"c":[1]}]}"#, #"{"a":1}"#, "b: expected 1, found nothing"),
    ])
    func `name the first failing leaf`(row: Row) throws {
        let explanation = try Self.explain(row.pattern, row.event)
        #expect(!explanation.isMatch)
        #expect(explanation.description == row.says)
    }

    @Test func `give path, operator, expected, actual and the place in the pattern apart`() throws {
        let failure = try #require(
            try Self.explain("{\n \"p\": {\"n\": [{\"prefix\": \"run.\"}]}}", #"{"p":{"n":"x"}}"#).failure
        )
        #expect(failure.reason == .mismatch)
        #expect(failure.path == "p.n")
        #expect(failure.operatorName == "prefix")
        #expect(failure.expected == #"prefix "run.""#)
        #expect(failure.actual == #""x""#)
        #expect(failure.mark == PatternMark(line: 2, column: 13))
    }

    @Test func `name the leaves that matched`() throws {
        let explanation = try Self.explain(
            #"{"b":[{"exists":false}],"a":{"x":["q",{"suffix":"nd"}],"y":[{"numeric":["<",3]}]}}"#,
            #"{"a":[{"x":"found","y":7},{"x":"end","y":2}]}"#
        )
        #expect(
            explanation.matchedLeaves.map(\.description) == [
                "b: exists false, found nothing", #"a.x: suffix "nd", found "end""#, "a.y: numeric < 3, found 2",
            ]
        )
        #expect(explanation.matchedLeaves.map(\.operatorName) == ["exists", "suffix", "numeric"])
    }

    @Test func `say when not matches`() throws {
        let explanation = try Self.explain(#"{"a":[{"exists":true}]}"#, not: #"{"b":["x"]}"#, #"{"a":1,"b":"x"}"#)
        #expect(explanation.failure?.reason == .excluded)
        #expect(explanation.description == #"`not` matches: b: "x", found "x""#)
        #expect(try Self.explain(#"{"a":[1]}"#, not: #"{"b":["x"]}"#, #"{"a":1,"b":"y"}"#).isMatch)
    }

    @Test func `refuse what is not JSON`() throws {
        #expect(throws: JSONError.self) { try Self.explain(#"{"a":[1]}"#, "{") }
    }

    @Test func `agree with the matcher on random pairs`() throws {
        for theme in RandomPatterns.Theme.allCases {
            var patterns = RandomPatterns(seed: 9, theme: theme)
            for _ in 0..<60 {
                let pattern = try EventPattern(
                    patterns.pattern(),
                    not: patterns.random.once(in: 4) ? patterns.pattern() : nil
                )
                let explainer = PatternExplainer(pattern)
                let harness = MatcherHarness([pattern])
                for _ in 0..<10 {
                    let event = patterns.event()
                    let explanation = try explainer.explain(json: Array(event.utf8))
                    #expect(explanation.isMatch == (try harness.matches(event) == [0]), "\(event)")
                }
            }
        }
    }
}
