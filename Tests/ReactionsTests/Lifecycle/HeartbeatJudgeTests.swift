import Events
import Reactions
import Testing

@Suite struct HeartbeatJudgeTests {
    /// A reactor whose parts can be broken one by one, told to the judge as the runtime tells it.
    private struct Rig {
        var judge = HeartbeatJudge(interval: .seconds(30), missThreshold: 3)
        var interval = 0
        var isLoopRunning = true
        var isConnected = true
        var isAnswered = true
        var buffer = 0
        private var rounds: UInt64 = 0

        /// One interval: a heartbeat goes out, comes back or does not, and the interval ends.
        mutating func pass() -> [HeartbeatJudge.Action] {
            let begin = Timestamp(seconds: Double(self.interval) * 30)
            var actions: [HeartbeatJudge.Action] = []
            if self.isLoopRunning { self.rounds += 5 }
            actions += self.judge.handle(.connection(isUp: self.isConnected), at: begin)
            actions += self.judge.handle(.sent(nonce: "n\(self.interval)"), at: begin)
            actions += self.judge.handle(.loopProgress(rounds: self.rounds), at: begin + .seconds(1))
            actions += self.judge.handle(.outputBuffer(bytes: self.buffer, limit: 32 << 20), at: begin + .seconds(1))
            if self.isAnswered {
                actions += self.judge.handle(.cameBack(nonce: "n\(self.interval)"), at: begin + .seconds(2))
            }
            self.interval += 1
            actions += self.judge.handle(.beatDue, at: begin + .seconds(30))
            return actions
        }
    }

    @Test func `a quiet reactor is well for as long as its own heartbeats come back`() {
        var rig = Rig()
        for _ in 0..<200 { #expect(rig.pass().isEmpty) }
    }

    @Test func `a round trip that is missing is told once and its recovery once`() {
        var rig = Rig()
        _ = rig.pass()
        rig.isAnswered = false
        #expect(rig.pass() == [.missed(inARow: 1, cause: .roundTripMissing)])
        #expect(rig.pass() == [.missed(inARow: 2, cause: .roundTripMissing)])
        #expect(
            rig.pass() == [
                .missed(inARow: 3, cause: .roundTripMissing),
                .becameUnhealthy(cause: .roundTripMissing, misses: 3, since: Timestamp(seconds: 30)),
            ]
        )
        for count in 4..<20 { #expect(rig.pass() == [.missed(inARow: count, cause: .roundTripMissing)]) }
        #expect(rig.judge.unhealthyCause == .roundTripMissing)
        rig.isAnswered = true
        // 20 intervals have passed; the next heartbeat comes back 2 s into its interval.
        #expect(rig.pass() == [.recovered(cause: .roundTripMissing, after: .seconds(20 * 30 + 2 - 30))])
        #expect(rig.pass().isEmpty)
        #expect(rig.judge.unhealthyCause == nil)
    }

    @Test func `the cause is the part that explains the others`() throws {
        var rig = Rig()
        rig.isAnswered = false
        rig.isConnected = false
        #expect(rig.pass() == [.missed(inARow: 1, cause: .connectionDown)])
        _ = rig.pass()
        #expect(rig.pass().last == .becameUnhealthy(cause: .connectionDown, misses: 3, since: Timestamp(seconds: 0)))

        rig = Rig()
        rig.isAnswered = false
        rig.isConnected = false
        rig.isLoopRunning = false
        #expect(rig.pass() == [.missed(inARow: 1, cause: .loopStalled)])
    }

    @Test func `a loop that is stuck from the start is found`() {
        var rig = Rig()
        rig.isLoopRunning = false
        rig.isAnswered = false
        _ = rig.pass()
        _ = rig.pass()
        #expect(rig.pass().last == .becameUnhealthy(cause: .loopStalled, misses: 3, since: Timestamp(seconds: 0)))
    }

    @Test func `an output buffer that grows is told although heartbeats still come back`() {
        var rig = Rig()
        var told: [HeartbeatJudge.Action] = []
        for step in 1...5 {
            rig.buffer = step << 20
            told += rig.pass()
        }
        #expect(
            told.map(\.self) == [.becameUnhealthy(cause: .outputBufferGrowing, misses: 0, since: Timestamp(seconds: 0))]
        )
        rig.buffer = 0
        #expect(rig.pass().count == 1)
        #expect(rig.judge.unhealthyCause == nil)
    }

    @Test func `a small or a shrinking buffer is no illness, one near its limit is`() {
        var rig = Rig()
        for bytes in [10, 1000, 100_000, 900_000] {
            rig.buffer = bytes
            #expect(rig.pass().isEmpty)
        }
        rig.buffer = 12 << 20
        _ = rig.pass()
        for bytes in stride(from: 11, through: 2, by: -1) {
            rig.buffer = bytes << 20
            #expect(rig.pass().isEmpty)
        }
        rig.buffer = 20 << 20
        _ = rig.pass()
        _ = rig.pass()
        #expect(rig.pass().count == 1)
        #expect(rig.judge.unhealthyCause == .outputBufferGrowing)
    }

    @Test func `two misses and a heartbeat begin anew`() {
        var rig = Rig()
        for _ in 0..<10 {
            rig.isAnswered = false
            #expect(rig.pass() == [.missed(inARow: 1, cause: .roundTripMissing)])
            #expect(rig.pass() == [.missed(inARow: 2, cause: .roundTripMissing)])
            rig.isAnswered = true
            #expect(rig.pass().isEmpty)
        }
    }

    @Test func `heartbeats of others prove nothing`() {
        var judge = HeartbeatJudge(interval: .seconds(30), missThreshold: 1)
        let start = Timestamp(seconds: 0)
        _ = judge.handle(.sent(nonce: "mine"), at: start)
        _ = judge.handle(.loopProgress(rounds: 1), at: start)
        _ = judge.handle(.cameBack(nonce: "theirs"), at: start + .seconds(1))
        #expect(
            judge.handle(.beatDue, at: start + .seconds(30)) == [
                .missed(inARow: 1, cause: .roundTripMissing),
                .becameUnhealthy(cause: .roundTripMissing, misses: 1, since: start),
            ]
        )
    }

    @Test func `a process that was suspended has missed one heartbeat, not one for each interval it slept`() {
        var rig = Rig()
        _ = rig.pass()
        _ = rig.judge.handle(.sent(nonce: "before the sleep"), at: Timestamp(seconds: 30))
        let woken = Timestamp(seconds: 4000)
        #expect(rig.judge.handle(.beatDue, at: woken) == [.missed(inARow: 1, cause: .loopStalled)])
        #expect(rig.judge.unhealthyCause == nil)
    }

    @Test func `before the first heartbeat none is missed, and a connection that is down is told all the same`() {
        var judge = HeartbeatJudge(interval: .seconds(30), missThreshold: 3)
        var told: [HeartbeatJudge.Action] = []
        for interval in 1...5 {
            let now = Timestamp(seconds: Double(interval) * 30)
            told += judge.handle(.loopProgress(rounds: UInt64(interval)), at: now)
            told += judge.handle(.connection(isUp: false), at: now)
            told += judge.handle(.beatDue, at: now)
        }
        #expect(told == [.becameUnhealthy(cause: .connectionDown, misses: 0, since: Timestamp(seconds: 0))])
        // The connection is there, the first heartbeat goes out and comes back.
        let now = Timestamp(seconds: 160)
        _ = judge.handle(.connection(isUp: true), at: now)
        _ = judge.handle(.sent(nonce: "first"), at: now)
        #expect(
            judge.handle(.cameBack(nonce: "first"), at: now) == [
                .recovered(cause: .connectionDown, after: .seconds(160))
            ]
        )
    }

    @Test func `a clock that is set back does not stop the judging`() {
        var rig = Rig()
        _ = rig.pass()
        let back = Timestamp(seconds: -100_000)
        _ = rig.judge.handle(.sent(nonce: "lost"), at: back)
        let actions = rig.judge.handle(.beatDue, at: back + .seconds(30))
        #expect(actions == [.missed(inARow: 1, cause: .loopStalled)])
    }
}
