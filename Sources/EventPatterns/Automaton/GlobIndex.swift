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

    /// A node of the automaton with all that a step looks at, in half a line of memory.
    private struct State: BitwiseCopyable {
        var node: ByteTrie.Node
        /// The node of the longest proper suffix.
        var failure: Int32
        /// The nearest node on the chain of suffixes, this one included, that ends a piece; 0 for none.
        var output: Int32
        private var padding: UInt64 = 0

        init(node: ByteTrie.Node, failure: Int32, output: Int32) {
            self.node = node
            self.failure = failure
            self.output = output
        }
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
    private let states: UnsafePointer<State>

    init(_ patterns: [(pieces: [[UInt8]], posting: Int32)], arena: Arena) {
        var draft = GlobDraft()
        for pattern in patterns { draft.add(pattern.pieces, posting: pattern.posting) }
        let (pieces, starters) = draft.pieces()
        self.globs = arena.put(draft.globs)
        self.globCount = draft.globs.count
        self.bytes = arena.put(draft.bytes)
        self.middles = arena.put(draft.middles)
        self.pieces = arena.put(pieces)
        self.pieceCount = pieces.count
        self.starters = arena.put(starters)
        self.hasStarters = !starters.isEmpty
        // Without tails, since a search can be at any place of a piece.
        let entries = draft.texts.enumerated().map { (key: $0.element, value: Int32($0.offset)) }
        let trieDraft = TrieDraft(entries, hasTails: false)
        let trie = ByteTrie(trieDraft, arena: arena)
        let (failures, outputs) = Self.links(trieDraft, trie)
        self.trie = trie
        self.states = arena.put(
            trieDraft.nodes.indices.map { State(node: trie.nodes[$0], failure: failures[$0], output: outputs[$0]) }
        )
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
            let state = self.states + Int(node)
            let child = self.trie.child(of: state.pointee.node, byte)
            if child != 0 || node == 0 { return child }
            node = state.pointee.failure
        }
    }

    /// Calls `body` with each piece that ends in this state.
    @inline(__always)
    func forEachPiece(endingIn node: Int32, _ body: (Int32) -> Void) {
        var output = self.states[Int(node)].output
        while output != 0 {
            let state = self.states + Int(output)
            body(state.pointee.node.value)
            output = self.states[Int(state.pointee.failure)].output
        }
    }
}

/// The patterns of a `GlobIndex` while it is built.
private struct GlobDraft {
    private(set) var globs: [GlobIndex.Glob] = []
    private(set) var bytes: [UInt8] = []
    private(set) var middles: [Int32] = []
    /// The different pieces between stars, and for each the patterns that wait for it from the beginning.
    private(set) var texts: [[UInt8]] = []
    private var starters: [[Int32]] = []
    private var numbers: [[UInt8]: Int32] = [:]

    mutating func add(_ pieces: [[UInt8]], posting: Int32) {
        let between = pieces.dropFirst().dropLast()
        let start = self.middles.count
        for text in between { self.middles.append(self.number(of: text)) }
        if pieces[0].isEmpty, !between.isEmpty {
            self.starters[Int(self.middles[start])].append(Int32(self.globs.count))
        }
        let tail = pieces[pieces.count - 1]
        self.globs.append(
            GlobIndex.Glob(
                headCount: Int32(pieces[0].count),
                tailStart: Int32(self.bytes.count),
                tailCount: Int32(tail.count),
                middleStart: Int32(start),
                middleCount: Int32(between.count),
                posting: posting
            )
        )
        self.bytes += tail
    }

    private mutating func number(of text: [UInt8]) -> Int32 {
        if let number = self.numbers[text] { return number }
        let number = Int32(self.texts.count)
        self.numbers[text] = number
        self.texts.append(text)
        self.starters.append([])
        return number
    }

    func pieces() -> (pieces: [GlobIndex.Piece], starters: [Int32]) {
        var flat: [Int32] = []
        let pieces = zip(self.texts, self.starters).map { text, waiting in
            let start = flat.count
            flat += waiting
            return GlobIndex.Piece(
                count: Int32(text.count),
                starterStart: Int32(start),
                starterCount: Int32(waiting.count)
            )
        }
        return (pieces, flat)
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
