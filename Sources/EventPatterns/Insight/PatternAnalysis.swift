/// Looks at rules for what is allowed but probably not meant. Reports only what is certain, save for similar names.
package enum PatternAnalysis {
    /// Beyond this many rules each pair is no longer compared; equal ones are still found.
    static let pairLimit = 2_000

    /// Everything there is to say about a set of rules, in the order of the rules.
    /// - Parameter knownTypes: Types that are known to be published, besides those that the rules publish.
    package static func findings(_ rules: [AnalyzedRule], knownTypes: [String] = []) -> [PatternFinding] {
        var findings: [PatternFinding] = []
        let known = knownTypes + rules.flatMap(\.publishes)
        for (index, rule) in rules.enumerated() {
            let own =
                (rule.match.map { Self.findings($0) } ?? []) + Self.contradictions(rule)
                + Self.similarTypes(rule.on, known: known)
            findings += own.map { finding in
                var finding = finding
                finding.rule = index
                return finding
            }
        }
        findings += Self.overlaps(rules)
        findings += Self.loops(rules)
        return findings.enumerated()
            .sorted { ($0.element.rule ?? 0, $0.offset) < ($1.element.rule ?? 0, $1.offset) }.map(\.element)
    }

    // MARK: One pattern

    /// What there is to say about one pattern.
    package static func findings(_ pattern: EventPattern) -> [PatternFinding] {
        var findings: [PatternFinding] = []
        if !pattern.exclusions.isEmpty, Implication.implies(pattern.branches, pattern.exclusions) {
            let mark = pattern.exclusions[0].fields.map(\.mark).min()
            findings.append(
                PatternFinding(
                    .neverMatches,
                    "never matches: `not` accepts everything that `match` accepts",
                    mark: mark
                )
            )
        }
        var seen: Set<PatternMark> = []
        for field in (pattern.branches + pattern.exclusions).flatMap(\.fields) where seen.insert(field.mark).inserted {
            findings += Self.findings(field)
        }
        findings += Self.redundantBranches(pattern.branches)
        let cost = PatternCost(of: pattern)
        if cost.weight > PatternCost.usualLimit {
            findings.append(
                PatternFinding(
                    .costly,
                    "costs up to \(cost.weight) comparisons an event (\(cost.branches) branches, \(cost.tests) tests, "
                        + "\(cost.stars) stars of wildcards); list alternatives of one field in its list instead of in "
                        + "$or, use fewer wildcards"
                )
            )
        }
        return findings
    }

    private static func findings(_ field: FieldPattern) -> [PatternFinding] {
        var findings: [PatternFinding] = []
        for test in field.alternatives {
            // Between two neighbours among the doubles there is no number that could be compared.
            if case .numeric(let range) = test, range.isLowOpen, range.isHighOpen, range.low.nextUp >= range.high {
                findings.append(
                    PatternFinding(.neverMatches, "`\(field.path)`: no number is \(range)", mark: field.mark)
                )
            }
        }
        for (index, test) in field.alternatives.enumerated() {
            let wider = field.alternatives.indices.first { other in
                other != index && Implication.implies(test, field.alternatives[other])
                    // Of two that are the same, only the second is too much.
                    && (other < index || !Implication.implies(field.alternatives[other], test))
            }
            guard let wider else { continue }
            findings.append(
                PatternFinding(
                    .redundantAlternative,
                    "`\(field.path)`: \(test) adds nothing to \(field.alternatives[wider])",
                    mark: field.mark
                )
            )
        }
        return findings
    }

    private static func redundantBranches(_ branches: [PatternBranch]) -> [PatternFinding] {
        guard 2...64 ~= branches.count else { return [] }
        return branches.indices.compactMap { index in
            let wider = branches.indices.first { other in
                other != index && Implication.implies(branches[index], branches[other])
                    && (other < index || !Implication.implies(branches[other], branches[index]))
            }
            guard let wider else { return nil }
            let paths = branches[index].fields.map(\.path).joined(separator: ", ")
            let otherPaths = branches[wider].fields.map(\.path).joined(separator: ", ")
            return PatternFinding(
                .redundantBranch,
                "a combination of $or (fields \(paths)) accepts nothing that another one (fields \(otherPaths)) does not",
                mark: branches[index].fields.map(\.mark).max()
            )
        }
    }

    // MARK: A rule

    /// What a rule asks of the envelope that no envelope has.
    private static func contradictions(_ rule: AnalyzedRule) -> [PatternFinding] {
        guard let match = rule.match else { return [] }
        let impossible = match.branches.map { branch in
            branch.fields.first { Self.isImpossible($0, on: rule.on) }
        }
        // As long as one branch can match, the others are a matter of taste.
        guard impossible.allSatisfy({ $0 != nil }), let field = impossible[0] else { return [] }
        let types = rule.on.map(\.description).joined(separator: ", ")
        let reason =
            field.path == "event_type"
            ? "`on` accepts \(types), but `match` wants event_type \(Self.list(field.alternatives))"
            : "`payload` is always an object; name a field inside it"
        return [PatternFinding(.neverMatches, "never matches: \(reason)", mark: field.mark)]
    }

    private static func isImpossible(_ field: FieldPattern, on: [TypePattern]) -> Bool {
        switch field.path {
        case "payload": !field.alternatives.contains(.absent)
        case "event_type":
            !field.alternatives.contains { test in on.contains { Self.canMeet(test, $0) } }
        default: false
        }
    }

    /// Whether some type that `on` accepts might pass a test.
    private static func canMeet(_ test: PatternTest, _ on: TypePattern) -> Bool {
        switch (test, BytewiseType(on)) {
        case (.absent, _), (.number, _), (.bool, _), (.null, _), (.numeric, _): false
        case (_, .exact(let type)): Implication.implies(.text(type), test)
        case (.text(let type), .prefix(let stem)): type.starts(with: stem)
        case (.prefix(let start), .prefix(let stem)): start.starts(with: stem) || stem.starts(with: start)
        default: true
        }
    }

    private static func list(_ tests: [PatternTest]) -> String {
        tests.map(\.description).joined(separator: " or ")
    }

    /// Exact types that nobody publishes but that are one edit away from one that somebody does.
    private static func similarTypes(_ on: [TypePattern], known: [String]) -> [PatternFinding] {
        on.compactMap { pattern in
            guard case .exact(let type) = pattern, let similar = Self.similarType(to: type, among: known) else {
                return nil
            }
            return PatternFinding(.similarType, "nobody publishes `\(type)`; did you mean `\(similar)`?")
        }
    }

    /// A known type that is one edit away from `type`; nil when `type` itself is known.
    package static func similarType(to type: String, among known: [String]) -> String? {
        if known.contains(where: { $0.utf8.elementsEqual(type.utf8) }) { return nil }
        return known.first { NearestName.distance($0, type) == 1 }
    }

    // MARK: Several rules

    private static func overlaps(_ rules: [AnalyzedRule]) -> [PatternFinding] {
        guard rules.count <= Self.pairLimit else { return Self.duplicates(rules) }
        var findings: [PatternFinding] = []
        for (index, rule) in rules.enumerated() {
            for (other, wider) in rules.enumerated() where other != index && Self.implies(rule, wider) {
                let isMutual = Self.implies(wider, rule)
                if isMutual, other > index { continue }
                findings.append(Self.overlap(isMutual ? .duplicate : .shadowed, index, rule, other, wider))
                break
            }
        }
        return findings
    }

    private static func implies(_ narrow: AnalyzedRule, _ wide: AnalyzedRule) -> Bool {
        guard Implication.implies(narrow.on, wide.on) else { return false }
        guard let wideMatch = wide.match else {
            // A rule for all events of its types covers everything; worth a word only for rules that want the same.
            return narrow.match == nil
        }
        guard let narrowMatch = narrow.match else { return false }
        return Implication.implies(narrowMatch.branches, wideMatch.branches)
            && (wideMatch.exclusions.isEmpty || wideMatch.exclusions == narrowMatch.exclusions)
    }

    private static func duplicates(_ rules: [AnalyzedRule]) -> [PatternFinding] {
        struct Key: Hashable {
            var on: Set<BytewiseType>
            var match: EventPattern?
        }
        var first: [Key: Int] = [:]
        return rules.enumerated().compactMap { index, rule in
            let key = Key(on: Set(rule.on.map(BytewiseType.init)), match: rule.match)
            guard let other = first[key] else {
                first[key] = index
                return nil
            }
            return Self.overlap(.duplicate, index, rule, other, rules[other])
        }
    }

    private static func overlap(
        _ code: PatternFinding.Code,
        _ index: Int,
        _ rule: AnalyzedRule,
        _ other: Int,
        _ wider: AnalyzedRule
    ) -> PatternFinding {
        let message =
            code == .duplicate
            ? "`\(rule.name)` accepts the same events as `\(wider.name)`"
            : "`\(rule.name)` accepts only events that `\(wider.name)` accepts too"
        return PatternFinding(code, message, rule: index, otherRule: other)
    }

    // MARK: Loops

    private static func loops(_ rules: [AnalyzedRule]) -> [PatternFinding] {
        Self.publishLoops(rules).map { loop in
            let names = (loop + [loop[0]]).map { "`\(rules[$0].name)`" }.joined(separator: " -> ")
            return PatternFinding(
                .publishLoop,
                loop.count == 1
                    ? "`\(rules[loop[0]].name)` publishes what it listens to: possible endless loop"
                    : "possible endless loop: \(names)",
                rule: loop[0],
                otherRule: loop.count > 1 ? loop[1] : nil
            )
        }
    }

    /// The circles in which rules wake each other by publishing, each once, beginning with its first rule. Patterns are
    /// not looked at: what a rule publishes may or may not match them.
    package static func publishLoops(_ rules: [AnalyzedRule]) -> [[Int]] {
        let next = rules.map { rule in
            rules.indices.filter { other in
                rule.publishes.contains { type in rules[other].on.contains { Self.accepts($0, type) } }
            }
        }
        var loops: [[Int]] = []
        var settled: Set<Int> = []
        for start in rules.indices where !settled.contains(start) {
            guard let loop = Self.shortestLoop(from: start, next) else { continue }
            loops.append(loop)
            settled.formUnion(loop)
        }
        return loops
    }

    private static func accepts(_ pattern: TypePattern, _ type: String) -> Bool {
        Implication.implies([.exact(type)], [pattern])
    }

    private static func shortestLoop(from start: Int, _ next: [[Int]]) -> [Int]? {
        var previous: [Int: Int] = [:]
        var queue = [start]
        var index = 0
        while index < queue.count {
            let rule = queue[index]
            index += 1
            for follower in next[rule] {
                if follower == start {
                    var loop = [rule]
                    while loop[0] != start { loop.insert(previous[loop[0]]!, at: 0) }
                    return loop
                }
                guard previous[follower] == nil else { continue }
                previous[follower] = rule
                queue.append(follower)
            }
        }
        return nil
    }
}
