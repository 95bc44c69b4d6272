package import Events

/// Explains the answers that a pattern gives. Uses the same tests and the same search over arrays as the matcher, so
/// what it says is what happened.
///
/// Used by one thread.
package final class PatternExplainer {
    /// What to take out of an event for `explain`.
    package let fields: FieldSet
    private let pattern: EventPattern
    private let branches: [FlatBranch]
    private let exclusions: [FlatBranch]
    private let pool: PoolView
    private let arena = Arena()
    private var state: EventState

    package init(_ pattern: EventPattern) {
        var table = FieldTable()
        var pool = PatternPool()
        self.pattern = pattern
        self.branches = pattern.branches.map { pool.add($0, field: { table.number(of: $0) }) }
        self.exclusions = pattern.exclusions.map { pool.add($0, field: { table.number(of: $0) }) }
        self.pool = pool.freeze(self.arena)
        self.fields = FieldSet(paths: table.paths)
        self.state = EventState(fieldCount: table.paths.count)
    }

    deinit { self.state.deallocate() }

    /// Explains the answer for the text of any object.
    /// - Throws: `JSONError` when the text is not JSON.
    package func explain(json: [UInt8]) throws(JSONError) -> Explanation {
        let extractor = FieldExtractor(fields: self.fields)
        // Borrowed for the whole explanation, since the leaves point into the text.
        let result = json.withUnsafeBytes { bytes -> Result<Explanation, JSONError> in
            do throws(JSONError) {
                let text = ByteView(bytes)
                return .success(self.explain(try extractor.extract(text), in: try? JSONValue.parse(text)))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Explains the answer for an event whose `fields` a decoder has taken out.
    /// - Parameter event: The whole event, to say what lies at a path where there is no value.
    package func explain(
        _ leaves: FieldLeaves,
        in event: @autoclosure () -> JSONValue? = nil
    ) -> Explanation {
        self.state.load(leaves)
        let explanation = self.explainLoaded()
        guard var failure = explanation.failure, failure.reason == .missing, let event = event() else {
            return explanation
        }
        failure.actual = Self.container(
            in: event,
            names: failure.path.split(separator: ".", omittingEmptySubsequences: false)[...]
        )
        return Explanation(verdict: .noMatch(failure))
    }

    /// What lies at a path, if it is no value: an object or a list that holds none.
    private static func container(in event: JSONValue, names: ArraySlice<Substring>) -> String? {
        guard !names.isEmpty else {
            switch event {
            case .object: return "an object"
            case .array: return "a list without values"
            default: return nil
            }
        }
        // A name may have dots in it.
        for count in 1...names.count {
            guard let value = event[names.prefix(count).joined(separator: ".")] else { continue }
            if let found = Self.container(in: value, names: names.dropFirst(count)) { return found }
        }
        return nil
    }

    private func explainLoaded() -> Explanation {
        guard let matched = self.firstMatch(self.branches, self.pattern.branches) else {
            return Explanation(verdict: .noMatch(self.nearestFailure()))
        }
        if let excluded = self.firstMatch(self.exclusions, self.pattern.exclusions) {
            return Explanation(verdict: .noMatch(Self.exclusion(excluded.leaves, excluded.pattern)))
        }
        return Explanation(verdict: .match(matched.leaves))
    }

    private func firstMatch(
        _ branches: [FlatBranch],
        _ patterns: [PatternBranch]
    ) -> (leaves: [Explanation.MatchedLeaf], pattern: PatternBranch)? {
        for (branch, pattern) in zip(branches, patterns) where self.state.matches(branch, self.pool) {
            // Again by the search, also without arrays: it says which leaves it chose.
            _ = self.state.isConsistent(branch, self.pool)
            return (self.chosenLeaves(branch, pattern), pattern)
        }
        return nil
    }

    private func chosenLeaves(_ branch: FlatBranch, _ pattern: PatternBranch) -> [Explanation.MatchedLeaf] {
        let choices = pattern.fields.indices.map { index in
            self.matchedLeaf(
                self.pool.slots[Int(branch.slotStart) + index],
                pattern.fields[index],
                place: self.state.search.chosenPlace(index)
            )
        }
        return zip(pattern.fields, choices).sorted { $0.0.mark < $1.0.mark }.map(\.1)
    }

    private func matchedLeaf(_ slot: FlatSlot, _ field: FieldPattern, place: Int32) -> Explanation.MatchedLeaf {
        for leaf in self.leaves(of: slot.field) where self.state.leaves[leaf].place == place {
            guard let test = self.passedTest(slot, field, leaf) else { continue }
            return Explanation.MatchedLeaf(
                path: field.path,
                operatorName: test.operatorName,
                expected: test.description,
                actual: self.text(of: leaf)
            )
        }
        return Explanation.MatchedLeaf(
            path: field.path,
            operatorName: PatternTest.absent.operatorName,
            expected: PatternTest.absent.description,
            actual: nil
        )
    }

    private func passedTest(_ slot: FlatSlot, _ field: FieldPattern, _ leaf: Int) -> PatternTest? {
        let positive = field.alternatives.filter { $0 != .absent }
        return positive.indices.first { index in
            self.pool.passes(self.pool.tests[Int(slot.testStart) + index], &self.state.leaves[leaf])
        }.map { positive[$0] }
    }

    // MARK: Failures

    /// The first field that fails, of the branch that gets the furthest.
    private func nearestFailure() -> Explanation.Failure {
        var best: (share: Double, failure: Explanation.Failure)?
        for (branch, pattern) in zip(self.branches, self.pattern.branches) {
            let failing = pattern.fields.indices.filter { index in
                !self.state.mayMatch(self.pool.slots[Int(branch.slotStart) + index], self.pool)
            }
            let share = 1 - Double(failing.count) / Double(max(pattern.fields.count, 1))
            if let best, best.share >= share { continue }
            let first = failing.min { pattern.fields[$0].mark < pattern.fields[$1].mark }
            best = (
                share,
                first.map { self.failure(self.pool.slots[Int(branch.slotStart) + $0].field, pattern.fields[$0]) }
                    ?? self.inconsistency(pattern)
            )
        }
        return best!.failure
    }

    private func failure(_ number: Int32, _ field: FieldPattern) -> Explanation.Failure {
        let values = self.leaves(of: number).map { self.text(of: $0) }
        let more = values.count > 3 ? " and \(values.count - 3) more" : ""
        let onlyAbsence = field.alternatives.allSatisfy { $0 == .absent }
        return Explanation.Failure(
            reason: values.isEmpty ? .missing : onlyAbsence ? .present : .mismatch,
            path: field.path,
            operatorName: field.alternatives[0].operatorName,
            expected: field.alternatives.map(\.description).joined(separator: " or "),
            actual: values.isEmpty ? nil : values.prefix(3).joined(separator: ", ") + more,
            mark: field.mark
        )
    }

    private func inconsistency(_ pattern: PatternBranch) -> Explanation.Failure {
        let fields = pattern.fields.sorted { $0.mark < $1.mark }
        let isAlone = fields.count == 1
        return Explanation.Failure(
            reason: isAlone ? .present : .differentElements,
            path: fields.map(\.path).joined(separator: ", "),
            operatorName: fields[0].alternatives[0].operatorName,
            expected: isAlone ? "exists false" : "values of one element",
            actual: isAlone ? "a value" : nil,
            mark: fields[0].mark
        )
    }

    private static func exclusion(
        _ leaves: [Explanation.MatchedLeaf],
        _ pattern: PatternBranch
    ) -> Explanation.Failure {
        let first = leaves[0]
        return Explanation.Failure(
            reason: .excluded,
            path: first.path,
            operatorName: first.operatorName,
            expected: first.expected,
            actual: first.actual,
            mark: pattern.fields.map(\.mark).min()!
        )
    }

    // MARK: Leaves

    private func leaves(of field: Int32) -> [Int] {
        var leaves: [Int] = []
        var leaf = self.state.heads[Int(field)]
        while leaf >= 0 {
            leaves.append(Int(leaf))
            leaf = self.state.leaves[Int(leaf)].next
        }
        return leaves
    }

    private func text(of leaf: Int) -> String {
        let state = self.state.leaves[leaf]
        let bytes = UnsafeBufferPointer(start: state.start, count: state.count)
        switch state.kind {
        case .null: return "null"
        case .true: return "true"
        case .false: return "false"
        case .number: return String(decoding: bytes, as: UTF8.self)
        case .string: return JSONValue.string(String(decoding: bytes, as: UTF8.self)).compactText
        }
    }
}

extension PatternExplainer {
    /// Explains the answer for the text of an event that is read as `reader` reads it; `reader` must have been made for
    /// `fields`.
    package func explain(_ text: ByteView, as reader: EventReader) throws(EventRefusal) -> Explanation {
        let event = try reader.read(text)
        return self.explain(
            event.leaves,
            in: (try? JSONValue.parse(text)).map { EventReader.asRulesSee($0, event.form) }
        )
    }
}

extension EventPattern {
    /// Explains the answer for the text of one event; to explain many, keep a `PatternExplainer`.
    /// - Throws: `JSONError` when the text is not JSON.
    package func explain(json: [UInt8]) throws(JSONError) -> Explanation {
        try PatternExplainer(self).explain(json: json)
    }
}
