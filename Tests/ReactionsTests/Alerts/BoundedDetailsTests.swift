import Events
import Reactions
import SeededRandom
import Testing

@Suite struct BoundedDetailsTests {
    /// Random details of about the size that is allowed.
    private static func details(_ random: inout SplitMix64) -> JSONValue {
        func value(_ depth: Int) -> JSONValue {
            switch Int.random(in: 0..<(depth < 3 ? 6 : 4), using: &random) {
            case 0: nil
            case 1: .number(String(Int.random(in: 0..<1_000_000, using: &random)))
            case 2, 3: .string(String(repeating: "ä", count: Int.random(in: 0..<600, using: &random)))
            case 4: .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in value(depth + 1) })
            default: .object((0..<Int.random(in: 0..<4, using: &random)).map { JSONMember("k\($0)", value(depth + 1)) })
            }
        }
        return .object((0..<Int.random(in: 1..<40, using: &random)).map { JSONMember("m\($0)", value(0)) })
    }

    @Test func `what is said to be cut short was, and what was not is whole`() {
        var random = SplitMix64(seed: 41)
        var (whole, cut) = (0, 0)
        for _ in 0..<2_000 {
            let details = Self.details(&random)
            let bounded = BoundedDetails.bounded(details)
            guard case .object(let members) = bounded, members.last?.name == "details_truncated" else {
                whole += 1
                #expect(bounded == details)
                continue
            }
            cut += 1
            #expect(.object(members.dropLast()) != details)
            // What is kept may go over by the last text, which is clipped, and by names and punctuation.
            #expect(bounded.compactText.utf8.count < BoundedDetails.maxBytes * 2)
        }
        #expect(whole > 100 && cut > 100)
    }
}
