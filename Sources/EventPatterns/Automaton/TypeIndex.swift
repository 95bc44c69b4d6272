import Events

/// Finds the groups of rules that listen to an event's type. A group is all rules with the same `on`.
struct TypeIndex: BitwiseCopyable {
    /// A stretch of `groups`.
    struct Stretch: BitwiseCopyable {
        var start: Int32
        var count: Int32
    }

    private let exact: ByteHash
    private let prefixes: ByteTrie
    /// Those of named types come first, so that they number them.
    let stretches: UnsafePointer<Stretch>
    let groups: UnsafePointer<Int32>
    private let anyStretch: Int32

    /// How many types are named.
    var exactCount: Int { Int(self.exact.count) }

    /// - Parameter ons: What each group listens to.
    init(_ ons: [[TypePattern]], arena: Arena) {
        var exact: [[UInt8]: [Int32]] = [:]
        var prefixes: [[UInt8]: [Int32]] = [:]
        var any: [Int32] = []
        for (group, patterns) in ons.enumerated() {
            for pattern in Set(patterns.map(BytewiseType.init)) {
                switch pattern {
                case .exact(let bytes): exact[bytes, default: []].append(Int32(group))
                case .prefix(let bytes): prefixes[bytes, default: []].append(Int32(group))
                case .any: any.append(Int32(group))
                }
            }
        }
        var stretches: [Stretch] = []
        var groups: [Int32] = []
        func stretch(_ members: [Int32]) -> Int32 {
            stretches.append(Stretch(start: Int32(groups.count), count: Int32(members.count)))
            groups += members
            return Int32(stretches.count - 1)
        }
        self.exact = ByteHash(exact.map { ($0, stretch($1)) }, arena: arena)
        self.prefixes = ByteTrie(prefixes.map { ($0, stretch($1)) }, arena: arena)
        self.anyStretch = any.isEmpty ? -1 : stretch(any)
        self.stretches = arena.put(stretches)
        self.groups = arena.put(groups)
    }

    /// The stretch of the groups that name this very type, or -1. It serves as the type's number, below `exactCount`.
    @inline(__always)
    func findExact(_ type: ByteView) -> Int32 { self.exact.find(type.start, type.count) }

    /// Calls `body` with each stretch of groups that listen to this type by a wildcard.
    @inline(__always)
    func forEachWildcard(_ type: ByteView, _ body: (Int32) -> Void) {
        if self.anyStretch >= 0 { body(self.anyStretch) }
        guard self.prefixes.keyCount > 0 else { return }
        var node: Int32 = 0
        var index = 0
        while true {
            let entry = self.prefixes.nodes[Int(node)]
            if entry.childCount < 0 {
                let rest = ByteView(start: type.start + index, count: type.count - index)
                let tail = ByteView(start: self.prefixes.tails + Int(entry.firstChild), count: Int(entry.table))
                if rest.hasPrefix(tail) { body(entry.value) }
                return
            }
            if entry.value >= 0 { body(entry.value) }
            guard index < type.count else { return }
            node = self.prefixes.child(of: node, type.start[index])
            if node == 0 { return }
            index &+= 1
        }
    }
}

/// A type pattern that is compared by bytes.
enum BytewiseType: Hashable {
    case exact([UInt8])
    case prefix([UInt8])
    case any

    init(_ pattern: TypePattern) {
        switch pattern {
        case .exact(let type): self = .exact(Array(type.utf8))
        case .prefix(let stem): self = .prefix(Array(stem.utf8))
        case .any: self = .any
        }
    }
}
