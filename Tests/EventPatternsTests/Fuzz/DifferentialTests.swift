import EventPatterns
import Events
import FoundationEssentials
import Testing

/// The automaton against the oracle, on random rules and events.
@Suite struct `The automaton and the naive matcher agree` {
    /// How many pairs of a pattern and an event: `PATTERN_FUZZ_PAIRS`, or as many as a debug build tests in seconds.
    static let pairs = ProcessInfo.processInfo.environment["PATTERN_FUZZ_PAIRS"].flatMap { Int($0) } ?? 1_000_000
    /// `PATTERN_FUZZ_SEED`; a failure prints the seed of its round.
    static let seed = ProcessInfo.processInfo.environment["PATTERN_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1

    static let eventsPerRound = 80

    @Test(.timeLimit(.minutes(60)), arguments: RandomPatterns.Theme.allCases)
    func `on every random pair of a pattern and an event`(theme: RandomPatterns.Theme) throws {
        let share = Self.pairs / (theme == .everything ? 2 : 10)
        var tested = 0
        var matched = 0
        var round: UInt64 = 0
        while tested < share {
            let outcome = try Self.run(seed: Self.seed &* 1_000_003 &+ round, theme: theme)
            tested += outcome.tested
            matched += outcome.matched
            round += 1
        }
        // Pairs that never match would test little.
        #expect(matched * 100 > tested)
    }

    private struct Case {
        var specification: RuleSpecification
        var branches: [NaiveMatcher.Branch]
        var not: [NaiveMatcher.Branch]
    }

    private static let types = ["t.a", "t.b", "t.a.b", "t", "u", "t."]
    private static let typePatterns = ["t.a", "t.b", "u", "t.*", "t.a.*", "*"].map { TypePattern($0)! }

    private static func run(seed: UInt64, theme: RandomPatterns.Theme) throws -> (tested: Int, matched: Int) {
        var patterns = RandomPatterns(seed: seed, theme: theme)
        let cases = try (0..<patterns.ruleCount).map { _ in try Self.makeCase(&patterns) }
        let rules = cases.map(\.specification)
        let matchers = [0, 8, .max].map { RuleMatcher(CompiledRules(rules, scanLimit: $0)) } + [Self.grown(rules)]
        let extractors = matchers.map { FieldExtractor(fields: $0.fields) }
        var matched = 0
        for _ in 0..<Self.eventsPerRound {
            let type = patterns.random.pick(Self.types)
            let event = patterns.event()
            let expected = try Self.expected(cases, type: type, event: event)
            matched += expected.count
            let bytes = Array(event.utf8)
            try bytes.withUnsafeBytes { bytes in
                try Array(type.utf8).withUnsafeBytes { type in
                    for (matcher, extractor) in zip(matchers, extractors) {
                        let leaves = try extractor.extract(ByteView(bytes))
                        let found = Array(matcher.match(eventType: ByteView(type), leaves: leaves))
                        #expect(found == expected, "seed \(seed) of \(theme), type \(type), event \(event)")
                    }
                }
            }
        }
        return (cases.count * Self.eventsPerRound, matched)
    }

    /// A matcher to which most of the rules were added one by one.
    private static func grown(_ rules: [RuleSpecification]) -> RuleMatcher {
        let matcher = RuleMatcher(Array(rules.prefix(3)))
        for rule in rules.dropFirst(3).prefix(20) { matcher.add(rule) }
        matcher.replace(CompiledRules(Array(rules.dropLast())))
        if let last = rules.last { matcher.add(last) }
        return matcher
    }

    private static func makeCase(_ patterns: inout RandomPatterns) throws -> Case {
        let pattern = patterns.pattern()
        let not = patterns.random.once(in: 5) ? patterns.pattern() : nil
        let on = (0..<1 + patterns.random.below(2)).map { _ in patterns.random.pick(Self.typePatterns) }
        return Case(
            specification: RuleSpecification(
                on: on,
                match: try EventPattern(pattern, not: not),
                priority: patterns.random.below(3)
            ),
            branches: NaiveMatcher.branches(of: pattern),
            not: not.map { NaiveMatcher.branches(of: $0) } ?? []
        )
    }

    private static func expected(_ cases: [Case], type: String, event: String) throws -> [Int32] {
        let values = NaiveMatcher.flatten(try PatternNode.parse(json: Array(event.utf8)))
        let found = cases.indices.compactMap { index -> (key: [Int], rule: Int32)? in
            let accepting = cases[index].specification.on.filter { Self.accepts($0, type) }
            guard !accepting.isEmpty,
                NaiveMatcher.matches(cases[index].branches, not: cases[index].not, values: values)
            else { return nil }
            let isExact = accepting.contains { if case .exact = $0 { true } else { false } }
            return ([-cases[index].specification.priority, isExact ? 0 : 1, index], Int32(index))
        }
        return found.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.rule)
    }

    private static func accepts(_ pattern: TypePattern, _ type: String) -> Bool {
        switch pattern {
        case .any: true
        case .exact(let name): name == type
        case .prefix(let stem): type.hasPrefix(stem)
        }
    }
}
