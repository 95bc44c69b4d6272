import Events

/// Rules compiled into one automaton. Immutable, so any number of matchers on any threads may share it.
///
/// Unchecked, because of the pointers: they lead into the arena, which belongs to this object and is only read.
final class RuleSegment: @unchecked Sendable {
    /// A branch of a rule's pattern.
    struct Branch: BitwiseCopyable {
        var slots: FlatBranch
        var group: Int32
        /// In `rules`, or -1 for a rule that is this branch and nothing else.
        var rule: Int32
        /// Where the rule stands in the order of dispatch when its type is named, and when a wildcard accepts it.
        var exactRank: Int32
        var wildcardRank: Int32
        /// In `checks`: the slots besides the one that the branch is found by, cheap and selective ones first.
        var checkStart: Int32
        var checkCount: Int32
    }

    /// A rule with several branches or with `not`.
    struct Rule: BitwiseCopyable {
        /// In `exclusions`: the branches of `not`.
        var exclusionStart: Int32
        var exclusionCount: Int32
    }

    /// The rules with the same `on`.
    struct Group: BitwiseCopyable {
        /// Their branches; those in front of `scanEnd` are found by the type alone.
        var branchStart: Int32
        var scanEnd: Int32
        var branchEnd: Int32
    }

    /// The tables, in a form that is copied without counting references.
    struct View: BitwiseCopyable {
        var pool: PoolView
        var types: TypeIndex
        var groups: UnsafePointer<Group>
        var branches: UnsafePointer<Branch>
        var checks: UnsafePointer<Int32>
        var rules: UnsafePointer<Rule>
        var exclusions: UnsafePointer<FlatBranch>
        /// The rule at each rank.
        var ranks: UnsafePointer<Int32>
        var indexes: Indexes
    }

    /// What finds branches by the values of fields.
    struct Indexes: BitwiseCopyable {
        var fields: UnsafePointer<FieldIndex>
        /// Fields below this number may have an index.
        var fieldCount: Int
        var postings: UnsafePointer<Posting>
        var lists: UnsafePointer<Int32>
        var words: UnsafePointer<UInt64>
        var folding: CaseFolding
        /// Fields by whose absence some branch is found.
        var absenceFields: UnsafePointer<Int32>
        var absenceFieldCount: Int
    }

    /// How much scratch memory a matcher needs.
    struct Sizes {
        var rules: Int
        /// Rules with several branches or with `not`.
        var compoundRules: Int
        var ranks: Int
        var branches: Int
        var groups: Int
        /// Of the field that has the most.
        var globs: Int
        var pieces: Int
        var exclusions: Int
    }

    let view: View
    let sizes: Sizes
    /// The number of the first rule; the others follow.
    let firstRule: Int32
    /// What was compiled, for building larger segments.
    let specifications: [RuleSpecification]
    private let arena: Arena

    init(view: View, sizes: Sizes, firstRule: Int32, specifications: [RuleSpecification], arena: Arena) {
        self.view = view
        self.sizes = sizes
        self.firstRule = firstRule
        self.specifications = specifications
        self.arena = arena
    }

    /// How many bytes the tables take.
    var byteCount: Int { self.arena.byteCount }
}

/// Gives each path its number.
struct FieldTable: Sendable {
    private(set) var paths: [String] = []
    private var numbers: [[UInt8]: Int] = [:]

    mutating func number(of path: String) -> Int {
        let key = Array(path.utf8)
        if let number = self.numbers[key] { return number }
        self.numbers[key] = self.paths.count
        self.paths.append(path)
        return self.paths.count - 1
    }
}
