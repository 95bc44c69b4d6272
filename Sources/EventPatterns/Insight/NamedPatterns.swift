package import Events

/// Patterns with names, matched together by one automaton: which of them does an event match?
///
/// Used by one thread.
package final class NamedPatterns {
    private let names: [String]
    private let matcher: RuleMatcher
    private let reader: EventReader

    /// - Parameter patterns: In the order of the answers. Patterns that share a name are alternatives.
    package init(
        _ patterns: [(name: String, pattern: EventPattern)],
        form: EventReader.Form,
        limits: DecoderLimits = DecoderLimits()
    ) {
        self.names = patterns.map(\.name)
        self.matcher = RuleMatcher(patterns.map { RuleSpecification(on: [.any], match: $0.pattern) })
        self.reader = EventReader(fields: self.matcher.fields, form: form, limits: limits)
    }

    /// The names of the patterns that the text of an event matches, each once.
    package func matches(_ text: ByteView) throws(EventRefusal) -> [String] {
        let event = try self.reader.read(text)
        var matched: [String] = []
        for rule in self.matcher.match(eventType: event.eventType, leaves: event.leaves) {
            let name = self.names[Int(rule)]
            if !matched.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { matched.append(name) }
        }
        return matched
    }
}
