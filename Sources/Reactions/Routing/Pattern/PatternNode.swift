/// A parsed regular expression.
indirect enum PatternNode: Hashable {
    case empty
    case one(ScalarSet)
    case assertion(PatternAssertion)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    /// `most` is nil for no upper bound.
    case repeated(PatternNode, least: Int, most: Int?)
}

/// A place between two characters.
enum PatternAssertion: Hashable {
    case textStart
    case textEnd
    case lineStart
    case lineEnd
    case wordBoundary
    case noWordBoundary

    /// - Parameters:
    ///   - before: the character before the place, nil at the start of the text.
    ///   - after: the character behind it, nil at its end.
    func holds(before: Unicode.Scalar?, after: Unicode.Scalar?) -> Bool {
        switch self {
        case .textStart: before == nil
        case .textEnd: after == nil
        case .lineStart: before == nil || before == "\n"
        case .lineEnd: after == nil || after == "\n"
        case .wordBoundary: Self.isWord(before) != Self.isWord(after)
        case .noWordBoundary: Self.isWord(before) == Self.isWord(after)
        }
    }

    private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        return ScalarSet.word.contains(scalar)
    }
}

/// A set of characters: ranges of Unicode scalar values, perhaps all others, perhaps without regard to case.
struct ScalarSet: Hashable {
    var ranges: [ClosedRange<UInt32>]
    var isNegated = false
    var ignoresCase = false

    init(_ ranges: [ClosedRange<UInt32>], isNegated: Bool = false, ignoresCase: Bool = false) {
        self.ranges = ranges
        self.isNegated = isNegated
        self.ignoresCase = ignoresCase
    }

    init(_ scalar: Unicode.Scalar, ignoresCase: Bool = false) {
        self.init([scalar.value...scalar.value], ignoresCase: ignoresCase)
    }

    static let digit = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    /// Without the vertical tab, as RE2 has it.
    static let space = ScalarSet([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])
    static let everything = ScalarSet([0...0x10FFFF])
    static let allButNewline = ScalarSet([0x0A...0x0A], isNegated: true)

    var inverted: ScalarSet { ScalarSet(self.ranges, isNegated: !self.isNegated, ignoresCase: self.ignoresCase) }

    /// The same set with the negation written out, so that it can be joined with others.
    var plainRanges: [ClosedRange<UInt32>] {
        guard self.isNegated else { return self.ranges }
        var inverse: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in self.ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { inverse.append(next...range.lowerBound - 1) }
            next = max(next, range.upperBound + 1)
        }
        if next <= 0x10FFFF { inverse.append(next...0x10FFFF) }
        return inverse
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        var isMember = self.holds(scalar.value)
        if !isMember, self.ignoresCase {
            isMember = Self.otherCases(of: scalar).contains { self.holds($0) }
        }
        return isMember != self.isNegated
    }

    private func holds(_ value: UInt32) -> Bool { self.ranges.contains { $0.contains(value) } }

    /// The lower and upper forms of a letter that are one character themselves.
    private static func otherCases(of scalar: Unicode.Scalar) -> [UInt32] {
        if scalar.isASCII {
            switch scalar.value {
            case 0x41...0x5A: return [scalar.value + 0x20]
            case 0x61...0x7A: return [scalar.value - 0x20]
            default: return []
            }
        }
        let properties = scalar.properties
        let lower = properties.lowercaseMapping.unicodeScalars
        let upper = properties.uppercaseMapping.unicodeScalars
        return [lower, upper].compactMap { $0.count == 1 ? $0.first?.value : nil }
    }
}
