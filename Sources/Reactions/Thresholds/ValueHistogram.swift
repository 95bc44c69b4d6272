import Glibc

/// How often values of each size occurred, in steps of 2 %: enough for a percentile that is off by 1 % at most.
///
/// Steps are powers of a base, as in DDSketch (Masson, Rim and Lee, 2019); zero and negative values are one step below all
/// others. At most `maxSteps` are kept; of more, the two lowest become one, which leaves the high percentiles as they are.
package struct ValueHistogram: Sendable, Hashable {
    package static let maxSteps = 512

    struct Step: Sendable, Hashable {
        var number: Int32
        var count: Int
    }

    /// In order of their numbers.
    private(set) var steps: [Step] = []
    private(set) var total = 0
    /// Whether low steps have become one.
    private(set) var hasCollapsed = false

    init() {}

    private static let base = 1.02
    private static let lowest = Int32.min

    static func step(of value: Double) -> Int32 {
        guard value > 0 else { return Self.lowest }
        // The logarithm of any positive number over that of the base lies between -40,000 and 40,000.
        return Int32((log(value) / log(Self.base)).rounded(.up))
    }

    /// The middle of a step: no value of it lies further away than 1 %.
    static func value(of step: Int32) -> Double {
        step == Self.lowest ? 0 : exp(Double(step) * log(Self.base)) * 2 / (1 + Self.base)
    }

    mutating func add(_ value: Double) { self.add(step: Self.step(of: value), 1) }

    mutating func add(step number: Int32, _ count: Int) {
        self.total += count
        let place = self.place(of: number)
        if place < self.steps.count, self.steps[place].number == number {
            self.steps[place].count += count
            return
        }
        self.steps.insert(Step(number: number, count: count), at: place)
        guard self.steps.count > Self.maxSteps else { return }
        self.steps[1].count += self.steps[0].count
        self.steps.removeFirst()
        self.hasCollapsed = true
    }

    /// Takes out what another one holds, which was added to this one before. Neither may have collapsed.
    mutating func subtract(_ other: ValueHistogram) {
        for step in other.steps {
            let place = self.place(of: step.number)
            guard place < self.steps.count, self.steps[place].number == step.number else { continue }
            self.steps[place].count -= step.count
            self.total -= step.count
            if self.steps[place].count <= 0 { self.steps.remove(at: place) }
        }
    }

    mutating func add(_ other: ValueHistogram) {
        for step in other.steps { self.add(step: step.number, step.count) }
        self.hasCollapsed = self.hasCollapsed || other.hasCollapsed
    }

    /// The value that the share `percentile` of all does not exceed; 0 when there is none.
    func value(atPercentile percentile: Double) -> Double {
        guard self.total > 0 else { return 0 }
        let rank = max(1, Int((percentile * Double(self.total)).rounded(.up)))
        var seen = 0
        for step in self.steps {
            seen += step.count
            if seen >= rank { return Self.value(of: step.number) }
        }
        return self.steps.last.map { Self.value(of: $0.number) } ?? 0
    }

    private func place(of number: Int32) -> Int {
        var low = 0
        var high = self.steps.count
        while low < high {
            let middle = (low + high) / 2
            if self.steps[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
