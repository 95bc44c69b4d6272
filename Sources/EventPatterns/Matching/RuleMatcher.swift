package import Events

/// Finds the rules that accept an event: one automaton for the types and the patterns of all rules.
///
/// Holds scratch memory and is used by one thread. Once it has seen the largest event it allocates nothing.
package final class RuleMatcher {
    /// How many rules may be added one by one before they are closed into a segment of their own. Adding compiles the
    /// open segment anew, so this bounds what adding one rule costs.
    static let openLimit = 64

    /// What a decoder must take out of each event. Another object after rules with new paths were added or replaced.
    package private(set) var fields: FieldSet
    /// The rules that are matched now.
    package private(set) var rules: CompiledRules
    /// One a segment. At fixed addresses, so that using them costs no check for exclusive access.
    private var engines: UnsafeMutableBufferPointer<MatchEngine>
    private let state: UnsafeMutablePointer<EventState>
    private var output: UnsafeMutableBufferPointer<Int32>

    package convenience init(_ rules: [RuleSpecification]) {
        self.init(CompiledRules(rules))
    }

    package init(_ rules: CompiledRules) {
        self.rules = rules
        self.fields = FieldSet(paths: rules.paths)
        self.engines = Self.makeEngines(rules)
        self.state = .allocate(capacity: 1)
        self.state.initialize(to: EventState(fieldCount: rules.paths.count))
        self.output = Self.makeOutput(rules)
    }

    deinit {
        Self.destroy(self.engines)
        self.state.pointee.deallocate()
        self.state.deinitialize(count: 1)
        self.state.deallocate()
        self.output.deallocate()
    }

    /// The paths of `fields`.
    package var paths: [String] { self.rules.paths }

    // MARK: Matching

    /// The rules that accept an event, as their indexes in the list that was given, in the order of dispatch: higher
    /// priority first, then rules that name the type before those that cover it by a wildcard, then in the order given.
    /// - Parameter leaves: What was found at the paths of `fields`.
    /// - Returns: Good until the next call.
    package func match(eventType: ByteView, leaves: FieldLeaves) -> UnsafeBufferPointer<Int32> {
        self.matchLeaves(eventType, self.number(of: eventType), leaves)
    }

    /// As above, for a caller that has looked the type up.
    /// - Parameter number: what `number(of:)` says of the type.
    package func match(eventType: ByteView, number: Int32, leaves: FieldLeaves) -> UnsafeBufferPointer<Int32> {
        self.matchLeaves(eventType, number, leaves)
    }

    /// As above, for an event that was read without a decoder.
    package func match(eventType: ByteView, document: EventDocument) -> UnsafeBufferPointer<Int32> {
        self.matchLeaves(eventType, self.number(of: eventType), document)
    }

    @inline(__always)
    private func matchLeaves(
        _ eventType: ByteView,
        _ exact: Int32,
        _ leaves: some PatternLeaves
    ) -> UnsafeBufferPointer<Int32> {
        if self.engines.count == 1, let rules = self.engines[0].settled.rules(of: exact) { return rules }
        let state = self.state
        state.pointee.load(leaves)
        let output = self.output.baseAddress!
        var count = self.engines[0].run(eventType: eventType, exact: exact, event: &state.pointee, into: output)
        if self.engines.count > 1 { count = self.matchOthers(eventType, found: count) }
        return UnsafeBufferPointer(start: output, count: count)
    }

    /// Runs the segments behind the first one and puts what all of them found in order.
    private func matchOthers(_ eventType: ByteView, found: Int) -> Int {
        let output = self.output.baseAddress!
        var count = found
        for index in 1..<self.engines.count {
            let more = self.engines[index].run(
                eventType: eventType,
                exact: self.engines[index].view.types.findExact(eventType),
                event: &self.state.pointee,
                into: output + count
            )
            let first = self.rules.segments[index].firstRule
            for position in count..<count + more { output[position] += first }
            count += more
        }
        if count > found {
            var merged = UnsafeMutableBufferPointer(start: output, count: count)
            merged.sort { self.key(of: $0, eventType) < self.key(of: $1, eventType) }
        }
        return count
    }

    private func key(of rule: Int32, _ eventType: ByteView) -> DispatchKey {
        let specification = self.specification(of: rule)
        let isExact = specification.on.contains { pattern in
            if case .exact = pattern { pattern.accepts(eventType) } else { false }
        }
        return DispatchKey(specification, Int(rule), isExact)
    }

    private func specification(of rule: Int32) -> RuleSpecification {
        // Segments are few and in rising order.
        let segment = self.rules.segments.last { $0.firstRule <= rule } ?? self.rules.segments[0]
        return segment.specifications[Int(rule - segment.firstRule)]
    }

    // MARK: Types

    /// The matcher's own number of a type that some rule names, below `numberCount`; -1 for any other. Rules that are added
    /// or replaced change the numbers, and of rules that were added one by one it knows nothing.
    package func number(of eventType: ByteView) -> Int32 { self.engines[0].view.types.findExact(eventType) }

    /// As above, of a type given as text.
    package func number(ofText text: String) -> Int32 {
        var text = text
        return text.withUTF8 { self.number(of: ByteView(UnsafeRawBufferPointer($0))) }
    }

    /// How many numbers there are.
    package var numberCount: Int { self.engines[0].view.types.exactCount }

    /// The types that some rule names, each once, in the order of the rules. Adding rules appends to it.
    package var exactTypes: [String] { self.rules.types.flatMap(\.names) }

    /// The place of a type in `exactTypes`, or nil for a type that no rule names: for metrics, whose labels must not
    /// grow with what is published.
    @inline(__always)
    package func exactTypeIndex(of eventType: ByteView) -> Int? {
        for types in self.rules.types {
            let index = types.index(of: eventType)
            if index >= 0 { return Int(index) }
        }
        return nil
    }

    // MARK: Changing the rules

    /// From the next event on, match these rules instead.
    package func replace(_ rules: CompiledRules) {
        Self.destroy(self.engines)
        self.output.deallocate()
        self.fields = FieldSet(paths: rules.paths)
        self.rules = rules
        self.engines = Self.makeEngines(rules)
        self.output = Self.makeOutput(rules)
        self.state.pointee.grow(fieldCount: rules.paths.count)
    }

    /// Adds a rule behind the others. Costs well under a millisecond, however many there are: only the last few rules
    /// are compiled anew. Each event then pays a little for each `openLimit` rules that were added; `compacted` puts
    /// them together again.
    /// - Returns: The rule's index.
    @discardableResult
    package func add(_ rule: RuleSpecification) -> Int32 {
        let number = Int32(self.rules.count)
        self.append(self.rules.adding(rule, openLimit: Self.openLimit))
        return number
    }

    /// Takes over rules that differ from the present ones in the last segment only.
    private func append(_ rules: CompiledRules) {
        let engines = UnsafeMutableBufferPointer<MatchEngine>.allocate(capacity: rules.segments.count)
        let kept = rules.segments.count - 1
        for index in 0..<kept { engines.initializeElement(at: index, to: self.engines[index]) }
        engines.initializeElement(at: kept, to: MatchEngine(rules.segments[kept]))
        for index in kept..<max(self.engines.count, kept) { self.engines[index].deallocate() }
        self.engines.deallocate()
        self.engines = engines
        self.output.deallocate()
        self.output = Self.makeOutput(rules)
        if rules.paths.count != self.rules.paths.count { self.fields = FieldSet(paths: rules.paths) }
        self.rules = rules
        self.state.pointee.grow(fieldCount: rules.paths.count)
    }

    private static func makeEngines(_ rules: CompiledRules) -> UnsafeMutableBufferPointer<MatchEngine> {
        let engines = UnsafeMutableBufferPointer<MatchEngine>.allocate(capacity: rules.segments.count)
        _ = engines.initialize(from: rules.segments.map(MatchEngine.init))
        return engines
    }

    private static func makeOutput(_ rules: CompiledRules) -> UnsafeMutableBufferPointer<Int32> {
        .allocate(capacity: max(rules.segments.reduce(0) { $0 + $1.sizes.rules }, 1))
    }

    private static func destroy(_ engines: UnsafeMutableBufferPointer<MatchEngine>) {
        for index in engines.indices { engines[index].deallocate() }
        engines.deallocate()
    }
}
