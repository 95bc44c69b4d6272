import Events
import Reactions
import SeededRandom
import Testing

@Suite struct RetryPolicyTests {
    @Test func `the webhook schedule is that of Standard Webhooks, 75 hours and 35 minutes`() {
        let policy = RetryPolicy.webhook
        #expect(policy.maxAttempts == 10)
        let total: Duration = policy.pauses.reduce(Duration.zero, +)
        #expect(total == Duration.seconds(272_105))
    }

    @Test func `pauses vary within the jitter, and end with the last attempt`() throws {
        var random = SplitMix64(seed: 1)
        let policy = RetryPolicy(pauses: [.seconds(10), .seconds(100)], jitter: 0.2)
        var seen: [Duration] = []
        for _ in 0..<500 {
            let pause = try #require(policy.pause(afterFailure: 1, using: &random))
            #expect(pause >= Duration.seconds(8) && pause <= Duration.seconds(12))
            seen.append(pause)
        }
        let longest = try #require(seen.max())
        let shortest = try #require(seen.min())
        #expect(longest - shortest > Duration.seconds(3))
        let second = try #require(policy.pause(afterFailure: 2, using: &random))
        #expect(second >= Duration.seconds(80))
        #expect(policy.pause(afterFailure: 3, using: &random) == nil)
        #expect(RetryPolicy(pauses: []).pause(afterFailure: 1, using: &random) == nil)
    }

    @Test func `a receiver is never asked sooner than it said, and not kept waiting for ever`() throws {
        var random = SplitMix64(seed: 2)
        let policy = RetryPolicy(pauses: [.seconds(1)], jitter: 0.2, longestRetryAfter: .seconds(1_000))
        for _ in 0..<200 {
            let pause = try #require(policy.pause(afterFailure: 1, retryAfter: .seconds(60), using: &random))
            #expect(pause >= Duration.seconds(60) && pause <= Duration.seconds(62))
            let long = try #require(policy.pause(afterFailure: 1, retryAfter: .seconds(1_000_000), using: &random))
            #expect(long >= Duration.seconds(1_000) && long <= Duration.seconds(1_002))
            let slow = try #require(policy.pause(afterFailure: 1, slowDown: true, using: &random))
            #expect(slow >= Duration.milliseconds(1_600) && slow <= Duration.milliseconds(2_400))
        }
    }

    /// The dates are RFC 9110's own examples, 37 s after `now`.
    @Test(arguments: [
        ("120", 120), ("0", 0), (" 7 ", 7), ("Sun, 06 Nov 1994 08:49:37 GMT", 37),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 37), ("Sun Nov  6 08:49:37 1994", 37), ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
        ("99999999999999999999", 366 * 86_400), ("", nil), ("soon", nil), ("-5", nil), ("1.5", nil),
        ("Sun, 31 Feb 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49:37 CET", nil),
    ])
    func `Retry-After is seconds or a date`(text: String, seconds: Int?) throws {
        let now = try #require(Timestamp.parse(iso8601: "1994-11-06T08:49:00Z")).timestamp
        #expect(RetryAfter.duration(text, at: now) == seconds.map { .seconds($0) })
    }
}

@Suite struct CircuitBreakerTests {
    private static let failure = AttemptOutcome.retry(reason: "HTTP 503")
    private static let settings = CircuitBreaker.Settings(
        failures: 3,
        pause: .seconds(10),
        longestPause: .seconds(35),
        probeTime: .seconds(60)
    )

    private static func at(_ seconds: Double) -> Timestamp { Timestamp(seconds: seconds) }

    private static func opened() -> CircuitBreaker {
        var breaker = CircuitBreaker(Self.settings)
        for _ in 0..<3 { breaker.report(Self.failure, at: Self.at(0)) }
        return breaker
    }

    @Test func `failures in a row open it, and a success between them does not`() {
        var breaker = CircuitBreaker(Self.settings)
        for outcome in [Self.failure, Self.failure, .delivered, Self.failure, Self.failure] {
            #expect(breaker.admit(at: Self.at(0)) == .go)
            breaker.report(outcome, at: Self.at(0))
        }
        #expect(breaker.state == .closed(failures: 2))
        breaker.report(Self.failure, at: Self.at(0))
        #expect(breaker.admit(at: Self.at(9)) == .wait(until: Self.at(10)))
        #expect(breaker.state.name == "open")
    }

    @Test func `a message that is refused shows that the receiver lives`() {
        var breaker = CircuitBreaker(Self.settings)
        for _ in 0..<10 { breaker.report(.dead(reason: "HTTP 400"), at: Self.at(0)) }
        #expect(breaker.state == .closed(failures: 0))
    }

    @Test func `one probe goes out; if it works all is well again`() {
        var breaker = Self.opened()
        #expect(breaker.admit(at: Self.at(10)) == .probe)
        #expect(breaker.admit(at: Self.at(11)) == .wait(until: Self.at(70)))
        breaker.report(.delivered, at: Self.at(12))
        #expect(breaker.admit(at: Self.at(12)) == .go)
    }

    @Test func `a probe that fails doubles the pause, up to the longest`() {
        var breaker = Self.opened()
        var now = 10.0
        for pause in [20.0, 35, 35] {
            #expect(breaker.admit(at: Self.at(now)) == .probe)
            breaker.report(Self.failure, at: Self.at(now))
            now += pause
            #expect(breaker.state == .open(until: Self.at(now)))
        }
        #expect(breaker.admit(at: Self.at(now)) == .probe)
        breaker.report(.delivered, at: Self.at(now))
        for _ in 0..<3 { breaker.report(Self.failure, at: Self.at(now)) }
        #expect(breaker.state == .open(until: Self.at(now + 10)))
    }

    @Test func `a probe that nobody reports is lost, and another one goes`() {
        var breaker = Self.opened()
        #expect(breaker.admit(at: Self.at(10)) == .probe)
        #expect(breaker.admit(at: Self.at(70)) == .probe)
        #expect(breaker.admit(at: Self.at(71)) == .wait(until: Self.at(130)))
    }

    @Test func `what the receiver asks for counts, within bounds`() {
        var breaker = CircuitBreaker(Self.settings)
        for _ in 0..<3 { breaker.report(.retry(reason: "HTTP 429", after: .seconds(25)), at: Self.at(0)) }
        #expect(breaker.state == .open(until: Self.at(25)))
        breaker.report(.retry(reason: "HTTP 429", after: .seconds(5_000)), at: Self.at(1))
        #expect(breaker.state == .open(until: Self.at(36)))
    }
}

@Suite struct DeliveryProgressTests {
    private static let policy = RetryPolicy(pauses: [.seconds(10), .seconds(10)], jitter: 0)

    private struct Drive {
        var progress = DeliveryProgress(id: "dlv_1", receiver: "ops", dueAt: Timestamp(seconds: 0), lease: .seconds(60))
        var random = SplitMix64(seed: 1)

        mutating func handle(_ input: DeliveryProgress.Input, at seconds: Double) -> [DeliveryProgress.Action] {
            self.progress.handle(
                input,
                at: Timestamp(seconds: seconds),
                policy: DeliveryProgressTests.policy,
                using: &self.random
            )
        }
    }

    private static func at(_ seconds: Double) -> Timestamp { Timestamp(seconds: seconds) }

    @Test func `a delivery that works ends there`() {
        var drive = Drive()
        #expect(drive.handle(.due, at: 0) == [.send(attempt: 1)])
        #expect(drive.handle(.due, at: 1) == [.wake(at: Self.at(60))])
        #expect(drive.handle(.ended(.delivered), at: 2) == [.finish(.delivered(at: Self.at(2)))])
        for input in [DeliveryProgress.Input.due, .ended(.delivered), .held(until: Self.at(9))] {
            #expect(drive.handle(input, at: 3) == [])
        }
        #expect(drive.progress.attempts == 1)
        #expect(drive.progress.state.isFinal)
    }

    @Test func `what may work later is tried again, and then given up with the last reason`() {
        var drive = Drive()
        for (attempt, time) in [(1, 0.0), (2, 10), (3, 20)] {
            #expect(drive.handle(.due, at: time) == [.send(attempt: attempt)])
            let actions = drive.handle(.ended(.retry(reason: "HTTP \(500 + attempt)")), at: time)
            let end = DeliveryProgress.State.dead(reason: "given up after 3 attempts: HTTP 503", at: Self.at(20))
            let expected: DeliveryProgress.Action = attempt < 3 ? .wake(at: Self.at(time + 10)) : .finish(end)
            #expect(actions == [expected])
        }
        #expect(drive.handle(.due, at: 100) == [])
    }

    @Test func `nothing is sent before its time`() {
        var drive = Drive()
        _ = drive.handle(.due, at: 0)
        _ = drive.handle(.ended(.retry(reason: "HTTP 503", after: .seconds(40))), at: 0)
        #expect(drive.handle(.due, at: 39) == [.wake(at: Self.at(40))])
        #expect(drive.handle(.due, at: 40) == [.send(attempt: 2)])
    }

    @Test func `waiting for a receiver that is spared costs no attempt`() {
        var drive = Drive()
        #expect(drive.handle(.held(until: Self.at(30)), at: 0) == [.wake(at: Self.at(30))])
        #expect(drive.handle(.held(until: Self.at(20)), at: 1) == [.wake(at: Self.at(30))])
        #expect(drive.progress.attempts == 0)
        #expect(drive.handle(.due, at: 30) == [.send(attempt: 1)])
    }

    @Test func `attempts whose senders died make no pause longer, and end one day all the same`() {
        let policy = RetryPolicy(pauses: [.seconds(5), .seconds(300), .seconds(1_800)], jitter: 0)
        var random = SplitMix64(seed: 1)
        func fail(attempt: Int, failures: Int) -> [DeliveryProgress.Action] {
            var progress = DeliveryProgress(
                claimed: "dlv_1",
                receiver: "ops",
                attempt: attempt,
                failures: failures,
                isTakenOver: attempt - failures > 1,
                lastReason: nil
            )
            #expect(progress.handle(.due, at: Self.at(0), policy: policy, using: &random) == [.send(attempt: attempt)])
            let ended = DeliveryProgress.Input.ended(.retry(reason: "HTTP 503"))
            return progress.handle(ended, at: Self.at(0), policy: policy, using: &random)
        }
        #expect(fail(attempt: 1, failures: 0) == [.wake(at: Self.at(5))])
        #expect(fail(attempt: 3, failures: 0) == [.wake(at: Self.at(5))])
        #expect(fail(attempt: 3, failures: 1) == [.wake(at: Self.at(300))])
        let end = DeliveryProgress.State.dead(reason: "given up after 4 attempts: HTTP 503", at: Self.at(0))
        #expect(fail(attempt: 4, failures: 1) == [.finish(end)])
    }

    @Test func `an attempt without news is lost with its lease, and late news still counts`() {
        var drive = Drive()
        #expect(drive.handle(.due, at: 0) == [.send(attempt: 1)])
        #expect(drive.handle(.due, at: 60) == [.send(attempt: 2)])
        #expect(drive.progress.lastReason == "nobody said what came of attempt 1")
        _ = drive.handle(.ended(.retry(reason: "HTTP 500")), at: 61)
        // The first attempt's sender comes back from a long pause.
        #expect(drive.handle(.ended(.retry(reason: "HTTP 500")), at: 62) == [])
        #expect(drive.handle(.ended(.delivered), at: 63) == [.finish(.delivered(at: Self.at(63)))])
    }

    @Test func `final refusals end it; a receiver that is gone is disabled`() {
        var drive = Drive()
        _ = drive.handle(.due, at: 0)
        #expect(
            drive.handle(.ended(.dead(reason: "HTTP 400")), at: 1) == [
                .finish(.dead(reason: "HTTP 400", at: Self.at(1)))
            ]
        )
        drive = Drive()
        _ = drive.handle(.due, at: 0)
        #expect(
            drive.handle(.ended(.gone(reason: "HTTP 410")), at: 1)
                == [.finish(.dead(reason: "HTTP 410", at: Self.at(1))), .disableReceiver(reason: "HTTP 410")]
        )
        drive = Drive()
        _ = drive.handle(.due, at: 0)
        #expect(
            drive.handle(.ended(.split(reason: "HTTP 400")), at: 1) == [
                .finish(.split(reason: "HTTP 400", at: Self.at(1)))
            ]
        )
    }

    @Test func `whatever happens, it ends once, and within its attempts`() {
        for seed in 0..<500 {
            var drive = Drive()
            drive.random = SplitMix64(seed: UInt64(seed))
            var now = 0.0
            var ends = 0
            var sends = 0
            for _ in 0..<60 {
                now += Double(Int.random(in: 0...40, using: &drive.random))
                let input: DeliveryProgress.Input =
                    switch Int.random(in: 0...9, using: &drive.random) {
                    case 0: .ended(.delivered)
                    case 1...3: .ended(.retry(reason: "x", after: .seconds(3), slowDown: true))
                    case 4: .held(until: Self.at(now + 5))
                    default: .due
                    }
                for action in drive.handle(input, at: now) {
                    if case .finish = action { ends += 1 }
                    if case .send(let attempt) = action {
                        sends += 1
                        #expect(attempt == sends)
                    }
                }
            }
            #expect(ends == 1)
            #expect(sends <= Self.policy.maxAttempts)
        }
    }
}
