/// Rules compiled into an automaton. Immutable; may be built on one thread and given to a matcher on another.
package struct CompiledRules: Sendable {
    let segments: [RuleSegment]
    let table: FieldTable

    package init(_ rules: [RuleSpecification]) {
        self.init(rules, scanLimit: SegmentBuilder.usualScanLimit)
    }

    /// - Parameter scanLimit: Up to how many branches with the same `on` are tested one after the other instead of being
    ///   found by an index. Tests set it to 0, so that small sets go through the indexes too.
    package init(_ rules: [RuleSpecification], scanLimit: Int) {
        var table = FieldTable()
        self.segments = [SegmentBuilder.build(rules, firstRule: 0, scanLimit: scanLimit, table: &table)]
        self.table = table
    }

    init(segments: [RuleSegment], table: FieldTable) {
        self.segments = segments
        self.table = table
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
            table: table
        )
    }
}
