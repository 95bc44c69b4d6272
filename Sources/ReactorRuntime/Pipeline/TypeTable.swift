package import Events

/// The event types that some handler names, numbered, for bounded metric labels and counters in arrays.
///
/// An open-addressing table over UTF-8 bytes: looking a type up allocates nothing and compares no `String`.
package struct TypeTable: Sendable {
    /// The label of every type that no handler names.
    package static let other = "other"

    /// The names in the order of their numbers; the last one, `other`, stands for all that are not named.
    package let names: [String]
    private let bytes: [UInt8]
    private let ranges: [Range<Int>]
    private let buckets: [Int32]
    private let mask: Int

    package init(_ types: some Sequence<String>) {
        // A type of that very name shares the label, so that no series is written twice.
        var seen: Set<[UInt8]> = [Array(Self.other.utf8)]
        let known = types.filter { seen.insert(Array($0.utf8)).inserted }
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        for name in known {
            let start = bytes.count
            bytes += name.utf8
            ranges.append(start..<bytes.count)
        }
        var size = 16
        while size < known.count * 2 { size *= 2 }
        var buckets = [Int32](repeating: -1, count: size)
        bytes.withUnsafeBufferPointer { buffer in
            for (index, range) in ranges.enumerated() {
                var bucket = Self.hash(UnsafeBufferPointer(rebasing: buffer[range])) & (size - 1)
                while buckets[bucket] >= 0 { bucket = (bucket + 1) & (size - 1) }
                buckets[bucket] = Int32(index)
            }
        }
        self.names = known + [Self.other]
        self.bytes = bytes
        self.ranges = ranges
        self.buckets = buckets
        self.mask = size - 1
    }

    /// The number of the types, `other` included.
    package var count: Int { self.names.count }

    /// The number of `other`.
    package var otherIndex: Int { self.names.count - 1 }

    /// The number of a type; that of `other` when no handler names it.
    package func index(of type: ByteView) -> Int {
        self.bytes.withUnsafeBufferPointer { buffer in
            var bucket = Self.hash(type.buffer) & self.mask
            while true {
                let index = Int(self.buckets[bucket])
                guard index >= 0 else { return self.otherIndex }
                let range = self.ranges[index]
                if range.count == type.count, let base = buffer.baseAddress,
                    ByteView(start: base + range.lowerBound, count: range.count) == type
                {
                    return index
                }
                bucket = (bucket + 1) & self.mask
            }
        }
    }

    /// FNV-1a, 64 bits, folded: short keys, no allocation, no need to resist an attacker (a type that is not in the table
    /// costs a walk over at most half-full buckets).
    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        return Int(truncatingIfNeeded: hash ^ (hash >> 32))
    }
}
