/// Compiles rules into a segment.
///
/// A branch is found by exactly one of its fields, or by the type of the event: by what is likely to accept the fewest
/// events. What is found is then tested for the rest. So an event pays for the rules that it nearly matches, not for
/// all that there are.
struct SegmentBuilder {
    /// Up to this many branches of one group are simply tested one after the other, which costs no more than looking
    /// the values of several fields up.
    static let usualScanLimit = 8

    private let rules: [RuleSpecification]
    private let firstRule: Int32
    private let scanLimit: Int
    private var pool = PatternPool()
    private var selectivity = Selectivity()
    private var drafts: [Draft] = []
    /// How much scratch memory the largest index of each kind needs.
    private var globCount = 0
    private var pieceCount = 0
    private var exclusionCount = 0

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
        let (rules, exclusions, ruleNumbers) = self.compoundRules(table: &table)
        let (ranks, order) = self.ranks()
        let (branches, checks) = self.branches(ruleNumbers, ranks, table: &table)
        let indexes = self.indexes(arena)
        let view = RuleSegment.View(
            pool: self.pool.freeze(arena),
            types: TypeIndex(ons, arena: arena),
            groups: arena.put(self.groupTable(ons.count)),
            branches: arena.put(branches),
            checks: arena.put(checks),
            rules: arena.put(rules),
            exclusions: arena.put(exclusions),
            ranks: arena.put(order),
            indexes: indexes
        )
        let sizes = RuleSegment.Sizes(
            rules: self.rules.count,
            compoundRules: rules.count,
            ranks: order.count,
            branches: branches.count,
            groups: ons.count,
            globs: self.globCount,
            pieces: self.pieceCount,
            exclusions: self.exclusionCount
        )
        return RuleSegment(
            view: view,
            sizes: sizes,
            firstRule: self.firstRule,
            specifications: self.rules,
            arena: arena
        )
    }

    /// The indexes of the fields by which branches are found.
    private mutating func indexes(_ arena: Arena) -> RuleSegment.Indexes {
        var postings = PostingTable()
        var builders: [Int: FieldIndexBuilder] = [:]
        var characters: Set<Unicode.Scalar> = []
        for (number, draft) in self.drafts.enumerated() {
            guard let pivot = draft.pivot else { continue }
            for test in draft.pattern.fields[pivot].alternatives {
                builders[draft.fields[pivot], default: FieldIndexBuilder()].add(test, branch: number, table: &postings)
                if let text = test.caselessText { characters.formUnion(CaseFolding.characters(of: text)) }
            }
        }
        let fields = (0..<(builders.keys.max() ?? -1) + 1).map { number in
            (builders[number] ?? FieldIndexBuilder()).freeze(table: &postings, arena: arena)
        }
        self.globCount = builders.values.map(\.globCount).max() ?? 0
        self.exclusionCount = builders.values.map(\.exclusionCount).max() ?? 0
        self.pieceCount = fields.map(\.globs.pieceCount).max() ?? 0
        let frozen = postings.freeze()
        let absenceFields = fields.indices.filter { fields[$0].absenceCount > 0 }.map { Int32($0) }
        return RuleSegment.Indexes(
            fields: arena.put(fields),
            fieldCount: fields.count,
            postings: arena.put(frozen.postings),
            lists: arena.put(frozen.lists),
            words: arena.put(frozen.words),
            folding: CaseFolding(characters, arena: arena),
            absenceFields: arena.put(absenceFields),
            absenceFieldCount: absenceFields.count
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
            if shares[best] < byType || self.scanLimit == 0 { self.drafts[index].pivot = best }
        }
    }

    /// The branches in the order of their numbers, and the slots that are left to test when they are found.
    private mutating func branches(
        _ ruleNumbers: [Int32],
        _ ranks: [(exact: Int32, wildcard: Int32)],
        table: inout FieldTable
    ) -> (branches: [RuleSegment.Branch], checks: [Int32]) {
        var checks: [Int32] = []
        let branches = self.drafts.map { draft in
            let slots = self.pool.add(draft.pattern, field: { table.number(of: $0) })
            let order = draft.shares.indices.filter { $0 != draft.pivot }.sorted { draft.shares[$0] < draft.shares[$1] }
            let start = checks.count
            checks += order.map { slots.slotStart + Int32($0) }
            return RuleSegment.Branch(
                slots: slots,
                group: Int32(draft.group),
                rule: ruleNumbers[draft.rule],
                exactRank: ranks[draft.rule].exact,
                wildcardRank: ranks[draft.rule].wildcard,
                checkStart: Int32(start),
                checkCount: Int32(order.count)
            )
        }
        return (branches, checks)
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

    /// Where each rule stands in the order of dispatch, and the rule at each place. A rule stands there twice: as one
    /// that names the event's type, and as one that covers it by a wildcard.
    private func ranks() -> (ranks: [(exact: Int32, wildcard: Int32)], order: [Int32]) {
        var ranks = [(exact: Int32, wildcard: Int32)](repeating: (-1, -1), count: self.rules.count)
        let keys = self.rules.indices.flatMap {
            [DispatchKey(self.rules[$0], $0, true), DispatchKey(self.rules[$0], $0, false)]
        }.sorted()
        for (rank, key) in keys.enumerated() {
            if key.isExact {
                ranks[key.rule].exact = Int32(rank)
            } else {
                ranks[key.rule].wildcard = Int32(rank)
            }
        }
        return (ranks, keys.map { Int32($0.rule) })
    }

    /// The rules with more to them than one branch, the branches of `not`, and for each rule its number among them.
    private mutating func compoundRules(
        table: inout FieldTable
    ) -> (rules: [RuleSegment.Rule], exclusions: [FlatBranch], numbers: [Int32]) {
        var rules: [RuleSegment.Rule] = []
        var exclusions: [FlatBranch] = []
        let numbers = self.rules.map { rule -> Int32 in
            guard let match = rule.match, match.branches.count > 1 || !match.exclusions.isEmpty else { return -1 }
            let start = exclusions.count
            for branch in match.exclusions {
                exclusions.append(self.pool.add(branch, field: { table.number(of: $0) }))
            }
            rules.append(
                RuleSegment.Rule(
                    exclusionStart: Int32(start),
                    exclusionCount: Int32(exclusions.count - start)
                )
            )
            return Int32(rules.count - 1)
        }
        return (rules, exclusions, numbers)
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
