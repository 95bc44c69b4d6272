import Events
import Reactions
import SeededRandom
import Testing

/// The machines of the lifecycle depend on nothing but what they are told: the same log gives the same actions and the same
/// state, also when it is cut in two, and also with a clock that jumps.
@Suite struct ReplayTests {
    private static func times(_ count: Int, _ generator: inout SplitMix64) -> [Timestamp] {
        var now: Int64 = 1_795_221_600_000_000
        return (0..<count).map { _ in
            switch Int.random(in: 0..<50, using: &generator) {
            case 0: now -= Int64.random(in: 0..<100_000_000_000, using: &generator)
            case 1: now += Int64.random(in: 0..<100_000_000_000, using: &generator)
            default: now += Int64.random(in: 0..<20_000_000, using: &generator)
            }
            return Timestamp(microseconds: now)
        }
    }

    /// Runs the log whole, and again from a copy made half-way.
    private static func check<Machine: Equatable, Input, Action: Equatable>(
        _ machine: Machine,
        _ inputs: [Input],
        _ generator: inout SplitMix64,
        _ handle: (inout Machine, Input, Timestamp) -> [Action]
    ) -> [Action] {
        let log = Array(zip(inputs, self.times(inputs.count, &generator)))
        var first = machine
        var actions: [Action] = []
        var copy = machine
        var rest: [Action] = []
        for (index, entry) in log.enumerated() {
            if index == log.count / 2 {
                copy = first
                rest = []
            }
            let did = handle(&first, entry.0, entry.1)
            actions += did
            rest += did
        }
        var again: [Action] = []
        for entry in log[(log.count / 2)...] { again += handle(&copy, entry.0, entry.1) }
        #expect(copy == first)
        #expect(again == rest)
        return actions
    }

    @Test(arguments: 0..<20)
    func `heartbeats`(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        let inputs = (0..<2000).map { number -> HeartbeatJudge.Input in
            let nonce = "\(Int.random(in: 0..<5, using: &generator))"
            let all: [HeartbeatJudge.Input] = [
                .sent(nonce: nonce), .cameBack(nonce: nonce), .loopProgress(rounds: UInt64(number / 30)),
                .connection(isUp: number % 7 > 0), .outputBuffer(bytes: number << 12, limit: 1 << 24), .beatDue,
                .beatDue,
            ]
            return all.randomElement(using: &generator) ?? .beatDue
        }
        let actions = Self.check(HeartbeatJudge(), inputs, &generator) { $0.handle($1, at: $2) }
        // An episode is told once, and each one but the last is followed by its recovery.
        var isIll = false
        for action in actions {
            switch action {
            case .missed: continue
            case .becameUnhealthy:
                #expect(!isIll)
                isIll = true
            case .recovered:
                #expect(isIll)
                isIll = false
            }
        }
    }

    @Test(arguments: 0..<20)
    func `peers`(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        let inputs = (0..<2000).map { _ -> PeerWatch.Input in
            let name = "p\(Int.random(in: 0..<6, using: &generator))"
            let all: [PeerWatch.Input] = [
                .beat(instance: name, interval: .seconds(20)), .beat(instance: name, interval: nil),
                .stopping(instance: name), .toldByPeer(lost: name), .tick, .tick, .tick,
            ]
            return all.randomElement(using: &generator) ?? .tick
        }
        let actions = Self.check(PeerWatch(instance: "p3"), inputs, &generator) { $0.handle($1, at: $2) }
        #expect(!actions.contains { $0 == .returned(instance: "p3") })
    }

    @Test(arguments: 0..<20)
    func `overload`(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        let inputs = (0..<2000).map { _ -> OverloadEpisode.Input in
            Int.random(in: 0..<4, using: &generator) == 0
                ? .dropped(events: 1, bytes: 10) : .tick(fill: Double.random(in: 0...1, using: &generator))
        }
        let actions = Self.check(OverloadEpisode(), inputs, &generator) { $0.handle($1, at: $2) }
        for (index, action) in actions.enumerated() {
            #expect((action == .began) == (index % 2 == 0))
        }
    }

    @Test(arguments: 0..<20)
    func `sequences`(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        let inputs = (0..<2000).map { number -> UInt64? in
            switch Int.random(in: 0..<100, using: &generator) {
            case 0: UInt64.random(in: 0...UInt64.max, using: &generator)
            case 1..<10: nil
            case 10..<20: UInt64.random(in: 0..<3000, using: &generator)
            default: UInt64(number)
            }
        }
        _ = Self.check(SequenceTracker(capacity: 3), inputs, &generator) { tracker, number, now in
            guard let number else { return tracker.tick(at: now) }
            _ = tracker.observe(producer: "p\(number % 5)", sequence: number)
            return []
        }
    }
}
