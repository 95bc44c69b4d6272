/// Byte strings, of which those are found that a value begins with, or ends with.
///
/// When they have few different lengths, as names and numbers do, the piece of the value of each length is looked up at
/// once: that touches two lines of memory, where a walk touches one or two for each byte. Otherwise they are a tree.
struct AffixIndex: BitwiseCopyable {
    enum End: BitwiseCopyable {
        case front
        case back
    }

    /// Up to so many lengths are looked up one after the other.
    private static let lengthLimit = 5
    /// The tree of fewer is as quick, since most of it is one comparison.
    private static let usualMinimum = 5

    /// Of keys from the front or, turned round, from the back; empty when there are `lengths`.
    private let trie: ByteTrie
    private let keys: ByteHash
    /// The lengths of the keys, rising.
    private let lengths: UnsafePointer<Int32>
    private let lengthCount: Int

    /// - Parameters:
    ///   - entries: Distinct keys, as they are written.
    ///   - end: Where the values have them.
    init(_ entries: [(key: [UInt8], value: Int32)], at end: End, arena: Arena) {
        let lengths = Set(entries.map { Int32($0.key.count) }).sorted()
        let isHashed = entries.count >= Self.usualMinimum && lengths.count <= Self.lengthLimit
        self.lengths = arena.put(isHashed ? lengths : [])
        self.lengthCount = isHashed ? lengths.count : 0
        self.keys = ByteHash(isHashed ? entries : [], arena: arena)
        let ordered = entries.map { (key: end == .front ? $0.key : $0.key.reversed(), value: $0.value) }
        self.trie = ByteTrie(isHashed ? [] : ordered, arena: arena)
    }

    /// Calls `body` with what each key at this end of a value stands for, that of a shorter one first.
    @inline(__always)
    func find(_ start: UnsafePointer<UInt8>, _ count: Int, at end: End, _ body: (Int32) -> Void) {
        if self.lengthCount == 0 {
            switch end {
            case .front: self.walk(start, count, step: 1, body)
            case .back: self.walk(start + (count - 1), count, step: -1, body)
            }
            return
        }
        for index in 0..<self.lengthCount {
            let length = Int(self.lengths[index])
            if length > count { return }
            let value = self.keys.find(end == .front ? start : start + (count &- length), length)
            if value >= 0 { body(value) }
        }
    }

    @inline(__always)
    private func walk(_ start: UnsafePointer<UInt8>, _ count: Int, step: Int, _ body: (Int32) -> Void) {
        var node: Int32 = 0
        var position = start
        var left = count
        while true {
            let entry = self.trie.nodes[Int(node)]
            if entry.childCount < 0 {
                let length = Int(entry.table)
                guard left >= length else { return }
                let tail = self.trie.tails + Int(entry.firstChild)
                for index in 0..<length where position[index &* step] != tail[index] { return }
                return body(entry.value)
            }
            if entry.value >= 0 { body(entry.value) }
            if left == 0 { return }
            node = self.trie.child(of: node, position[0])
            if node == 0 { return }
            position += step
            left &-= 1
        }
    }
}
