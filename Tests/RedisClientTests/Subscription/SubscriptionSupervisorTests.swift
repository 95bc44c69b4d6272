import NIOCore
import Testing

@testable import RedisClient

/// The supervisor's life of links, as traces on a virtual clock.
@Suite struct SubscriptionSupervisorTests {
    @Test func `subscribed when every target is confirmed, ready when a probe came back`() {
        var trace = SupervisorTrace()
        #expect(trace.happens(.start, 0) == [.open(1, .deliver)])
        #expect(trace.happens(.connected(1), 2) == [.subscribe(1)])
        #expect(trace.happens(.confirmed(1, name: Array("events".utf8), isPattern: false), 3) == [])
        #expect(trace.happens(.confirmed(1, name: Array("other".utf8), isPattern: false), 3) == [])
        let name = Array("aos.reactor.probe.test".utf8)
        #expect(
            trace.happens(.confirmed(1, name: name, isPattern: false), 4) == [.report(.subscribed), .publishProbe(1)]
        )
        #expect(trace.happens(.published(1, receivers: 1, reading: nil), 6) == [])
        #expect(trace.happens(.probe(1, 1, DeliveryTally()), 6) == [.report(.ready(roundTrip: .milliseconds(2)))])
    }

    @Test func `ready when the probe that came back is answered as well, whatever the answer is`() {
        for succeeds in [true, false] {
            var trace = SupervisorTrace()
            _ = trace.happens(.start, 0)
            _ = trace.happens(.connected(1), 2)
            let number = trace.confirm(1, 4).probes.first ?? 0
            #expect(trace.happens(.probe(1, number, DeliveryTally()), 6) == [])
            let answer: SubscriptionSupervisor.Input =
                succeeds
                ? .published(number, receivers: 1, reading: nil)
                : .publishFailed(number, RedisError(.connectionClosed, "cut"))
            #expect(trace.happens(answer, 9) == [.report(.ready(roundTrip: .milliseconds(2)))])
        }
    }

    @Test func `a probe goes out every five seconds`() {
        var trace = SupervisorTrace.proven()
        for second in stride(from: Int64(5), through: 50, by: 5) {
            var quiet = trace.wait(until: second * 1_000 - 1)
            #expect(quiet.probes == [])
            // The server answers every PING.
            for link in quiet.pings { quiet = trace.happens(.received(link, drained: true), second * 1_000 - 1) }
            let due = trace.wait(until: second * 1_000)
            #expect(due.probes.count == 1)
            let actions = trace.probeReturns(due.probes[0], on: 1, second * 1_000)
            #expect(actions.labels == ["probe"])
        }
    }

    @Test func `a link that ends is made again at once, and the window is reported`() {
        var trace = SupervisorTrace.proven()
        _ = trace.happens(.received(1, drained: true), 1_000)
        let end = LinkEnd.closed(midFrame: false, announced: nil)
        #expect(trace.happens(.ended(1, end), 1_400) == [.report(.lost(end))])
        #expect(trace.wait(until: 1_400) == [.open(2, .deliver)])
        let confirmed = trace.confirm(2, 1_402)
        #expect(confirmed.labels == ["subscribed"])
        #expect(confirmed.probes.count == 1)
        let measured = trace.probeReturns(confirmed.probes.first ?? 0, on: 2, 1_403)
        #expect(measured.labels == ["blind_window", "ready"])
        #expect(measured.windows.first?.start == at(1_000))
        #expect(measured.windows.first?.end == at(1_402))
        #expect(measured.windows.first?.missed == .unknown(.notMeasured))
    }

    @Test func `while nobody listens it is tried again within 150 ms, for as long as it takes`() {
        var trace = SupervisorTrace.proven()
        _ = trace.happens(.ended(1, .closed(midFrame: false, announced: nil)), 100)
        var link = 2
        var last = trace.now
        var attempts = 0
        while trace.now < at(60_000) {
            let milliseconds = Int64((trace.now - at(0)).nanoseconds / 1_000_000) + 1
            guard trace.wait(until: milliseconds).openings == [link] else { continue }
            #expect(trace.now - last <= .milliseconds(151))
            last = trace.now
            _ = trace.happens(.ended(link, .connectionRefused), milliseconds)
            link += 1
            attempts += 1
        }
        #expect(attempts > 300)
    }

    @Test func `refusals are reported by name, and tried again`() {
        for code in [RedisError.Code.noPermission, .noAuth, .loading, .moved] {
            var trace = SupervisorTrace()
            _ = trace.happens(.start, 0)
            _ = trace.happens(.connected(1), 1)
            let end = LinkEnd.refused(RedisError(code, "as the server says"))
            #expect(trace.happens(.ended(1, end), 2) == [.report(.attemptFailed(end))])
            #expect(end.label == code.rawValue)
            #expect(trace.wait(until: 4_000).openings == [2])
        }
    }

    @Test func `what takes too long is given up and tried again`() {
        var trace = SupervisorTrace()
        _ = trace.happens(.start, 0)
        let late = trace.wait(until: 5_000)
        #expect(late.first == .close(1))
        #expect(late.labels == ["attempt_failed"])
        #expect(late.openings == [2])
        _ = trace.happens(.connected(2), 6_000)
        #expect(trace.wait(until: 15_999) == [])
        #expect(trace.wait(until: 16_000).first == .close(2))
    }

    @Test func `stop waits for the confirmation of the last message`() {
        var trace = SupervisorTrace.proven()
        #expect(trace.happens(.stop, 10) == [.unsubscribe(1)])
        #expect(trace.happens(.unconfirmed(1, name: Array("events".utf8), isPattern: false), 11) == [])
        let name = Array("aos.reactor.probe.test".utf8)
        #expect(
            trace.happens(.unconfirmed(1, name: name, isPattern: false), 12)
                == [.close(1), .report(.stopped), .finished]
        )
        #expect(trace.happens(.start, 20) == [.open(2, .deliver)])
    }

    @Test func `stop does not wait for a server that does not answer`() {
        var trace = SupervisorTrace.proven()
        #expect(trace.happens(.stop, 10) == [.unsubscribe(1)])
        #expect(trace.wait(until: 509) == [])
        #expect(trace.wait(until: 510) == [.close(1), .report(.stopped), .finished])
    }

    @Test func `stop while blind reports the window`() {
        var trace = SupervisorTrace.proven()
        _ = trace.happens(.ended(1, .broken), 100)
        let actions = trace.happens(.stop, 100)
        #expect(actions.labels == ["blind_window", "stopped"])
        #expect(actions.windows.first?.cause == .connectionBroken)
    }

    @Test func `a long stall of our own cuts nothing`() {
        var trace = SupervisorTrace.proven()
        for start in stride(from: Int64(0), to: 100_000, by: 4_000) {
            _ = trace.wait(until: start)
            trace.stall(until: start + 2_000)
            var actions = trace.fire()
            // In the same turn or the next, what the server sent meanwhile is read.
            actions += trace.happens(.received(1, drained: true), start + 2_050)
            for number in actions.probes { actions += trace.probeReturns(number, on: 1, start + 2_060) }
            while trace.now < at(start + 3_900) {
                let next = Int64((trace.now - at(0)).nanoseconds / 1_000_000) + 10
                var more = trace.wait(until: next)
                for link in more.pings { more += trace.happens(.received(link, drained: true), next) }
                for number in more.probes { more += trace.probeReturns(number, on: 1, next) }
                actions += more
            }
            #expect(actions.openings == [])
            #expect(!actions.labels.contains("suspect"))
            #expect(actions.labels.filter { $0 == "own_stall" }.count == 1)
        }
    }

    @Test func `a probe that cannot be published accuses nobody`() {
        var trace = SupervisorTrace()
        _ = trace.happens(.start, 0)
        _ = trace.confirm(1, 1)
        let error = RedisError(.noPermission, "no PUBLISH for you")
        #expect(trace.happens(.publishFailed(1, error), 2) == [.report(.probeFailed(error))])
        var actions: [SubscriptionSupervisor.Action] = []
        for second in Int64(1)...40 {
            var more = trace.wait(until: second * 500)
            for link in more.pings { more += trace.happens(.received(link, drained: true), second * 500) }
            actions += more
        }
        #expect(!actions.labels.contains("suspect"))
    }
}
