import EventPatterns
import Events
import SeededRandom
import Testing

/// The compiler and the matcher on bytes that nobody would send: no crash, no hang, and the same answer from all.
@Suite struct `Arbitrary bytes` {
    private static let seeds = [
        #"{"a":["x",{"prefix":"y"},{"suffix":{"equals-ignore-case":"ß"}},{"wildcard":"a*b\\*"},{"numeric":[">=",-1.5e3,"<",2]}]}"#,
        #"{"$or":[{"a":{"b":[1,true,null]}},{"c.d":[{"anything-but":["x","y"]}]}],"e":[{"exists":false}]}"#,
        #"{"a":[{"cidr":"10.0.0.0/8"},"2001:db8::1",{"anything-but":{"wildcard":["*a*","b*"]}},{"exactly":"\ud83d\ude00"}]}"#,
        #"{"a":[{"b":"x"},[{"b":1e400}],"10.0.0.1"],"c":{"d":"é"},"a.b":-0.0}"#,
    ]

    private static func mutated(_ random: inout SplitMix64) -> [UInt8] {
        var bytes = Array(random.pick(Self.seeds).utf8)
        for _ in 0..<random.below(6) {
            let index = random.below(bytes.count)
            switch random.below(5) {
            case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(random.pick(Array(#"{}[]",:\*/0e-"#.utf8)), at: index)
            case 3:
                bytes.replaceSubrange(index..., with: Array(random.pick(Self.seeds).utf8.suffix(bytes.count - index)))
            default: bytes.insert(contentsOf: bytes[index..<min(index + random.below(20), bytes.count)], at: index)
            }
            if bytes.isEmpty { bytes = [0x7B] }
        }
        return bytes
    }

    @Test(.timeLimit(.minutes(10))) func `are compiled or refused, and matched by all alike`() throws {
        var random = SplitMix64(seed: 2_026)
        var compiled = 0
        for _ in 0..<20_000 {
            let bytes = Self.mutated(&random)
            guard let pattern = try? EventPattern.parse(json: bytes) else { continue }
            compiled += 1
            let event = Self.mutated(&random)
            let harness = MatcherHarness([pattern])
            guard let node = try? PatternNode.parse(json: event), case .object = node,
                let matches = try? harness.matches(event)
            else { continue }
            let naive = NaiveMatcher.matches(try PatternNode.parse(json: bytes), event: node)
            #expect(matches == (naive ? [0] : []), "\(String(decoding: bytes, as: UTF8.self))")
            #expect(try pattern.explain(json: event).isMatch == naive)
        }
        #expect(compiled > 2_000)
    }
}
