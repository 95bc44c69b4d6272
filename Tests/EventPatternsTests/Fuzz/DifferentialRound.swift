import EventPatterns
import Events

/// A round of the comparison of the automaton with the oracle: one random set of rules, many random events.
struct DifferentialRound {
    /// A pair on which not all agree.
    struct Disagreement: Error, CustomStringConvertible {
        var seed: UInt64
        var theme: RandomPatterns.Theme
        var type: String
        var event: String
        var expected: [Int32]
        var found: [Int32]

        var description: String {
            "seed \(self.seed) of \(self.theme), type \(self.type), event \(self.event): "
                + "expected \(self.expected), found \(self.found)"
        }
    }

    static let eventsPerRound = 80

    /// The share of a number of pairs that a theme gets: half of them for a bit of everything.
    static func share(of pairs: Int, _ theme: RandomPatterns.Theme) -> Int {
        pairs / (theme == .everything ? 2 : 2 * (RandomPatterns.Theme.allCases.count - 1))
    }

    /// Runs rounds until a number of pairs was compared.
    static func run(pairs: Int, seed: UInt64, theme: RandomPatterns.Theme) throws -> (tested: Int, matched: Int) {
        var (tested, matched) = (0, 0)
        var round: UInt64 = 0
        while tested < pairs {
            let outcome = try Self.run(seed: seed &* 1_000_003 &+ round, theme: theme)
            tested += outcome.tested
            matched += outcome.matched
            round += 1
        }
        return (tested, matched)
    }

    private struct Case {
        var specification: RuleSpecification
        var branches: [NaiveMatcher.Branch]
        var not: [NaiveMatcher.Branch]
    }

    private static let types = ["t.a", "t.b", "t.a.b", "t", "u", "t."]
    private static let typePatterns = ["t.a", "t.b", "u", "t.*", "t.a.*", "*"].map { TypePattern($0)! }

    /// One round. Throws the first disagreement.
    static func run(seed: UInt64, theme: RandomPatterns.Theme) throws -> (tested: Int, matched: Int) {
        var patterns = RandomPatterns(seed: seed, theme: theme)
        let cases = try (0..<patterns.ruleCount).map { _ in try Self.makeCase(&patterns) }
        let rules = cases.map(\.specification)
        let matchers = [0, 8, .max].map { RuleMatcher(CompiledRules(rules, scanLimit: $0)) } + [Self.grown(rules)]
        let extractors = matchers.map { FieldExtractor(fields: $0.fields) }
        var matched = 0
        for number in 0..<Self.eventsPerRound {
            let type = patterns.random.pick(Self.types)
            let event = patterns.event()
            let expected = try Self.expected(cases, type: type, event: event)
            matched += expected.count
            let bytes = Array(event.utf8)
            for (matcher, extractor) in zip(matchers, extractors) {
                let found = try Self.found(matcher, extractor, type, bytes)
                guard found == expected else {
                    throw Disagreement(
                        seed: seed,
                        theme: theme,
                        type: type,
                        event: event,
                        expected: expected,
                        found: found
                    )
                }
            }
            // One rule an event, since explaining makes an explainer anew each time.
            let rule = number % cases.count
            if let match = rules[rule].match {
                let naive = Self.accepts(cases[rule], try Self.values(of: event))
                guard try match.explain(json: bytes).isMatch == naive else {
                    let number = [Int32(rule)]
                    throw Disagreement(
                        seed: seed,
                        theme: theme,
                        type: "explanation",
                        event: event,
                        expected: naive ? number : [],
                        found: naive ? [] : number
                    )
                }
            }
        }
        return (cases.count * Self.eventsPerRound, matched)
    }

    private static func found(
        _ matcher: RuleMatcher,
        _ extractor: FieldExtractor,
        _ type: String,
        _ event: [UInt8]
    ) throws -> [Int32] {
        try event.withUnsafeBytes { event in
            try Array(type.utf8).withUnsafeBytes { type in
                let leaves = try extractor.extract(ByteView(event))
                return Array(matcher.match(eventType: ByteView(type), leaves: leaves))
            }
        }
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

    private static func values(of event: String) throws -> [NaiveMatcher.Value] {
        NaiveMatcher.flatten(try PatternNode.parse(json: Array(event.utf8)))
    }

    private static func accepts(_ rule: Case, _ values: [NaiveMatcher.Value]) -> Bool {
        NaiveMatcher.matches(rule.branches, not: rule.not, values: values)
    }

    private static func expected(_ cases: [Case], type: String, event: String) throws -> [Int32] {
        let values = try Self.values(of: event)
        let found = cases.indices.compactMap { index -> (key: [Int], rule: Int32)? in
            let accepting = cases[index].specification.on.filter { Self.accepts($0, type) }
            guard !accepting.isEmpty, Self.accepts(cases[index], values) else { return nil }
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
