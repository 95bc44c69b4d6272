/// A fixed tree of byte strings, walked byte by byte.
///
/// The children of a node have consecutive numbers, so a node is three words; nodes with many children have a table of
/// their own.
struct ByteTrie: BitwiseCopyable {
    struct Node: BitwiseCopyable {
        var firstChild: Int32 = 0
        /// Above `linearLimit` there is a table at `table`.
        var childCount: Int32 = 0
        /// What the string that ends here stands for, or -1.
        var value: Int32 = -1
        var table: Int32 = -1
    }

    private static let linearLimit = 6

    let nodes: UnsafePointer<Node>
    /// The byte that leads to each node.
    private let labels: UnsafePointer<UInt8>
    /// 256 children a table; 0, which is nobody's child, for none.
    private let tables: UnsafePointer<Int32>
    let nodeCount: Int32
    let keyCount: Int32

    init(_ entries: [(key: [UInt8], value: Int32)], arena: Arena) {
        let draft = TrieDraft(entries)
        var nodes = draft.nodes
        var tables: [Int32] = []
        for index in nodes.indices where nodes[index].childCount > Self.linearLimit {
            nodes[index].table = Int32(tables.count)
            tables += [Int32](repeating: 0, count: 256)
            for child in nodes[index].firstChild..<nodes[index].firstChild + nodes[index].childCount {
                tables[tables.count - 256 + Int(draft.labels[Int(child)])] = child
            }
        }
        self.nodes = arena.put(nodes)
        self.labels = arena.put(draft.labels)
        self.tables = arena.put(tables)
        self.nodeCount = Int32(nodes.count)
        self.keyCount = Int32(entries.count)
    }

    /// - Returns: The child that a byte leads to, or 0.
    @inline(__always)
    func child(of node: Int32, _ byte: UInt8) -> Int32 {
        let entry = self.nodes[Int(node)]
        if entry.table >= 0 { return self.tables[Int(entry.table) &+ Int(byte)] }
        var child = entry.firstChild
        let end = child &+ entry.childCount
        while child < end {
            if self.labels[Int(child)] == byte { return child }
            child &+= 1
        }
        return 0
    }
}

/// The nodes of a trie, level by level: a child always has a higher number than its parent.
struct TrieDraft {
    private(set) var nodes: [ByteTrie.Node] = [ByteTrie.Node()]
    private(set) var labels: [UInt8] = [0]
    /// The parent of each node.
    private(set) var parents: [Int32] = [0]

    /// - Parameter entries: Distinct keys.
    init(_ entries: [(key: [UInt8], value: Int32)]) {
        let sorted = entries.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        // Each node that is still to be filled: the keys that go through it and how many of their bytes lie behind.
        var queue: [(node: Int, keys: Range<Int>, depth: Int)] = [(0, 0..<sorted.count, 0)]
        var next = 0
        while next < queue.count {
            let (node, keys, depth) = queue[next]
            next += 1
            var index = keys.lowerBound
            if index < keys.upperBound, sorted[index].key.count == depth {
                self.nodes[node].value = sorted[index].value
                index += 1
            }
            self.nodes[node].firstChild = Int32(self.nodes.count)
            while index < keys.upperBound {
                let byte = sorted[index].key[depth]
                let start = index
                while index < keys.upperBound, sorted[index].key[depth] == byte { index += 1 }
                queue.append((self.nodes.count, start..<index, depth + 1))
                self.nodes.append(ByteTrie.Node())
                self.labels.append(byte)
                self.parents.append(Int32(node))
                self.nodes[node].childCount += 1
            }
        }
    }
}
