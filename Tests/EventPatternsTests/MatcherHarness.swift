import EventPatterns
import Events

/// A matcher with one rule a pattern, for events of any type.
struct MatcherHarness {
    let matcher: RuleMatcher

    init(_ patterns: [EventPattern]) {
        self.matcher = RuleMatcher(patterns.map { RuleSpecification(on: [.any], match: $0) })
    }

    /// The patterns that match, in rising order.
    func matches(_ event: String) throws -> [Int] {
        let document = try EventDocument(json: Array(event.utf8), paths: self.matcher.paths)
        return self.matcher.match(eventType: ByteView("some.type"), leaves: document).map { Int($0) }.sorted()
    }
}
