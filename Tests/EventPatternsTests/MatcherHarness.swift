import EventPatterns
import Events
import Testing

/// Matchers with one rule a pattern, for events of any type: with indexes for everything, with none, over leaves from
/// the decoder and over a document. All must say the same.
struct MatcherHarness {
    private let indexed: RuleMatcher
    private let scanning: RuleMatcher
    private let extractor: FieldExtractor

    init(_ patterns: [EventPattern]) {
        let rules = patterns.map { RuleSpecification(on: [.any], match: $0) }
        self.indexed = RuleMatcher(CompiledRules(rules, scanLimit: 0))
        self.scanning = RuleMatcher(CompiledRules(rules, scanLimit: .max))
        self.extractor = FieldExtractor(fields: self.indexed.fields)
    }

    /// The patterns that match, in rising order.
    func matches(_ event: String) throws -> [Int] {
        try self.matches(Array(event.utf8))
    }

    func matches(_ event: [UInt8]) throws -> [Int] {
        let document = try EventDocument(json: event, paths: self.indexed.paths)
        let expected = self.scanning.match(eventType: "some.type", document: document).map { Int($0) }
        #expect(self.indexed.match(eventType: "some.type", document: document).map { Int($0) } == expected)
        try event.withUnsafeBytes { bytes in
            let leaves = try self.extractor.extract(ByteView(bytes))
            #expect(self.indexed.match(eventType: "some.type", leaves: leaves).map { Int($0) } == expected)
        }
        return expected
    }
}
