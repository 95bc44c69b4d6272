import Events
import Glibc

extension MatchEngine {
    /// Finds the branches that one leaf leads to.
    mutating func probe(_ number: Int, _ field: Int, _ event: inout EventState) {
        let index = self.view.indexes.fields + field
        let parts = index.pointee.parts
        if parts.isEmpty { return }
        if parts.contains(.exclusions) {
            self.excludedWordCount = (Int(index.pointee.exclusionCount) + 63) / 64
            self.excludedWords.update(repeating: 0, count: self.excludedWordCount)
            self.allAreExcluded = false
        }
        switch event.leaves[number].kind {
        case .string: self.probeString(index, parts, number, &event)
        case .number: self.probeNumber(index, parts, number, &event)
        case .true: self.post(index.pointee.truePosting, &event)
        case .false: self.post(index.pointee.falsePosting, &event)
        case .null: self.post(index.pointee.nullPosting, &event)
        }
        if parts.contains(.literals) { self.post(index.pointee.anyPosting, &event) }
        if parts.contains(.exclusions), !self.allAreExcluded { self.considerNotExcluded(index, &event) }
    }

    // MARK: Postings

    @inline(__always)
    private mutating func post(_ number: Int32, _ event: inout EventState) {
        guard number >= 0 else { return }
        let posting = self.view.indexes.postings[Int(number)]
        if posting.branchCount == 1 {
            self.consider(BranchEntry(raw: posting.branchStart), &event)
        } else if posting.branchCount > 0 {
            self.consider(self.view.indexes.lists + Int(posting.branchStart), Int(posting.branchCount), &event)
        }
        if posting.exclusionCount != 0 { self.exclude(posting) }
    }

    private mutating func exclude(_ posting: Posting) {
        if posting.exclusionCount == Posting.excludesAll {
            self.allAreExcluded = true
        } else if posting.exclusionCount < 0 {
            // The words of one field's `anything-but` tests; as many as were cleared.
            let words = self.view.indexes.words + Int(posting.exclusionStart)
            for index in 0..<self.excludedWordCount { self.excludedWords[index] |= words[index] }
        } else {
            let list = self.view.indexes.lists + Int(posting.exclusionStart)
            for index in 0..<Int(posting.exclusionCount) {
                self.excludedWords[Int(list[index] >> 6)] |= 1 << UInt64(list[index] & 63)
            }
        }
    }

    private mutating func considerNotExcluded(_ index: UnsafePointer<FieldIndex>, _ event: inout EventState) {
        let count = Int(index.pointee.exclusionCount)
        for word in 0..<(count + 63) / 64 {
            var left = ~self.excludedWords[word]
            if (word + 1) * 64 > count { left &= (1 << UInt64(count & 63)) &- 1 }
            while left != 0 {
                let number = word << 6 | left.trailingZeroBitCount
                left &= left &- 1
                self.consider(BranchEntry(raw: index.pointee.exclusions[number]), &event)
            }
        }
    }

    // MARK: Numbers

    private mutating func probeNumber(
        _ index: UnsafePointer<FieldIndex>,
        _ parts: FieldIndex.Parts,
        _ number: Int,
        _ event: inout EventState
    ) {
        let leaf = event.leaves + number
        if parts.contains(.numberTexts) {
            self.post(index.pointee.numberTexts.find(leaf.pointee.start, leaf.pointee.count), &event)
        }
        guard !parts.isDisjoint(with: [.numbers, .ranges]), let value = leaf.pointee.exactNumber() else { return }
        if parts.contains(.numbers) {
            self.post(index.pointee.numbers.find(WordHash.Key(low: value.bitPattern)), &event)
        }
        if parts.contains(.ranges) {
            index.pointee.ranges.find(value) { self.consider(BranchEntry(raw: $0), &event) }
        }
    }

    // MARK: Strings

    private mutating func probeString(
        _ index: UnsafePointer<FieldIndex>,
        _ parts: FieldIndex.Parts,
        _ number: Int,
        _ event: inout EventState
    ) {
        let start = event.leaves[number].start
        let count = event.leaves[number].count
        if parts.contains(.strings) { self.post(index.pointee.strings.find(start, count), &event) }
        if parts.contains(.literals) { self.post(index.pointee.stringPosting, &event) }
        if parts.contains(.blocks) {
            // On a copy, since the event is needed for what is found; the answer is put back for the tests.
            var leaf = event.leaves[number]
            index.pointee.blocks.find(&leaf) { self.post($0, &event) }
            event.leaves[number] = leaf
        }
        self.globRun.pendingCount = 0
        if parts.contains(.prefixes) {
            index.pointee.prefixes.find(start, count, at: .front) { self.postPrefix($0, &event) }
        }
        if parts.contains(.suffixes) {
            index.pointee.suffixes.find(start, count, at: .back) { self.post($0, &event) }
        }
        if parts.contains(.globs), index.pointee.globs.hasStarters || self.globRun.pendingCount > 0 {
            self.search(index, start, count, &event)
        }
        if !parts.isDisjoint(with: .anyFolded) { self.probeFolded(index, parts, start, count, &event) }
    }

    private mutating func postPrefix(_ number: Int32, _ event: inout EventState) {
        let posting = self.view.indexes.postings[Int(number)]
        for index in 0..<Int(posting.globCount) {
            self.globRun.pending[self.globRun.pendingCount] = self.view.indexes.lists[Int(posting.globStart) + index]
            self.globRun.pendingCount &+= 1
        }
        self.post(number, &event)
    }

    private mutating func probeFolded(
        _ index: UnsafePointer<FieldIndex>,
        _ parts: FieldIndex.Parts,
        _ start: UnsafePointer<UInt8>,
        _ count: Int,
        _ event: inout EventState
    ) {
        if count * CaseFolding.growth > self.foldCapacity {
            self.foldBuffer.deallocate()
            self.foldCapacity = count * CaseFolding.growth * 2
            self.foldBuffer = .allocate(capacity: self.foldCapacity)
        }
        let folded = UnsafePointer(self.foldBuffer)
        let length = self.view.indexes.folding.fold(start, count, into: self.foldBuffer)
        if parts.contains(.folded) { self.post(index.pointee.folded.find(folded, length), &event) }
        if parts.contains(.foldedPrefixes) {
            index.pointee.foldedPrefixes.find(folded, length, at: .front) { self.post($0, &event) }
        }
        if parts.contains(.foldedSuffixes) {
            index.pointee.foldedSuffixes.find(folded, length, at: .back) { self.post($0, &event) }
        }
    }

    // MARK: Wildcards

    /// Searches a value for all wildcard patterns of a field at once; see `GlobIndex`.
    private mutating func search(
        _ index: UnsafePointer<FieldIndex>,
        _ start: UnsafePointer<UInt8>,
        _ count: Int,
        _ event: inout EventState
    ) {
        self.globRun.beginValue()
        var next = 0
        var position = 0
        let pendingCount = self.globRun.pendingCount
        if !index.pointee.globs.hasStarters {
            // Nothing can be found before the shortest of the first pieces ends.
            position = Int(index.pointee.globs.globs[Int(self.globRun.pending[0])].headCount)
        }
        var node: Int32 = 0
        while true {
            while next < pendingCount {
                let glob = Int(self.globRun.pending[next])
                guard Int(index.pointee.globs.globs[glob].headCount) <= position else { break }
                self.globRun.waiters[glob].next = -1
                self.advance(index, glob, end: position, start, count, &event)
                next &+= 1
            }
            if position >= count { return }
            node = index.pointee.globs.step(node, start[position])
            position &+= 1
            index.pointee.globs.forEachPiece(endingIn: node) { piece in
                self.found(index, Int(piece), end: position, start, count, &event)
            }
        }
    }

    /// A piece ends at `end`: whoever waits for it moves on.
    private mutating func found(
        _ index: UnsafePointer<FieldIndex>,
        _ number: Int,
        end: Int,
        _ start: UnsafePointer<UInt8>,
        _ count: Int,
        _ event: inout EventState
    ) {
        let piece = index.pointee.globs.pieces[number]
        if self.globRun.isFirstFinding(of: number) {
            for position in Int(piece.starterStart)..<Int(piece.starterStart + piece.starterCount) {
                let glob = Int(index.pointee.globs.starters[position])
                self.globRun.waiters[glob].next = 0
                self.advance(index, glob, end: end, start, count, &event)
            }
        }
        while let glob = self.globRun.pop(number, upTo: end - Int(piece.count)) {
            self.advance(index, glob, end: end, start, count, &event)
        }
    }

    /// The piece that a pattern waited for ends at `end`; now it waits for the next one, or for the end of the value.
    private mutating func advance(
        _ index: UnsafePointer<FieldIndex>,
        _ number: Int,
        end: Int,
        _ start: UnsafePointer<UInt8>,
        _ count: Int,
        _ event: inout EventState
    ) {
        let glob = index.pointee.globs.globs[number]
        let next = self.globRun.waiters[number].next + 1
        self.globRun.waiters[number].next = next
        guard next == glob.middleCount else {
            let piece = index.pointee.globs.middles[Int(glob.middleStart + next)]
            self.globRun.push(number, to: Int(piece), position: end)
            return
        }
        let tail = Int(glob.tailCount)
        guard count - tail >= end,
            memcmp(start + (count - tail), index.pointee.globs.bytes + Int(glob.tailStart), tail) == 0
        else { return }
        self.post(glob.posting, &event)
    }
}

extension GlobRun {
    /// Whether a piece is found for the first time in this value.
    @inline(__always)
    func isFirstFinding(of piece: Int) -> Bool {
        if self.queues[piece].found == self.value { return false }
        self.queues[piece].found = self.value
        return true
    }

    /// Lets a pattern wait for a piece that begins at `position` or later. Positions only rise.
    @inline(__always)
    func push(_ glob: Int, to piece: Int, position: Int) {
        self.waiters[glob].position = Int32(truncatingIfNeeded: position)
        self.waiters[glob].link = -1
        if self.queues[piece].value != self.value || self.queues[piece].first < 0 {
            self.queues[piece].value = self.value
            self.queues[piece].first = Int32(truncatingIfNeeded: glob)
        } else {
            self.waiters[Int(self.queues[piece].last)].link = Int32(truncatingIfNeeded: glob)
        }
        self.queues[piece].last = Int32(truncatingIfNeeded: glob)
    }

    /// The next pattern whose piece may begin at `position`.
    @inline(__always)
    func pop(_ piece: Int, upTo position: Int) -> Int? {
        guard self.queues[piece].value == self.value else { return nil }
        let first = self.queues[piece].first
        guard first >= 0, Int(self.waiters[Int(first)].position) <= position else { return nil }
        self.queues[piece].first = self.waiters[Int(first)].link
        return Int(first)
    }
}
