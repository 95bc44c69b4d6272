/// Looks for a choice of one leaf for each field of a branch so that no two of them lie in different elements of one
/// array.
///
/// The fields are taken in the order of their paths, as Event Ruler takes them. That matters for `exists: false` only:
/// a field is absent if none of its leaves is consistent with the leaves chosen for the fields BEFORE it. So
/// `{"e": {"first": ["Anna"], "ids": [{"exists": false}]}}` asks whether Anna's own element lacks ids, while a test for
/// absence whose path comes first is judged on the whole event.
///
/// When a field has no choice left, the search goes back to the nearest field that had a part in the conflict, not just
/// to the one before. Otherwise a few independent arrays would multiply.
struct ConsistencySearch {
    /// Scratch: the places that the leaves of each slot can be taken from, one slot after the other.
    private var places: UnsafeMutablePointer<Int32>
    private var placeCapacity = 64
    private var placeCount = 0
    /// Scratch: one entry a slot.
    private var slots: UnsafeMutablePointer<Slot>
    private var slotCapacity = 16

    private struct Slot {
        var field: Int32
        var allowsAbsence: Bool
        /// Whether some choice of this slot lies in an array.
        var hasPlaces: Bool
        var optionStart: Int32
        var optionEnd: Int32
        var chosen: Int32
    }

    /// The outcome of a search: found, or the slots that stood in the way, one bit each. Slots beyond the 63rd share
    /// the last bit.
    private struct Outcome {
        var isFound: Bool
        var conflicts: UInt64
    }

    init() {
        self.places = .allocate(capacity: self.placeCapacity)
        self.slots = .allocate(capacity: self.slotCapacity)
    }

    func deallocate() {
        self.places.deallocate()
        self.slots.deallocate()
    }

    // MARK: Collecting the choices

    mutating func begin(slotCount: Int) {
        self.placeCount = 0
        guard slotCount > self.slotCapacity else { return }
        self.slots.deallocate()
        self.slotCapacity = slotCount
        self.slots = .allocate(capacity: slotCount)
    }

    mutating func beginSlot(_ index: Int, field: Int32, allowsAbsence: Bool) {
        (self.slots + index).initialize(
            to: Slot(
                field: field,
                allowsAbsence: allowsAbsence,
                hasPlaces: false,
                optionStart: Int32(self.placeCount),
                optionEnd: Int32(self.placeCount),
                chosen: -1
            )
        )
    }

    /// Leaves of one element are next to each other, so comparing with the last one finds most duplicates.
    mutating func addOption(_ index: Int, place: Int32) {
        if self.slots[index].optionEnd > self.slots[index].optionStart, self.places[self.placeCount - 1] == place {
            return
        }
        if self.placeCount == self.placeCapacity { self.growPlaces() }
        self.places[self.placeCount] = place
        self.placeCount += 1
        self.slots[index].optionEnd = Int32(self.placeCount)
        if place >= 0 { self.slots[index].hasPlaces = true }
    }

    private mutating func growPlaces() {
        let larger = UnsafeMutablePointer<Int32>.allocate(capacity: self.placeCapacity * 2)
        larger.update(from: self.places, count: self.placeCount)
        self.places.deallocate()
        self.places = larger
        self.placeCapacity *= 2
    }

    // MARK: Searching

    mutating func run(slotCount: Int, event: borrowing EventState) -> Bool {
        self.search(from: 0, slotCount: slotCount, event: event).isFound
    }

    /// The place that the last successful search chose for a slot, or -1 for none.
    func chosenPlace(_ slot: Int) -> Int32 { self.slots[slot].chosen }

    private static func bit(_ slot: Int) -> UInt64 { 1 << UInt64(min(slot, 63)) }

    private mutating func search(from index: Int, slotCount: Int, event: borrowing EventState) -> Outcome {
        guard index < slotCount else { return Outcome(isFound: true, conflicts: 0) }
        // Beyond 63 slots a bit does not name one slot, so going back by more than one is not safe there.
        let isNamed = index < 63
        var conflicts: UInt64 = 0
        for option in Int(self.slots[index].optionStart)..<Int(self.slots[index].optionEnd) {
            let place = self.places[option]
            if let culprit = self.culprit(before: index, place: place, event: event) {
                conflicts |= Self.bit(culprit)
                continue
            }
            self.slots[index].chosen = place
            let outcome = self.search(from: index + 1, slotCount: slotCount, event: event)
            if outcome.isFound || (isNamed && outcome.conflicts & Self.bit(index) == 0) { return outcome }
            conflicts |= isNamed ? outcome.conflicts & ~Self.bit(index) : outcome.conflicts
        }
        guard self.slots[index].allowsAbsence else { return Outcome(isFound: false, conflicts: conflicts) }
        guard self.isAbsent(index, event: event) else {
            // Any other choice of an earlier slot might have excluded the leaf that is in the way.
            return Outcome(isFound: false, conflicts: conflicts | (Self.bit(index) &- 1))
        }
        self.slots[index].chosen = -1
        let outcome = self.search(from: index + 1, slotCount: slotCount, event: event)
        if outcome.isFound { return outcome }
        return Outcome(
            isFound: false,
            conflicts: isNamed ? (conflicts | outcome.conflicts) & ~Self.bit(index) : conflicts | outcome.conflicts
        )
    }

    /// The first slot whose choice does not go with a place.
    private func culprit(before index: Int, place: Int32, event: borrowing EventState) -> Int? {
        guard place >= 0 else { return nil }
        for earlier in 0..<index where !event.areConsistent(self.slots[earlier].chosen, place) { return earlier }
        return nil
    }

    private func isAbsent(_ index: Int, event: borrowing EventState) -> Bool {
        var leaf = event.heads[Int(self.slots[index].field)]
        while leaf >= 0 {
            if self.culprit(before: index, place: event.leaves[Int(leaf)].place, event: event) == nil { return false }
            leaf = event.leaves[Int(leaf)].next
        }
        return true
    }
}

extension EventState {
    /// Whether the slots of a branch can be satisfied together. Each of them alone can.
    mutating func isConsistent(_ branch: FlatBranch, _ pool: PoolView) -> Bool {
        // Moved out for the while: the search reads the event.
        var search = self.search
        defer { self.search = search }
        let count = Int(branch.slotCount)
        search.begin(slotCount: count)
        for index in 0..<count {
            let slot = pool.slots[Int(branch.slotStart) + index]
            search.beginSlot(index, field: slot.field, allowsAbsence: slot.allowsAbsence)
            var leaf = self.heads[Int(slot.field)]
            while leaf >= 0 {
                if self.passes(slot, Int(leaf), pool) {
                    search.addOption(index, place: self.leaves[Int(leaf)].place)
                }
                leaf = self.leaves[Int(leaf)].next
            }
        }
        return search.run(slotCount: count, event: self)
    }
}
