import Events

/// The event at hand: its leaves by field, and the places of arrays. Scratch memory that is used again for each event.
struct EventState {
    private(set) var leaves: UnsafeMutablePointer<LeafState>
    private(set) var leafCount = 0
    private var leafCapacity = 64
    /// The first leaf of each field, or -1.
    private(set) var heads: UnsafeMutablePointer<Int32>
    private(set) var fieldCount: Int
    private(set) var places: UnsafeMutablePointer<PlaceState>
    private(set) var placeCount = 0
    private var placeCapacity = 16
    var search = ConsistencySearch()

    /// An array element, with how many array elements it lies in.
    struct PlaceState {
        var parent: Int32
        var array: Int32
        var depth: Int32
    }

    init(fieldCount: Int) {
        self.fieldCount = fieldCount
        self.leaves = .allocate(capacity: self.leafCapacity)
        self.places = .allocate(capacity: self.placeCapacity)
        self.heads = .allocate(capacity: max(fieldCount, 1))
        self.heads.initialize(repeating: -1, count: max(fieldCount, 1))
    }

    func deallocate() {
        self.leaves.deallocate()
        self.places.deallocate()
        self.heads.deallocate()
        self.search.deallocate()
    }

    /// Makes room for fields that were added; the ones before keep their ids.
    mutating func grow(fieldCount: Int) {
        guard fieldCount > self.fieldCount else { return }
        self.forget()
        self.heads.deallocate()
        self.heads = .allocate(capacity: fieldCount)
        self.heads.initialize(repeating: -1, count: fieldCount)
        self.fieldCount = fieldCount
    }

    /// Takes the leaves of the next event. They are pointed to, not copied.
    @inline(__always)
    mutating func load(_ source: some PatternLeaves) {
        self.forget()
        let count = source.leafCount
        if count > self.leafCapacity { self.growLeaves(count) }
        // From the last to the first, so that each field's chain is in the order of the event.
        var index = count - 1
        while index >= 0 {
            let leaf = source.patternLeaf(index)
            // A field that is not known here (the decoder was given other fields) has no leaves.
            let isKnown = leaf.field < self.fieldCount
            (self.leaves + index).initialize(
                to: LeafState(
                    start: leaf.bytes.start,
                    count: leaf.bytes.count,
                    field: isKnown ? Int32(truncatingIfNeeded: leaf.field) : -1,
                    next: isKnown ? self.heads[leaf.field] : -1,
                    place: Int32(truncatingIfNeeded: leaf.place),
                    kind: leaf.kind
                )
            )
            if isKnown { self.heads[leaf.field] = Int32(truncatingIfNeeded: index) }
            index -= 1
        }
        self.leafCount = count
        self.placeCount = source.placeCount
        if self.placeCount > 0 { self.loadPlaces(source) }
    }

    @inline(__always)
    private mutating func forget() {
        for index in 0..<self.leafCount where self.leaves[index].field >= 0 {
            self.heads[Int(self.leaves[index].field)] = -1
        }
        self.leafCount = 0
    }

    private mutating func growLeaves(_ count: Int) {
        self.leaves.deallocate()
        self.leafCapacity = count * 2
        self.leaves = .allocate(capacity: self.leafCapacity)
    }

    private mutating func loadPlaces(_ source: some PatternLeaves) {
        if self.placeCount > self.placeCapacity {
            self.places.deallocate()
            self.placeCapacity = self.placeCount * 2
            self.places = .allocate(capacity: self.placeCapacity)
        }
        for index in 0..<self.placeCount {
            let place = source.patternPlace(index)
            let depth = place.parent < 0 ? 0 : self.places[place.parent].depth + 1
            (self.places + index).initialize(
                to: PlaceState(
                    parent: Int32(truncatingIfNeeded: place.parent),
                    array: Int32(truncatingIfNeeded: place.array),
                    depth: depth
                )
            )
        }
    }

    // MARK: Branches

    /// Whether the event matches a branch.
    mutating func matches(_ branch: FlatBranch, _ pool: PoolView) -> Bool {
        let start = Int(branch.slotStart)
        for index in start..<start + Int(branch.slotCount) where !self.mayMatch(pool.slots[index], pool) {
            return false
        }
        // A branch without fields, of a rule without a pattern, has no slot to look at.
        guard self.placeCount > 0, branch.slotCount > 0, branch.slotCount > 1 || pool.slots[start].allowsAbsence else {
            return true
        }
        return self.isConsistent(branch, pool)
    }

    /// Whether a slot alone can be satisfied. Without places of arrays that is all there is to know.
    @inline(__always)
    mutating func mayMatch(_ slot: FlatSlot, _ pool: PoolView) -> Bool {
        var leaf = self.heads[Int(slot.field)]
        if leaf < 0 { return slot.allowsAbsence }
        // A field that lies outside of arrays is there, whichever elements of arrays the other fields are taken from.
        var canBeAbsent = slot.allowsAbsence
        while leaf >= 0 {
            if self.passes(slot, Int(leaf), pool) { return true }
            if self.leaves[Int(leaf)].place < 0 { canBeAbsent = false }
            leaf = self.leaves[Int(leaf)].next
        }
        return canBeAbsent
    }

    /// Whether one leaf passes one of a slot's tests.
    @inline(__always)
    mutating func passes(_ slot: FlatSlot, _ leaf: Int, _ pool: PoolView) -> Bool {
        let start = Int(slot.testStart)
        for index in start..<start + Int(slot.testCount)
        where pool.passes(pool.tests[index], &self.leaves[leaf]) {
            return true
        }
        return false
    }

    /// Whether two leaves can be taken together: unless they lie in different elements of one array. -1 is no array.
    func areConsistent(_ first: Int32, _ second: Int32) -> Bool {
        if first < 0 || second < 0 || first == second { return true }
        var a = Int(first)
        var b = Int(second)
        while self.places[a].depth > self.places[b].depth { a = Int(self.places[a].parent) }
        while self.places[b].depth > self.places[a].depth { b = Int(self.places[b].parent) }
        while a != b {
            if self.places[a].array == self.places[b].array { return false }
            a = Int(self.places[a].parent)
            b = Int(self.places[b].parent)
            if a < 0 || b < 0 { return true }
        }
        return true
    }
}
