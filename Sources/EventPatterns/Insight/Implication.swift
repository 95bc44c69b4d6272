import Events

/// Whether one test, field or branch accepts only what another accepts. Cautious: false when it is not sure.
enum Implication {
    /// Whether every value that passes `narrow` passes `wide`.
    static func implies(_ narrow: PatternTest, _ wide: PatternTest) -> Bool {
        if narrow == wide { return true }
        switch (narrow, wide) {
        case (.absent, _), (_, .absent): return false
        case (_, .exists): return true
        case (.text, _), (.address, _), (.number, _), (.bool, _), (.null, _): return Self.value(narrow, passes: wide)
        case (.prefix(let longer), .prefix(let shorter)): return longer.starts(with: shorter)
        case (.suffix(let longer), .suffix(let shorter)): return longer.reversed().starts(with: shorter.reversed())
        case (_, .prefix(let stem)) where stem.isEmpty: return narrow.acceptsOnlyStrings
        case (_, .suffix(let stem)) where stem.isEmpty: return narrow.acceptsOnlyStrings
        case (_, .wildcard(let glob)) where glob.text == "*": return narrow.acceptsOnlyStrings
        case (.numeric(let inner), .numeric(let outer)): return outer.covers(inner)
        case (.numeric(let inner), .number(.exact(let value))):
            return inner.low == value && inner.high == value
        case (.cidr(let inner), .cidr(let outer)): return outer.covers(inner)
        case (.anythingBut(let more), .anythingBut(let fewer)):
            return fewer.allSatisfy { excluded in more.contains { Self.implies(excluded, $0) } }
        default: return false
        }
    }

    /// Whether the one value that a test stands for passes another test.
    private static func value(_ test: PatternTest, passes wide: PatternTest) -> Bool {
        if case .anythingBut(let excluded) = wide {
            // An address has many spellings; which of them are excluded is not asked.
            if case .address = test { return excluded.allSatisfy { if case .number = $0 { true } else { false } } }
            return !excluded.contains { Self.value(test, passes: $0) }
        }
        switch (test, wide) {
        case (.address(let address), .cidr(let block)): return block.contains(address)
        case (.address(let address), .address(let other)): return address == other
        case (.address, _): return wide.isAnyString
        default: break
        }
        var pool = PatternPool()
        let field = FieldPattern(path: "", mark: PatternMark(line: 1, column: 1), alternatives: [wide])
        let branch = pool.add(PatternBranch(fields: [field]), field: { _ in 0 })
        let arena = Arena()
        let view = pool.freeze(arena)
        let flat = view.tests[Int(view.slots[Int(branch.slotStart)].testStart)]
        return withExtendedLifetime(arena) { test.withLeaf { view.passes(flat, &$0) } }
    }

    /// Whether what satisfies `narrow` satisfies `wide`. A test for absence implies only itself.
    static func implies(_ narrow: FieldPattern, _ wide: FieldPattern) -> Bool {
        narrow.path.utf8.elementsEqual(wide.path.utf8)
            && narrow.alternatives.allSatisfy { test in
                wide.alternatives.contains { Self.implies(test, $0) }
            }
    }

    /// Whether every event that matches `narrow` matches `wide`.
    static func implies(_ narrow: PatternBranch, _ wide: PatternBranch) -> Bool {
        if narrow == wide { return true }
        // What counts as absent depends on the fields beside it, so such branches are only compared as a whole.
        guard !wide.fields.contains(where: \.allowsAbsence) else { return false }
        return wide.fields.allSatisfy { field in narrow.fields.contains { Self.implies($0, field) } }
    }

    /// Whether every event that matches one of `narrow` matches one of `wide`.
    static func implies(_ narrow: [PatternBranch], _ wide: [PatternBranch]) -> Bool {
        narrow.allSatisfy { branch in wide.contains { Self.implies(branch, $0) } }
    }

    /// Whether every type that `narrow` accepts is accepted by `wide`.
    static func implies(_ narrow: [BytewiseType], _ wide: [BytewiseType]) -> Bool {
        narrow.allSatisfy { type in wide.contains { Self.implies(type, $0) } }
    }

    private static func implies(_ narrow: BytewiseType, _ wide: BytewiseType) -> Bool {
        switch (narrow, wide) {
        case (_, .any): true
        case (.exact(let name), .exact(let other)): name == other
        case (.exact(let name), .prefix(let stem)), (.prefix(let name), .prefix(let stem)): name.starts(with: stem)
        default: false
        }
    }
}

extension PatternTest {
    fileprivate var acceptsOnlyStrings: Bool {
        switch self {
        case .text, .address, .prefix, .suffix, .equalsIgnoringCase, .prefixIgnoringCase, .suffixIgnoringCase,
            .wildcard, .cidr:
            true
        case .number, .bool, .null, .numeric, .exists, .absent, .anythingBut: false
        }
    }

    fileprivate var isAnyString: Bool {
        switch self {
        case .prefix(let bytes), .suffix(let bytes): bytes.isEmpty
        case .wildcard(let glob): glob.text == "*"
        default: false
        }
    }

    /// The value that this test stands for, as a leaf.
    fileprivate func withLeaf(_ body: (inout LeafState) -> Bool) -> Bool {
        switch self {
        case .text(let bytes): Self.leaf(.string, bytes, body)
        case .number(.exact(let value)): Self.leaf(.number, Array(value.description.utf8), body)
        case .number(.text(let bytes)): Self.leaf(.number, bytes, body)
        case .bool(let value): Self.leaf(value ? .true : .false, [], body)
        default: Self.leaf(.null, [], body)
        }
    }

    private static func leaf(_ kind: FieldKind, _ bytes: [UInt8], _ body: (inout LeafState) -> Bool) -> Bool {
        // A byte more than the text, so that there is an address even without any.
        (bytes + [0]).withUnsafeBufferPointer { buffer in
            var leaf = LeafState(start: buffer.baseAddress!, count: bytes.count, field: 0, place: -1, kind: kind)
            return body(&leaf)
        }
    }
}
