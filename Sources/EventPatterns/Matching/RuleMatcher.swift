package import Events

/// Finds the rules that accept an event.
///
/// Holds scratch memory and is used by one thread.
package final class RuleMatcher {
    private let rules: [RuleSpecification]
    /// What a decoder must take out of each event.
    package let fields: FieldSet
    private let pool: FrozenPool
    private let branches: [[FlatBranch]]
    private let exclusions: [[FlatBranch]]
    private var state: EventState
    private var accepted: [Int32] = []

    /// The paths of `fields`.
    package var paths: [String] { self.fields.paths }

    package init(_ rules: [RuleSpecification]) {
        self.rules = rules
        var ids: [[UInt8]: Int] = [:]
        var paths: [String] = []
        func field(_ path: String) -> Int {
            let key = Array(path.utf8)
            if let id = ids[key] { return id }
            ids[key] = paths.count
            paths.append(path)
            return paths.count - 1
        }
        var pool = PatternPool()
        let everything = [PatternBranch(fields: [])]
        self.branches = rules.map { rule in
            (rule.match?.branches ?? everything).map { pool.add($0, field: field) }
        }
        self.exclusions = rules.map { rule in
            (rule.match?.exclusions ?? []).map { pool.add($0, field: field) }
        }
        self.pool = FrozenPool(pool)
        self.fields = FieldSet(paths: paths)
        self.state = EventState(fieldCount: paths.count)
    }

    deinit { self.state.deallocate() }

    /// The rules that accept an event, in the order of dispatch, by their index in the list that was given.
    package func match(eventType: ByteView, leaves: some PatternLeaves) -> [Int32] {
        self.state.load(leaves)
        let pool = self.pool.view
        var found: [(order: (Int, Int, Int32), rule: Int32)] = []
        for (index, rule) in self.rules.enumerated() {
            let types = rule.on.filter { $0.accepts(eventType) }
            guard !types.isEmpty,
                self.branches[index].contains(where: { self.state.matches($0, pool) }),
                !self.exclusions[index].contains(where: { self.state.matches($0, pool) })
            else { continue }
            let isExact = types.contains { if case .exact = $0 { true } else { false } }
            found.append(((-rule.priority, isExact ? 0 : 1, Int32(index)), Int32(index)))
        }
        return found.sorted { $0.order < $1.order }.map(\.rule)
    }
}

final class FrozenPool: Sendable {
    private let bytes: Frozen<UInt8>
    private let tests: Frozen<FlatTest>
    private let slots: Frozen<FlatSlot>
    private let borders: Frozen<Int32>

    init(_ pool: PatternPool) {
        self.bytes = Frozen(pool.bytes)
        self.tests = Frozen(pool.tests)
        self.slots = Frozen(pool.slots)
        self.borders = Frozen(pool.borders)
    }

    var view: PoolView {
        PoolView(
            bytes: self.bytes.start,
            tests: self.tests.start,
            slots: self.slots.start,
            borders: self.borders.start
        )
    }
}
