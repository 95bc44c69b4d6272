import EventPatterns
import Events
import Reactions
import ReactorConfig

/// Compares what was expected of a subject with what happened, whatever the order: pairs as many as can be paired, and of
/// the rest puts beside each other what is most alike.
struct ExpectationMatcher {
    /// More is not paired in the best way, only in their order.
    private static let pairedBest = 500

    /// One thing that is expected, and what is compared.
    private struct Wanted {
        var item: ExpectedItem
        var explainers: [PatternExplainer?]

        init(_ item: ExpectedItem) {
            self.item = item
            self.explainers = item.fields.map { field in
                if case .pattern(let pattern) = field.test { PatternExplainer(pattern) } else { nil }
            }
        }
    }

    private let expectation: ScenarioExpectation
    private let at: Duration
    private let wanted: [Wanted]

    init(_ expectation: ScenarioExpectation, at: Duration) {
        self.expectation = expectation
        self.at = at
        self.wanted = expectation.items.map { Wanted($0) }
    }

    func failures(_ got: [Observation]) -> [ScenarioFailure] {
        // What is expected of each, field by field.
        let differences = self.wanted.map { wanted in got.map { self.differing(wanted, $0) } }
        let copies = self.wanted.indices.flatMap { index in
            [Int](repeating: index, count: min(self.wanted[index].item.times, got.count + 1))
        }
        let paired = self.pairs(copies, got.count) { differences[$0][$1].isEmpty }
        var isTaken = [Bool](repeating: false, count: got.count)
        for index in paired.compactMap(\.self) { isTaken[index] = true }
        var failures: [ScenarioFailure] = []
        var missing: [Int: Int] = [:]
        for (copy, index) in zip(copies, paired) where index == nil { missing[copy, default: 0] += 1 }
        // Those that are expected oftener than anything happened have no copies for the rest.
        for (index, wanted) in self.wanted.enumerated() where wanted.item.times > got.count + 1 {
            missing[index, default: 0] += wanted.item.times - got.count - 1
        }
        for (index, wanted) in self.wanted.enumerated() {
            guard let count = missing[index] else { continue }
            let rest = got.indices.filter { !isTaken[$0] }
            let alike = rest.min { differences[index][$0].count < differences[index][$1].count }
            // What has nothing in common is not compared, unless there is nothing else.
            let isOnly = rest.count == 1 && missing.count == 1 && !wanted.item.fields.isEmpty
            if wanted.item.times == 1, let alike,
                isOnly || differences[index][alike].count < wanted.item.fields.count
            {
                isTaken[alike] = true
                failures.append(self.different(wanted, got[alike], differences[index][alike]))
            } else {
                failures.append(self.absent(wanted, count, of: got.count))
            }
        }
        if !self.expectation.subject.isState {
            let rest = got.indices.filter { !isTaken[$0] }.map { got[$0] }
            if !rest.isEmpty { failures.append(self.unexpected(rest, of: got.count)) }
        }
        return failures
    }

    // MARK: Comparing

    private struct Difference {
        var field: ExpectedField
        /// Where in it; the field itself, or something inside.
        var path: String
        var expected: String
        var actual: String
    }

    /// The numbers of the fields that are not as expected.
    private func differing(_ wanted: Wanted, _ got: Observation) -> [Int] {
        wanted.item.fields.indices.filter { index in
            let field = wanted.item.fields[index]
            let value = got[field.member]
            switch field.test {
            case .exact(let whole): return !(value?.isSame(as: whole) ?? false)
            case .pattern:
                // Most are single texts, and most things that happened are about something else.
                if let literal = field.literal, case .string(let text)? = value {
                    return !(text == literal && text.utf8.elementsEqual(literal.utf8))
                }
                return self.explained(wanted, index, value) != nil
            }
        }
    }

    /// What is not as expected in a field that is not.
    private func difference(_ wanted: Wanted, _ index: Int, _ got: Observation) -> Difference {
        let field = wanted.item.fields[index]
        let value = got[field.member]
        var difference = Difference(
            field: field,
            path: field.name,
            expected: field.written,
            actual: value?.compactText ?? "nothing"
        )
        switch field.test {
        case .exact(let whole): difference.expected = whole.compactText
        case .pattern:
            guard let failure = self.explained(wanted, index, value) else { break }
            difference.path = failure.path
            difference.expected = failure.expected
            difference.actual = failure.actual ?? "nothing"
        }
        return difference
    }

    /// Why a value does not match; nil when it does.
    private func explained(_ wanted: Wanted, _ index: Int, _ value: JSONValue?) -> Explanation.Failure? {
        let object = JSONValue.object(value.map { [JSONMember(wanted.item.fields[index].member, $0)] } ?? [])
        return (try? wanted.explainers[index]?.explain(json: object.compactBytes))?.failure
    }

    /// For each wanted thing the number of what it is paired with: as many pairs as there can be (Kuhn's algorithm).
    private func pairs(_ wanted: [Int], _ count: Int, fits: (Int, Int) -> Bool) -> [Int?] {
        var taker = [Int?](repeating: nil, count: count)
        func find(_ place: Int, _ seen: inout [Bool]) -> Bool {
            let fitting = (0..<count).filter { !seen[$0] && fits(wanted[place], $0) }
            if let free = fitting.first(where: { taker[$0] == nil }) {
                taker[free] = place
                return true
            }
            guard wanted.count <= Self.pairedBest else { return false }
            for index in fitting where !seen[index] {
                seen[index] = true
                if let other = taker[index], find(other, &seen) {
                    taker[index] = place
                    return true
                }
            }
            return false
        }
        for place in wanted.indices {
            var seen = [Bool](repeating: false, count: count)
            _ = find(place, &seen)
        }
        var pairs = [Int?](repeating: nil, count: wanted.count)
        for (index, place) in taker.enumerated() { if let place { pairs[place] = index } }
        return pairs
    }

    // MARK: What is told

    private var subject: ScenarioSubject { self.expectation.subject }

    private func different(_ wanted: Wanted, _ got: Observation, _ differing: [Int]) -> ScenarioFailure {
        let differences = differing.map { self.difference(wanted, $0, got) }
        var lines: [ScenarioFailure.Line] = []
        for field in wanted.item.fields {
            guard let difference = differences.first(where: { $0.field.name == field.name }) else {
                lines.append(.same("\(field.name): \(field.written)"))
                continue
            }
            lines.append(.expected("\(difference.path): \(difference.expected)"))
            lines.append(.got("\(difference.path): \(difference.actual)"))
        }
        let location = differences.count == 1 ? differences.first?.field.location : nil
        return ScenarioFailure(
            location: location ?? wanted.item.location,
            at: self.at,
            summary: "the \(self.subject.singular) is not as expected",
            lines: lines
        )
    }

    private func absent(_ wanted: Wanted, _ count: Int, of all: Int) -> ScenarioFailure {
        let fields = wanted.item.fields.map { "\($0.name): \($0.written)" }.joined(separator: ", ")
        let which = wanted.item.times == 1 ? "" : " (\(count) of \(wanted.item.times))"
        let found = all == 0 ? "there was none" : "found \(all) that \(all == 1 ? "is" : "are") not like it"
        return ScenarioFailure(
            location: wanted.item.location,
            at: self.at,
            summary: "an expected \(self.subject.singular) is missing\(which); \(found)",
            lines: [.expected(fields.isEmpty ? "any \(self.subject.singular)" : fields)]
        )
    }

    private func unexpected(_ rest: [Observation], of all: Int) -> ScenarioFailure {
        let expected = self.expectation.items.reduce(0) { $0 + $1.times }
        let shown = rest.prefix(5).map { ScenarioFailure.Line.got(Self.line($0)) }
        let more = rest.count > 5 ? [ScenarioFailure.Line.same("and \(rest.count - 5) more")] : []
        let noun = rest.count == 1 ? "\(self.subject.singular) that was" : "\(self.subject.plural) that were"
        return ScenarioFailure(
            location: self.expectation.location,
            at: self.at,
            summary: "\(rest.count) \(noun) not expected; expected \(expected), found \(all)",
            lines: shown + more
        )
    }

    /// What happened, in one line: without what is empty.
    private static func line(_ observation: Observation) -> String {
        observation.members.filter { member in
            switch member.value {
            case .string(let text): !text.isEmpty
            case .object(let members): !members.isEmpty
            case .null: false
            case .bool, .number, .array: true
            }
        }.map { "\($0.name): \($0.value.compactText)" }.joined(separator: ", ")
    }
}

extension JSONValue {
    /// Equal whatever the order of members and however numbers are written.
    fileprivate func isSame(as other: JSONValue) -> Bool {
        switch (self, other) {
        case (.number(let a), .number(let b)): a == b || (Double(a) != nil && Double(a) == Double(b))
        case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.isSame(as: $1) }
        case (.object(let a), .object(let b)):
            a.count == b.count && a.allSatisfy { member in other[member.name]?.isSame(as: member.value) ?? false }
        default: self == other
        }
    }
}
