/// The instants at which runs have to be looked at, the earliest first: 16 bytes an entry.
///
/// An entry is not taken out when it is no longer wanted; whoever takes it off the top compares it with what the run is
/// armed for.
struct DeadlineHeap: Sendable {
    struct Entry: Sendable {
        /// Microseconds.
        var due: Int64
        /// The place of the run.
        var place: UInt32
        /// Which of the runs that have been at that place.
        var generation: UInt32
    }

    private var entries: [Entry] = []

    init() {}

    var count: Int { self.entries.count }
    var first: Entry? { self.entries.first }

    mutating func insert(_ entry: Entry) {
        var index = self.entries.count
        self.entries.append(entry)
        while index > 0 {
            let parent = (index - 1) / 2
            guard self.entries[parent].due > entry.due else { break }
            self.entries[index] = self.entries[parent]
            index = parent
        }
        self.entries[index] = entry
    }

    mutating func removeFirst() -> Entry? {
        guard let top = self.entries.first, let last = self.entries.popLast() else { return nil }
        if !self.entries.isEmpty { self.sink(last) }
        return top
    }

    /// Puts an entry where the top one was.
    private mutating func sink(_ entry: Entry) {
        let count = self.entries.count
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < count else { break }
            if child + 1 < count, self.entries[child + 1].due < self.entries[child].due { child += 1 }
            guard self.entries[child].due < entry.due else { break }
            self.entries[index] = self.entries[child]
            index = child
        }
        self.entries[index] = entry
    }
}
