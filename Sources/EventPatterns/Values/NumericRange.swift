/// An interval of numbers, open or closed at each end; a missing end is an infinity.
package struct NumericRange: Sendable, Hashable, BitwiseCopyable, CustomStringConvertible {
    package var low: Double
    package var isLowOpen: Bool
    package var high: Double
    package var isHighOpen: Bool

    package init(low: Double, isLowOpen: Bool, high: Double, isHighOpen: Bool) {
        self.low = low
        self.isLowOpen = isLowOpen
        self.high = high
        self.isHighOpen = isHighOpen
    }

    @inlinable
    package func contains(_ value: Double) -> Bool {
        (self.isLowOpen ? value > self.low : value >= self.low)
            && (self.isHighOpen ? value < self.high : value <= self.high)
    }

    /// Whether every number in `other` is in this range too.
    func covers(_ other: NumericRange) -> Bool {
        let lowCovered = self.low < other.low || (self.low == other.low && (!self.isLowOpen || other.isLowOpen))
        let highCovered = self.high > other.high || (self.high == other.high && (!self.isHighOpen || other.isHighOpen))
        return lowCovered && highCovered
    }

    package var description: String {
        var parts: [String] = []
        if self.low == self.high { return "= \(self.low.shortText)" }
        if self.low != -.infinity { parts.append("\(self.isLowOpen ? ">" : ">=") \(self.low.shortText)") }
        if self.high != .infinity { parts.append("\(self.isHighOpen ? "<" : "<=") \(self.high.shortText)") }
        return parts.joined(separator: " and ")
    }
}

extension Double {
    /// This number as people write it: `25`, not `25.0`.
    var shortText: String {
        let text = self.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
