import NIOCore
import Testing

@testable import RedisClient

@Suite struct SubscriptionProbeTests {
    private static func ledger() -> ProbeLedger { ProbeLedger(settings: SubscriptionSettings(instance: "test")) }

    @Test func `a probe that comes back tells its round trip`() {
        var probes = Self.ledger()
        probes.published(1, at: at(0))
        probes.accepted(1, receivers: 1, lastIssued: 1)
        #expect(probes.returned(1, at: at(3)) == .milliseconds(3))
        #expect(probes.returned(1, at: at(4)) == nil)
        #expect(probes.provenAt == at(3))
        #expect(probes.nextDeadline == nil)
    }

    @Test func `one that does not come back is overdue after fifteen seconds, once`() {
        var probes = Self.ledger()
        probes.published(1, at: at(0))
        probes.accepted(1, receivers: 1, lastIssued: 1)
        #expect(probes.nextDeadline == at(15_000))
        #expect(probes.overdue(at: at(14_999)) == nil)
        #expect(probes.overdue(at: at(15_000)) == .seconds(15))
        #expect(probes.overdue(at: at(15_001)) == nil)
    }

    @Test func `one that nobody heard is overdue after one second`() {
        var probes = Self.ledger()
        probes.published(1, at: at(0))
        probes.accepted(1, receivers: 0, lastIssued: 1)
        #expect(probes.overdue(at: at(999)) == nil)
        #expect(probes.overdue(at: at(1_000)) == .seconds(1))
    }

    @Test func `one that was never published accuses nobody`() {
        var probes = Self.ledger()
        probes.published(1, at: at(0))
        #expect(probes.overdue(at: at(60_000)) == nil)
        #expect(probes.failed(1) == true)
        #expect(probes.failed(1) == false)
        #expect(probes.nextDeadline == nil)
    }

    @Test func `a later one settles those before it`() {
        var probes = Self.ledger()
        for number in UInt64(1)...3 {
            probes.published(number, at: at(Int64(number) * 5_000))
            probes.accepted(number, receivers: 1, lastIssued: number)
        }
        #expect(probes.returned(2, at: at(10_001)) == .milliseconds(1))
        #expect(probes.overdue(at: at(29_999)) == nil)
        #expect(probes.overdue(at: at(30_000)) == .seconds(15))
    }

    @Test func `one that a later one overtook is lost, and one that is only late is not`() {
        var probes = Self.ledger()
        probes.published(1, at: at(0))
        probes.accepted(1, receivers: 1, lastIssued: 1)
        #expect(probes.overdue(at: at(15_000)) == .seconds(15))
        // Late: nothing is missing.
        let lostBeforeItself = probes.settle(before: 1)
        #expect(!lostBeforeItself)
        #expect(probes.returned(1, at: at(16_000)) == .seconds(16))
        for number in UInt64(2)...3 {
            probes.published(number, at: at(20_000))
            probes.accepted(number, receivers: 1, lastIssued: number)
        }
        let losses = (0..<2).map { _ in probes.settle(before: 3) }
        #expect(losses == [true, false])
    }

    @Test func `of two that were under way together none proves the other lost`() {
        var probes = Self.ledger()
        for number in UInt64(1)...2 { probes.published(number, at: at(0)) }
        // The second was handed over before the server said that it had executed the first.
        probes.accepted(1, receivers: 1, lastIssued: 2)
        let isLossy = probes.settle(before: 2)
        #expect(!isLossy)
    }

    @Test func `a link that stays deaf is not remembered without end`() {
        var probes = Self.ledger()
        for number in UInt64(1)...1_000 {
            probes.published(number, at: at(Int64(number) * 5_000))
            probes.accepted(number, receivers: 1, lastIssued: number)
            _ = probes.overdue(at: at(Int64(number) * 5_000))
        }
        #expect(probes.returned(936, at: at(5_000_000)) == nil)
        #expect(probes.returned(937, at: at(5_000_000)) != nil)
    }

    @Test func `a stall of our own is added to the deadline`() {
        var probes = Self.ledger()
        probes.published(1, at: at(0))
        probes.accepted(1, receivers: 1, lastIssued: 1)
        #expect(probes.overdue(at: at(20_000), stalled: .seconds(10)) == nil)
        #expect(probes.overdue(at: at(25_000)) == .seconds(15))
    }
}

@Suite struct SubscriptionHandoverTests {
    private static func handover() -> Handover {
        Handover(confirmedAt: at(0), oldLastByteAt: at(-1_300), patience: .milliseconds(750))
    }

    @Test func `the old link's marker first: it is done at once`() {
        var handover = Self.handover()
        #expect(handover.markerOnOldLink() == .switchAtMarkerOfSuccessor)
        #expect(handover.oldLinkEnded() == .none)
        #expect(handover.tick(at: at(60_000)) == .none)
    }

    @Test func `the successor's marker first: the old link is asked and waited for`() {
        var handover = Self.handover()
        #expect(handover.markerOnSuccessor(ping: 9) == .pingOldLink)
        handover.receivedOnOldLink(at: at(100))
        #expect(handover.pongOnOldLink(8) == .none)
        #expect(handover.markerOnOldLink() == .releaseAfterMarker)
    }

    @Test func `an old link that answers PING but not the marker is deaf`() {
        var handover = Self.handover()
        #expect(handover.markerOnSuccessor(ping: 9) == .pingOldLink)
        #expect(handover.pongOnOldLink(9) == .releaseEverything(.deaf))
    }

    @Test func `an old link that ends leaves everything to the successor`() {
        var handover = Self.handover()
        #expect(handover.oldLinkEnded() == .releaseEverything(.ended))
        #expect(handover.markerOnOldLink() == .none)
    }

    @Test func `an old link is dead when only the successor speaks`() {
        var handover = Self.handover()
        #expect(handover.nextDeadline == at(650))
        #expect(handover.tick(at: at(650)) == .pingSuccessor)
        // Nobody speaks: the server is stopped again, and the old link is no more dead than the new one.
        #expect(handover.tick(at: at(30_000)) == .none)
        handover.receivedOnSuccessor(at: at(30_001))
        #expect(handover.tick(at: at(30_050)) == .none)
        #expect(handover.tick(at: at(30_101)) == .releaseEverything(.silent))
    }

    @Test func `the old link's word a moment after the successor's saves it`() {
        var handover = Self.handover()
        _ = handover.tick(at: at(650))
        handover.receivedOnSuccessor(at: at(5_000))
        handover.receivedOnOldLink(at: at(5_001))
        #expect(handover.tick(at: at(5_100)) == .none)
        #expect(handover.nextDeadline == at(5_651))
    }

    @Test func `a stall of our own does not kill the old link`() {
        var handover = Self.handover()
        #expect(handover.tick(at: at(4_000), stalled: .milliseconds(3_350)) == .pingSuccessor)
        handover.receivedOnSuccessor(at: at(4_001))
        #expect(handover.tick(at: at(9_000), stalled: .milliseconds(4_899)) == .none)
        handover.receivedOnOldLink(at: at(9_001))
        #expect(handover.tick(at: at(9_100)) == .none)
    }

    @Test func `an old link that stays silent while the store fills is dead`() {
        var handover = Self.handover()
        handover.receivedOnSuccessor(at: at(100))
        #expect(handover.keptIsFull(oldLinkIsDeaf: false) == .none)
        #expect(handover.nextDeadline == at(750))
        #expect(handover.tick(at: at(749)) == .none)
        #expect(handover.tick(at: at(750)) == .releaseEverything(.silent))
    }

    @Test func `a full store ends the wait for a deaf link only`() {
        var handover = Self.handover()
        #expect(handover.keptIsFull(oldLinkIsDeaf: false) == .none)
        #expect(handover.keptIsFull(oldLinkIsDeaf: true) == .releaseEverything(.deaf))
    }
}
