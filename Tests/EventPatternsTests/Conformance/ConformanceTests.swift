import EventPatterns
import Events
import Testing

@Suite struct `Conformance with EventBridge and Event Ruler` {
    /// AWS refuses this one for its complexity, by a bound that it has not published; Event Ruler has none.
    static let refusedForComplexityOnly = "content_wildcard_complex_EXC"

    @Test func `all 155 cases with AWS verdicts`() throws {
        let cases = try ConformanceCases.verdicts("localstack_aws_validated.jsonl")
        #expect(cases.count == 155)
        for verdict in cases {
            if verdict.name == Self.refusedForComplexityOnly {
                #expect(verdict.expectation == .reject)
                #expect(throws: Never.self) { try EventPattern.parse(json: verdict.pattern) }
            } else {
                try Self.check(verdict)
            }
        }
    }

    @Test func `all 51 cases of array consistency`() throws {
        let cases = try ConformanceCases.verdicts("ruler_correctness_cases_with_verdicts.jsonl")
        #expect(cases.count == 51)
        for verdict in cases { try Self.check(verdict) }
    }

    @Test func `all 644 recordings of Event Ruler's own tests`() throws {
        let cases = try ConformanceCases.recordings()
        #expect(cases.count == 644)
        for recording in cases {
            let patterns = try recording.rules.map {
                try EventPattern.parse(json: $0.pattern, options: recording.options)
            }
            let matched = try MatcherHarness(patterns).matches(recording.event)
            #expect(Set(matched.map { recording.rules[$0].name }) == recording.matches, "\(recording.name)")

            let event = try PatternNode.parse(json: Array(recording.event.utf8))
            let naive = try recording.rules.filter { rule in
                NaiveMatcher.matches(try PatternNode.parse(json: Array(rule.pattern.utf8)), event: event)
            }
            #expect(Set(naive.map(\.name)) == recording.matches, "naive: \(recording.name)")
        }
    }

    @Test func `all 156 rules are accepted or refused as by Event Ruler`() throws {
        let cases = try ConformanceCases.compilations()
        #expect(cases.count == 156)
        for compilation in cases {
            let isAccepted = (try? EventPattern.parse(json: compilation.rule, options: compilation.options)) != nil
            #expect(isAccepted == compilation.isAccepted, "line \(compilation.line): \(compilation.rule)")
        }
    }

    private static func check(_ verdict: ConformanceCases.Verdict) throws {
        guard verdict.expectation != .reject else {
            #expect(throws: PatternError.self, "\(verdict.name)") { try EventPattern.parse(json: verdict.pattern) }
            return
        }
        let isMatch = verdict.expectation == .match
        let pattern = try EventPattern.parse(json: verdict.pattern)
        #expect(try MatcherHarness([pattern]).matches(verdict.event) == (isMatch ? [0] : []), "\(verdict.name)")
        let naive = NaiveMatcher.matches(
            try PatternNode.parse(json: Array(verdict.pattern.utf8)),
            event: try PatternNode.parse(json: Array(verdict.event.utf8))
        )
        #expect(naive == isMatch, "naive: \(verdict.name)")
    }
}
