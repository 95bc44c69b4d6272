import SeededRandom
import Testing

@testable import EventPatterns

/// The tables of the automaton one by one, against looking at each entry.
@Suite struct IndexTests {
    /// Texts over few letters, so that they often begin and end alike; short ones, and the empty one too.
    private static func texts(
        _ count: Int,
        lengths: [Int],
        letters: [UInt8],
        _ random: inout SplitMix64
    ) -> [[UInt8]] {
        var texts: Set<[UInt8]> = []
        for _ in 0..<count {
            let length = lengths.randomElement(using: &random) ?? 0
            texts.insert((0..<length).map { _ in letters.randomElement(using: &random) ?? 0 })
        }
        return Array(texts)
    }

    @Test(
        arguments: [[3], [0, 2, 5], [1, 2, 3, 4, 9], Array(0...12)],
        [Array("ab".utf8), Array("0123456789".utf8), Array("acegz".utf8)]
    )
    func `beginnings and ends are found whatever their lengths and letters`(lengths: [Int], letters: [UInt8]) {
        var random = SplitMix64(seed: UInt64(lengths.count * 1_000 + letters.count))
        var found = 0
        for count in [1, 4, 5, 60, 900] {
            let keys = Self.texts(count, lengths: lengths, letters: letters, &random)
            let entries = keys.enumerated().map { (key: $0.element, value: Int32($0.offset)) }
            let arena = Arena()
            let front = AffixIndex(entries, at: .front, arena: arena)
            let back = AffixIndex(entries, at: .back, arena: arena)
            for value in Self.texts(300, lengths: Array(0...14), letters: letters, &random) {
                // Behind and in front of the value stands what must not count.
                let padded = [letters[0]] + value + [letters[0]]
                padded.withUnsafeBufferPointer { buffer in
                    let start = buffer.baseAddress! + 1
                    var atFront: [Int32] = []
                    var atBack: [Int32] = []
                    front.find(start, value.count, at: .front) { atFront.append($0) }
                    back.find(start, value.count, at: .back) { atBack.append($0) }
                    let rising = entries.sorted { $0.key.count < $1.key.count }
                    #expect(atFront == rising.filter { value.starts(with: $0.key) }.map(\.value))
                    #expect(atBack == rising.filter { value.reversed().starts(with: $0.key.reversed()) }.map(\.value))
                    found += atFront.count + atBack.count
                }
            }
            withExtendedLifetime(arena) {}
        }
        #expect(found > 100)
    }

    /// Ends of ranges, rising: evenly spread, crowded at one place, next to each other as numbers go, and as far apart as
    /// numbers go.
    private static let spreads: [String: [Double]] = [
        "even": (0..<200).map { Double($0) * 2 },
        "uneven": (0..<200).map { Double($0 * $0 * $0) / 7 - 1_000 },
        "crowded": (0..<100).map { Double($0) * 1e-9 } + [1e9, 1e12],
        "adjacent": (0..<20).reduce(into: [1.0]) { ends, _ in ends.append(ends[ends.count - 1].nextUp) },
        "tiny": (0..<20).map { Double($0) * .leastNonzeroMagnitude },
        "huge": [-.greatestFiniteMagnitude, -1e300, -1, 0, 1, 2, 3, 4, 5, 6, 1e300, .greatestFiniteMagnitude],
        "equal": [Double](repeating: 5, count: 12) + [6],
    ]

    @Test(arguments: Self.spreads.keys.sorted(), [true, false])
    func `a number finds its ranges however they are spread`(name: String, areApart: Bool) throws {
        let ends = try #require(Self.spreads[name])
        var random = SplitMix64(seed: 7)
        var entries: [(range: NumericRange, entry: Int32)] = []
        for index in ends.indices.dropLast() {
            let last = areApart ? index + 1 : min(ends.count - 1, index + Int.random(in: 1...5, using: &random))
            let range = NumericRange(
                low: ends[index],
                isLowOpen: Bool.random(using: &random),
                high: ends[last],
                isHighOpen: Bool.random(using: &random)
            )
            entries.append((range, Int32(index)))
        }
        let arena = Arena()
        let index = RangeIndex(entries, arena: arena)
        var values =
            ends + ends.flatMap { [$0.nextUp, $0.nextDown] } + zip(ends, ends.dropFirst()).map { $0 / 2 + $1 / 2 }
        values += [-1e308, 1e308, 0, -5.5, .greatestFiniteMagnitude]
        var found = 0
        for value in values where value.isFinite {
            var holding: [Int32] = []
            index.find(value) { holding.append($0) }
            #expect(holding.sorted() == entries.filter { $0.range.contains(value) }.map(\.entry), "\(value)")
            found += holding.count
        }
        #expect(found > 0)
        withExtendedLifetime(arena) {}
    }

    @Test func `children are found whether their labels have gaps or not`() {
        let sets: [[UInt8]] = [
            [], [0], [255], Array(48...57), [48, 50], Array(0...255), Array(200...255),
            Array(stride(from: 0, to: 80, by: 2)),
            Array(stride(from: 1, to: 20, by: 3)),
        ]
        for labels in sets {
            let arena = Arena()
            // Two bytes a key, so that none becomes a tail at the root.
            var entries: [(key: [UInt8], value: Int32)] = []
            for label in labels {
                entries.append(([label, 1], Int32(label) * 2))
                entries.append(([label, 2], Int32(label) * 2 + 1))
            }
            let trie = ByteTrie(entries, arena: arena)
            for byte in UInt8.min...UInt8.max {
                let child = trie.child(of: 0, byte)
                #expect((child != 0) == labels.contains(byte), "\(byte) among \(labels)")
                guard child != 0 else { continue }
                let second = trie.nodes[Int(trie.child(of: child, 2))]
                #expect(second.value == Int32(byte) * 2 + 1)
            }
            withExtendedLifetime(arena) {}
        }
    }
}
