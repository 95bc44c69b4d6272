import EventPatterns
import Testing

/// Each deviation from Event Ruler by an example of its own, in the order of `EventPattern.deviations`.
@Suite struct `Deviations from Event Ruler` {
    private static func matches(_ tests: String, _ value: String) throws -> Bool {
        let pattern = try EventPattern.parse(json: "{\"a\":[\(tests)]}")
        return try MatcherHarness([pattern]).matches("{\"a\":\(value)}") == [0]
    }

    private static func problem(_ pattern: String) -> PatternProblem.Code? {
        do throws(PatternError) {
            _ = try EventPattern.parse(json: pattern)
            return nil
        } catch {
            return error.problems[0].code
        }
    }

    private static let deviations: [(word: String, holds: @Sendable () throws -> Bool)] = [
        (
            "family",
            {
                // Upstream compares hexadecimal digits of different length: each of these matches there.
                try !Self.matches(#"{"cidr":"10.0.0.0/8"}"#, #""a01::1""#)
                    && !Self.matches(#"{"cidr":"192.0.2.0/24"}"#, #""c000:201::1""#)
                    && !Self.matches(#"{"cidr":"::/0"}"#, #""10.0.0.1""#)
                    && !Self.matches(#""32.1.13.184""#, #""2001:db8::""#)
                    && !Self.matches(#"{"cidr":"10.0.0.0/8"}"#, #""::ffff:a00:1""#)
            }
        ),
        (
            "/32 and /128",
            {
                try Self.matches(#"{"cidr":"10.0.0.1/32"}"#, #""10.0.0.1""#)
                    && !Self.matches(#"{"cidr":"10.0.0.1/32"}"#, #""10.0.0.2""#)
                    && Self.matches(#"{"cidr":"2001:db8::1/128"}"#, #""2001:DB8:0::1""#)
            }
        ),
        (
            "leading zero",
            {
                try !Self.matches(#""10.0.0.1""#, #""010.0.0.1""#) && Self.matches(#""010.0.0.1""#, #""010.0.0.1""#)
                    && Self.problem(#"{"a":[{"cidr":"010.0.0.0/8"}]}"#) == .malformedBlock
                    // Where octal and decimal agree, a zero does no harm.
                    && Self.matches(#""10.0.0.1""#, #""10.0.0.01""#)
            }
        ),
        (
            "Multilingual Plane",
            {
                try Self.matches(#"{"equals-ignore-case":"x😀"}"#, #""X😀""#)
                    && !Self.matches(#"{"equals-ignore-case":"x😀"}"#, #""x??""#)
                    && !Self.matches(#"{"anything-but":{"equals-ignore-case":"😀"}}"#, #""😀""#)
                    && Self.matches(#"{"equals-ignore-case":"\ud801\udc00"}"#, #""\ud801\udc28""#)
            }
        ),
        (
            "$or were a field",
            {
                Self.problem(#"{"$or":[{"a":[1]}]}"#) == .orShape && Self.problem(#"{"$or":[]}"#) == .orShape
                    && Self.problem(#"{"$or":[{"a":[1]},{"prefix":["x"]}]}"#) == .reservedName
            }
        ),
        ("after the end", { Self.problem(#"{"a":[1]} x"#) == .malformedJSON }),
        (
            "combinations",
            {
                let pair = #""$or":[{"a":[1]},{"b":[1]}]"#
                let nested = (0..<11).map { "\"f\($0)\":{\(pair)}" }.joined(separator: ",")
                return Self.problem("{\(nested)}") == .tooComplex
            }
        ),
    ]

    @Test func `are all listed and all hold`() throws {
        #expect(EventPattern.deviations.count == Self.deviations.count)
        for (text, deviation) in zip(EventPattern.deviations, Self.deviations) {
            #expect(text.contains(deviation.word), "\(text)")
            #expect(try deviation.holds(), "\(text)")
        }
    }
}
