/// What waits for one test: branches of rules, and `anything-but` tests that it excludes.
struct Posting: BitwiseCopyable {
    /// Entries (see `BranchEntry`), rising.
    var branchStart: Int32 = 0
    var branchCount: Int32 = 0
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

/// All tests of one field, such that a value finds those that it passes without trying the others.
struct FieldIndex: BitwiseCopyable {
    /// Whether some branch is found by this field at all.
    var isUsed: Bool
    /// Values below are numbers of postings.
    var strings: ByteHash
    var numbers: WordHash
    var numberTexts: ByteHash
    var blocks: BlockIndex
    /// Values are entries of branches.
    var ranges: RangeIndex
    var prefixes: ByteTrie
    /// From the last byte to the first.
    var suffixes: ByteTrie
    var folded: ByteHash
    var foldedPrefixes: ByteTrie
    var foldedSuffixes: ByteTrie
    var globs: GlobIndex
    var hasFolded: Bool
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
