import NIOCore
import Testing

@testable import RedisClient

@Suite struct SubscriptionLivenessTests {
    private static func link() -> LinkLiveness {
        LinkLiveness(settings: SubscriptionSettings(instance: "test"), at: at(0))
    }

    @Test func `silence is asked with PING and becomes suspicion`() {
        var link = Self.link()
        #expect(link.tick(at: at(499)) == .none)
        #expect(link.tick(at: at(500)) == .ping)
        #expect(link.tick(at: at(1_249)) == .none)
        #expect(link.tick(at: at(1_250)) == .suspect)
        #expect(link.isSuspect)
        #expect(link.nextDeadline == nil)
    }

    @Test func `any byte answers a PING`() {
        var link = Self.link()
        #expect(link.tick(at: at(500)) == .ping)
        #expect(link.received(at: at(600)) == .none)
        #expect(link.tick(at: at(1_099)) == .none)
        #expect(link.tick(at: at(1_100)) == .ping)
    }

    @Test func `a suspect link that speaks again has recovered`() {
        var link = Self.link()
        _ = link.tick(at: at(500))
        _ = link.tick(at: at(1_250))
        #expect(link.received(at: at(5_000)) == .recovered(after: .milliseconds(5_000)))
        #expect(!link.isSuspect)
        #expect(link.nextDeadline == at(5_500))
    }

    @Test func `time in which we did not run is no evidence`() {
        var link = Self.link()
        #expect(link.tick(at: at(500)) == .ping)
        // The timer for 1,250 fires at 4,250: what has arrived meanwhile may be read in the next moment.
        #expect(link.tick(at: at(4_250), stalled: .milliseconds(3_000)) == .none)
        #expect(link.tick(at: at(4_349)) == .none)
        #expect(link.tick(at: at(4_350)) == .suspect)

        link = Self.link()
        #expect(link.tick(at: at(500)) == .ping)
        // Stalled from the moment of asking: the server has its whole time from now on.
        #expect(link.tick(at: at(4_250), stalled: .milliseconds(3_750)) == .none)
        #expect(link.tick(at: at(4_999)) == .none)
        #expect(link.tick(at: at(5_000)) == .suspect)
    }

    @Test func `who cannot wait for the silence to last has the server asked, once`() {
        var trace = SupervisorTrace.proven()
        _ = trace.happens(.received(1, drained: true), 100)
        #expect(trace.happens(.doubted(since: at(90)), 200).isEmpty)
        #expect(trace.heardUntil == at(100))
        let asked = trace.happens(.doubted(since: at(200)), 200)
        #expect(asked.contains { if case .ping(1, _) = $0 { true } else { false } })
        #expect(asked.count == 1)
        #expect(trace.happens(.doubted(since: at(201)), 201).isEmpty)
        #expect(trace.heardUntil < at(200))
        _ = trace.happens(.received(1, drained: true), 202)
        #expect(trace.heardUntil == at(202))
        #expect(trace.happens(.doubted(since: at(203)), 203).count == 1)
    }

    @Test func `a link that does not answer who cannot wait is suspect after the time that an answer may take`() {
        var trace = SupervisorTrace.proven()
        _ = trace.happens(.doubted(since: at(100)), 100)
        #expect(trace.wait(until: 849).isEmpty)
        #expect(trace.heardUntil == at(0))
        #expect(trace.wait(until: 850).labels.contains("suspect"))
        // That it may have missed something is known now, and nothing more to wait for.
        #expect(trace.heardUntil == .distantFuture)
    }

    @Test func `without a link there is nobody to ask`() {
        var trace = SupervisorTrace.proven()
        _ = trace.happens(.ended(1, .closed(midFrame: false, announced: nil)), 100)
        #expect(trace.heardUntil == .distantFuture)
        let asked = trace.happens(.doubted(since: at(200)), 200)
        #expect(!asked.contains { if case .ping = $0 { true } else { false } })
    }

    @Test func `a dead link is noticed within two seconds of its last byte`() {
        for lastByte in stride(from: Int64(0), through: 1_000, by: 37) {
            var link = Self.link()
            _ = link.received(at: at(lastByte))
            var now = at(lastByte)
            while !link.isSuspect, let due = link.nextDeadline {
                now = due
                _ = link.tick(at: now)
            }
            #expect(now - at(lastByte) == .milliseconds(1_250))
        }
    }

    @Test func `the timer's delay is measured, and explains an end for a while`() {
        var meter = LagMeter(settings: SubscriptionSettings(instance: "test"))
        meter.arm(for: at(500))
        #expect(meter.recentStall(at: at(540)) == .zero)
        #expect(meter.recentStall(at: at(3_500)) == .milliseconds(3_000))
        #expect(meter.fired(at: at(3_500)) == .milliseconds(3_000))
        #expect(meter.isReported(.milliseconds(3_000)))
        #expect(!meter.isReported(.milliseconds(900)))
        meter.arm(for: at(4_000))
        #expect(meter.fired(at: at(4_010)) == .zero)
        #expect(meter.recentStall(at: at(8_500)) == .milliseconds(3_000))
        #expect(meter.recentStall(at: at(8_501)) == .zero)
    }

    @Test func `what was read just before an end may be old`() {
        var horizon = ReadHorizon(at: at(0))
        horizon.read(at: at(1_000), drained: true)
        // A stall; then everything at once, and the end behind it.
        horizon.read(at: at(9_000), drained: false)
        horizon.read(at: at(9_001), drained: true)
        #expect(horizon.horizon(endedAt: at(9_002)) == at(1_000))
        // The same read, but the link went on: it was up to date.
        #expect(horizon.horizon(endedAt: at(9_400)) == at(9_001))
    }
}

@Suite struct SubscriptionRetryTests {
    private static func pauses(after end: LinkEnd, count: Int) -> [TimeAmount] {
        var schedule = RetrySchedule(settings: SubscriptionSettings(instance: "test"), seed: 7)
        return (0..<count).map { _ in schedule.nextPause(after: end) }
    }

    @Test func `the first attempt after a loss is made at once`() {
        for seed in UInt64(0)..<100 {
            var schedule = RetrySchedule(settings: SubscriptionSettings(instance: "test"), seed: seed)
            #expect(schedule.nextPause(after: .broken) <= .milliseconds(20))
        }
    }

    @Test func `pauses grow up to two seconds`() {
        let pauses = Self.pauses(after: .broken, count: 100)
        #expect(pauses.allSatisfy { $0 <= .seconds(2) })
        #expect(pauses.last.map { $0 >= .seconds(1) } == true)
    }

    @Test func `a port that refuses is asked often, however long it has been away`() {
        #expect(Self.pauses(after: .connectionRefused, count: 500).allSatisfy { $0 <= .milliseconds(150) })
        let loading = LinkEnd.refused(RedisError(.loading, ""))
        #expect(Self.pauses(after: loading, count: 500).allSatisfy { $0 <= .milliseconds(150) })
    }

    @Test func `what only a person can change is tried slowly`() {
        let pauses = Self.pauses(after: .refused(RedisError(.noPermission, "")), count: 5)
        #expect(pauses.allSatisfy { $0 >= .seconds(1) })
    }

    @Test func `success starts over`() {
        var schedule = RetrySchedule(settings: SubscriptionSettings(instance: "test"), seed: 7)
        for _ in 0..<50 { _ = schedule.nextPause(after: .broken) }
        schedule.succeeded()
        #expect(schedule.nextPause(after: .broken) <= .milliseconds(20))
    }
}
