import Events

/// Runs one segment on one event after the other. All memory is taken once; an event allocates nothing.
struct MatchEngine {
    let view: RuleSegment.View
    /// What is known of types without looking at the event.
    let settled: SettledTypes
    private let sizes: RuleSegment.Sizes
    /// Counts events, so that marks of earlier ones are known to be stale.
    private var event: UInt32 = 0
    private let branchMarks: UnsafeMutablePointer<UInt32>
    private let ruleMarks: UnsafeMutablePointer<UInt32>
    private let groupMarks: UnsafeMutablePointer<UInt32>
    private let activeGroups: UnsafeMutablePointer<Int32>
    private var activeGroupCount = 0
    /// Whether an active group names the event's type, instead of covering it by a wildcard.
    private let groupIsExact: UnsafeMutablePointer<Bool>
    /// Accepted rules by rank: one bit each, and one bit for each word that has some.
    private let acceptedWords: UnsafeMutablePointer<UInt64>
    private let acceptedSummary: UnsafeMutablePointer<UInt64>
    private let summaryCount: Int
    /// The `anything-but` tests of the field at hand that its value does not pass: one bit each.
    let excludedWords: UnsafeMutablePointer<UInt64>
    var excludedWordCount = 0
    /// Instead of all bits being set.
    var allAreExcluded = false
    var globRun: GlobRun
    var foldBuffer: UnsafeMutablePointer<UInt8>
    var foldCapacity = 256

    init(_ segment: RuleSegment) {
        func zeros<Word: FixedWidthInteger>(_ count: Int, _: Word.Type) -> UnsafeMutablePointer<Word> {
            let memory = UnsafeMutablePointer<Word>.allocate(capacity: max(count, 1))
            memory.initialize(repeating: 0, count: max(count, 1))
            return memory
        }
        self.view = segment.view
        self.settled = SettledTypes(types: segment.view.types.exactCount)
        self.sizes = segment.sizes
        self.branchMarks = zeros(segment.sizes.branches, UInt32.self)
        self.ruleMarks = zeros(segment.sizes.compoundRules, UInt32.self)
        self.groupMarks = zeros(segment.sizes.groups, UInt32.self)
        self.activeGroups = zeros(segment.sizes.groups, Int32.self)
        self.groupIsExact = .allocate(capacity: max(segment.sizes.groups, 1))
        self.groupIsExact.initialize(repeating: false, count: max(segment.sizes.groups, 1))
        let words = (segment.sizes.ranks + 63) / 64
        self.summaryCount = (words + 63) / 64
        self.acceptedWords = zeros(words, UInt64.self)
        self.acceptedSummary = zeros(self.summaryCount, UInt64.self)
        self.excludedWords = zeros((segment.sizes.exclusions + 63) / 64, UInt64.self)
        self.globRun = GlobRun(globCount: segment.sizes.globs, pieceCount: segment.sizes.pieces)
        self.foldBuffer = .allocate(capacity: self.foldCapacity)
    }

    func deallocate() {
        self.settled.deallocate()
        self.branchMarks.deallocate()
        self.ruleMarks.deallocate()
        self.groupMarks.deallocate()
        self.activeGroups.deallocate()
        self.groupIsExact.deallocate()
        self.acceptedWords.deallocate()
        self.acceptedSummary.deallocate()
        self.excludedWords.deallocate()
        self.globRun.deallocate()
        self.foldBuffer.deallocate()
    }

    // MARK: One event

    /// Finds the rules that accept an event and writes their numbers within the segment in the order of dispatch.
    /// - Parameter exact: the number of the event's type, or -1.
    /// - Returns: How many.
    mutating func run(
        eventType: ByteView,
        exact: Int32,
        event: inout EventState,
        into output: UnsafeMutablePointer<Int32>
    ) -> Int {
        self.beginEvent()
        self.activateGroups(eventType, exact)
        if self.activeGroupCount == 0 { return 0 }
        var indexed = false
        for position in 0..<self.activeGroupCount {
            let group = self.view.groups[Int(self.activeGroups[position])]
            for number in Int(group.branchStart)..<Int(group.scanEnd) {
                self.test(self.view.branches + number, &event)
            }
            if group.scanEnd < group.branchEnd { indexed = true }
        }
        if indexed { self.probe(&event) }
        let count = self.collect(into: output)
        if self.settled.isUnknown(exact) {
            let found = UnsafeBufferPointer(start: UnsafePointer(output), count: count)
            self.settled.learn(exact, rules: self.dependsOnEvent ? nil : found)
        }
        return count
    }

    /// Whether some rule that listens to the type at hand has a pattern.
    private var dependsOnEvent: Bool {
        (0..<self.activeGroupCount).contains { position in
            let group = self.view.groups[Int(self.activeGroups[position])]
            return (group.branchStart..<group.branchEnd).contains { number in
                let branch = self.view.branches[Int(number)]
                return branch.slots.slotCount > 0 || branch.rule >= 0
            }
        }
    }

    private mutating func beginEvent() {
        self.event &+= 1
        if self.event == 0 {
            // Four thousand million events later the marks could be mistaken for new ones.
            self.branchMarks.update(repeating: 0, count: max(self.sizes.branches, 1))
            self.ruleMarks.update(repeating: 0, count: max(self.sizes.compoundRules, 1))
            self.groupMarks.update(repeating: 0, count: max(self.sizes.groups, 1))
            self.event = 1
        }
        self.activeGroupCount = 0
    }

    @inline(__always)
    private mutating func activateGroups(_ eventType: ByteView, _ exact: Int32) {
        let types = self.view.types
        if exact >= 0 { self.activate(types, exact, isExact: true) }
        types.forEachWildcard(eventType) { self.activate(types, $0, isExact: false) }
    }

    @inline(__always)
    private mutating func activate(_ types: TypeIndex, _ stretch: Int32, isExact: Bool) {
        let stretch = types.stretches[Int(stretch)]
        for index in Int(stretch.start)..<Int(stretch.start &+ stretch.count) {
            let group = Int(types.groups[index])
            // Exact ones are activated first, so what is there stays.
            guard self.groupMarks[group] != self.event else { continue }
            self.groupMarks[group] = self.event
            self.groupIsExact[group] = isExact
            self.activeGroups[self.activeGroupCount] = Int32(truncatingIfNeeded: group)
            self.activeGroupCount &+= 1
        }
    }

    /// Lets every leaf find its branches.
    private mutating func probe(_ event: inout EventState) {
        for leaf in 0..<event.leafCount {
            let field = Int(event.leaves[leaf].field)
            if field >= 0, field < self.view.indexes.fieldCount { self.probe(leaf, field, &event) }
        }
        for index in 0..<self.view.indexes.absenceFieldCount {
            let field = Int(self.view.indexes.absenceFields[index])
            guard event.mayBeAbsent(field) else { continue }
            let index = self.view.indexes.fields + field
            for entry in 0..<Int(index.pointee.absenceCount) {
                self.consider(BranchEntry(raw: index.pointee.absences[entry]), &event)
            }
        }
    }

    // MARK: Branches

    @inline(__always)
    mutating func consider(_ entry: BranchEntry, _ event: inout EventState) {
        let branch = self.view.branches + entry.branch
        guard self.groupMarks[Int(branch.pointee.group)] == self.event else { return }
        if event.placeCount > 0 {
            // Many elements of an array may lead to one branch, and with arrays the search for a consistent choice
            // has to look at all fields.
            guard self.branchMarks[entry.branch] != self.event else { return }
            self.branchMarks[entry.branch] = self.event
            self.test(branch, &event)
        } else if entry.isTentative {
            self.test(branch, &event)
        } else {
            self.testOthers(branch, &event)
        }
    }

    /// Considers the branches of a list, rising by number. Of a long list only the stretches of active groups are read.
    @inline(__always)
    mutating func consider(_ list: UnsafePointer<Int32>, _ count: Int, _ event: inout EventState) {
        if count <= 32 {
            for index in 0..<count { self.consider(BranchEntry(raw: list[index]), &event) }
        } else {
            self.considerLong(list, count, &event)
        }
    }

    private mutating func considerLong(_ list: UnsafePointer<Int32>, _ count: Int, _ event: inout EventState) {
        for position in 0..<self.activeGroupCount {
            let group = self.view.groups[Int(self.activeGroups[position])]
            var low = 0
            var high = count
            while low < high {
                let middle = (low &+ high) / 2
                if BranchEntry(raw: list[middle]).branch < Int(group.branchStart) {
                    low = middle &+ 1
                } else {
                    high = middle
                }
            }
            while low < count, BranchEntry(raw: list[low]).branch < Int(group.branchEnd) {
                self.consider(BranchEntry(raw: list[low]), &event)
                low &+= 1
            }
        }
    }

    /// Tests all of a branch.
    private mutating func test(_ branch: UnsafePointer<RuleSegment.Branch>, _ event: inout EventState) {
        guard !self.isDecided(branch), event.matches(branch.pointee.slots, self.view.pool) else { return }
        self.accept(branch, &event)
    }

    /// Tests what is left of a branch whose own field has been found to match. Only for events without arrays.
    @inline(__always)
    private mutating func testOthers(_ branch: UnsafePointer<RuleSegment.Branch>, _ event: inout EventState) {
        guard !self.isDecided(branch) else { return }
        let start = Int(branch.pointee.checkStart)
        for index in start..<start &+ Int(branch.pointee.checkCount) {
            let slot = self.view.pool.slots[Int(self.view.checks[index])]
            guard event.mayMatch(slot, self.view.pool) else { return }
        }
        self.accept(branch, &event)
    }

    /// Whether another branch of the rule has settled it.
    @inline(__always)
    private func isDecided(_ branch: UnsafePointer<RuleSegment.Branch>) -> Bool {
        branch.pointee.rule >= 0 && self.ruleMarks[Int(branch.pointee.rule)] == self.event
    }

    @inline(__always)
    private mutating func accept(_ branch: UnsafePointer<RuleSegment.Branch>, _ event: inout EventState) {
        if branch.pointee.rule >= 0, self.isExcluded(Int(branch.pointee.rule), &event) { return }
        let isExact = self.groupIsExact[Int(branch.pointee.group)]
        let rank = Int(isExact ? branch.pointee.exactRank : branch.pointee.wildcardRank)
        self.acceptedWords[rank >> 6] |= 1 << UInt64(rank & 63)
        self.acceptedSummary[rank >> 12] |= 1 << UInt64((rank >> 6) & 63)
    }

    /// Whether `not` matches. Settles the rule one way or the other, since that does not depend on the branch.
    private mutating func isExcluded(_ number: Int, _ event: inout EventState) -> Bool {
        self.ruleMarks[number] = self.event
        let rule = self.view.rules[number]
        for index in Int(rule.exclusionStart)..<Int(rule.exclusionStart &+ rule.exclusionCount)
        where event.matches(self.view.exclusions[index], self.view.pool) {
            return true
        }
        return false
    }

    /// Reads the accepted ranks, which are in the order of dispatch, and clears them.
    private mutating func collect(into output: UnsafeMutablePointer<Int32>) -> Int {
        var count = 0
        for summary in 0..<self.summaryCount {
            var words = self.acceptedSummary[summary]
            if words == 0 { continue }
            self.acceptedSummary[summary] = 0
            while words != 0 {
                let word = summary << 6 | words.trailingZeroBitCount
                words &= words &- 1
                var bits = self.acceptedWords[word]
                self.acceptedWords[word] = 0
                while bits != 0 {
                    output[count] = self.view.ranks[word << 6 | bits.trailingZeroBitCount]
                    bits &= bits &- 1
                    count &+= 1
                }
            }
        }
        return count
    }
}

extension EventState {
    /// Whether a field may count as absent: it has no leaf, or none that is there whatever is chosen from arrays.
    func mayBeAbsent(_ field: Int) -> Bool {
        var leaf = self.heads[field]
        while leaf >= 0 {
            if self.leaves[Int(leaf)].place < 0 { return false }
            leaf = self.leaves[Int(leaf)].next
        }
        return true
    }
}
