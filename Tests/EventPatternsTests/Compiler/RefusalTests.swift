import EventPatterns
import Testing

@Suite struct `Refusals` {
    struct Row: CustomTestStringConvertible, Sendable {
        var pattern: String
        var code: PatternProblem.Code
        var column: Int
        /// Part of the message.
        var says: String

        init(_ pattern: String, _ code: PatternProblem.Code, _ column: Int, _ says: String) {
            self.pattern = pattern
            self.code = code
            self.column = column
            self.says = says
        }

        var testDescription: String { self.pattern }
    }

    private static func problems(_ pattern: String, _ options: EventPattern.Options = .json) -> [PatternProblem] {
        do throws(PatternError) {
            _ = try EventPattern.parse(json: pattern, options: options)
            return []
        } catch {
            return error.problems
        }
    }

    @Test(arguments: [
        Row("[1]", .notAnObject, 1, "found a list"), Row("{}", .emptyObject, 1, "at least one field"),
        Row(#"{"a":{}}"#, .emptyObject, 6, "at least one field"), Row(#"{"a":[]}"#, .emptyList, 6, "empty list"),
        Row(#"{"a":"x"}"#, .scalarField, 6, "must be an object or a list, found a string"),
        Row(#"{"a":[[1]]}"#, .nestedList, 7, "list inside"), Row(#"{"a":[{}]}"#, .emptyObject, 7, "no test"),
        Row(#"{"a":[{"prefx":"x"}]}"#, .unknownOperator, 8, "did you mean `prefix`?"),
        Row(#"{"a":[{"regex":"x"}]}"#, .unknownOperator, 8, "allowed are exactly, prefix"),
        Row(#"{"a":[{"EXISTS":true}]}"#, .unknownOperator, 8, "EXISTS"),
        Row(#"{"a":[{"prefix":"x","suffix":"y"}]}"#, .operatorCount, 21, "found `prefix` and `suffix`"),
        Row(#"{"a":[{"prefix":["x"]}]}"#, .operandKind, 17, "`prefix` needs a string, found a list; for alternatives"),
        Row(#"{"a":[{"prefix":{"wildcard":"x"}}]}"#, .operandKind, 18, "equals-ignore-case"),
        Row(#"{"a":[{"equals-ignore-case":["x"]}]}"#, .operandKind, 29, "found a list"),
        Row(#"{"a":[{"wildcard":"a**b"}]}"#, .consecutiveStars, 19, "`**` at byte 2"),
        Row(#"{"a":[{"wildcard":"a\\b"}]}"#, .wildcardEscape, 19, "at byte 2"),
        Row(#"{"a":[{"wildcard":"a\\"}]}"#, .wildcardEscape, 19, "at byte 2"),
        Row(#"{"a":[{"anything-but":null}]}"#, .exclusionKind, 23, "found null"),
        Row(#"{"a":[{"anything-but":[1,"x"]}]}"#, .mixedExclusion, 26, "all strings or all numbers"),
        Row(#"{"a":[{"anything-but":[]}]}"#, .emptyList, 23, "at least one value"),
        Row(#"{"a":[{"anything-but":["x",null]}]}"#, .exclusionKind, 28, "found null"),
        Row(#"{"a":[{"anything-but":{"prefix":""}}]}"#, .emptyExclusion, 33, "every string"),
        Row(#"{"a":[{"anything-but":{"prefix":{"equals-ignore-case":"x"}}}]}"#, .operandKind, 33, "found an object"),
        Row(#"{"a":[{"anything-but":{"numeric":["=",1]}}]}"#, .unknownOperator, 24, "prefix, suffix"),
        Row(#"{"a":[{"anything-but":9007199254740993}]}"#, .inexactNumber, 23, "cannot compare with 9007199254740993"),
        Row(#"{"a":[{"numeric":10}]}"#, .numericShape, 18, "found a number"),
        Row(#"{"a":[{"numeric":[">"]}]}"#, .numericShape, 18, "list of 1"),
        Row(#"{"a":[{"numeric":["!=",1]}]}"#, .numericOperator, 19, "allowed are = < <= > >="),
        Row(#"{"a":[{"numeric":[">","1"]}]}"#, .numericShape, 23, "needs a number, found a string"),
        Row(#"{"a":[{"numeric":["<",5,">",1]}]}"#, .numericOperator, 19, "begins with > or >="),
        Row(#"{"a":[{"numeric":[">",5,"<",1]}]}"#, .emptyRange, 18, "numeric range is empty: > 5 and < 1"),
        Row(#"{"a":[{"numeric":[">=",1,"<=",1]}]}"#, .emptyRange, 18, "write [\"=\", 1]"),
        Row(#"{"a":[{"numeric":["=",1e309]}]}"#, .inexactNumber, 23, "1e309"),
        Row(#"{"a":[{"cidr":"10.0.0.0"}]}"#, .malformedBlock, 15, "10.0.0.0/8"),
        Row(#"{"a":[{"cidr":"10.0.0.0/33"}]}"#, .malformedBlock, 15, "0 to 32"),
        Row(#"{"a":[{"cidr":"::/129"}]}"#, .malformedBlock, 15, "0 to 128"),
        Row(#"{"a":[{"cidr":"10.0.0.0/8/8"}]}"#, .malformedBlock, 15, "found `10.0.0.0/8/8`"),
        Row(#"{"a":[{"cidr":"010.0.0.0/8"}]}"#, .malformedBlock, 15, "found `010.0.0.0/8`"),
        Row(#"{"a":[{"exists":"true"}]}"#, .existsOperand, 17, "true or false"),
        Row(#"{"$or":[{"a":[1]}]}"#, .orShape, 8, "at least two branches, found one"),
        Row(#"{"$or":[]}"#, .orShape, 8, "found none"), Row(#"{"$or":{"a":[1]}}"#, .orShape, 8, "list of objects"),
        Row(#"{"$or":[{"a":[1]},5]}"#, .orShape, 19, "found a number"),
        Row(#"{"$or":[{"a":[1]},{}]}"#, .emptyObject, 19, "at least one field"),
        Row(#"{"$or":[{"a":[1]},{"prefix":["x"]}]}"#, .reservedName, 20, "inside $or"),
        Row(#"{"$or":[{"a":[1]},{"b":{"regex":["x"]}}]}"#, .reservedName, 25, "`regex`"),
        Row(#"{"a":[1]} x"#, .malformedJSON, 11, "after the end"),
        Row(#"{"a":[1,]}"#, .malformedJSON, 9, "not a JSON value"),
        Row(#"{"a":[01]}"#, .malformedJSON, 8, "does not begin with 0"),
        Row(#"{'a':[1]}"#, .malformedJSON, 2, "double quotes"),
        Row(#"{"é":[}"#, .malformedJSON, 7, "not a JSON value"),
        Row(#"{"a":["\ud800"]}"#, .malformedJSON, 14, "surrogate"),
    ])
    func `say where, what was found and what is allowed`(row: Row) {
        let problems = Self.problems(row.pattern)
        #expect(problems.map(\.code) == [row.code])
        #expect(problems.first?.mark == PatternMark(line: 1, column: row.column))
        #expect(problems.first?.message.contains(row.says) == true, "\(problems.first?.message ?? "")")
    }

    @Test func `all problems are reported at once, in the order of the text`() {
        let problems = Self.problems("{\n  \"a\": [{\"prefix\": 5}],\n  \"b\": {},\n  \"c\": [{\"exists\": 1}, [2]]\n}")
        #expect(
            problems.map(\.description).map { String($0.prefix(16)) } == [
                "2:20: error[P009", "3:8: error[P003]", "4:20: error[P020", "4:24: error[P006",
            ]
        )
    }

    @Test func `codes are stable and differ`() {
        let codes = PatternProblem.Code.allCases.map(\.rawValue)
        #expect(Set(codes).count == codes.count)
        #expect(codes == (1...26).map { "P0\($0 < 10 ? "0" : "")\($0)" })
    }

    @Test func `a path that is named twice is refused on demand`() {
        let strict = EventPattern.Options(allowsScalarLeaves: false, refusesDuplicatePaths: true)
        #expect(Self.problems(#"{"a":[1],"a":[2]}"#, strict).map(\.code) == [.duplicatePath])
        #expect(Self.problems(#"{"a.b":[1],"a":{"b":[2]}}"#, strict).map(\.code) == [.duplicatePath])
        #expect(Self.problems(#"{"a":[1],"$or":[{"a":[2]},{"b":[2]}]}"#, strict).map(\.code) == [.duplicatePath])
        #expect(Self.problems(#"{"$or":[{"a":[2]},{"a":[2]}]}"#, strict).isEmpty)
    }

    @Test func `a pattern does not grow without bound`() {
        let or = #""$or":[{"a":[1]},{"b":[1]},{"c":[1]},{"d":[1]}]"#
        let pattern = "{\(Array(repeating: or, count: 6).joined(separator: ","))}"
        #expect(Self.problems(pattern).map(\.code) == [.tooComplex])
        let deep = String(repeating: #"{"a":"#, count: 70) + "[1]" + String(repeating: "}", count: 70)
        #expect(Self.problems(deep).map(\.code) == [.tooDeep])
        let fields = (0..<300).map { "\"f\($0)\":[1]" }.joined(separator: ",")
        #expect(Self.problems("{\(fields)}").map(\.code) == [.tooComplex])
    }
}

@Suite struct `YAML relaxations` {
    private static func compile(_ json: String) throws(PatternError) -> EventPattern {
        try EventPattern(try PatternNode.parse(json: Array(json.utf8)))
    }

    @Test func `a scalar means a list of one`() throws {
        #expect(
            try Self.compile(#"{"a":"x","b":{"c":5,"d":null,"e":true}}"#)
                == EventPattern.parse(json: #"{"a":["x"],"b":{"c":[5],"d":[null],"e":[true]}}"#)
        )
    }

    @Test func `an operator without its list is refused, not read as a field`() {
        let error = #expect(throws: PatternError.self) { try Self.compile(#"{"a":{"prefix":"x"}}"#) }
        #expect(error?.problems.map(\.code) == [.operatorAsField])
        #expect(throws: Never.self) { try Self.compile(#"{"a":{"prefix":["x"]}}"#) }
    }

    @Test func `nothing else is relaxed`() {
        #expect(throws: PatternError.self) { try Self.compile(#"{"a":[]}"#) }
        #expect(throws: PatternError.self) { try Self.compile(#"{"$or":[{"a":1}]}"#) }
        #expect(throws: PatternError.self) { try Self.compile(#"{"a":[{"numeric":5}]}"#) }
    }
}
