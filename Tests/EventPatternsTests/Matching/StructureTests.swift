import EventPatterns
import Events
import Testing

/// Paths, arrays, `$or` and `not`.
@Suite struct `Structure` {
    struct Row: CustomTestStringConvertible, Sendable {
        var pattern: String
        var event: String
        var isMatch: Bool

        init(_ pattern: String, _ event: String, _ isMatch: Bool) {
            self.pattern = pattern
            self.event = event
            self.isMatch = isMatch
        }

        var testDescription: String { "\(self.pattern) and \(self.event)" }
    }

    private static func check(_ row: Row) throws {
        let pattern = try EventPattern.parse(json: row.pattern)
        #expect(try MatcherHarness([pattern]).matches(row.event) == (row.isMatch ? [0] : []))
        let naive = NaiveMatcher.matches(
            try PatternNode.parse(json: Array(row.pattern.utf8)),
            event: try PatternNode.parse(json: Array(row.event.utf8))
        )
        #expect(naive == row.isMatch, "naive")
    }

    @Test(arguments: [
        Row(#"{"a.b":[1]}"#, #"{"a":{"b":1}}"#, true), Row(#"{"a":{"b":[1]}}"#, #"{"a.b":1}"#, true),
        Row(#"{"":[1]}"#, #"{"":1}"#, true), Row(#"{"a":{"":[1]}}"#, #"{"a":{"":1}}"#, true),
        Row(#"{"A":[1]}"#, #"{"a":1}"#, false), Row(#"{"a":{"prefix":["x"]}}"#, #"{"a":{"prefix":"x"}}"#, true),
        Row(#"{"a":{"prefix":["x"]}}"#, #"{"a":"xy"}"#, false), Row(#"{"a":[1],"b":[2]}"#, #"{"a":1}"#, false),
        Row(#"{"a":[1],"a":[2]}"#, #"{"a":1}"#, false), Row(#"{"a":[1],"a":[2]}"#, #"{"a":2}"#, true),
        Row(#"{"a":{"x":[1]},"a":{"y":[2]}}"#, #"{"a":{"y":2}}"#, false),
        Row(#"{"\u00e9":[1]}"#, #"{"e\u0301":1}"#, false),
    ])
    func `paths are names joined by dots`(row: Row) throws { try Self.check(row) }

    @Test(arguments: [
        Row(#"{"a":[3]}"#, #"{"a":[[1,[2]],[3]]}"#, true),
        Row(#"{"a":{"x":[1],"y":[2]}}"#, #"{"a":[{"x":1},{"y":2}]}"#, false),
        Row(#"{"a":{"x":[1],"y":[2]}}"#, #"{"a":[{"x":1},{"x":1,"y":2}]}"#, true),
        Row(#"{"a":{"x":[1],"y":[2]}}"#, #"{"a":[[{"x":1}],[{"y":2}]]}"#, false),
        Row(#"{"a":{"x":[1]},"b":{"y":[2]}}"#, #"{"a":[{"x":0},{"x":1}],"b":[{"y":2},{"y":3}]}"#, true),
        Row(
            #"{"a":{"x":[1],"b":{"y":[2],"z":[3]}}}"#,
            #"{"a":[{"x":1,"b":[{"y":2},{"z":3}]},{"b":[{"y":2,"z":3}]}]}"#,
            false
        ),
        Row(#"{"a":{"x":[1],"b":{"y":[2],"z":[3]}}}"#, #"{"a":[{"x":0},{"x":1,"b":[{"y":2},{"y":2,"z":3}]}]}"#, true),
        // Scalars of one array are not elements that must agree.
        Row(#"{"a":[1],"b":[2]}"#, #"{"a":[0,1],"b":[2,3]}"#, true),
    ])
    func `fields are not taken from different elements of one array`(row: Row) throws { try Self.check(row) }

    static let anna = #"{"e":[{"first":"Anna"},{"first":"Bob","ids":[1]}]}"#

    @Test(arguments: [
        Row(#"{"e":{"first":["Anna"],"ids":[{"exists":false}]}}"#, Self.anna, true),
        Row(#"{"e":{"first":["Bob"],"ids":[{"exists":false}]}}"#, Self.anna, false),
        Row(#"{"e":{"ids":[{"exists":false}]}}"#, Self.anna, false),
        // As in Event Ruler, fields are taken in the order of their paths, so "first" comes too late for "a".
        Row(
            #"{"e":{"first":["Anna"],"a":[{"exists":false}]}}"#,
            #"{"e":[{"first":"Anna"},{"first":"Bob","a":1}]}"#,
            false
        ),
    ])
    func `absence beside a sibling is judged in the element of the sibling`(row: Row) throws { try Self.check(row) }

    @Test(arguments: [
        Row(#"{"$or":[{"a":[1]},{"b":[2]}]}"#, #"{"b":2}"#, true),
        Row(#"{"$or":[{"a":[1]},{"b":[2]}]}"#, #"{"b":1}"#, false),
        Row(#"{"c":[3],"$or":[{"a":[1]},{"b":[2]}]}"#, #"{"b":2}"#, false),
        Row(#"{"x":{"$or":[{"a":[1]},{"b":[2]}]}}"#, #"{"x":{"a":1}}"#, true),
        Row(#"{"$or":[{"$or":[{"a":[1]},{"a":[2]}]},{"b":[2]}]}"#, #"{"a":2}"#, true),
        Row(#"{"$or":[{"a":[1]},{"b":[1]}],"$or":[{"c":[1]},{"d":[1]}]}"#, #"{"b":1,"c":1}"#, true),
        Row(#"{"$or":[{"a":[1]},{"b":[1]}],"$or":[{"c":[1]},{"d":[1]}]}"#, #"{"a":1,"b":1}"#, false),
        // A branch replaces what an outer field asked for, and so does a key behind $or.
        Row(#"{"a":[1],"$or":[{"a":[2]},{"b":[2]}]}"#, #"{"a":2}"#, true),
        Row(#"{"$or":[{"a":[1]},{"b":[2]}],"a":[5]}"#, #"{"a":1}"#, false),
        Row(#"{"$or":[{"a":[1]},{"b":[2]}],"a":[5]}"#, #"{"a":5}"#, true),
    ])
    func `branches of $or multiply into their siblings`(row: Row) throws { try Self.check(row) }

    @Test func `not excludes what a whole pattern matches`() throws {
        let pattern = try EventPattern.parse(
            json: Array(#"{"a":[{"exists":true}]}"#.utf8),
            not: Array(#"{"a":["x"],"b":[1]}"#.utf8)
        )
        let harness = MatcherHarness([pattern])
        #expect(try harness.matches(#"{"a":"x","b":1}"#) == [])
        #expect(try harness.matches(#"{"a":"x","b":2}"#) == [0])
        #expect(try harness.matches(#"{"b":2}"#) == [])
        let alone = try EventPattern(not: try PatternNode.parse(json: Array(#"{"a":["x"]}"#.utf8)))
        #expect(try MatcherHarness([alone]).matches("{}") == [0])
        #expect(try MatcherHarness([alone]).matches(#"{"a":["x"]}"#) == [])
    }

    @Test func `of a member that comes twice in an event the last one counts`() throws {
        let harness = MatcherHarness([try EventPattern.parse(json: #"{"p":{"a":[1]}}"#)])
        #expect(try harness.matches(#"{"p":{"a":1,"a":2}}"#) == [])
        #expect(try harness.matches(#"{"p":{"a":2,"a":1}}"#) == [0])
    }
}
