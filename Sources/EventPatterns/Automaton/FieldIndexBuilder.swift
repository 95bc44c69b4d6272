/// Collects the postings of an automaton.
struct PostingTable {
    struct Draft {
        var branches: [Int32] = []
        var exclusions: [Int32] = []
        var globs: [Int32] = []
        /// How many `anything-but` tests the field has; decides the form of the exclusions.
        var exclusionLimit = 0
    }

    var drafts: [Draft] = []

    mutating func make() -> Int32 {
        self.drafts.append(Draft())
        return Int32(self.drafts.count - 1)
    }

    /// - Returns: The postings, the lists they point into, and the words of their bit sets.
    func freeze() -> (postings: [Posting], lists: [Int32], words: [UInt64]) {
        var lists: [Int32] = []
        var words: [UInt64] = []
        let postings = self.drafts.map { draft in
            var posting = Posting()
            // A branch can come by several alternatives to the same test.
            let branches = Set(draft.branches).sorted()
            posting.branchCount = Int32(branches.count)
            if branches.count == 1 {
                posting.branchStart = branches[0]
            } else {
                posting.branchStart = Int32(lists.count)
                lists += branches
            }
            posting.globStart = Int32(lists.count)
            posting.globCount = Int32(draft.globs.count)
            lists += draft.globs
            if draft.exclusionLimit > 0, Set(draft.exclusions).count == draft.exclusionLimit {
                posting.exclusionCount = Posting.excludesAll
            } else if draft.exclusions.count > max(16, draft.exclusionLimit / 64) {
                posting.exclusionStart = Int32(words.count)
                posting.exclusionCount = -1
                words += [UInt64](repeating: 0, count: (draft.exclusionLimit + 63) / 64)
                for exclusion in draft.exclusions {
                    words[Int(posting.exclusionStart) + Int(exclusion) / 64] |= 1 << UInt64(exclusion % 64)
                }
            } else {
                posting.exclusionStart = Int32(lists.count)
                posting.exclusionCount = Int32(draft.exclusions.count)
                lists += draft.exclusions
            }
            return posting
        }
        return (postings, lists, words)
    }
}

/// Builds the index of one field.
struct FieldIndexBuilder {
    private var strings: [[UInt8]: Int32] = [:]
    private var numbers: [UInt64: Int32] = [:]
    private var numberTexts: [[UInt8]: Int32] = [:]
    private var blocks: [AddressBlock: Int32] = [:]
    private var ranges: [(range: NumericRange, entry: Int32)] = []
    private var prefixes: [[UInt8]: Int32] = [:]
    private var suffixes: [[UInt8]: Int32] = [:]
    private var folded: [[UInt8]: Int32] = [:]
    private var foldedPrefixes: [[UInt8]: Int32] = [:]
    private var foldedSuffixes: [[UInt8]: Int32] = [:]
    private var globs: [(pieces: [[UInt8]], posting: Int32)] = []
    private var globPostings: [[[UInt8]]: Int32] = [:]
    private var nullPosting: Int32 = -1
    private var truePosting: Int32 = -1
    private var falsePosting: Int32 = -1
    private var stringPosting: Int32 = -1
    private var anyPosting: Int32 = -1
    private var exclusions: [Int32] = []
    private var exclusionPostings: Set<Int32> = []
    private var absences: [Int32] = []

    /// How a test leads to what waits for it.
    private enum Target {
        case branch(Int, isTentative: Bool)
        case exclusion(Int32)
    }

    /// Makes a branch be found by one alternative of this field.
    mutating func add(_ test: PatternTest, branch: Int, table: inout PostingTable) {
        switch test {
        case .absent:
            self.absences.append(BranchEntry(branch, isTentative: true).raw)
        case .exists:
            self.post(\.anyPosting, .branch(branch, isTentative: false), &table)
        case .numeric(let range) where range.low != range.high:
            self.ranges.append((range, BranchEntry(branch, isTentative: false).raw))
        case .anythingBut(let tests):
            self.addExclusion(of: tests, branch: branch, table: &table)
        default:
            self.post(test, .branch(branch, isTentative: false), &table)
        }
    }

    private mutating func addExclusion(of tests: [PatternTest], branch: Int, table: inout PostingTable) {
        // Folding finds too much, which is no harm for a candidate, but an exclusion must be exact.
        let isExact = tests.allSatisfy { if case .equalsIgnoringCase = $0 { false } else { true } }
        guard isExact else { return self.post(\.anyPosting, .branch(branch, isTentative: true), &table) }
        let number = Int32(self.exclusions.count)
        self.exclusions.append(BranchEntry(branch, isTentative: false).raw)
        for test in tests { self.post(test, .exclusion(number), &table) }
    }

    private mutating func post(_ test: PatternTest, _ target: Target, _ table: inout PostingTable) {
        switch test {
        case .text(let bytes): self.post(\.strings, bytes, target, &table)
        case .address(let address):
            let block = AddressBlock(address, prefixLength: address.family.bitCount)
            self.post(\.blocks, block, target, &table)
        case .cidr(let block): self.post(\.blocks, block, target, &table)
        case .number(.exact(let value)): self.post(\.numbers, value.bitPattern, target, &table)
        case .number(.text(let bytes)): self.post(\.numberTexts, bytes, target, &table)
        case .numeric(let range): self.post(\.numbers, range.low.bitPattern, target, &table)
        case .bool(let value): self.post(value ? \.truePosting : \.falsePosting, target, &table)
        case .null: self.post(\.nullPosting, target, &table)
        case .prefix(let bytes): self.post(\.prefixes, bytes, target, &table)
        case .suffix(let bytes): self.post(\.suffixes, bytes, target, &table)
        case .equalsIgnoringCase(let text): self.postCaseless(\.folded, text, target, &table)
        case .prefixIgnoringCase(let text): self.postCaseless(\.foldedPrefixes, text, target, &table)
        case .suffixIgnoringCase(let text): self.postCaseless(\.foldedSuffixes, text, target, &table)
        case .wildcard(let glob): self.post(glob, target, &table)
        case .exists, .absent, .anythingBut: preconditionFailure("these have postings of their own")
        }
    }

    private mutating func post(_ glob: Glob, _ target: Target, _ table: inout PostingTable) {
        let pieces = glob.pieces
        if glob.isLiteral { return self.post(\.strings, pieces[0], target, &table) }
        if pieces.count == 2, pieces[1].isEmpty { return self.post(\.prefixes, pieces[0], target, &table) }
        if pieces.count == 2, pieces[0].isEmpty {
            return self.post(\.suffixes, pieces[1], target, &table)
        }
        let known = self.globPostings[pieces]
        let posting = known ?? table.make()
        self.enter(target, posting, &table)
        guard known == nil else { return }
        self.globPostings[pieces] = posting
        if !pieces[0].isEmpty {
            let head = self.prefixes[pieces[0]] ?? table.make()
            self.prefixes[pieces[0]] = head
            table.drafts[Int(head)].globs.append(Int32(self.globs.count))
        }
        self.globs.append((pieces, posting))
    }

    private mutating func postCaseless(
        _ keyPath: WritableKeyPath<Self, [[UInt8]: Int32]>,
        _ text: CaselessText,
        _ target: Target,
        _ table: inout PostingTable
    ) {
        guard case .branch(let branch, _) = target else { preconditionFailure("exclusions are not folded") }
        let tentative = Target.branch(branch, isTentative: true)
        guard CaseFolding.isFaithful(to: text) else { return self.post(\.stringPosting, tentative, &table) }
        let key = CaseFolding.folded(Array(text.text.utf8))
        self.post(keyPath, key, tentative, &table)
    }

    private mutating func post<Key: Hashable>(
        _ keyPath: WritableKeyPath<Self, [Key: Int32]>,
        _ key: Key,
        _ target: Target,
        _ table: inout PostingTable
    ) {
        let posting = self[keyPath: keyPath][key] ?? table.make()
        self[keyPath: keyPath][key] = posting
        self.enter(target, posting, &table)
    }

    private mutating func post(
        _ keyPath: WritableKeyPath<Self, Int32>,
        _ target: Target,
        _ table: inout PostingTable
    ) {
        if self[keyPath: keyPath] < 0 { self[keyPath: keyPath] = table.make() }
        self.enter(target, self[keyPath: keyPath], &table)
    }

    private mutating func enter(_ target: Target, _ posting: Int32, _ table: inout PostingTable) {
        switch target {
        case .branch(let branch, let isTentative):
            table.drafts[Int(posting)].branches.append(BranchEntry(branch, isTentative: isTentative).raw)
        case .exclusion(let number):
            table.drafts[Int(posting)].exclusions.append(number)
            self.exclusionPostings.insert(posting)
        }
    }

    // MARK: Freezing

    /// How much scratch memory searching takes.
    var globCount: Int { self.globs.count }
    var exclusionCount: Int { self.exclusions.count }

    private var parts: FieldIndex.Parts {
        var parts: FieldIndex.Parts = []
        if !self.strings.isEmpty { parts.insert(.strings) }
        if !self.numbers.isEmpty { parts.insert(.numbers) }
        if !self.numberTexts.isEmpty { parts.insert(.numberTexts) }
        if !self.blocks.isEmpty { parts.insert(.blocks) }
        if !self.ranges.isEmpty { parts.insert(.ranges) }
        if !self.prefixes.isEmpty { parts.insert(.prefixes) }
        if !self.suffixes.isEmpty { parts.insert(.suffixes) }
        if !self.folded.isEmpty { parts.insert(.folded) }
        if !self.foldedPrefixes.isEmpty { parts.insert(.foldedPrefixes) }
        if !self.foldedSuffixes.isEmpty { parts.insert(.foldedSuffixes) }
        if !self.globs.isEmpty { parts.insert(.globs) }
        if [self.nullPosting, self.truePosting, self.falsePosting, self.stringPosting, self.anyPosting]
            .contains(where: { $0 >= 0 })
        {
            parts.insert(.literals)
        }
        if !self.exclusions.isEmpty { parts.insert(.exclusions) }
        return parts
    }

    func freeze(table: inout PostingTable, arena: Arena) -> FieldIndex {
        for posting in self.exclusionPostings {
            table.drafts[Int(posting)].exclusionLimit = self.exclusions.count
        }
        return FieldIndex(
            parts: self.parts,
            strings: ByteHash(self.strings.map { ($0, $1) }, arena: arena),
            numbers: WordHash(self.numbers.map { (WordHash.Key(low: $0), $1) }, arena: arena),
            numberTexts: ByteHash(self.numberTexts.map { ($0, $1) }, arena: arena),
            blocks: BlockIndex(self.blocks.map { ($0, $1) }, arena: arena),
            ranges: RangeIndex(self.ranges, arena: arena),
            prefixes: AffixIndex(self.prefixes.map { ($0, $1) }, at: .front, arena: arena),
            suffixes: AffixIndex(self.suffixes.map { ($0, $1) }, at: .back, arena: arena),
            folded: ByteHash(self.folded.map { ($0, $1) }, arena: arena),
            foldedPrefixes: AffixIndex(self.foldedPrefixes.map { ($0, $1) }, at: .front, arena: arena),
            foldedSuffixes: AffixIndex(self.foldedSuffixes.map { ($0, $1) }, at: .back, arena: arena),
            globs: GlobIndex(self.globs, arena: arena),
            nullPosting: self.nullPosting,
            truePosting: self.truePosting,
            falsePosting: self.falsePosting,
            stringPosting: self.stringPosting,
            anyPosting: self.anyPosting,
            exclusions: arena.put(self.exclusions),
            exclusionCount: Int32(self.exclusions.count),
            absences: arena.put(self.absences),
            absenceCount: Int32(self.absences.count)
        )
    }
}
