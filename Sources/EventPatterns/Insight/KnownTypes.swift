/// Event types that somebody publishes, to find misspelt ones among those that rules listen to.
package struct KnownTypes {
    private let names: Set<[UInt8]>
    /// By their length, in the order in which they were given.
    private var byLength: [Int: [(bytes: [UInt8], name: String)]] = [:]

    package init(_ names: [String]) {
        var seen: Set<[UInt8]> = []
        for name in names {
            let bytes = Array(name.utf8)
            guard seen.insert(bytes).inserted else { continue }
            self.byLength[bytes.count, default: []].append((bytes, name))
        }
        self.names = seen
    }

    /// A known type that is one edit away from `type`; nil when `type` itself is known.
    ///
    /// An edit is a byte that is missing, too much, another one, or swapped with its neighbour. An edit of a digit is
    /// none: `order.v1` and `order.v2` are two names.
    package func similar(to type: String) -> String? {
        let bytes = Array(type.utf8)
        guard !self.names.contains(bytes) else { return nil }
        for length in [bytes.count, bytes.count - 1, bytes.count + 1] {
            if let known = self.byLength[length]?.first(where: { Self.areOneEditApart($0.bytes, bytes) }) {
                return known.name
            }
        }
        return nil
    }

    /// Exact types that nobody publishes but that are one edit away from one that somebody does.
    func similarTypes(_ on: [TypePattern]) -> [PatternFinding] {
        on.compactMap { pattern in
            guard case .exact(let type) = pattern, let similar = self.similar(to: type) else { return nil }
            var finding = PatternFinding(.similarType, "nobody publishes `\(type)`; did you mean `\(similar)`?")
            finding.type = type
            finding.suggestion = similar
            return finding
        }
    }

    /// In time linear in their lengths, which differ by at most one.
    private static func areOneEditApart(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        let (short, long) = a.count <= b.count ? (a, b) : (b, a)
        var start = 0
        while start < short.count, short[start] == long[start] { start += 1 }
        var end = 0
        while end < short.count - start, short[short.count - 1 - end] == long[long.count - 1 - end] { end += 1 }
        let (inShort, inLong) = (short[start..<(short.count - end)], long[start..<(long.count - end)])
        guard !(inShort + inLong).contains(where: \.isASCIIDigit) else { return false }
        switch (inShort.count, inLong.count) {
        case (0, 1), (1, 1): return true
        case (2, 2): return inShort.first == inLong.last && inShort.last == inLong.first
        default: return false
        }
    }
}
