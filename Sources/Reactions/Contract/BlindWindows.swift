/// The times in which events may have been missed, in microseconds.
///
/// At most `limit` of them are kept; of more, the two that lie closest together become one, so that what is kept never
/// says less than what was told.
struct BlindWindows: Sendable {
    struct Window: Sendable, Hashable {
        var from: Int64
        /// `Int64.max` while it lasts.
        var to: Int64
        var reason: String
    }

    static let limit = 32

    /// In order, without overlaps.
    private(set) var windows: [Window] = []

    init() {}

    mutating func begin(at from: Int64, reason: String) {
        guard self.windows.last?.to != .max else { return }
        self.add(Window(from: from, to: .max, reason: reason))
    }

    /// A window that is over; it ends the one that was going on.
    mutating func add(from: Int64, to: Int64, reason: String) {
        var from = from
        if let last = self.windows.last, last.to == .max {
            from = min(from, last.from)
            self.windows.removeLast()
        }
        self.add(Window(from: from, to: max(from, to), reason: reason))
    }

    /// Nothing was missed in the window that is going on.
    mutating func dismiss() {
        if self.windows.last?.to == .max { self.windows.removeLast() }
    }

    /// Why something that went on from `from` to `to` is in doubt; nil when it is not.
    func doubt(from: Int64, to: Int64) -> String? {
        self.windows.last { $0.from < to && $0.to > from }?.reason
    }

    private mutating func add(_ window: Window) {
        var added = window
        // What overlaps becomes part of the new one.
        self.windows.removeAll { old in
            guard old.from <= added.to, old.to >= added.from else { return false }
            added.from = min(added.from, old.from)
            added.to = max(added.to, old.to)
            return true
        }
        let place = self.windows.firstIndex { $0.from > added.from } ?? self.windows.count
        self.windows.insert(added, at: place)
        if self.windows.count > Self.limit { self.joinClosest() }
    }

    private mutating func joinClosest() {
        let gaps = self.windows.indices.dropLast().map { self.windows[$0 + 1].from - self.windows[$0].to }
        guard let smallest = gaps.min(), let index = gaps.firstIndex(of: smallest) else { return }
        self.windows[index + 1].from = self.windows[index].from
        self.windows.remove(at: index)
    }
}
