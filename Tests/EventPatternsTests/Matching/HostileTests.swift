import EventPatterns
import Events
import Testing

/// Rules and events made to hurt. Bounds are on work that is counted or on memory, and on time only by a wide margin.
@Suite struct `Hostile sets` {
    private static func matcher(_ tests: [String]) throws -> RuleMatcher {
        RuleMatcher(
            try tests.map { test in
                RuleSpecification(on: [.any], match: try EventPattern.parse(json: "{\"a\":[\(test)]}"))
            }
        )
    }

    private static func count(_ matcher: RuleMatcher, _ event: String) throws -> Int {
        let extractor = FieldExtractor(fields: matcher.fields)
        return try Array(event.utf8).withUnsafeBytes { bytes in
            matcher.match(eventType: "t", leaves: try extractor.extract(ByteView(bytes))).count
        }
    }

    /// As states of one deterministic automaton these would be more than there are atoms. The bounds: memory is that of
    /// the patterns' text, and time at most that of each rule looking at each byte once.
    @Test(.timeLimit(.minutes(10))) func `a thousand wildcards stay small and fast`() throws {
        let tests = (0..<1_000).map { number in
            let letters = (0..<10).map { bit in number >> bit & 1 == 0 ? "a" : "b" }
            return "{\"wildcard\":\"*\(letters.joined(separator: "*"))*\"}"
        }
        let matcher = try Self.matcher(tests)
        #expect(matcher.rules.byteCount < 1 << 20)
        let begin = ContinuousClock.now
        // Every pattern gets past every piece of it.
        let value = String(repeating: "ab", count: 20_000)
        #expect(try Self.count(matcher, "{\"a\":\"\(value)\"}") == 1_000)
        // Every pattern waits for a letter that never comes.
        #expect(try Self.count(matcher, "{\"a\":\"\(String(repeating: "a", count: 40_000))\"}") == 1)
        let elapsed = ContinuousClock.now - begin
        print("1,000 hostile wildcards: \(matcher.rules.byteCount) bytes, 80,000 bytes of values in \(elapsed)")
        // A release build takes about a millisecond; backtracking would take years.
        #expect(elapsed < .seconds(20))
    }

    @Test(.timeLimit(.minutes(10))) func `work on hostile wildcards grows with the value and not with its square`()
        throws
    {
        let tests = (0..<1_000).map { "{\"wildcard\":\"*a\(String(repeating: "*a", count: $0 % 40))*b\($0)*c\"}" }
        let matcher = try Self.matcher(tests)
        #expect(matcher.rules.byteCount < 2 << 20)
        func time(_ count: Int) throws -> Duration {
            let event = "{\"a\":\"\(String(repeating: "a", count: count))\"}"
            var best = Duration.seconds(3_600)
            for _ in 0..<5 {
                let begin = ContinuousClock.now
                #expect(try Self.count(matcher, event) == 0)
                best = min(best, ContinuousClock.now - begin)
            }
            return best
        }
        let (short, long) = (try time(20_000), try time(400_000))
        print("1,000 hostile wildcards: \(short) for 20,000 bytes, \(long) for 400,000 bytes")
        // Twenty times the bytes; with the square it would be four hundred times.
        #expect(long < short * 120)
    }

    @Test(.timeLimit(.minutes(10))) func `pieces inside each other and almost found are no harm`() throws {
        let tests =
            (1...500).map { "{\"wildcard\":\"*\(String(repeating: "a", count: $0))b*\"}" }
            + (1...500).map { "{\"wildcard\":\"x*\(String(repeating: "a", count: $0))*y\"}" }
        let matcher = try Self.matcher(tests)
        #expect(matcher.rules.byteCount < 32 << 20)
        #expect(try Self.count(matcher, "{\"a\":\"\(String(repeating: "a", count: 50_000))\"}") == 0)
        #expect(try Self.count(matcher, "{\"a\":\"x\(String(repeating: "a", count: 50_000))y\"}") == 500)
    }

    @Test(.timeLimit(.minutes(10))) func `one wildcard of many pieces takes linear time`() throws {
        let glob = Array(repeating: "aaab", count: 100).joined(separator: "*")
        let pattern = "{\"wildcard\":\"\(glob)\"}"
        let matcher = try Self.matcher([pattern])
        #expect(try Self.count(matcher, "{\"a\":\"aaab\(String(repeating: "a", count: 200_000))aaab\"}") == 0)
    }

    @Test(.timeLimit(.minutes(10))) func `independent arrays do not multiply`() throws {
        // Whatever is chosen from a to e, nothing in f goes together.
        let fields = ["a", "b", "c", "d", "e"].map { "\"\($0)\":{\"x\":[1]}" }
        let pattern = try EventPattern.parse(json: "{\(fields.joined(separator: ",")),\"f\":{\"x\":[1],\"y\":[1]}}")
        let matcher = RuleMatcher([RuleSpecification(on: [.any], match: pattern)])
        let elements = Array(repeating: "{\"x\":1}", count: 200).joined(separator: ",")
        let arrays = ["a", "b", "c", "d", "e"].map { "\"\($0)\":[\(elements)]" }.joined(separator: ",")
        #expect(try Self.count(matcher, "{\(arrays),\"f\":[{\"x\":1},{\"y\":1}]}") == 0)
        #expect(try Self.count(matcher, "{\(arrays),\"f\":[{\"x\":1},{\"y\":1,\"x\":1}]}") == 1)
    }

    @Test(.timeLimit(.minutes(10))) func `a large array is searched`() throws {
        let pattern = try EventPattern.parse(json: #"{"a":{"x":["found"],"y":["found"]}}"#)
        let matcher = RuleMatcher([RuleSpecification(on: [.any], match: pattern)])
        let elements = (0..<2_000).map { "{\"x\":\"\($0)\",\"y\":\"found\"}" }.joined(separator: ",")
        #expect(try Self.count(matcher, "{\"a\":[\(elements)]}") == 0)
        #expect(try Self.count(matcher, "{\"a\":[\(elements),{\"x\":\"found\",\"y\":\"found\"}]}") == 1)
    }

    @Test func `ten thousand rules fit into memory`() throws {
        let tests = (0..<10_000).map { "\"key-\($0)\",{\"prefix\":\"p\($0)-\"},{\"wildcard\":\"*w\($0)-*-z\"}" }
        let matcher = try Self.matcher(tests)
        #expect(matcher.rules.byteCount < 64 << 20)
        #expect(try Self.count(matcher, #"{"a":"key-77"}"#) == 1)
        #expect(try Self.count(matcher, #"{"a":"p123-w9999-x-z"}"#) == 2)
    }

    @Test func `a branch may have more fields than a word has bits`() throws {
        let names = (0..<100).map { $0 < 10 ? "f0\($0)" : "f\($0)" }
        let pattern = try EventPattern.parse(json: "{\"r\":{\(names.map { "\"\($0)\":[1]" }.joined(separator: ","))}}")
        let matcher = RuleMatcher([RuleSpecification(on: [.any], match: pattern)])
        let whole = "{\(names.map { "\"\($0)\":1" }.joined(separator: ","))}"
        let first = "{\(names.prefix(99).map { "\"\($0)\":1" }.joined(separator: ","))}"
        #expect(try Self.count(matcher, "{\"r\":[\(first),{\"f99\":1}]}") == 0)
        #expect(try Self.count(matcher, "{\"r\":[\(first),\(whole)]}") == 1)
    }
}
