import EventPatterns
import Testing

@Suite struct `Analysis` {
    private static func rule(
        _ name: String,
        _ on: String,
        _ match: String? = nil,
        not: String? = nil,
        publishes: [String] = []
    ) throws -> AnalyzedRule {
        AnalyzedRule(
            name: name,
            on: try on.split(separator: " ").map { try #require(TypePattern(String($0))) },
            match: try match.map {
                try EventPattern.parse(json: Array($0.utf8), not: not.map { Array($0.utf8) })
            },
            publishes: publishes
        )
    }

    private static func codes(_ rules: [AnalyzedRule], known: [String] = []) -> [PatternFinding.Code] {
        PatternAnalysis.findings(rules, knownTypes: known).map(\.code)
    }

    private static func codes(_ pattern: String) throws -> [PatternFinding.Code] {
        PatternAnalysis.findings(try EventPattern.parse(json: pattern)).map(\.code)
    }

    @Test func `patterns that can never match`() throws {
        #expect(Self.codes([try Self.rule("a", "run.failed", #"{"event_type":["run.started"]}"#)]) == [.neverMatches])
        #expect(Self.codes([try Self.rule("a", "run.*", #"{"event_type":["cost.recorded"]}"#)]) == [.neverMatches])
        #expect(Self.codes([try Self.rule("a", "run.*", #"{"event_type":[{"prefix":"cost."}]}"#)]) == [.neverMatches])
        #expect(Self.codes([try Self.rule("a", "*", #"{"event_type":[5]}"#)]) == [.neverMatches])
        #expect(Self.codes([try Self.rule("a", "*", #"{"payload":["x"]}"#)]) == [.neverMatches])
        #expect(
            Self.codes([try Self.rule("a", "*", #"{"a":["x","y"]}"#, not: #"{"a":[{"exists":true}]}"#)]) == [
                .neverMatches
            ]
        )
        #expect(try Self.codes(#"{"a":[{"numeric":[">",1,"<",1.0000000000000002]}]}"#) == [.neverMatches])
        #expect(Self.codes([try Self.rule("a", "*", #"{"event_type":{"x":[1]}}"#)]) == [.neverMatches])
        let other = #"{"a":[1]}"#
        for (on, not) in [
            ("x", #"{"event_type":["x","y"]}"#), ("x y", #"{"$or":[{"event_type":["x"]},{"event_type":["y"]}]}"#),
            ("run.*", #"{"event_type":[{"prefix":"ru"}]}"#), ("*", #"{"event_type":[{"exists":true}]}"#),
        ] {
            #expect(Self.codes([try Self.rule("a", on, other, not: not)]) == [.neverMatches], "\(on) \(not)")
        }
        #expect(Self.codes([try Self.rule("a", "x y", other, not: #"{"event_type":["x"]}"#)]) == [])
        #expect(Self.codes([try Self.rule("a", "run.*", other, not: #"{"event_type":[{"prefix":"run.f"}]}"#)]) == [])
        #expect(Self.codes([try Self.rule("a", "x", other, not: #"{"event_type":["x"],"a":[2]}"#)]) == [])
        for fine in [
            #"{"event_type":["run.failed"]}"#, #"{"event_type":[{"suffix":"d"}]}"#, #"{"payload":{"a":["x"]}}"#,
        ] {
            #expect(Self.codes([try Self.rule("a", "run.failed", fine)]) == [])
        }
        #expect(Self.codes([try Self.rule("a", "*", #"{"a":["x","y"]}"#, not: #"{"a":["x"]}"#)]) == [])
    }

    @Test(arguments: [
        (#"{"a":["abc",{"prefix":"ab"}]}"#, 1), (#"{"a":[{"prefix":"ab"},{"prefix":"a"}]}"#, 1),
        (#"{"a":["x","x"]}"#, 1), (#"{"a":["x",{"exists":true}]}"#, 1), (#"{"a":[5,{"numeric":[">",4]}]}"#, 1),
        (#"{"a":[{"numeric":[">",5]},{"numeric":[">=",5]}]}"#, 1), (#"{"a":["10.0.0.1",{"cidr":"10.0.0.0/8"}]}"#, 1),
        (#"{"a":[{"cidr":"10.1.0.0/16"},{"cidr":"10.0.0.0/8"}]}"#, 1), (#"{"a":["x",{"anything-but":"y"}]}"#, 1),
        (#"{"a":["Ab",{"equals-ignore-case":"aB"}]}"#, 1), (#"{"a":["ab",{"wildcard":"a*"}]}"#, 1),
        (#"{"a":[{"anything-but":["x","y"]},{"anything-but":"x"}]}"#, 1), (#"{"a":["x",{"prefix":"y"}]}"#, 0),
        (#"{"a":["x",{"anything-but":"x"}]}"#, 0), (#"{"a":[{"exists":false},{"exists":true}]}"#, 0),
        (#"{"a":["5",5]}"#, 0),
    ])
    func `alternatives that add nothing`(pattern: String, count: Int) throws {
        #expect(try Self.codes(pattern) == Array(repeating: .redundantAlternative, count: count))
    }

    @Test func `branches that add nothing`() throws {
        #expect(try Self.codes(#"{"$or":[{"a":[1]},{"a":[1],"b":[2]}]}"#) == [.redundantBranch])
        #expect(try Self.codes(#"{"$or":[{"a":[1]},{"b":[2]}]}"#) == [])
    }

    @Test func `rules that accept the same, and rules inside others`() throws {
        let rules = [
            try Self.rule("all", "run.*", #"{"a":[{"exists":true}]}"#),
            try Self.rule("same", "run.*", #"{"a":[{"exists":true}]}"#),
            try Self.rule("part", "run.failed", #"{"a":["x"],"b":[1]}"#),
            try Self.rule("other", "cost.*", #"{"a":["x"]}"#),
        ]
        let findings = PatternAnalysis.findings(rules)
        #expect(findings.map(\.code) == [.duplicate, .shadowed])
        #expect(findings.map(\.rule) == [1, 2])
        #expect(findings.map(\.otherRule) == [0, 0])
        #expect(
            findings.map(\.message) == [
                "`same` accepts the same events as `all`", "`part` accepts only events that `all` accepts too",
            ]
        )
        #expect(Self.codes([try Self.rule("a", "x"), try Self.rule("b", "x")]) == [.duplicate])
        #expect(Self.codes([try Self.rule("a", "*"), try Self.rule("b", "x", #"{"a":[1]}"#)]) == [])
        var others = [try Self.rule("a", "x"), try Self.rule("b", "x")]
        others[0].does = "page"
        #expect(Self.codes(others) == [], "two handlers for one type are usual, unless they do the same")
        others[1].does = "page"
        #expect(Self.codes(others) == [.duplicate])
        others[1].isCompared = false
        #expect(Self.codes(others) == [])
        #expect(
            Self.codes([
                try Self.rule("a", "x", #"{"a":[1]}"#, not: #"{"b":[1]}"#), try Self.rule("b", "x", #"{"a":[1]}"#),
            ]) == [.shadowed]
        )
    }

    @Test func `types one edit away`() throws {
        let known = ["run.failed", "run.started"]
        let findings = PatternAnalysis.findings([try Self.rule("a", "run.faild")], knownTypes: known)
        #expect(findings.map(\.message) == ["nobody publishes `run.faild`; did you mean `run.failed`?"])
        #expect(findings.map(\.type) == ["run.faild"])
        #expect(findings.map(\.suggestion) == ["run.failed"])
        let types = KnownTypes(known + ["order.v1", "job.1", "x"])
        for (written, meant) in [
            ("run.failde", "run.failed"), ("un.failed", "run.failed"), ("run.failedd", "run.failed"),
            ("rum.failed", "run.failed"), ("run.started", nil), ("run.fold", nil), ("run.stratedd", nil),
            ("run.sdarted", "run.started"), ("urn.started", "run.started"), ("", "x"),
            // Another number is another name.
            ("order.v2", nil), ("order.v", nil), ("order.v11", nil), ("ordre.v1", "order.v1"), ("job.2", nil),
        ] {
            #expect(types.similar(to: written) == meant, "\(written)")
        }
        #expect(Self.codes([try Self.rule("a", "run.*")], known: known) == [])
    }

    @Test func `loops through publish`() throws {
        let rules = [
            try Self.rule("self", "a.*", publishes: ["a.x"]), try Self.rule("one", "b", publishes: ["c", "z"]),
            try Self.rule("two", "c", publishes: ["d"]), try Self.rule("three", "d", publishes: ["b"]),
            try Self.rule("end", "z", publishes: ["nobody"]),
        ]
        let findings = PatternAnalysis.findings(rules)
        #expect(findings.map(\.code) == [.publishesToItself, .publishLoop])
        #expect(findings.map(\.rule) == [0, 1])
        #expect(findings.map(\.otherRule) == [nil, 2])
        #expect(findings.map(\.publication) == [0, 0])
        #expect(
            findings.map(\.message) == [
                "`self` publishes `a.x`, which it also listens to: an endless loop",
                "`one` publishes `c` for `two`, which publishes `d` for `three`, which publishes `b` for `one`: "
                    + "possible endless loop",
            ]
        )
        var off = rules
        off[0].isEnabled = false
        off[2].isEnabled = false
        #expect(PatternAnalysis.findings(off) == [])
    }

    @Test func `cost at worst`() throws {
        let small = PatternCost(
            of: try EventPattern.parse(json: #"{"a":["x",{"wildcard":"*a*"}],"b":[{"anything-but":["c","d"]}]}"#)
        )
        #expect(small.tests == 5)
        #expect(small.stars == 2)
        #expect(small.weight == 14)
        let list = (0..<1_200).map { "\"v\($0)\"" }.joined(separator: ",")
        #expect(try Self.codes("{\"a\":[\(list)]}") == [.costly])
    }

    @Test func `codes are stable and differ`() {
        #expect(PatternFinding.Code.allCases.map(\.rawValue) == (1...9).map { "P10\($0)" })
    }
}
