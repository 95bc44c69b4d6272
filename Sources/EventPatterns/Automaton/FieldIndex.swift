/// What waits for one test: branches of rules, and `anything-but` tests that it excludes.
struct Posting: BitwiseCopyable {
    /// Entries (see `BranchEntry`), rising: where they begin. A single one stands here itself.
    var branchStart: Int32 = 0
    var branchCount: Int32 = 0
    /// The count when a value is excluded by each of the field's `anything-but` tests, as the usual value often is.
    static let excludesAll: Int32 = -2

    /// Numbers of the field's `anything-but` tests; with a count of -1 a bit set that begins at this word.
    var exclusionStart: Int32 = 0
    var exclusionCount: Int32 = 0
    /// Wildcard patterns that begin with this prefix.
    var globStart: Int32 = 0
    var globCount: Int32 = 0
}

/// A branch, and whether finding it means that its own field still has to be tested.
struct BranchEntry: BitwiseCopyable {
    let raw: Int32

    init(_ branch: Int, isTentative: Bool) {
        self.raw = Int32(branch) << 1 | (isTentative ? 1 : 0)
    }

    @inline(__always)
    init(raw: Int32) { self.raw = raw }

    @inline(__always)
    var branch: Int { Int(self.raw >> 1) }
    @inline(__always)
    var isTentative: Bool { self.raw & 1 != 0 }
}

extension FieldIndex {
    /// The kinds of index that a field can have.
    struct Parts: OptionSet, BitwiseCopyable {
        var rawValue: UInt16

        static let strings = Parts(rawValue: 1 << 0)
        static let numbers = Parts(rawValue: 1 << 1)
        static let numberTexts = Parts(rawValue: 1 << 2)
        static let blocks = Parts(rawValue: 1 << 3)
        static let ranges = Parts(rawValue: 1 << 4)
        static let prefixes = Parts(rawValue: 1 << 5)
        static let suffixes = Parts(rawValue: 1 << 6)
        static let folded = Parts(rawValue: 1 << 7)
        static let foldedPrefixes = Parts(rawValue: 1 << 8)
        static let foldedSuffixes = Parts(rawValue: 1 << 9)
        static let globs = Parts(rawValue: 1 << 10)
        static let literals = Parts(rawValue: 1 << 11)
        static let exclusions = Parts(rawValue: 1 << 12)

        static let anyFolded: Parts = [.folded, .foldedPrefixes, .foldedSuffixes]
    }
}

/// All tests of one field, such that a value finds those that it passes without trying the others.
struct FieldIndex: BitwiseCopyable {
    /// Which of the indexes below hold anything: read first, so that the others need not be touched.
    var parts: Parts
    /// Values below are numbers of postings.
    var strings: ByteHash
    var numbers: WordHash
    var numberTexts: ByteHash
    var blocks: BlockIndex
    /// Values are entries of branches.
    var ranges: RangeIndex
    var prefixes: AffixIndex
    var suffixes: AffixIndex
    var folded: ByteHash
    var foldedPrefixes: AffixIndex
    var foldedSuffixes: AffixIndex
    var globs: GlobIndex
    /// Postings, or -1.
    var nullPosting: Int32
    var truePosting: Int32
    var falsePosting: Int32
    var stringPosting: Int32
    var anyPosting: Int32
    /// For each `anything-but` test the entry of its branch.
    var exclusions: UnsafePointer<Int32>
    var exclusionCount: Int32
    /// Entries of branches that are found by the absence of this field.
    var absences: UnsafePointer<Int32>
    var absenceCount: Int32
}
