import RedisClient
import SeededRandom
import Testing

@Suite struct `The back-off` {
    @Test func `starts at once, grows to two seconds and stays there`() {
        var backoff = Backoff()
        var random = SplitMix64(seed: 1)
        let waits = (0..<100).map { _ in backoff.next(using: &random) }
        #expect(waits[0] <= .milliseconds(20))
        #expect(waits[1] >= .milliseconds(25) && waits[1] <= .milliseconds(50))
        #expect(waits.allSatisfy { $0 <= .seconds(2) })
        #expect(waits.suffix(20).allSatisfy { $0 >= .seconds(1) })
        #expect(backoff.attempts == 100)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `never waits longer than 250 ms while a server was away for less than two seconds`(seed: UInt64) {
        var backoff = Backoff()
        var random = SplitMix64(seed: seed)
        var away = Duration.zero
        while away < .seconds(2) {
            let wait = backoff.next(using: &random)
            #expect(wait < .milliseconds(250))
            away += wait
        }
    }

    @Test func `begins anew after a success`() {
        var backoff = Backoff()
        var random = SplitMix64(seed: 3)
        for _ in 0..<50 { _ = backoff.next(using: &random) }
        backoff.reset()
        #expect(backoff == Backoff())
        #expect(backoff.next(using: &random) <= .milliseconds(20))
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `comes back often however long the server was away, where an attempt costs nothing`(seed: UInt64) {
        var pauses = RetryPauses(settings: Backoff.Settings(), ceiling: .milliseconds(150))
        var random = SplitMix64(seed: seed)
        for _ in 0..<300 {
            #expect(pauses.next(isCheap: true, needsOperator: false, using: &random) <= .milliseconds(150))
        }
        #expect(pauses.next(isCheap: false, needsOperator: false, using: &random) >= .seconds(1))
        #expect(pauses.next(isCheap: true, needsOperator: true, using: &random) >= .seconds(1))
        #expect(pauses.attempts == 302)
        pauses.reset()
        #expect(pauses.next(isCheap: false, needsOperator: false, using: &random) <= .milliseconds(20))
    }

    @Test func `does not hurry where only a person can help`() {
        var backoff = Backoff()
        var random = SplitMix64(seed: 4)
        #expect(backoff.next(needsOperator: true, using: &random) >= .seconds(1))
    }

    @Test func `spreads clients that lose their server in one instant`() {
        let first = Set(
            (0..<50 as Range<UInt64>).map { seed in
                var backoff = Backoff()
                var random = SplitMix64(seed: seed)
                return backoff.next(using: &random)
            }
        )
        #expect(first.count == 50)
    }
}
