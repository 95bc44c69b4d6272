/// Compiles rules into a segment.
///
/// A branch is found by exactly one of its fields, or by the type of the event: by what is likely to accept the fewest
/// events. What is found is then tested for the rest. So an event pays for the rules that it nearly matches, not for
/// all that there are.
struct SegmentBuilder {
    /// Up to this many branches of one group are simply tested one after the other: measured, an index that is needed
    /// for nothing else costs about as much as testing eight.
    static let usualScanLimit = 8

    private let rules: [RuleSpecification]
    private let firstRule: Int32
    private let scanLimit: Int
    private var pool = PatternPool()
    private var selectivity = Selectivity()
    private var drafts: [Draft] = []
    private var fieldNumbers: [[UInt8]: Int] = [:]

    /// A branch before it has its number.
    private struct Draft {
        var rule: Int
        var group: Int
        var pattern: PatternBranch
        var fields: [Int]
        var shares: [Double]
        /// The place in `pattern.fields` of the field that the branch is found by; nil for the type.
        var pivot: Int?
    }

    static func build(
        _ rules: [RuleSpecification],
        firstRule: Int32,
        scanLimit: Int = SegmentBuilder.usualScanLimit,
        table: inout FieldTable
    ) -> RuleSegment {
        var builder = SegmentBuilder(rules: rules, firstRule: firstRule, scanLimit: scanLimit)
        return builder.build(table: &table)
    }

    private init(rules: [RuleSpecification], firstRule: Int32, scanLimit: Int) {
        self.rules = rules
        self.firstRule = firstRule
        self.scanLimit = scanLimit
    }

    private mutating func build(table: inout FieldTable) -> RuleSegment {
        let arena = Arena()
        let (groups, ons) = self.groupRules()
        self.draftBranches(groups, table: &table)
        self.choosePivots(groupCount: ons.count)
        self.drafts.sort { ($0.group, $0.pivot == nil ? 0 : 1, $0.rule) < ($1.group, $1.pivot == nil ? 0 : 1, $1.rule) }

        var postings = PostingTable()
        var indexes: [Int: FieldIndexBuilder] = [:]
        var characters: Set<Unicode.Scalar> = []
        var branches: [RuleSegment.Branch] = []
        var checks: [Int32] = []
        for (number, draft) in self.drafts.enumerated() {
            branches.append(self.branch(draft, checks: &checks, table: &table))
            guard let pivot = draft.pivot else { continue }
            for test in draft.pattern.fields[pivot].alternatives {
                indexes[draft.fields[pivot], default: FieldIndexBuilder()].add(test, branch: number, table: &postings)
                if let text = test.caselessText { characters.formUnion(CaseFolding.characters(of: text)) }
            }
        }
        let (ruleTable, exclusions, ranks) = self.ruleTable(table: &table)
        let fields = self.fields(indexes, postings: &postings, arena: arena)
        let frozen = postings.freeze()
        var sizes = RuleSegment.Sizes()
        sizes.rules = self.rules.count
        sizes.ranks = ranks.count
        sizes.branches = branches.count
        sizes.groups = ons.count
        sizes.globs = indexes.values.map(\.globCount).max() ?? 0
        sizes.pieces = fields.map(\.globs.pieceCount).max() ?? 0
        sizes.exclusions = indexes.values.map(\.exclusionCount).max() ?? 0
        let absenceFields = fields.indices.filter { fields[$0].absenceCount > 0 }.map { Int32($0) }
        let view = RuleSegment.View(
            pool: self.pool.freeze(arena),
            types: TypeIndex(ons, arena: arena),
            groups: arena.put(self.groupTable(ons.count)),
            branches: arena.put(branches),
            checks: arena.put(checks),
            rules: arena.put(ruleTable),
            exclusions: arena.put(exclusions),
            ranks: arena.put(ranks),
            fields: arena.put(fields),
            fieldCount: fields.count,
            postings: arena.put(frozen.postings),
            lists: arena.put(frozen.lists),
            words: arena.put(frozen.words),
            folding: CaseFolding(characters, arena: arena),
            absenceFields: arena.put(absenceFields),
            absenceFieldCount: absenceFields.count
        )
        return RuleSegment(
            view: view,
            sizes: sizes,
            firstRule: self.firstRule,
            specifications: self.rules,
            arena: arena
        )
    }

    // MARK: Steps

    /// The group of each rule, and what each group listens to.
    private func groupRules() -> (groups: [Int], ons: [[TypePattern]]) {
        var numbers: [Set<BytewiseType>: Int] = [:]
        var ons: [[TypePattern]] = []
        let groups = self.rules.map { rule in
            let key = Set(rule.on.map(BytewiseType.init))
            if let number = numbers[key] { return number }
            numbers[key] = ons.count
            ons.append(rule.on)
            return ons.count - 1
        }
        return (groups, ons)
    }

    private mutating func draftBranches(_ groups: [Int], table: inout FieldTable) {
        for (index, rule) in self.rules.enumerated() {
            self.selectivity.count(rule.on)
            for pattern in rule.match?.branches ?? [PatternBranch(fields: [])] {
                let fields = pattern.fields.map { table.number(of: $0.path) }
                for (field, number) in zip(pattern.fields, fields) {
                    for test in field.alternatives { self.selectivity.count(test, field: number) }
                }
                self.drafts.append(
                    Draft(rule: index, group: groups[index], pattern: pattern, fields: fields, shares: [])
                )
            }
        }
    }

    private mutating func choosePivots(groupCount: Int) {
        var sizes = [Int](repeating: 0, count: groupCount)
        for draft in self.drafts { sizes[draft.group] += 1 }
        for index in self.drafts.indices {
            let draft = self.drafts[index]
            let shares = zip(draft.pattern.fields, draft.fields).map { field, number in
                self.selectivity.share(of: field.alternatives, field: number)
            }
            self.drafts[index].shares = shares
            guard sizes[draft.group] > self.scanLimit, let best = shares.indices.min(by: { shares[$0] < shares[$1] })
            else { continue }
            let byType = self.selectivity.share(of: self.rules[draft.rule].on)
            if shares[best] < byType { self.drafts[index].pivot = best }
        }
    }

    private mutating func branch(
        _ draft: Draft,
        checks: inout [Int32],
        table: inout FieldTable
    ) -> RuleSegment.Branch {
        let slots = self.pool.add(draft.pattern, field: { table.number(of: $0) })
        let order = draft.shares.indices.filter { $0 != draft.pivot }.sorted { draft.shares[$0] < draft.shares[$1] }
        let start = checks.count
        checks += order.map { slots.slotStart + Int32($0) }
        return RuleSegment.Branch(
            slots: slots,
            rule: Int32(draft.rule),
            group: Int32(draft.group),
            checkStart: Int32(start),
            checkCount: Int32(order.count)
        )
    }

    private func groupTable(_ count: Int) -> [RuleSegment.Group] {
        var groups = [RuleSegment.Group](
            repeating: RuleSegment.Group(branchStart: 0, scanEnd: 0, branchEnd: 0),
            count: count
        )
        var next = 0
        for group in groups.indices {
            groups[group].branchStart = Int32(next)
            while next < self.drafts.count, self.drafts[next].group == group, self.drafts[next].pivot == nil {
                next += 1
            }
            groups[group].scanEnd = Int32(next)
            while next < self.drafts.count, self.drafts[next].group == group { next += 1 }
            groups[group].branchEnd = Int32(next)
        }
        return groups
    }

    private mutating func ruleTable(
        table: inout FieldTable
    ) -> (rules: [RuleSegment.Rule], exclusions: [FlatBranch], ranks: [Int32]) {
        var exclusions: [FlatBranch] = []
        var rules = self.rules.map { rule in
            let start = exclusions.count
            for branch in rule.match?.exclusions ?? [] {
                exclusions.append(self.pool.add(branch, field: { table.number(of: $0) }))
            }
            return RuleSegment.Rule(
                exactRank: -1,
                wildcardRank: -1,
                exclusionStart: Int32(start),
                exclusionCount: Int32(exclusions.count - start)
            )
        }
        let order = self.rules.indices.flatMap {
            [DispatchKey(self.rules[$0], $0, true), DispatchKey(self.rules[$0], $0, false)]
        }
        .sorted()
        for (rank, key) in order.enumerated() {
            if key.isExact {
                rules[key.rule].exactRank = Int32(rank)
            } else {
                rules[key.rule].wildcardRank = Int32(rank)
            }
        }
        return (rules, exclusions, order.map { Int32($0.rule) })
    }

    private func fields(
        _ indexes: [Int: FieldIndexBuilder],
        postings: inout PostingTable,
        arena: Arena
    ) -> [FieldIndex] {
        let count = (indexes.keys.max() ?? -1) + 1
        return (0..<count).map { number in
            (indexes[number] ?? FieldIndexBuilder()).freeze(table: &postings, arena: arena)
        }
    }
}

/// Where a rule stands in the order of dispatch.
struct DispatchKey: Comparable {
    var priority: Int
    var isExact: Bool
    var rule: Int

    init(_ specification: RuleSpecification, _ rule: Int, _ isExact: Bool) {
        self.priority = specification.priority
        self.isExact = isExact
        self.rule = rule
    }

    static func < (lhs: DispatchKey, rhs: DispatchKey) -> Bool {
        if lhs.priority != rhs.priority { return lhs.priority > rhs.priority }
        if lhs.isExact != rhs.isExact { return lhs.isExact }
        return lhs.rule < rhs.rule
    }
}

extension PatternTest {
    fileprivate var caselessText: CaselessText? {
        switch self {
        case .equalsIgnoringCase(let text), .prefixIgnoringCase(let text), .suffixIgnoringCase(let text): text
        default: nil
        }
    }
}
