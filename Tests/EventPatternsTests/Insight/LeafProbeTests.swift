import EventPatterns
import Events
import Testing

/// Every alternative of a pattern, asked one by one.
struct LeafProbeTests {
    private func truths(_ pattern: String, not: String? = nil, _ payload: String) throws -> [String: Bool?] {
        let compiled = try EventPattern.parse(json: Array(pattern.utf8), not: not.map { Array($0.utf8) })
        let probe = LeafProbe(compiled)
        let frame = Array(#"{"event_type": "a.b", "payload": \#(payload)}"#.utf8)
        let truths = frame.withUnsafeBytes { probe.truths(of: ByteView($0)) }
        var named: [String: Bool?] = [:]
        for (index, leaf) in probe.leaves.enumerated() {
            named[(leaf.isExcluding ? "not " : "") + "\(leaf.path) \(leaf.expected)"] = truths?[index]
        }
        return named
    }

    @Test func `each is asked alone, whatever the others say`() throws {
        let pattern = #"{"payload": {"a": ["x", {"prefix": "y"}, {"exists": false}], "b": [{"numeric": [">", 3]}]}}"#
        let excluded = #"{"payload": {"c": [true]}}"#
        #expect(
            try self.truths(pattern, not: excluded, #"{"a": "yes", "b": 3, "c": true}"#) == [
                "payload.a \"x\"": false, "payload.a prefix \"y\"": true, "payload.a exists false": false,
                "payload.b numeric > 3": false, "not payload.c true": true,
            ]
        )
        #expect(
            try self.truths(pattern, not: excluded, #"{"b": 4}"#) == [
                "payload.a \"x\"": false, "payload.a prefix \"y\"": false, "payload.a exists false": true,
                "payload.b numeric > 3": true, "not payload.c true": false,
            ]
        )
    }

    @Test func `a list is true of what one of its elements is`() throws {
        let pattern = #"{"payload": {"a": [1, {"exists": false}]}}"#
        #expect(try self.truths(pattern, #"{"a": [2, 1]}"#) == ["payload.a 1": true, "payload.a exists false": false])
        let nested = #"{"payload": {"l": {"a": [{"exists": false}]}}}"#
        #expect(try self.truths(nested, #"{"l": [{"a": 1}, {"b": 1}]}"#) == ["payload.l.a exists false": false])
    }

    @Test func `what or repeats is one condition, and what is no event is none`() throws {
        let pattern = #"{"payload": {"a": [1], "$or": [{"b": [1]}, {"c": [1]}]}}"#
        #expect(
            try self.truths(pattern, #"{"a": 1, "c": 1}"#) == [
                "payload.a 1": true, "payload.b 1": false, "payload.c 1": true,
            ]
        )
        let probe = LeafProbe(try EventPattern.parse(json: Array(pattern.utf8)))
        let truths = Array("{oops".utf8).withUnsafeBytes { probe.truths(of: ByteView($0)) }
        #expect(truths == nil)
    }
}
