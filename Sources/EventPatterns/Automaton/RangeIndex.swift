/// Numeric ranges, such that a number finds those that hold it without looking at the others.
struct RangeIndex: BitwiseCopyable {
    /// One end of a range, and whose range it is.
    struct Bound: BitwiseCopyable {
        var value: Double
        var isOpen: Bool
        var entry: Int32
    }

    /// A range with two ends, in a tree that is kept in an array: the middle of each stretch is its root.
    struct Interval: BitwiseCopyable {
        var range: NumericRange
        /// The highest end in the stretch that this is the root of.
        var highest: Double
        var entry: Int32
    }

    /// Ranges without an upper end, the lowest first; of equal ones those that include the end.
    private let above: UnsafePointer<Bound>
    private let aboveCount: Int
    /// Ranges without a lower end, the highest first.
    private let below: UnsafePointer<Bound>
    private let belowCount: Int
    /// By lower end.
    private let intervals: UnsafePointer<Interval>
    private let intervalCount: Int
    /// The lower ends alone, when no interval begins before the one before it ends: then a search in them, which are
    /// close together in memory, finds the few that can hold a number. Null otherwise.
    private let lows: UnsafePointer<Double>?
    /// The lower ends between the first and the last, in stretches of equal length: for each how many ends lie in front
    /// of it, so that a search begins and ends close to the number.
    private let stretches: UnsafePointer<Int32>?
    private let stretchesPerUnit: Double

    init(_ entries: [(range: NumericRange, entry: Int32)], arena: Arena) {
        let above = entries.filter { $0.range.high == .infinity }
            .map { Bound(value: $0.range.low, isOpen: $0.range.isLowOpen, entry: $0.entry) }
            .sorted { ($0.value, $0.isOpen ? 1 : 0) < ($1.value, $1.isOpen ? 1 : 0) }
        let below = entries.filter { $0.range.high != .infinity && $0.range.low == -.infinity }
            .map { Bound(value: $0.range.high, isOpen: $0.range.isHighOpen, entry: $0.entry) }
            .sorted { (-$0.value, $0.isOpen ? 1 : 0) < (-$1.value, $1.isOpen ? 1 : 0) }
        var intervals = entries.filter { $0.range.high != .infinity && $0.range.low != -.infinity }
            .map { Interval(range: $0.range, highest: 0, entry: $0.entry) }
            .sorted { $0.range.low < $1.range.low }
        Self.setHighest(&intervals, 0, intervals.count)
        self.above = arena.put(above)
        self.aboveCount = above.count
        self.below = arena.put(below)
        self.belowCount = below.count
        self.intervals = arena.put(intervals)
        self.intervalCount = intervals.count
        let areApart = zip(intervals, intervals.dropFirst()).allSatisfy { $0.range.high <= $1.range.low }
        let lows = areApart && intervals.count > 8 ? intervals.map(\.range.low) : []
        self.lows = lows.isEmpty ? nil : arena.put(lows)
        let perUnit = lows.isEmpty ? 0 : Double(lows.count) / (lows[lows.count - 1] - lows[0])
        // Neither of ends that are too far apart for a number, nor of ones too close together.
        let isUsable = perUnit.isFinite && perUnit > 0
        self.stretchesPerUnit = isUsable ? perUnit : 0
        self.stretches = isUsable ? arena.put(Self.counts(lows, perUnit)) : nil
    }

    /// For each stretch how many ends lie in front of it, and at last how many there are.
    private static func counts(_ lows: [Double], _ perUnit: Double) -> [Int32] {
        var counts = [Int32](repeating: 0, count: lows.count + 1)
        for low in lows { counts[Self.stretch(of: low, lows[0], perUnit, lows.count) + 1] += 1 }
        for index in 1..<counts.count { counts[index] += counts[index - 1] }
        return counts
    }

    /// Rises with `value`, which is what a search relies on; that it is exact is not needed.
    @inline(__always)
    private static func stretch(of value: Double, _ first: Double, _ perUnit: Double, _ count: Int) -> Int {
        let place = (value - first) * perUnit
        return place < Double(count) ? Int(place) : count - 1
    }

    @discardableResult
    private static func setHighest(_ intervals: inout [Interval], _ start: Int, _ end: Int) -> Double {
        guard start < end else { return -.infinity }
        let middle = (start + end) / 2
        let left = Self.setHighest(&intervals, start, middle)
        let right = Self.setHighest(&intervals, middle + 1, end)
        intervals[middle].highest = max(intervals[middle].range.high, left, right)
        return intervals[middle].highest
    }

    var isEmpty: Bool { self.aboveCount == 0 && self.belowCount == 0 && self.intervalCount == 0 }

    /// Calls `body` with the entry of each range that holds a number.
    @inline(__always)
    func find(_ value: Double, _ body: (Int32) -> Void) {
        var index = 0
        while index < self.aboveCount, self.above[index].value < value {
            body(self.above[index].entry)
            index &+= 1
        }
        while index < self.aboveCount, self.above[index].value == value, !self.above[index].isOpen {
            body(self.above[index].entry)
            index &+= 1
        }
        index = 0
        while index < self.belowCount, self.below[index].value > value {
            body(self.below[index].entry)
            index &+= 1
        }
        while index < self.belowCount, self.below[index].value == value, !self.below[index].isOpen {
            body(self.below[index].entry)
            index &+= 1
        }
        if let lows = self.lows {
            self.search(lows, value, body)
        } else if self.intervalCount > 0 {
            self.stab(0, self.intervalCount, value, body)
        }
    }

    /// Looks at the last interval that begins at or before the number, and at those before it that reach as far.
    private func search(_ lows: UnsafePointer<Double>, _ value: Double, _ body: (Int32) -> Void) {
        if value < lows[0] { return }
        var start = 0
        var count = self.intervalCount
        if let stretches = self.stretches {
            let stretch = Self.stretch(of: value, lows[0], self.stretchesPerUnit, count)
            start = Int(stretches[stretch])
            count = Int(stretches[stretch &+ 1]) &- start
        }
        while count > 0 {
            let half = count / 2
            if lows[start &+ half] <= value {
                start &+= half &+ 1
                count &-= half &+ 1
            } else {
                count = half
            }
        }
        var index = start &- 1
        while index >= 0, self.intervals[index].range.high >= value {
            if self.intervals[index].range.contains(value) { body(self.intervals[index].entry) }
            index &-= 1
        }
    }

    private func stab(_ start: Int, _ end: Int, _ value: Double, _ body: (Int32) -> Void) {
        var start = start
        while start < end {
            let middle = (start &+ end) / 2
            let interval = self.intervals[middle]
            // Nothing in this stretch reaches as far as the number.
            if interval.highest < value { return }
            self.stab(start, middle, value, body)
            // From here on everything begins behind the number.
            if interval.range.low > value { return }
            if interval.range.contains(value) { body(interval.entry) }
            start = middle &+ 1
        }
    }
}
