package import Events

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
}

/// Finds the rules that accept an event: one automaton for the types and the patterns of all rules.
///
/// Holds scratch memory and is used by one thread. Once it has seen the largest event it allocates nothing.
package final class RuleMatcher {
    /// What a decoder must take out of each event. Changes only when rules are added.
    package private(set) var fields: FieldSet
    private var table: FieldTable
    private var segments: [RuleSegment]
    private var engines: [MatchEngine]
    private var state: EventState
    private var output: UnsafeMutableBufferPointer<Int32>

    package convenience init(_ rules: [RuleSpecification]) {
        self.init(CompiledRules(rules))
    }

    package init(_ rules: CompiledRules) {
        self.table = rules.table
        self.segments = rules.segments
        self.engines = rules.segments.map(MatchEngine.init)
        self.fields = FieldSet(paths: rules.table.paths)
        self.state = EventState(fieldCount: rules.table.paths.count)
        self.output = .allocate(capacity: max(rules.segments.map(\.sizes.rules).reduce(0, +), 1))
    }

    deinit {
        for engine in self.engines { engine.deallocate() }
        self.state.deallocate()
        self.output.deallocate()
    }

    /// The paths of `fields`.
    package var paths: [String] { self.table.paths }

    /// The rules that accept an event, as their indexes in the list that was given, in the order of dispatch.
    /// - Parameter leaves: What was found at the paths of `fields`.
    /// - Returns: Good until the next call.
    package func match(eventType: ByteView, leaves: FieldLeaves) -> UnsafeBufferPointer<Int32> {
        self.matchLeaves(eventType: eventType, leaves: leaves)
    }

    /// As above, for an event that was read without a decoder.
    package func match(eventType: ByteView, document: EventDocument) -> UnsafeBufferPointer<Int32> {
        self.matchLeaves(eventType: eventType, leaves: document)
    }

    @inline(__always)
    private func matchLeaves(eventType: ByteView, leaves: some PatternLeaves) -> UnsafeBufferPointer<Int32> {
        self.state.load(leaves)
        let output = self.output.baseAddress!
        let count = self.engines[0].run(eventType: eventType, event: &self.state, into: output)
        return UnsafeBufferPointer(start: output, count: count)
    }
}
