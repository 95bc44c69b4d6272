/// A fixed tree of byte strings, walked byte by byte.
///
/// The children of a node have consecutive numbers, so a node is four words. What only one key goes through is kept as
/// a tail of bytes. Nodes are numbered so that a walk mostly reads memory that it has just read.
struct ByteTrie: BitwiseCopyable {
    struct Node: BitwiseCopyable {
        /// Of a tail: where its bytes begin.
        var firstChild: Int32 = 0
        /// -1 marks a tail: no children, but bytes that must follow.
        var childCount: Int32 = 0
        /// What the string that ends here, or at the end of the tail, stands for, or -1.
        var value: Int32 = -1
        /// How to find the child for a byte: below -1 the labels of the children follow each other without a gap, and
        /// the first is this number's distance from -2; -1 stands for a search of the labels, anything else is a table.
        /// Of a tail: how many bytes it has.
        var table: Int32 = -1
    }

    /// Up to here the labels of children are searched, from here on there is a table of 256 children.
    private static let searchLimit = 32

    let nodes: UnsafePointer<Node>
    /// The byte that leads to each node; rising among siblings.
    private let labels: UnsafePointer<UInt8>
    /// 256 children a table; 0, which is nobody's child, for none.
    private let tables: UnsafePointer<Int32>
    let tails: UnsafePointer<UInt8>
    let keyCount: Int32

    /// - Parameter entries: Distinct keys.
    init(_ entries: [(key: [UInt8], value: Int32)], arena: Arena) {
        self.init(TrieDraft(entries, hasTails: true), arena: arena)
    }

    init(_ draft: TrieDraft, arena: Arena) {
        var nodes = draft.nodes
        var tables: [Int32] = []
        for index in nodes.indices where nodes[index].childCount >= 0 {
            if let first = draft.firstOfGaplessLabels(under: nodes[index]) {
                nodes[index].table = -2 - Int32(first)
                continue
            }
            guard nodes[index].childCount > Self.searchLimit else { continue }
            nodes[index].table = Int32(tables.count)
            tables += [Int32](repeating: 0, count: 256)
            for child in nodes[index].firstChild..<nodes[index].firstChild + nodes[index].childCount {
                tables[tables.count - 256 + Int(draft.labels[Int(child)])] = child
            }
        }
        self.nodes = arena.put(nodes)
        self.labels = arena.put(draft.labels)
        self.tables = arena.put(tables)
        self.tails = arena.put(draft.tails)
        self.keyCount = Int32(draft.keyCount)
    }

    /// - Returns: The child that a byte leads to, or 0.
    @inline(__always)
    func child(of node: Int32, _ byte: UInt8) -> Int32 { self.child(of: self.nodes[Int(node)], byte) }

    /// As above. The usual node, one child or all digits, is decided by what stands in it.
    @inline(__always)
    func child(of entry: Node, _ byte: UInt8) -> Int32 {
        if entry.table < -1 {
            let distance = Int32(byte) &+ 2 &+ entry.table
            return distance >= 0 && distance < entry.childCount ? entry.firstChild &+ distance : 0
        }
        if entry.table >= 0 { return self.tables[Int(entry.table) &+ Int(byte)] }
        var low = entry.firstChild
        var count = entry.childCount
        while count > 4 {
            let half = count >> 1
            if self.labels[Int(low &+ half)] <= byte {
                low &+= half
                count &-= half
            } else {
                count = half
            }
        }
        while count > 0 {
            if self.labels[Int(low)] == byte { return low }
            low &+= 1
            count &-= 1
        }
        return 0
    }
}

/// The nodes of a trie while it is built. A child always has a higher number than its parent.
struct TrieDraft {
    private(set) var nodes: [ByteTrie.Node] = [ByteTrie.Node()]
    private(set) var labels: [UInt8] = [0]
    private(set) var tails: [UInt8] = []
    /// The parent of each node, and how far it is from the root.
    private(set) var parents: [Int32] = [0]
    private(set) var depths: [Int32] = [0]
    let keyCount: Int

    /// - Parameters:
    ///   - entries: Distinct keys.
    ///   - hasTails: Whether what one key alone goes through may become a tail.
    init(_ entries: [(key: [UInt8], value: Int32)], hasTails: Bool) {
        let sorted = entries.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        self.keyCount = entries.count
        // Each node that is still to be filled, and the keys that go through it. The last one first, so that what is
        // below a node comes right behind it.
        var open: [(node: Int, keys: Range<Int>)] = [(0, 0..<sorted.count)]
        while let (node, keys) = open.popLast() {
            let depth = Int(self.depths[node])
            if hasTails, keys.count == 1, sorted[keys.lowerBound].key.count > depth {
                self.setTail(node, sorted[keys.lowerBound].key[depth...], sorted[keys.lowerBound].value)
                continue
            }
            var index = keys.lowerBound
            if index < keys.upperBound, sorted[index].key.count == depth {
                self.nodes[node].value = sorted[index].value
                index += 1
            }
            self.nodes[node].firstChild = Int32(self.nodes.count)
            var children: [(node: Int, keys: Range<Int>)] = []
            while index < keys.upperBound {
                let byte = sorted[index].key[depth]
                let start = index
                while index < keys.upperBound, sorted[index].key[depth] == byte { index += 1 }
                children.append((self.nodes.count, start..<index))
                self.addNode(byte, parent: node)
            }
            self.nodes[node].childCount = Int32(children.count)
            open += children.reversed()
        }
    }

    /// The first label of a node's children when each is the one before it plus one. So it is of no children.
    func firstOfGaplessLabels(under node: ByteTrie.Node) -> UInt8? {
        guard node.childCount > 0 else { return 0 }
        let labels = self.labels[Int(node.firstChild)..<Int(node.firstChild + node.childCount)]
        guard let first = labels.first, let last = labels.last, Int(last) - Int(first) == labels.count - 1 else {
            return nil
        }
        return first
    }

    private mutating func addNode(_ label: UInt8, parent: Int) {
        self.nodes.append(ByteTrie.Node())
        self.labels.append(label)
        self.parents.append(Int32(parent))
        self.depths.append(self.depths[parent] + 1)
    }

    private mutating func setTail(_ node: Int, _ tail: ArraySlice<UInt8>, _ value: Int32) {
        self.nodes[node].firstChild = Int32(self.tails.count)
        self.nodes[node].childCount = -1
        self.nodes[node].value = value
        self.nodes[node].table = Int32(tail.count)
        self.tails += tail
    }
}
