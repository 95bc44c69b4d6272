/// Where a decision stands among all, as a cursor names it: milliseconds since 1970, a dash, and a number among those of
/// one millisecond. The form of Redis, whose stream of receipts gives each its place.
package struct DecisionPlace: Sendable, Hashable, Comparable {
    package let milliseconds: UInt64
    package let number: UInt64

    package init(milliseconds: UInt64, number: UInt64) {
        self.milliseconds = milliseconds
        self.number = number
    }

    /// The number may be left out, as in a question. Nil for what is no place.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let milliseconds = UInt64(parts[0]) else { return nil }
        guard let number = parts.count == 2 ? UInt64(parts[1]) : 0 else { return nil }
        self.init(milliseconds: milliseconds, number: number)
    }

    package var text: String { "\(self.milliseconds)-\(self.number)" }

    /// The same order in one number: 20 bits for a million decisions in a millisecond, the others for the time.
    package var order: Int64 {
        Int64(min(self.milliseconds, 1 << 43 - 1)) << 20 | Int64(min(self.number, 1 << 20 - 1))
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.milliseconds, lhs.number) < (rhs.milliseconds, rhs.number)
    }
}
