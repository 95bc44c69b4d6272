import NIOCore
import Testing

@testable import RedisClient

@Suite struct SubscriptionLossTests {
    private static func tally(_ channelMessages: UInt64, patterns: UInt64 = 0, bytes: UInt64 = 0) -> DeliveryTally {
        DeliveryTally(channelMessages: channelMessages, patternMessages: patterns, bytes: bytes)
    }

    /// A baseline at probe 1, a window, and its measure at probe 2.
    private static func measure(
        _ end: LinkEnd = .closed(midFrame: false, announced: nil),
        from before: LossAssessment.Reading,
        _ tallyBefore: DeliveryTally,
        to after: LossAssessment.Reading,
        _ tallyAfter: DeliveryTally,
        patterns: Int = 0
    ) -> BlindWindow? {
        var assessment = LossAssessment(patterns: patterns)
        assessment.published(1, at: at(-10))
        assessment.accepted(1)
        #expect(assessment.replied(1, before) == nil)
        #expect(assessment.returned(1, tally: tallyBefore) == nil)
        let window = LossAssessment.OpenWindow(start: at(0), end: at(40), evidence: BlindEvidence(end: end))
        #expect(assessment.opened(window, nextProbe: 2) == nil)
        assessment.published(2, at: at(-10))
        assessment.accepted(2)
        // The probe may come back before its reply or after it.
        #expect(assessment.returned(2, tally: tallyAfter) == nil)
        return assessment.replied(2, after)
    }

    @Test func `what the server published, less what arrived and what was ours, was missed`() {
        let window = Self.measure(
            from: .init("a", publishes: 100),
            Self.tally(80),
            to: .init("a", publishes: 160, kills: 1),
            Self.tally(110)
        )
        // 61 calls between the first INFO of probe 1 and the second of probe 2, two of them ours, 30 arrived.
        #expect(window?.missed == .atMost(29))
        #expect(window?.cause == .killed)
    }

    @Test func `nothing missed is zero`() {
        let window = Self.measure(
            from: .init("a", publishes: 100),
            Self.tally(80),
            to: .init("a", publishes: 131),
            Self.tally(110)
        )
        #expect(window?.missed == .atMost(0))
    }

    @Test func `a message that came through several patterns counts once`() {
        let window = Self.measure(
            from: .init("a", publishes: 0),
            Self.tally(0),
            to: .init("a", publishes: 101),
            Self.tally(0, patterns: 100),
            patterns: 2
        )
        #expect(window?.missed == .atMost(50))
    }

    @Test func `a restarted server says so, and how much it published since`() {
        let window = Self.measure(
            from: .init("a", publishes: 100),
            Self.tally(80),
            to: .init("b", publishes: 7),
            Self.tally(80)
        )
        #expect(window?.cause == .serverRestarted)
        #expect(window?.missed == .unknown(.countersReset(publishedSince: 7)))
    }

    @Test func `counters that were reset tell nothing`() {
        let window = Self.measure(
            from: .init("a", publishes: 100),
            Self.tally(80),
            to: .init("a", publishes: 7),
            Self.tally(80)
        )
        #expect(window?.missed == .unknown(.countersReset(publishedSince: 7)))
    }

    @Test func `without an earlier count there is no figure`() {
        var assessment = LossAssessment(patterns: 0)
        let evidence = BlindEvidence(end: .broken)
        let window = LossAssessment.OpenWindow(start: at(0), end: at(40), evidence: evidence)
        _ = assessment.opened(window, nextProbe: 1)
        assessment.published(1, at: at(-10))
        assessment.accepted(1)
        _ = assessment.replied(1, .init("a", publishes: 5))
        #expect(assessment.returned(1, tally: DeliveryTally())?.missed == .unknown(.noBaseline))
    }

    @Test func `a server that keeps its counters to itself leaves the figure unknown`() {
        var assessment = LossAssessment(patterns: 0)
        let window = LossAssessment.OpenWindow(start: at(0), end: at(40), evidence: BlindEvidence(end: .broken))
        _ = assessment.opened(window, nextProbe: 1)
        assessment.published(1, at: at(-10))
        let measured = assessment.replied(1, nil)
        #expect(measured?.missed == .unknown(.notMeasured))
        #expect(measured?.cause == .connectionBroken)
    }

    @Test func `a probe from within the window does not hide what it swallowed`() {
        var assessment = LossAssessment(patterns: 0)
        assessment.published(1, at: at(1))
        assessment.accepted(1)
        _ = assessment.replied(1, .init("a", publishes: 100))
        _ = assessment.returned(1, tally: Self.tally(100))
        for number in UInt64(2)...3 {
            assessment.published(number, at: at(Int64(number)))
            assessment.accepted(number)
        }
        let window = LossAssessment.OpenWindow(start: at(1), end: at(40), evidence: BlindEvidence(end: .silent))
        _ = assessment.opened(window, nextProbe: 3)
        _ = assessment.replied(2, .init("a", publishes: 151))
        #expect(assessment.returned(2, tally: Self.tally(100)) == nil)
        _ = assessment.replied(3, .init("a", publishes: 162))
        let measured = assessment.returned(3, tally: Self.tally(110))
        #expect(measured?.missed == .atMost(50))
        #expect(measured?.provenUntil == at(1))
    }

    @Test func `a second window before the first is measured covers both`() {
        var assessment = LossAssessment(patterns: 0)
        let first = LossAssessment.OpenWindow(start: at(0), end: at(40), evidence: BlindEvidence(end: .broken))
        let second = LossAssessment.OpenWindow(start: at(50), end: at(60), evidence: BlindEvidence(end: .broken))
        _ = assessment.opened(first, nextProbe: 1)
        #expect(assessment.opened(second, nextProbe: 2)?.missed == .unknown(.coveredByNext))
        #expect(assessment.isMeasuring)
    }

    @Test func `a publish that failed is not deducted`() {
        var assessment = LossAssessment(patterns: 0)
        assessment.published(1, at: at(-10))
        assessment.accepted(1)
        _ = assessment.replied(1, .init("a", publishes: 10))
        _ = assessment.returned(1, tally: DeliveryTally())
        assessment.published(2, at: at(-10))
        assessment.failed(2)
        let window = LossAssessment.OpenWindow(start: at(0), end: at(40), evidence: BlindEvidence(end: .broken))
        _ = assessment.opened(window, nextProbe: 3)
        assessment.published(3, at: at(-10))
        assessment.accepted(3)
        // Calls 11 (probe 1), 12 (perhaps probe 2), 13 (probe 3).
        _ = assessment.replied(3, .init("a", publishes: 12))
        #expect(assessment.returned(3, tally: DeliveryTally())?.missed == .atMost(1))
    }

    /// 50 messages are lost between probe 1 and probe 3. Marker 2 is an own publish as well; the server may execute it
    /// before probe 1, between the probes, or after probe 3, because each is sent by a task of its own.
    @Test(arguments: ["between", "issued before the baseline", "executed after the measure"])
    func `an own publish is deducted only when it is certain to lie between the two counts`(order: String) {
        var assessment = LossAssessment(patterns: 0)
        assessment.published(1, at: at(-10))
        if order == "issued before the baseline" { assessment.issued(2) }
        assessment.accepted(1)
        _ = assessment.replied(1, .init("a", publishes: 100))
        _ = assessment.returned(1, tally: Self.tally(100))
        if order != "issued before the baseline" { assessment.issued(2) }
        let window = LossAssessment.OpenWindow(start: at(0), end: at(40), evidence: BlindEvidence(end: .broken))
        _ = assessment.opened(window, nextProbe: 3)
        if order == "between" { assessment.accepted(2) }
        assessment.published(3, at: at(50))
        // Its word comes after probe 3 was handed over: who of the two was first is not known.
        if order != "between" { assessment.accepted(2) }
        assessment.accepted(3)
        let isBetween = order == "between"
        // Counted: probe 1, 50 messages, the marker when it lies between, and probe 3 by its second reading.
        _ = assessment.replied(3, .init("a", publishes: isBetween ? 152 : 151))
        #expect(assessment.returned(3, tally: Self.tally(100))?.missed == .atMost(50))
    }

    @Test func `a marker that came back counts as executed although its reply is on the way`() {
        var assessment = LossAssessment(patterns: 0)
        assessment.published(1, at: at(-10))
        assessment.accepted(1)
        _ = assessment.replied(1, .init("a", publishes: 100))
        _ = assessment.returned(1, tally: Self.tally(100))
        assessment.issued(2)
        assessment.accepted(2)
        let window = LossAssessment.OpenWindow(start: at(0), end: at(40), evidence: BlindEvidence(end: .silent))
        _ = assessment.opened(window, nextProbe: 3)
        assessment.published(3, at: at(50))
        // The reply: nothing new.
        assessment.accepted(2)
        assessment.accepted(3)
        _ = assessment.replied(3, .init("a", publishes: 152))
        #expect(assessment.returned(3, tally: Self.tally(100))?.missed == .atMost(50))
    }

    @Test func `statistics that were reset are noticed although more was published since than before`() {
        let window = Self.measure(
            from: .init("a", publishes: 100, inputBytes: 1 << 20),
            Self.tally(80),
            to: .init("a", publishes: 160, inputBytes: 1 << 10),
            Self.tally(110)
        )
        #expect(window?.missed == .unknown(.countersReset(publishedSince: 160)))
    }

    @Test func `what an earlier link had delivered is not counted a second time`() {
        // Ten of these were delivered by the old link, which then died; the successor brings them again, and 30 more.
        var tally = Self.tally(110, patterns: 7)
        var debt = Self.tally(10, patterns: 1)
        var first = Self.tally(116, patterns: 7)
        first.pay(&debt, since: tally)
        #expect(first == Self.tally(110, patterns: 7))
        #expect(debt == Self.tally(4, patterns: 1))
        tally = first
        var second = Self.tally(144, patterns: 9)
        second.pay(&debt, since: tally)
        #expect(second == Self.tally(140, patterns: 8))
        #expect(!debt.hasMessages)
    }

    @Test(
        arguments: [
            (LinkEnd.closed(midFrame: false, announced: nil), BlindCause.closedByServer),
            (.closed(midFrame: true, announced: nil), .outputBufferOverrun),
            (.closed(midFrame: true, announced: 30 << 20), .oversizePublish),
            (.broken, .connectionBroken),
            (.silent, .blackHole),
            (.deaf, .deaf),
            (.protocolViolation(.missingTerminator), .protocolViolation),
        ]
    )
    func `the end of a link alone tells this`(end: LinkEnd, cause: BlindCause) {
        #expect(BlindEvidence(end: end).cause(before: nil, after: nil, excess: nil) == cause)
    }

    @Test func `what is known besides tells more`() {
        let end = LinkEnd.closed(midFrame: true, announced: nil)
        let stalled = BlindEvidence(end: end, ownStall: .seconds(16))
        #expect(stalled.cause(before: nil, after: nil, excess: nil) == .ownStall)
        let refused = BlindEvidence(end: end, wasRefused: true)
        #expect(refused.cause(before: nil, after: nil, excess: nil) == .serverGone)
        let forbidden = BlindEvidence(end: end, wasForbidden: true)
        #expect(forbidden.cause(before: nil, after: nil, excess: nil) == .accessRevoked)
        let waited = BlindEvidence(end: .silent, successorWaited: true)
        #expect(waited.cause(before: nil, after: nil, excess: nil) == .serverSilent)
    }

    @Test(arguments: [LinkEnd.closed(midFrame: false, announced: nil), .broken])
    func `one huge message explains why everybody was cut`(end: LinkEnd) {
        let window = Self.measure(
            end,
            from: .init("a", publishes: 100, inputBytes: 1_000),
            Self.tally(80, bytes: 500),
            to: .init("a", publishes: 112, inputBytes: 1_000 + 29 << 20),
            Self.tally(90, bytes: 5_000)
        )
        #expect(window?.missed == .atMost(1))
        #expect(window?.cause == .oversizePublish)
    }

    @Test func `servers that count cut clients are believed`() {
        var after = ServerSample("a", publishes: 101)
        after.outputBufferCuts = 3
        var before = ServerSample("a", publishes: 100)
        before.outputBufferCuts = 2
        let evidence = BlindEvidence(end: .closed(midFrame: false, announced: nil))
        #expect(evidence.cause(before: before, after: after, excess: nil) == .outputBufferOverrun)
    }

    @Test func `INFO is read as the server writes it`() {
        let text = """
            # Server\r
            redis_version:7.0.15\r
            run_id:6a5c1e0f\r
            # Stats\r
            total_net_input_bytes:123456\r
            # Commandstats\r
            cmdstat_publish:calls=42,usec=100,usec_per_call=2.38,rejected_calls=0,failed_calls=0\r
            cmdstat_client|kill:calls=3,usec=10,usec_per_call=3.33,rejected_calls=0,failed_calls=0\r
            """
        let sample = ServerSample(info: Array(text.utf8))
        #expect(sample?.runID == Array("6a5c1e0f".utf8))
        #expect(sample?.publishCalls == 42)
        #expect(sample?.killCalls == 3)
        #expect(sample?.inputBytes == 123_456)
        #expect(sample?.outputBufferCuts == nil)
        #expect(ServerSample(info: Array("nonsense".utf8)) == nil)
    }
}
