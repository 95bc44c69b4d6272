import Events
import ReactorRuntime
import SeededRandom
import SyntheticEvents
import Testing

@Suite struct AlertIdentifiersTests {
    @Test func `ids are 26 signs of the alphabet and all different`() {
        var random = SplitMix64(seed: 7)
        let now = Timestamp(seconds: 1_795_221_600)
        let ids = (0..<5000).map { _ in AlertIdentifiers.make(at: now, using: &random) }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.utf8.count == 26 && $0.allSatisfy("0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains) })
    }

    @Test func `ids sort by time`() {
        var random = SplitMix64(seed: 7)
        let ids = (0..<1000).map {
            AlertIdentifiers.make(at: Timestamp(microseconds: 1_795_221_600_000_000 + $0 * 1000), using: &random)
        }
        #expect(ids == ids.sorted())
    }

    @Test func `the first ten signs are the milliseconds`() {
        var random = SplitMix64(seed: 7)
        // The example of the ULID specification.
        let id = AlertIdentifiers.make(at: Timestamp(microseconds: 1_469_918_176_385_000), using: &random)
        #expect(id.prefix(10) == "01ARYZ6S41")
        #expect(AlertIdentifiers.make(at: Timestamp(microseconds: -1), using: &random).prefix(10) == "0000000000")
    }
}
