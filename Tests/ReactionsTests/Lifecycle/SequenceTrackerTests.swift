import Events
import Reactions
import SeededRandom
import Testing

@Suite struct SequenceTrackerTests {
    private let start = Timestamp(seconds: 0)

    @Test func `numbers in order lose nothing`() {
        var tracker = SequenceTracker()
        #expect(tracker.observe(producer: "p", sequence: 5) == .first)
        for number in UInt64(6)...1000 { #expect(tracker.observe(producer: "p", sequence: number) == .next) }
        #expect(tracker.statistics == SequenceTracker.Statistics())
    }

    @Test func `a gap is open first and lost when its patience is over`() {
        var tracker = SequenceTracker(patience: .seconds(1))
        _ = tracker.observe(producer: "p", sequence: 1)
        #expect(tracker.observe(producer: "p", sequence: 5) == .ahead(missing: 3))
        #expect(tracker.open == 3)
        #expect(tracker.tick(at: self.start).isEmpty)
        #expect(tracker.tick(at: self.start + .milliseconds(999)).isEmpty)
        #expect(tracker.observe(producer: "p", sequence: 3) == .late)
        #expect(tracker.tick(at: self.start + .seconds(1)) == [.init(producer: "p", events: 2)])
        #expect(tracker.tick(at: self.start + .seconds(9)).isEmpty)
        #expect(tracker.statistics.lost == 2)
        #expect(tracker.statistics.late == 1)
        // One that was given up comes after all; it is not a duplicate.
        #expect(tracker.observe(producer: "p", sequence: 2) == .late)
        #expect(tracker.observe(producer: "p", sequence: 2) == .duplicate)
    }

    @Test func `a gap is lost when 64 later numbers were seen`() {
        var tracker = SequenceTracker()
        _ = tracker.observe(producer: "p", sequence: 1)
        for number in UInt64(3)...65 { _ = tracker.observe(producer: "p", sequence: number) }
        #expect(tracker.statistics.lost == 0)
        _ = tracker.observe(producer: "p", sequence: 66)
        #expect(tracker.statistics.lost == 1)
    }

    @Test(arguments: [2, 63, 64, 65, 128, 1000, 1_000_000] as [UInt64])
    func `gaps of any size are counted exactly`(step: UInt64) {
        var tracker = SequenceTracker()
        _ = tracker.observe(producer: "p", sequence: 10)
        #expect(tracker.observe(producer: "p", sequence: 10 + step) == .ahead(missing: step - 1))
        _ = tracker.tick(at: self.start)
        _ = tracker.tick(at: self.start + .seconds(1))
        #expect(tracker.statistics.lost == step - 1)
        #expect(tracker.open == 0)
    }

    @Test func `duplicates are counted`() {
        var tracker = SequenceTracker()
        for number in [1, 2, 2, 3, 1, 3] as [UInt64] { _ = tracker.observe(producer: "p", sequence: number) }
        #expect(tracker.statistics.duplicates == 3)
        #expect(tracker.statistics.lost == 0)
    }

    @Test func `a producer that starts anew is not a loss`() {
        var tracker = SequenceTracker()
        for number in UInt64(1)...500 { _ = tracker.observe(producer: "p", sequence: number) }
        #expect(tracker.observe(producer: "p", sequence: 1) == .behind)
        #expect(tracker.observe(producer: "p", sequence: 2) == .restarted)
        #expect(tracker.observe(producer: "p", sequence: 3) == .next)
        #expect(tracker.statistics.lost == 0)
        #expect(tracker.statistics.restarts == 1)
        // Losses are counted in the new numbering.
        _ = tracker.observe(producer: "p", sequence: 200)
        _ = tracker.tick(at: self.start)
        _ = tracker.tick(at: self.start + .seconds(1))
        #expect(tracker.statistics.lost == 196)
    }

    @Test func `a straggler is not taken for a new start`() {
        var tracker = SequenceTracker()
        for number in UInt64(1)...500 { _ = tracker.observe(producer: "p", sequence: number) }
        #expect(tracker.observe(producer: "p", sequence: 100) == .behind)
        #expect(tracker.observe(producer: "p", sequence: 501) == .next)
        #expect(tracker.observe(producer: "p", sequence: 101) == .behind)
        #expect(tracker.observe(producer: "p", sequence: 502) == .next)
        #expect(tracker.statistics.lost == 0)
        #expect(tracker.statistics.restarts == 0)
    }

    @Test func `a leap further than anybody loses is a new numbering`() {
        var tracker = SequenceTracker()
        _ = tracker.observe(producer: "p", sequence: 1)
        #expect(tracker.observe(producer: "p", sequence: .max) == .restarted)
        #expect(tracker.observe(producer: "p", sequence: 0) == .behind)
        #expect(tracker.statistics.lost == 0)
    }

    @Test func `producers are told apart and their number is bounded`() {
        var tracker = SequenceTracker(capacity: 10)
        for number in 0..<1000 {
            _ = tracker.observe(producer: "busy", sequence: UInt64(number + 1))
            _ = tracker.observe(producer: "p\(number)", sequence: 1)
        }
        #expect(tracker.producers == 10)
        #expect(tracker.statistics.lost == 0)
        #expect(tracker.statistics.forgottenProducers >= 990)
        // The one that is in use the whole time is never the one to go.
        #expect(tracker.observe(producer: "busy", sequence: 1001) == .next)
    }

    @Test(arguments: 0..<50)
    func `whatever the order, exactly what was dropped is lost`(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        let rate = [0, 1, 5, 50].randomElement(using: &generator) ?? 1
        var dropped: UInt64 = 0
        var numbers: [(place: Int, number: UInt64)] = []
        for number in 1...3000 {
            // The first ones arrive in order, so that it is known where the numbering begins; the last one arrives.
            let isSure = number <= 40 || number == 3000
            if !isSure, Int.random(in: 0..<100, using: &generator) < rate {
                dropped += 1
                continue
            }
            let delay = isSure ? 0 : Int.random(in: 0...30, using: &generator)
            numbers.append((number + delay, UInt64(number)))
            if Int.random(in: 0..<20, using: &generator) == 0 {
                numbers.append((number + Int.random(in: 0...30, using: &generator), UInt64(number)))
            }
        }
        var tracker = SequenceTracker()
        for entry in numbers.sorted(by: { ($0.place, $0.number) < ($1.place, $1.number) }) {
            _ = tracker.observe(producer: "p", sequence: entry.number)
        }
        _ = tracker.tick(at: self.start)
        let before = tracker.statistics.lost
        let losses = tracker.tick(at: self.start + .seconds(1))
        #expect(tracker.statistics.lost == dropped)
        #expect(losses.reduce(0) { $0 + $1.events } == dropped - before)
        #expect(tracker.statistics.restarts == 0)
    }
}
