import NIOCore
import Testing

@testable import RedisClient

/// Make before break, as traces on a virtual clock.
@Suite struct SubscriptionReplacementTests {
    /// Proven at 0, silent since then; suspect at 1,250; the successor is link 2.
    private static func suspect() -> SupervisorTrace {
        var trace = SupervisorTrace.proven()
        #expect(trace.wait(until: 500) == [.ping(1, 2)])
        let actions = trace.wait(until: 1_250)
        #expect(actions == [.report(.suspect(.silent, lastByte: at(0))), .open(2, .keep)])
        return trace
    }

    /// The successor is confirmed at this time; the marker has number 3 or 4.
    private static func confirmedSuccessor(_ milliseconds: Int64) -> (trace: SupervisorTrace, marker: UInt64) {
        var trace = Self.suspect()
        let actions = trace.confirm(2, milliseconds)
        #expect(actions.markers.count == 1)
        return (trace, actions.markers.first ?? 0)
    }

    @Test func `a paused server: the old link delivers the marker first, and nothing is lost`() {
        // The server goes on at 4,000: it confirms the successor and answers the old link's PING.
        var (trace, marker) = Self.confirmedSuccessor(4_000)
        #expect(trace.happens(.received(1, drained: true), 4_001).labels == ["recovered"])
        #expect(trace.happens(.published(marker, receivers: 2, reading: nil), 4_002) == [])
        #expect(trace.happens(.received(1, drained: true), 4_003) == [])
        #expect(trace.happens(.marker(1, marker), 4_003) == [.close(1), .skip(2)])
        _ = trace.happens(.received(2, drained: true), 4_004)
        let actions = trace.happens(.marker(2, marker), 4_004)
        #expect(actions.first == .deliver(2))
        #expect(actions.labels == ["replaced"])
        guard case .replaced(let replacement)? = actions.reports.first else { return }
        #expect(replacement.cut == .exact)
        #expect(replacement.cause == .silent)
        #expect(replacement.duration == .milliseconds(2_754))
    }

    @Test func `the successor delivers the marker first: its messages wait for the old link's`() {
        var (trace, marker) = Self.confirmedSuccessor(4_000)
        _ = trace.happens(.received(1, drained: true), 4_001)
        _ = trace.happens(.received(2, drained: true), 4_002)
        let first = trace.happens(.marker(2, marker), 4_002)
        #expect(first.first == .markKept(2))
        #expect(first.pings == [1])
        _ = trace.happens(.received(1, drained: true), 4_003)
        let actions = trace.happens(.marker(1, marker), 4_003)
        #expect(actions.prefix(2) == [.close(1), .release(2, fromMark: true)])
        #expect(actions.labels == ["replaced"])
        #expect(actions.windows == [])
    }

    @Test func `the old link ends before its marker: the successor counts from its first message`() {
        var (trace, _) = Self.confirmedSuccessor(4_000)
        let actions = trace.happens(.ended(1, .broken), 4_001)
        #expect(actions.prefix(2) == [.close(1), .release(2, fromMark: false)])
        #expect(actions.labels == ["replaced"])
        let number = actions.probes.first ?? 0
        let measured = trace.probeReturns(number, on: 2, 4_002)
        #expect(measured.labels == ["blind_window", "ready"])
        #expect(measured.windows.first?.start == at(0))
        #expect(measured.windows.first?.end == at(4_000))
    }

    @Test func `a black hole: the old link is given up when only the successor speaks`() {
        var (trace, marker) = Self.confirmedSuccessor(1_260)
        _ = trace.happens(.published(marker, receivers: 2, reading: nil), 1_261)
        _ = trace.happens(.received(2, drained: true), 1_262)
        _ = trace.happens(.marker(2, marker), 1_262)
        let asked = trace.wait(until: 1_910)
        #expect(asked.pings.contains(2))
        _ = trace.happens(.received(2, drained: true), 1_911)
        let actions = trace.wait(until: 2_011)
        #expect(actions.prefix(2) == [.close(1), .release(2, fromMark: false)])
        let measured = trace.probeReturns(actions.probes.first ?? 0, on: 2, 2_012)
        #expect(measured.windows.first?.cause == .blackHole)
        #expect(measured.windows.first?.start == at(0))
        #expect(measured.windows.first?.end == at(1_260))
    }

    @Test func `a link that answers PING but delivers nothing is replaced`() {
        var trace = SupervisorTrace.proven()
        var actions: [SubscriptionSupervisor.Action] = []
        while !actions.labels.contains("suspect"), trace.now < at(60_000) {
            let next = Int64((trace.now - at(0)).nanoseconds / 1_000_000) + 10
            var more = trace.wait(until: next)
            for link in more.pings { more += trace.happens(.received(link, drained: true), next) }
            for number in more.probes { more += trace.happens(.published(number, receivers: 1, reading: nil), next) }
            actions += more
        }
        #expect(trace.now - at(0) <= .seconds(20))
        #expect(actions.labels == ["probe_overdue", "suspect"])
        #expect(actions.openings == [2])
        let now = Int64((trace.now - at(0)).nanoseconds / 1_000_000)
        let marker = trace.confirm(2, now + 5).markers.first ?? 0
        _ = trace.happens(.received(2, drained: true), now + 6)
        let asked = trace.happens(.marker(2, marker), now + 6)
        guard case .ping(1, let number)? = asked.last else { return #expect(asked.pings == [1]) }
        _ = trace.happens(.received(1, drained: true), now + 7)
        let taken = trace.happens(.pong(1, number), now + 7)
        #expect(taken.prefix(2) == [.close(1), .release(2, fromMark: false)])
        let measured = trace.probeReturns(taken.probes.first ?? 0, on: 2, now + 8)
        #expect(measured.windows.first?.cause == .deaf)
        #expect(measured.windows.first?.start == at(0))
    }

    /// The link answers PING, and nothing that is published comes back on it; the server counts ten others in a second.
    private static func deafen(
        _ trace: inout SupervisorTrace,
        until end: Int64
    ) -> [SubscriptionSupervisor.Action] {
        var actions: [SubscriptionSupervisor.Action] = []
        while trace.now < at(end) {
            let next = Int64((trace.now - at(0)).nanoseconds / 1_000_000) + 10
            var more = trace.wait(until: next)
            for link in more.pings { more += trace.happens(.received(link, drained: true), next) }
            for number in more.probes {
                let reading = LossAssessment.Reading("a", publishes: UInt64(next / 100))
                more += trace.happens(.published(number, receivers: 1, reading: reading), next)
            }
            actions += more
        }
        return actions
    }

    private static func deaf(until end: Int64) -> (SupervisorTrace, [SubscriptionSupervisor.Action]) {
        var trace = SupervisorTrace.proven(reading: .init("a", publishes: 0))
        let actions = Self.deafen(&trace, until: end)
        return (trace, actions)
    }

    @Test func `a link that was deaf and hears again tells of the time between, before anybody suspected it`() {
        var (trace, actions) = Self.deaf(until: 10_010)
        #expect(actions.probes.count == 2)
        #expect(actions.labels == [])
        let back = trace.happens(.probe(1, actions.probes.last ?? 0, DeliveryTally()), 10_011)
        #expect(back.labels == ["blind_window", "probe"])
        #expect(back.windows.first?.cause == .deaf)
        #expect(back.windows.first?.start == at(0))
        #expect(back.windows.first?.end == at(10_011))
        // Of 101 that the server counted, three were probes of ours.
        #expect(back.windows.first?.missed == .atMost(98))
        // And once.
        actions = Self.deafen(&trace, until: 15_100)
        #expect(trace.happens(.probe(1, actions.probes.last ?? 0, DeliveryTally()), 15_101).labels == ["probe"])
    }

    @Test func `a deaf link that hears the marker again was deaf all the same`() {
        var (trace, actions) = Self.deaf(until: 20_100)
        #expect(actions.labels == ["probe_overdue", "suspect"])
        let marker = trace.confirm(2, 20_105).markers.first ?? 0
        _ = trace.happens(.received(1, drained: true), 20_106)
        #expect(trace.happens(.marker(1, marker), 20_106) == [.close(1), .skip(2)])
        _ = trace.happens(.received(2, drained: true), 20_107)
        let exact = trace.happens(.marker(2, marker), 20_107)
        #expect(exact.labels == ["replaced"])
        let measured = trace.probeReturns(exact.probes.first ?? 0, on: 2, 20_108)
        #expect(measured.windows.map(\.cause) == [.deaf])
        #expect(measured.windows.first?.start == at(0))
        #expect(measured.windows.first?.end == at(20_106))
    }

    @Test func `a link whose probe came late lost nothing`() {
        var (trace, actions) = Self.deaf(until: 20_100)
        var labels: [String] = []
        for number in actions.probes {
            _ = trace.happens(.received(1, drained: true), 20_101)
            labels += trace.happens(.probe(1, number, DeliveryTally()), 20_101).labels
        }
        #expect(!labels.contains("blind_window"))
        #expect(labels.contains("recovered"))
    }

    @Test func `a probe that nobody hears makes a deaf link known within a second`() {
        var trace = SupervisorTrace.proven()
        var actions: [SubscriptionSupervisor.Action] = []
        while trace.now < at(6_000) {
            let next = Int64((trace.now - at(0)).nanoseconds / 1_000_000) + 10
            var more = trace.wait(until: next)
            for link in more.pings { more += trace.happens(.received(link, drained: true), next) }
            for number in more.probes { more += trace.happens(.published(number, receivers: 0, reading: nil), next) }
            actions += more
        }
        #expect(actions.labels == ["probe_overdue", "suspect"])
    }

    @Test func `the old link stays while no successor can be made`() {
        var trace = Self.suspect()
        for link in 2..<10 {
            let now = Int64((trace.now - at(0)).nanoseconds / 1_000_000)
            let failed = trace.happens(.ended(link, .connectFailed(RedisError(.connectFailed, ""))), now)
            #expect(failed.labels == ["attempt_failed"])
            let retried = trace.wait(until: now + 2_000)
            #expect(retried.openings == [link + 1])
            #expect(!retried.contains(.close(1)))
        }
    }

    @Test func `a successor on its way becomes the primary when the old link ends`() {
        var trace = Self.suspect()
        let actions = trace.happens(.ended(1, .broken), 1_300)
        #expect(actions == [.report(.lost(.broken)), .release(2, fromMark: false)])
        let confirmed = trace.confirm(2, 1_310)
        #expect(confirmed.labels == ["subscribed"])
    }

    @Test func `a marker that cannot be published is published again, and the first one counts`() {
        var (trace, marker) = Self.confirmedSuccessor(4_000)
        _ = trace.happens(.received(1, drained: true), 4_001)
        let error = RedisError(.timedOut, "")
        _ = trace.happens(.publishFailed(marker, error), 4_002)
        // Both links answer PING meanwhile.
        let again = trace.wait(until: 4_252).markers
        #expect(again == [marker + 1])
        // The first one was executed after all.
        _ = trace.happens(.received(1, drained: true), 4_253)
        #expect(trace.happens(.marker(1, marker), 4_253) == [.close(1), .skip(2)])
        let exact = trace.happens(.marker(2, marker), 4_254)
        #expect(exact.labels == ["replaced"])
        #expect(trace.happens(.marker(2, marker + 1), 4_255) == [])
    }

    @Test func `a successor that hears nothing either is given up for another one`() {
        var (trace, marker) = Self.confirmedSuccessor(1_260)
        _ = trace.happens(.published(marker, receivers: 0, reading: nil), 1_261)
        var actions: [SubscriptionSupervisor.Action] = []
        while trace.now < at(7_000) {
            let next = Int64((trace.now - at(0)).nanoseconds / 1_000_000) + 10
            actions += trace.wait(until: next)
            for link in [1, 2, 3] { actions += trace.happens(.received(link, drained: true), next) }
        }
        #expect(actions.contains(.close(2)))
        #expect(actions.openings == [3])
        #expect(!actions.contains(.close(1)))
    }

    @Test func `stop in the middle takes what the silent link would have delivered from its successor`() {
        var (trace, marker) = Self.confirmedSuccessor(1_260)
        _ = trace.happens(.marker(2, marker), 1_262)
        let actions = trace.happens(.stop, 1_300)
        #expect(
            actions == [.release(2, fromMark: false), .close(2), .close(1), .report(.stopped), .finished]
        )
    }

    @Test func `what a closed link still says is ignored`() {
        var (trace, marker) = Self.confirmedSuccessor(4_000)
        _ = trace.happens(.received(1, drained: true), 4_001)
        _ = trace.happens(.marker(1, marker), 4_001)
        #expect(trace.happens(.ended(1, .broken), 4_002) == [])
        #expect(trace.happens(.marker(1, marker), 4_002) == [])
        #expect(trace.happens(.probe(1, 1, DeliveryTally()), 4_002) == [])
    }
}
