/// Values by their keys, in the order in which they came: made for few.
///
/// While there are few, their keys are compared one after the other: they lie side by side, and to compute a hash and to
/// look it up somewhere else would take longer. When there are more, a dictionary knows where they are, so that no number
/// of keys makes it slow.
struct ShortTable<Key: Hashable & Sendable, Value: Hashable & Sendable>: Sendable, Hashable {
    /// Keys that are compared one after the other, at most.
    private static var few: Int { 8 }

    private(set) var keys: [Key] = []
    /// In the order of the keys.
    var values: [Value] = []
    /// Where the keys are; empty while there are few.
    private var places: [Key: Int] = [:]

    var isEmpty: Bool { self.keys.isEmpty }
    var count: Int { self.keys.count }

    func place(of key: Key) -> Int? {
        guard self.keys.count <= Self.few else { return self.places[key] }
        for place in self.keys.indices where self.keys[place] == key { return place }
        return nil
    }

    /// Where the value of a key is; one that is new gets the value first.
    mutating func place(of key: Key, orAdd value: @autoclosure () -> Value) -> Int {
        if let place = self.place(of: key) { return place }
        let place = self.keys.count
        self.keys.append(key)
        self.values.append(value())
        if self.keys.count == Self.few + 1 {
            for (place, key) in self.keys.enumerated() { self.places[key] = place }
        } else if self.keys.count > Self.few {
            self.places[key] = place
        }
        return place
    }

    /// Takes a value away; the last one takes its place.
    mutating func remove(at place: Int) {
        let last = self.keys.count - 1
        self.keys.swapAt(place, last)
        self.values.swapAt(place, last)
        let key = self.keys.removeLast()
        self.values.removeLast()
        if last <= Self.few {
            self.places = [:]
        } else {
            self.places[key] = nil
            if place < last { self.places[self.keys[place]] = place }
        }
    }
}
