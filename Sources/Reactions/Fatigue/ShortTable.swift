/// A key that can be told from most others by a number, which costs next to nothing.
protocol TaggedKey: Hashable, Sendable {
    /// The same for keys that are the same.
    var tag: Int { get }
}

/// Values by their keys, in the order in which they came: made for few.
///
/// While there are few, their keys are compared one after the other: they lie side by side, and to compute a hash and to
/// look it up somewhere else would take longer. Their tags are compared first, since a text that is only looked at has to be
/// counted as used, and as no longer used. When there are more, a dictionary knows where they are, so that no number
/// of keys makes it slow. A value lies beside its key: in a large state each look somewhere else is a look at memory that
/// is in no cache.
struct ShortTable<Key: TaggedKey, Value: Hashable & Sendable>: Sendable, Hashable {
    private struct Entry: Sendable, Hashable {
        let tag: Int
        let key: Key
        var value: Value
    }

    /// Keys that are compared one after the other, at most.
    private static var few: Int { 8 }

    private var entries: [Entry] = []
    /// Where the keys are; empty while there are few.
    private var places: [Key: Int] = [:]

    var isEmpty: Bool { self.entries.isEmpty }
    var count: Int { self.entries.count }
    var indices: Range<Int> { self.entries.indices }

    /// What lies at a place, where it lies: a copy would have to be counted, and undone.
    subscript(place: Int) -> Value {
        _read { yield self.entries[place].value }
        _modify { yield &self.entries[place].value }
    }

    func key(at place: Int) -> Key { self.entries[place].key }

    func place(of key: Key) -> Int? {
        guard self.entries.count <= Self.few else { return self.places[key] }
        let tag = key.tag
        for place in self.entries.indices where self.entries[place].tag == tag && self.entries[place].key == key {
            return place
        }
        return nil
    }

    /// Where the value of a key is; one that is new gets the value first.
    mutating func place(of key: Key, orAdd value: @autoclosure () -> Value) -> Int {
        if let place = self.place(of: key) { return place }
        let place = self.entries.count
        self.entries.append(Entry(tag: key.tag, key: key, value: value()))
        if place == Self.few {
            for (place, entry) in self.entries.enumerated() { self.places[entry.key] = place }
        } else if place > Self.few {
            self.places[key] = place
        }
        return place
    }

    /// Takes a value away; the last one takes its place.
    mutating func remove(at place: Int) {
        let last = self.entries.count - 1
        self.entries.swapAt(place, last)
        let key = self.entries.removeLast().key
        if last <= Self.few {
            self.places = [:]
        } else {
            self.places[key] = nil
            if place < last { self.places[self.entries[place].key] = place }
        }
    }
}

extension ExactText: TaggedKey {
    var tag: Int { self.text.utf8.count }
}

extension [UInt8]: TaggedKey {
    var tag: Int { self.count }
}

extension Fingerprint: TaggedKey {
    var tag: Int { Int(truncatingIfNeeded: self.value) }
}

extension HeldBack.Kind: TaggedKey {
    var tag: Int { self.type.utf8.count << 16 | self.verdict.place << 8 | self.severity.rank }
}
