/// All wildcard patterns of one field, searched for in one pass over a value.
///
/// The pieces between stars stand in one Aho-Corasick automaton. A pattern waits for its next piece from a position
/// onwards; when the piece ends somewhere behind it, the pattern moves on to its next one. Taking each piece where it
/// first occurs is enough, so a pattern never goes back, and the work is bounded by the length of the value, the number
/// of different pieces that end at one position, and the number of pieces that patterns get past. No states multiply,
/// and memory is that of the patterns' text.
struct GlobIndex: BitwiseCopyable {
    /// A pattern that has a star and something besides one piece at one end.
    struct Glob: BitwiseCopyable {
        /// Bytes of the piece at the beginning; its trie has made sure of them.
        var headCount: Int32
        /// The piece at the end, in `bytes`.
        var tailStart: Int32
        var tailCount: Int32
        /// Its pieces in between, in `middles`.
        var middleStart: Int32
        var middleCount: Int32
        var posting: Int32
    }

    /// A piece between stars, each different one once.
    struct Piece: BitwiseCopyable {
        var count: Int32
        /// The patterns that wait for this piece from the beginning, in `starters`.
        var starterStart: Int32
        var starterCount: Int32
    }

    let globs: UnsafePointer<Glob>
    let globCount: Int
    let bytes: UnsafePointer<UInt8>
    let middles: UnsafePointer<Int32>
    let pieces: UnsafePointer<Piece>
    let pieceCount: Int
    let starters: UnsafePointer<Int32>
    /// Whether some pattern waits for a piece from the beginning of every value.
    let hasStarters: Bool
    private let trie: ByteTrie
    /// For each node the node of the longest proper suffix.
    private let failures: UnsafePointer<Int32>
    /// For each node the nearest node on its chain of suffixes, itself included, that ends a piece; 0 for none.
    private let outputs: UnsafePointer<Int32>

    init(_ patterns: [(pieces: [[UInt8]], posting: Int32)], arena: Arena) {
        var ids: [[UInt8]: Int32] = [:]
        var texts: [[UInt8]] = []
        var starters: [[Int32]] = []
        var globs: [Glob] = []
        var bytes: [UInt8] = []
        var middles: [Int32] = []
        for (index, pattern) in patterns.enumerated() {
            let between = pattern.pieces.dropFirst().dropLast()
            let middleStart = middles.count
            for text in between {
                let id = ids[text] ?? Int32(texts.count)
                if ids.updateValue(id, forKey: text) == nil {
                    texts.append(text)
                    starters.append([])
                }
                middles.append(id)
            }
            if pattern.pieces[0].isEmpty, between.count > 0 { starters[Int(middles[middleStart])].append(Int32(index)) }
            let tail = pattern.pieces[pattern.pieces.count - 1]
            globs.append(
                Glob(
                    headCount: Int32(pattern.pieces[0].count),
                    tailStart: Int32(bytes.count),
                    tailCount: Int32(tail.count),
                    middleStart: Int32(middleStart),
                    middleCount: Int32(between.count),
                    posting: pattern.posting
                )
            )
            bytes += tail
        }
        self.globs = arena.put(globs)
        self.globCount = globs.count
        self.bytes = arena.put(bytes)
        self.middles = arena.put(middles)
        var pieces: [Piece] = []
        var flatStarters: [Int32] = []
        for (text, waiting) in zip(texts, starters) {
            pieces.append(
                Piece(
                    count: Int32(text.count),
                    starterStart: Int32(flatStarters.count),
                    starterCount: Int32(waiting.count)
                )
            )
            flatStarters += waiting
        }
        self.pieces = arena.put(pieces)
        self.pieceCount = pieces.count
        self.starters = arena.put(flatStarters)
        self.hasStarters = !flatStarters.isEmpty
        let entries = texts.enumerated().map { (key: $0.element, value: Int32($0.offset)) }
        // Without tails, since a search can be at any place of a piece.
        let draft = TrieDraft(entries, hasTails: false)
        let trie = ByteTrie(draft, arena: arena)
        let (failures, outputs) = Self.links(draft, trie)
        self.trie = trie
        self.failures = arena.put(failures)
        self.outputs = arena.put(outputs)
    }

    private static func links(_ draft: TrieDraft, _ trie: ByteTrie) -> (failures: [Int32], outputs: [Int32]) {
        var failures = [Int32](repeating: 0, count: draft.nodes.count)
        var outputs = failures
        // Level by level, so what is shorter is done.
        for node in draft.nodes.indices.dropFirst().sorted(by: { draft.depths[$0] < draft.depths[$1] }) {
            let parent = Int(draft.parents[node])
            if parent != 0 {
                var candidate = failures[parent]
                while candidate != 0, trie.child(of: candidate, draft.labels[node]) == 0 {
                    candidate = failures[Int(candidate)]
                }
                failures[node] = trie.child(of: candidate, draft.labels[node])
            }
            outputs[node] = draft.nodes[node].value >= 0 ? Int32(node) : outputs[Int(failures[node])]
        }
        return (failures, outputs)
    }

    /// The state after one more byte.
    @inline(__always)
    func step(_ node: Int32, _ byte: UInt8) -> Int32 {
        var node = node
        while true {
            let child = self.trie.child(of: node, byte)
            if child != 0 || node == 0 { return child }
            node = self.failures[Int(node)]
        }
    }

    /// Calls `body` with each piece that ends in this state.
    @inline(__always)
    func forEachPiece(endingIn node: Int32, _ body: (Int32) -> Void) {
        var output = self.outputs[Int(node)]
        while output != 0 {
            body(self.trie.nodes[Int(output)].value)
            output = self.outputs[Int(self.failures[Int(output)])]
        }
    }
}

/// Scratch memory for searching a value for wildcard patterns: who waits for what.
struct GlobRun {
    /// For each pattern: which of its pieces it waits for, from which position, and who waits behind it.
    struct Waiter {
        var next: Int32
        var position: Int32
        var link: Int32
    }

    /// For each piece the patterns that wait for it, those with lower positions first.
    struct Queue {
        /// The value that this queue belongs to, and the last one that the piece was found in.
        var value: UInt32 = 0
        var found: UInt32 = 0
        var first: Int32 = -1
        var last: Int32 = -1
    }

    let waiters: UnsafeMutablePointer<Waiter>
    let queues: UnsafeMutablePointer<Queue>
    private let queueCount: Int
    /// Patterns that will begin to wait when the scan is behind their first piece, those with shorter ones first.
    let pending: UnsafeMutablePointer<Int32>
    var pendingCount = 0
    /// Counts values, so that queues of earlier ones are known to be stale.
    private(set) var value: UInt32 = 0

    init(globCount: Int, pieceCount: Int) {
        self.queueCount = max(pieceCount, 1)
        self.waiters = .allocate(capacity: max(globCount, 1))
        self.waiters.initialize(repeating: Waiter(next: 0, position: 0, link: -1), count: max(globCount, 1))
        self.queues = .allocate(capacity: self.queueCount)
        self.queues.initialize(repeating: Queue(), count: self.queueCount)
        self.pending = .allocate(capacity: max(globCount, 1))
    }

    func deallocate() {
        self.waiters.deallocate()
        self.queues.deallocate()
        self.pending.deallocate()
    }

    mutating func beginValue() {
        self.value &+= 1
        if self.value == 0 {
            self.queues.update(repeating: Queue(), count: self.queueCount)
            self.value = 1
        }
    }
}
