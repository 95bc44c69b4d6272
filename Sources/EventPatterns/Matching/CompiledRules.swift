import Events

/// Rules compiled into an automaton. Immutable; may be built on one thread and given to a matcher on another.
package struct CompiledRules: Sendable {
    let segments: [RuleSegment]
    let table: FieldTable
    /// One a segment.
    let types: [NamedTypes]

    package init(_ rules: [RuleSpecification]) {
        self.init(rules, scanLimit: SegmentBuilder.usualScanLimit)
    }

    /// - Parameter scanLimit: Up to how many branches with the same `on` are tested one after the other instead of being
    ///   found by an index. Tests set it to 0, so that small sets go through the indexes too.
    package init(_ rules: [RuleSpecification], scanLimit: Int) {
        var table = FieldTable()
        self.segments = [SegmentBuilder.build(rules, firstRule: 0, scanLimit: scanLimit, table: &table)]
        self.table = table
        self.types = [NamedTypes(rules, after: [])]
    }

    private init(segments: [RuleSegment], table: FieldTable, types: [NamedTypes]) {
        self.segments = segments
        self.table = table
        self.types = types
    }

    /// How many rules there are.
    package var count: Int { self.segments.reduce(0) { $0 + $1.sizes.rules } }

    /// These rules and one more behind them. Only the last segment is compiled anew.
    /// - Parameter openLimit: How many rules a segment takes before the next one is begun.
    func adding(_ rule: RuleSpecification, openLimit: Int) -> CompiledRules {
        var segments = self.segments
        var types = self.types
        var open: [RuleSpecification] = []
        // The first segment stays as it is, however small.
        if segments.count > 1, segments[segments.count - 1].sizes.rules < openLimit {
            open = segments.removeLast().specifications
            types.removeLast()
        }
        open.append(rule)
        var table = self.table
        let first = Int32(segments.reduce(0) { $0 + $1.sizes.rules })
        segments.append(SegmentBuilder.build(open, firstRule: first, table: &table))
        types.append(NamedTypes(open, after: types))
        return CompiledRules(segments: segments, table: table, types: types)
    }

    /// The paths that the rules read; their order gives the fields of the leaves.
    package var paths: [String] { self.table.paths }

    /// How many bytes the tables take, without the rules' own texts.
    package var byteCount: Int { self.segments.reduce(0) { $0 + $1.byteCount } }

    /// The same rules in one piece, as if they had all been there from the start. Takes some ten milliseconds for ten
    /// thousand rules; meant to be called away from the loop, and the result given to `RuleMatcher.replace`.
    package func compacted() -> CompiledRules {
        guard self.segments.count > 1 else { return self }
        var table = self.table
        let rules = self.segments.flatMap(\.specifications)
        return CompiledRules(
            segments: [SegmentBuilder.build(rules, firstRule: 0, table: &table)],
            table: table,
            types: [NamedTypes(rules, after: [])]
        )
    }
}

/// The types that the rules of a segment name exactly, without those of the segments before it.
///
/// Unchecked, because of the pointers in the table: they lead into the arena, which belongs to this object and is only
/// read.
final class NamedTypes: @unchecked Sendable {
    /// Each once, in the order of the rules.
    let names: [String]
    /// How many there are in the segments before.
    let first: Int32
    private let table: ByteHash
    private let arena = Arena()

    init(_ specifications: [RuleSpecification], after others: [NamedTypes]) {
        var names: [String] = []
        var seen: Set<[UInt8]> = []
        for case .exact(let name) in specifications.lazy.flatMap(\.on) {
            let bytes = Array(name.utf8)
            let isKnown = bytes.withUnsafeBytes { view in others.contains { $0.index(of: ByteView(view)) >= 0 } }
            if !isKnown, seen.insert(bytes).inserted { names.append(name) }
        }
        let first = others.reduce(0) { $0 + Int32($1.names.count) }
        self.names = names
        self.first = first
        self.table = ByteHash(
            names.enumerated().map { (Array($0.element.utf8), first + Int32($0.offset)) },
            arena: self.arena
        )
    }

    /// The place of a type among those of all segments, or -1.
    @inline(__always)
    func index(of type: ByteView) -> Int32 { self.table.find(type.start, type.count) }
}
