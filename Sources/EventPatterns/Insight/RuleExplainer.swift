package import Events

/// Says for one event which of a set of rules get it, in which order and why, and why the others do not.
///
/// Who gets the event is answered by the automaton that also routes live events, the reasons by the explainers of the
/// single patterns. Used by one thread.
package final class RuleExplainer {
    /// A rule of the set.
    package struct Rule: Sendable {
        package var name: String
        package var specification: RuleSpecification
        package var isEnabled: Bool
        /// Where it is written: `handlers/a.yaml:3:10`.
        package var location: String?

        package init(
            name: String,
            _ specification: RuleSpecification,
            isEnabled: Bool = true,
            location: String? = nil
        ) {
            self.name = name
            self.specification = specification
            self.isEnabled = isEnabled
            self.location = location
        }
    }

    private let rules: [Rule]
    private let namedOnly: [String]
    private let limits: DecoderLimits
    /// The rule of each rule of the matcher, which knows only the enabled ones.
    private let enabled: [Int]
    private let matcher: RuleMatcher
    private let reader: EventReader

    /// - Parameters:
    ///   - rules: In the order in which they were given to the reactor.
    ///   - namedOnly: Types of which events only reach rules that name them; wildcards are spared.
    package init(_ rules: [Rule], namedOnly: [String] = [], limits: DecoderLimits = DecoderLimits()) {
        self.rules = rules
        self.namedOnly = namedOnly
        self.limits = limits
        self.enabled = rules.indices.filter { rules[$0].isEnabled }
        self.matcher = RuleMatcher(self.enabled.map { rules[$0].specification })
        self.reader = EventReader(fields: self.matcher.fields, form: .envelope, limits: limits)
    }

    /// Explains what becomes of an event.
    /// - Throws: `EventRefusal` for what the reactor would put into quarantine.
    package func explain(_ text: ByteView) throws(EventRefusal) -> EventExplanation {
        let event = try self.reader.read(text)
        let type = event.eventType.bytes
        var explanation = EventExplanation(
            eventType: event.eventType.string,
            source: event.source.string,
            called: [],
            decisions: []
        )
        let isNamedOnly = self.namedOnly.contains { $0.utf8.elementsEqual(type) }
        for rule in self.matcher.match(eventType: event.eventType, leaves: event.leaves) {
            let index = self.enabled[Int(rule)]
            if isNamedOnly, self.acceptance(of: index, type)?.isExact != true { continue }
            explanation.called.append(index)
        }
        for index in self.rules.indices {
            explanation.decisions.append(
                RuleDecision(
                    name: self.rules[index].name,
                    location: self.rules[index].location,
                    on: self.rules[index].specification.on,
                    outcome: try self.outcome(index, explanation.called, type, isNamedOnly, text),
                    acceptedBy: self.acceptance(of: index, type)
                )
            )
        }
        return explanation
    }

    private func outcome(
        _ index: Int,
        _ called: [Int],
        _ type: [UInt8],
        _ isNamedOnly: Bool,
        _ text: ByteView
    ) throws(EventRefusal) -> RuleDecision.Outcome {
        let rule = self.rules[index]
        guard let pattern = self.acceptance(of: index, type) else {
            return rule.isEnabled ? .otherType : .disabled(false)
        }
        if isNamedOnly, !pattern.isExact { return rule.isEnabled ? .notNamed : .disabled(false) }
        var answer = Explanation(verdict: .match([]))
        if let match = rule.specification.match {
            let explainer = PatternExplainer(match)
            let reader = EventReader(fields: explainer.fields, form: .envelope, limits: self.limits)
            answer = try explainer.explain(text, as: reader)
        }
        guard rule.isEnabled else { return .disabled(answer.isMatch) }
        switch answer.verdict {
        case .match(let leaves):
            guard let order = called.firstIndex(of: index) else { return .disagreement }
            return .called(order: order + 1, leaves)
        case .noMatch(let failure):
            return called.contains(index) ? .disagreement : .refused(failure)
        }
    }

    /// The entry of `on` that accepts a type; an exact one before wildcards.
    private func acceptance(of rule: Int, _ type: [UInt8]) -> TypePattern? {
        let accepting = type.withUnsafeBytes { type in
            self.rules[rule].specification.on.filter { $0.accepts(ByteView(type)) }
        }
        return accepting.first(where: \.isExact) ?? accepting.first
    }
}

/// What becomes of an event.
package struct EventExplanation: Sendable, Hashable {
    package var eventType: String
    package var source: String
    /// The rules that get the event, by their numbers, in the order of the calls.
    package var called: [Int]
    /// One for each rule, in their order.
    package var decisions: [RuleDecision]
}

/// What a rule makes of an event, and why.
package struct RuleDecision: Sendable, Hashable {
    package enum Outcome: Sendable, Hashable {
        /// It gets the event, as the one of this number (from 1). With the leaves that matched; none without a pattern.
        case called(order: Int, [Explanation.MatchedLeaf])
        /// `on` does not accept the type.
        case otherType
        /// A wildcard of `on` covers the type, but its events only reach rules that name it.
        case notNamed
        /// The pattern does not match.
        case refused(Explanation.Failure)
        /// It is switched off; whether it would get the event otherwise.
        case disabled(Bool)
        /// The automaton and the explanation of the pattern differ. A defect of this library, told and not hidden.
        case disagreement
    }

    package var name: String
    package var location: String?
    package var on: [TypePattern]
    package var outcome: Outcome
    /// The entry of `on` that accepts the type.
    package var acceptedBy: TypePattern?
}

extension TypePattern {
    fileprivate var isExact: Bool {
        if case .exact = self { true } else { false }
    }
}
