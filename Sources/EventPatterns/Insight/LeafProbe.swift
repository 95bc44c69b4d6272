package import Events

/// Says of every alternative of a pattern, one by one, whether it is true of an event: for those who count which of them
/// were ever true, and which ever false.
///
/// Used by one thread.
package final class LeafProbe {
    /// One alternative of one field.
    package struct Leaf: Sendable, Hashable {
        package var path: String
        /// What it wants, in words.
        package var expected: String
        /// Where the field's list begins.
        package var mark: PatternMark
        /// Whether it stands under `not`.
        package var isExcluding: Bool
    }

    /// In the order in which they are written. What `$or` repeats is there once.
    package let leaves: [Leaf]
    private let reader: EventReader
    /// For each leaf a branch of its field alone; the field's own number; whether it wants the field to be absent.
    private let slots: [(slot: FlatSlot, wantsAbsence: Bool)]
    private let pool: PoolView
    private let arena = Arena()
    private var state: EventState

    package init(_ pattern: EventPattern, limits: DecoderLimits = DecoderLimits()) {
        var found: [(leaf: Leaf, test: PatternTest)] = []
        var seen: Set<Leaf> = []
        for (branches, isExcluding) in [(pattern.branches, false), (pattern.exclusions, true)] {
            for field in branches.flatMap(\.fields) {
                for test in field.alternatives {
                    let leaf = Leaf(
                        path: field.path,
                        expected: test.description,
                        mark: field.mark,
                        isExcluding: isExcluding
                    )
                    if seen.insert(leaf).inserted { found.append((leaf, test)) }
                }
            }
        }
        let ordered = found.enumerated().sorted {
            ($0.element.leaf.mark, $0.offset) < ($1.element.leaf.mark, $1.offset)
        }.map(\.element)
        var table = FieldTable()
        var pool = PatternPool()
        let branches = ordered.map { leaf, test in
            let field = FieldPattern(path: leaf.path, mark: leaf.mark, alternatives: [test])
            return pool.add(PatternBranch(fields: [field]), field: { table.number(of: $0) })
        }
        self.pool = pool.freeze(self.arena)
        let view = self.pool
        self.slots = zip(branches, ordered).map { (view.slots[Int($0.slotStart)], $1.test == .absent) }
        self.leaves = ordered.map(\.leaf)
        self.reader = EventReader(fields: FieldSet(paths: table.paths), form: .envelope, limits: limits)
        self.state = EventState(fieldCount: table.paths.count)
    }

    deinit { self.state.deallocate() }

    /// What is true of an event, in the order of the leaves; nil for what is no event.
    package func truths(of frame: ByteView) -> [Bool]? {
        guard let reading = try? self.reader.read(frame) else { return nil }
        self.state.load(reading.leaves)
        return self.slots.map { slot, wantsAbsence in
            // A field that some elements of a list have and others have not is there.
            wantsAbsence ? self.state.heads[Int(slot.field)] < 0 : self.state.mayMatch(slot, self.pool)
        }
    }
}
