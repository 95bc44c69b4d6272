/// Looks for rules that accept the same events as others, or only events that others accept too.
struct RuleComparison {
    /// Beyond this many rules each pair is no longer compared; equal ones are still found.
    static let pairLimit = 2_000

    private struct Candidate {
        var index: Int
        var types: [BytewiseType]
        var rule: AnalyzedRule
    }

    private let candidates: [Candidate]

    init(_ rules: [AnalyzedRule]) {
        self.candidates = rules.enumerated().filter { $0.element.isCompared }.map { index, rule in
            Candidate(index: index, types: rule.on.map(BytewiseType.init), rule: rule)
        }
    }

    func findings() -> [PatternFinding] {
        guard self.candidates.count <= Self.pairLimit else { return self.duplicates() }
        var findings: [PatternFinding] = []
        for (place, narrow) in self.candidates.enumerated() {
            for (other, wide) in self.candidates.enumerated() where other != place && Self.implies(narrow, wide) {
                let isMutual = Self.implies(wide, narrow)
                // Of two that are the same, only the second is too much.
                if isMutual, other > place { continue }
                findings.append(Self.finding(isMutual ? .duplicate : .shadowed, narrow, wide))
                break
            }
        }
        return findings
    }

    private static func implies(_ narrow: Candidate, _ wide: Candidate) -> Bool {
        guard Implication.implies(narrow.types, wide.types) else { return false }
        switch (narrow.rule.match, wide.rule.match) {
        case (nil, nil):
            // To listen to the same types is what handlers are for; to do the same about them is not.
            return narrow.rule.does == wide.rule.does
        case (let narrowMatch?, let wideMatch?):
            return Implication.implies(narrowMatch.branches, wideMatch.branches)
                && (wideMatch.exclusions.isEmpty || wideMatch.exclusions == narrowMatch.exclusions)
        case (_, nil), (nil, _):
            // A rule for all events of its types covers everything: worth no word.
            return false
        }
    }

    private func duplicates() -> [PatternFinding] {
        struct Key: Hashable {
            var on: Set<BytewiseType>
            var match: EventPattern?
            var does: String
        }
        var first: [Key: Candidate] = [:]
        return self.candidates.compactMap { candidate in
            let does = candidate.rule.match == nil ? candidate.rule.does : ""
            let key = Key(on: Set(candidate.types), match: candidate.rule.match, does: does)
            guard let other = first[key] else {
                first[key] = candidate
                return nil
            }
            return Self.finding(.duplicate, candidate, other)
        }
    }

    private static func finding(_ code: PatternFinding.Code, _ narrow: Candidate, _ wide: Candidate) -> PatternFinding {
        let message =
            code == .duplicate
            ? "`\(narrow.rule.name)` accepts the same events as `\(wide.rule.name)`"
            : "`\(narrow.rule.name)` accepts only events that `\(wide.rule.name)` accepts too"
        return PatternFinding(code, message, rule: narrow.index, otherRule: wide.index)
    }
}
