/// Looks at rules for what is allowed but probably not meant. Reports only what is certain, save for similar names.
package enum PatternAnalysis {
    /// Everything there is to say about a set of rules, in the order of the rules.
    /// - Parameters:
    ///   - knownTypes: Types that are known to be published, besides those that the rules publish.
    ///   - comparesRules: Whether to look for duplicates among the rules. Takes time with the square of their number.
    package static func findings(
        _ rules: [AnalyzedRule],
        knownTypes: [String] = [],
        comparesRules: Bool = true
    ) -> [PatternFinding] {
        var findings: [PatternFinding] = []
        let known = KnownTypes(knownTypes + rules.flatMap(\.publishes))
        for (index, rule) in rules.enumerated() {
            var own = rule.match.map { Self.findings($0) } ?? []
            if !own.contains(where: { $0.code == .neverMatches }) { own += Self.contradictions(rule) }
            own += known.similarTypes(rule.on)
            findings += own.map { finding in
                var finding = finding
                finding.rule = index
                return finding
            }
        }
        if comparesRules { findings += RuleComparison(rules).findings() }
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
        guard let match = rule.match, !rule.on.isEmpty else { return [] }
        if let field = Self.exclusionOfAllTypes(rule) {
            let types = rule.on.map(\.description).joined(separator: ", ")
            let reason = "`on` accepts \(types), and `not` excludes event_type \(Self.list(field.alternatives))"
            return [PatternFinding(.neverMatches, "never matches: \(reason)", mark: field.mark)]
        }
        let impossible = match.branches.map { branch in
            branch.fields.first { Self.isImpossible($0, on: rule.on) }
        }
        // As long as one branch can match, the others are a matter of taste.
        guard impossible.allSatisfy({ $0 != nil }), let field = impossible[0] else { return [] }
        let types = rule.on.map(\.description).joined(separator: ", ")
        let reason =
            switch field.path {
            case "event_type": "`on` accepts \(types), but `match` wants event_type \(Self.list(field.alternatives))"
            case "payload": "`payload` is always an object; name a field inside it"
            default: "`event_type` is always a text, with nothing inside it"
            }
        return [PatternFinding(.neverMatches, "never matches: \(reason)", mark: field.mark)]
    }

    /// The field of `not` that keeps every event of the rule's types away, if there is one.
    private static func exclusionOfAllTypes(_ rule: AnalyzedRule) -> FieldPattern? {
        let excluding = (rule.match?.exclusions ?? []).compactMap { branch in
            branch.fields.count == 1 && branch.fields[0].path == "event_type" ? branch.fields[0] : nil
        }
        let isComplete = rule.on.allSatisfy { pattern in
            excluding.contains { $0.alternatives.contains { Self.accepts($0, allOf: pattern) } }
        }
        return isComplete ? excluding.first : nil
    }

    /// Whether a test passes for every type that `on` accepts.
    private static func accepts(_ test: PatternTest, allOf on: TypePattern) -> Bool {
        switch BytewiseType(on) {
        case .exact(let type): Implication.implies(.text(type), test)
        case .prefix(let stem): Implication.implies(.prefix(stem), test)
        case .any: Implication.implies(.prefix([]), test)
        }
    }

    private static func isImpossible(_ field: FieldPattern, on: [TypePattern]) -> Bool {
        switch field.path {
        case "payload": !field.alternatives.contains(.absent)
        case "event_type":
            !field.alternatives.contains { test in on.contains { Self.canMeet(test, $0) } }
        default: field.path.utf8.starts(with: "event_type.".utf8) && !field.allowsAbsence
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
}
