import EventPatterns
import Events
import SeededRandom
import Testing

@Suite struct `Rule matcher` {
    private static func rule(_ on: String..., match: String? = nil, priority: Int = 0) throws -> RuleSpecification {
        RuleSpecification(
            on: try on.map { try #require(TypePattern($0)) },
            match: try match.map { try EventPattern.parse(json: $0) },
            priority: priority
        )
    }

    /// The rules that accept an event, by the way that the reactor goes.
    private static func match(_ matcher: RuleMatcher, type: String, payload: String = "{}") throws -> [Int] {
        let decoder = EnvelopeDecoder(fields: matcher.fields)
        let frame = Array("{\"event_type\":\"\(type)\",\"source\":\"s\",\"payload\":\(payload)}".utf8)
        return try frame.withUnsafeBytes { bytes in
            guard case .envelope(let envelope) = decoder.decode(ByteView(bytes), arrivedAt: Timestamp(microseconds: 0))
            else { throw Refused() }
            return matcher.match(eventType: envelope.eventType, leaves: decoder.leaves).map { Int($0) }
        }
    }

    private struct Refused: Error {}

    @Test func `higher priority comes first, then exact types, then the order given`() throws {
        let matcher = RuleMatcher([
            try Self.rule("*"), try Self.rule("run.*"), try Self.rule("run.failed"), try Self.rule("*", priority: 5),
            try Self.rule("run.failed", priority: -1), try Self.rule("run.failed", "*", priority: 5),
            try Self.rule("run.failed"), try Self.rule("cost.recorded", "run.*"),
        ])
        #expect(try Self.match(matcher, type: "run.failed") == [5, 3, 2, 6, 0, 1, 7, 4])
        #expect(try Self.match(matcher, type: "run.started") == [3, 5, 0, 1, 7])
        #expect(try Self.match(matcher, type: "cost.recorded") == [3, 5, 7, 0])
        #expect(try Self.match(matcher, type: "run") == [3, 5, 0])
    }

    @Test func `what is remembered of a type says what looking at the event would say`() throws {
        var random = SplitMix64(seed: 20_261_122)
        let types = ["a", "a.b", "a.b.c", "x", "other"]
        let ons = [["*"], ["a"], ["a.b"], ["a.*"], ["a", "x"], ["a.b.c"], ["x"], ["a.b", "*"]]
        let patterns = [nil, nil, nil, #"{"payload":{"n":[1]}}"#, #"{"payload":{"n":[{"exists":false}]}}"#]
        for set in 0..<60 {
            // Half of the sets have no patterns, so that all of their types settle.
            let hasPatterns = set.isMultiple(of: 2)
            let rules = try (0..<Int.random(in: 0...24, using: &random)).map { _ in
                RuleSpecification(
                    on: try #require(ons.randomElement(using: &random)).map { try #require(TypePattern($0)) },
                    match: try (hasPatterns ? patterns.randomElement(using: &random) ?? nil : nil)
                        .map { try EventPattern.parse(json: $0) },
                    priority: Int.random(in: 0...2, using: &random)
                )
            }
            var present = rules
            let matcher = RuleMatcher(rules)
            for round in 0..<30 {
                if round == 20 {
                    // Rules that come later are heard as well.
                    present.append(try Self.rule("a", "x"))
                    _ = matcher.add(try Self.rule("a", "x"))
                }
                let type = try #require(types.randomElement(using: &random))
                let payload = try #require(["{}", #"{"n":1}"#, #"{"n":2}"#].randomElement(using: &random))
                let fresh = RuleMatcher(present)
                #expect(
                    try Self.match(matcher, type: type, payload: payload)
                        == Self.match(fresh, type: type, payload: payload)
                )
            }
        }
    }

    @Test func `a type with more rules than are remembered is matched anew each time`() throws {
        let matcher = RuleMatcher(try (0..<40).map { _ in try Self.rule("run.failed") })
        for _ in 0..<3 { #expect(try Self.match(matcher, type: "run.failed") == Array(0..<40)) }
    }

    @Test func `types are compared by bytes`() throws {
        let matcher = RuleMatcher([try Self.rule("caf\u{e9}"), try Self.rule("e\u{301}.*")])
        #expect(try Self.match(matcher, type: "caf\u{e9}") == [0])
        #expect(try Self.match(matcher, type: "cafe\u{301}") == [])
        #expect(try Self.match(matcher, type: "\u{e9}.x") == [])
        #expect(try Self.match(matcher, type: "e\u{301}.x") == [1])
    }

    @Test func `a rule that listens to nothing accepts nothing`() throws {
        let matcher = RuleMatcher([RuleSpecification(on: [])])
        #expect(try Self.match(matcher, type: "a") == [])
        #expect(try Self.match(RuleMatcher([]), type: "a") == [])
    }

    @Test func `patterns read the envelope and the payload`() throws {
        let matcher = RuleMatcher([
            try Self.rule("*", match: #"{"payload":{"cost":[{"numeric":[">",25]}]}}"#),
            try Self.rule("*", match: #"{"event_type":[{"prefix":"run."}],"source":["s"]}"#),
        ])
        #expect(try Self.match(matcher, type: "run.x", payload: #"{"cost":25.5}"#) == [0, 1])
        #expect(try Self.match(matcher, type: "x", payload: #"{"cost":25}"#) == [])
    }

    @Test func `of many ranges side by side those that hold a number are found, ends included or not`() throws {
        // [0, 10], (10, 20], [20, 30), [30, 30], [30, 40), ... and a few that overlap nothing.
        let ranges: [(low: Double, high: Double, lowOpen: Bool, highOpen: Bool)] = (0..<40).flatMap { index in
            let low = Double(index) * 10
            let own = (low, low + 10, index % 3 == 1, index % 2 == 0 && index > 0)
            return index % 5 == 3 ? [(low, low, false, false), own] : [own]
        }
        for isApart in [true, false] {
            // One wide range makes the set one that is not side by side.
            let all = ranges + (isApart ? [] : [(low: -5, high: 395, lowOpen: true, highOpen: true)])
            let matcher = RuleMatcher(
                try all.map { range in
                    let (from, to) = (range.lowOpen ? ">" : ">=", range.highOpen ? "<" : "<=")
                    let test =
                        range.low == range.high
                        ? #"["=",\#(range.low)]"# : #"["\#(from)",\#(range.low),"\#(to)",\#(range.high)]"#
                    return try Self.rule("*", match: "{\"payload\":{\"n\":[{\"numeric\":\(test)}]}}")
                }
            )
            for value in stride(from: -12.5, through: 412.5, by: 2.5) {
                let expected = all.indices.filter { index in
                    let range = all[index]
                    return (range.lowOpen ? value > range.low : value >= range.low)
                        && (range.highOpen ? value < range.high : value <= range.high)
                }
                #expect(try Self.match(matcher, type: "a", payload: "{\"n\":\(value)}") == expected, "\(value)")
            }
        }
    }

    @Test func `a value that all rules exclude, one that some exclude, and one that none does`() throws {
        let matcher = RuleMatcher(
            try (0..<70).map { index in
                try Self.rule("*", match: #"{"payload":{"s":[{"anything-but":["ok","ok","s\#(index % 7)"]}]}}"#)
            }
        )
        #expect(try Self.match(matcher, type: "a", payload: #"{"s":"ok"}"#) == [])
        #expect(try Self.match(matcher, type: "a", payload: #"{"s":"s3"}"#) == (0..<70).filter { $0 % 7 != 3 })
        #expect(try Self.match(matcher, type: "a", payload: #"{"s":"other"}"#) == Array(0..<70))
        #expect(try Self.match(matcher, type: "a", payload: #"{"s":["ok","s1"]}"#) == (0..<70).filter { $0 % 7 != 1 })
        #expect(try Self.match(matcher, type: "a", payload: #"{"s":["ok","ok"]}"#) == [])
    }

    @Test func `an added rule works at once, also with a new path`() throws {
        let matcher = RuleMatcher([try Self.rule("a", match: #"{"payload":{"x":[1]}}"#)])
        for number in 1...200 {
            let rule = try Self.rule("a", match: "{\"payload\":{\"f\(number % 7)\":[\(number)]}}", priority: number % 3)
            #expect(matcher.add(rule) == Int32(number))
        }
        #expect(try Self.match(matcher, type: "a", payload: #"{"x":1,"f3":[3,10,17,143]}"#) == [17, 143, 10, 0, 3])
        #expect(try Self.match(matcher, type: "b", payload: #"{"x":1}"#) == [])
        let expected = try Self.match(matcher, type: "a", payload: #"{"x":1,"f3":[3,10,17,143]}"#)
        matcher.replace(matcher.rules.compacted())
        #expect(try Self.match(matcher, type: "a", payload: #"{"x":1,"f3":[3,10,17,143]}"#) == expected)
        #expect(matcher.add(try Self.rule("b")) == 201)
        #expect(try Self.match(matcher, type: "b") == [201])
    }

    @Test func `rules are replaced as a whole`() throws {
        let matcher = RuleMatcher([try Self.rule("a")])
        matcher.replace(CompiledRules([try Self.rule("b", match: #"{"payload":{"x":[1]}}"#)]))
        #expect(try Self.match(matcher, type: "a") == [])
        #expect(try Self.match(matcher, type: "b", payload: #"{"x":1}"#) == [0])
    }

    @Test func `the types that rules name are known`() throws {
        let matcher = RuleMatcher([try Self.rule("a", "b.*"), try Self.rule("c", "a"), try Self.rule("*")])
        matcher.add(try Self.rule("d"))
        #expect(matcher.exactTypes == ["a", "c", "d"])
        #expect(matcher.exactTypeIndex(of: "c") == 1)
        #expect(matcher.exactTypeIndex(of: "d") == 2)
        #expect(matcher.exactTypeIndex(of: "b.x") == nil)
    }

    /// With every kind of index in one field, and more rules than are tested one after the other.
    @Test func `all kinds of tests find their rules in one field`() throws {
        let tests = [
            #""k1""#, #"{"prefix":"k1"}"#, #"{"suffix":"1"}"#, #"{"wildcard":"k*1"}"#, #"{"wildcard":"*k1*"}"#,
            #"{"equals-ignore-case":"K1"}"#, #"{"prefix":{"equals-ignore-case":"K"}}"#,
            #"{"suffix":{"equals-ignore-case":"1"}}"#, #"{"anything-but":"x"}"#, #"{"exists":true}"#, #""10.0.0.1""#,
            #"{"cidr":"10.0.0.0/8"}"#, "7", #"{"numeric":[">",6]}"#, #"{"numeric":[">",6,"<",8]}"#, "true", "null",
            #"{"exists":false}"#,
        ]
        let matcher = RuleMatcher(try tests.map { try Self.rule("*", match: "{\"payload\":{\"a\":[\($0)]}}") })
        #expect(try Self.match(matcher, type: "t", payload: #"{"a":"k1"}"#) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        #expect(try Self.match(matcher, type: "t", payload: #"{"a":"10.0.0.1"}"#) == [2, 7, 8, 9, 10, 11])
        #expect(try Self.match(matcher, type: "t", payload: #"{"a":7.0}"#) == [8, 9, 12, 13, 14])
        #expect(try Self.match(matcher, type: "t", payload: #"{"a":[true,null]}"#) == [8, 9, 15, 16])
        #expect(try Self.match(matcher, type: "t") == [17])
    }

    /// Once read a field behind the last one; `make fuzz` sees such reads (`Fuzz/Patterns/seeds/arrays`).
    @Test func `a rule without fields accepts events with lists`() throws {
        let not = try EventPattern(not: try PatternNode.parse(json: Array(#"{"a":{"x":[5]}}"#.utf8)))
        let other = try EventPattern.parse(json: #"{"a":{"x":[1],"y":[{"exists":false}]}}"#)
        for scanLimit in [0, Int.max] {
            let rules = [other, nil, not].map { RuleSpecification(on: [.any], match: $0) }
            let matcher = RuleMatcher(CompiledRules(rules, scanLimit: scanLimit))
            for (event, expected) in [
                (#"{"a":[{"x":1},{"y":2}]}"#, [0, 1, 2]), (#"{"a":[{"x":5},{"y":2}]}"#, [1]), ("{}", [1, 2]),
            ] {
                let document = try EventDocument(json: Array(event.utf8), paths: matcher.paths)
                #expect(matcher.match(eventType: "t", document: document).map { Int($0) } == expected, "\(event)")
            }
        }
    }
}
