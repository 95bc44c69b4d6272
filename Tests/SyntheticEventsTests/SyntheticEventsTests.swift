import Events
import SyntheticEvents
import Testing

@Suite struct SyntheticEventsTests {
    private let epoch = Timestamp(microseconds: 1_795_221_600_123_456)

    private func lifecycles(seed: UInt64, runs: Int?, mix: RunMix = RunMix()) -> RunLifecycles {
        RunLifecycles(.init(seed: seed, runs: runs, mix: mix, epoch: self.epoch))
    }

    @Test func `the same seed gives the same events and another seed gives others`() {
        let first = Array(self.lifecycles(seed: 1, runs: nil).prefix(500))
        #expect(first == Array(self.lifecycles(seed: 1, runs: nil).prefix(500)))
        #expect(first != Array(self.lifecycles(seed: 2, runs: nil).prefix(500)))
    }

    @Test func `events come in the order of time, and each run begins with run started`() {
        let events = Array(self.lifecycles(seed: 3, runs: 200))
        #expect(events.map(\.offset) == events.map(\.offset).sorted())
        var seen: Set<String> = []
        for event in events {
            guard let run = event.runID else { continue }
            if seen.insert(run).inserted { #expect(event.eventType == "run.started") }
        }
        #expect(seen.count == 200)
    }

    @Test(arguments: [
        (RunMix(completing: 1, failing: 0, stalling: 0, drifting: 0), "run.completed"),
        (RunMix(completing: 0, failing: 1, stalling: 0, drifting: 0), "run.failed"),
        (RunMix(completing: 0, failing: 0, stalling: 1, drifting: 0), "audit.reconciliation.stale"),
    ])
    func `each fate shows in every run`(mix: RunMix, eventType: String) {
        let events = Array(self.lifecycles(seed: 4, runs: 30, mix: mix))
        #expect(events.count { $0.eventType == eventType } == 30)
    }

    @Test func `a stalled run never ends`() {
        let mix = RunMix(completing: 0, failing: 0, stalling: 1, drifting: 0)
        let types = Set(self.lifecycles(seed: 5, runs: 30, mix: mix).map(\.eventType))
        #expect(types.isDisjoint(with: ["run.completed", "run.failed", "trace.completed"]))
    }

    @Test func `every event is one that a reader of the channel takes`() {
        let decoder = EnvelopeDecoder()
        let made = Array(self.lifecycles(seed: 6, runs: 50)) + CrossDomainEvents.all()
        for event in made + DemoScenario.events(epoch: self.epoch) {
            event.frame(publishedAt: self.epoch).withUnsafeBytes { frame in
                guard case .envelope(let envelope) = decoder.decode(ByteView(frame), arrivedAt: self.epoch) else {
                    Issue.record("refused: \(String(decoding: frame, as: UTF8.self))")
                    return
                }
                #expect(envelope.eventType.string == event.eventType)
                #expect(envelope.runID.string == event.runID)
                #expect(envelope.timestamp == self.epoch)
            }
        }
    }

    @Test func `the cross-domain events are eleven of eleven types`() {
        #expect(Set(CrossDomainEvents.all().map(\.eventType)).count == 11)
        #expect(CrossDomainEvents.all().count == 11)
    }

    @Test
    func `the demo declares what is not done, does what is not expected, and repeats a finding within ten seconds`() {
        let events = DemoScenario.events(epoch: self.epoch)
        #expect(events.map(\.offset) == events.map(\.offset).sorted())
        #expect(events.allSatisfy { $0.offset < .seconds(10) })
        #expect(
            events.map(\.eventType).filter { $0.hasPrefix("audit.") } == [
                "audit.expectation.declared", "audit.ack", "audit.expectation.declared", "audit.reconciliation.missing",
            ]
        )
        #expect(events.count { $0.eventType == "run.completed" } == 2)
        // As the reactor itself counts what run 1 declares and its end.
        #expect(events.last?.payload["expected_count"] == 2 && events.last?.payload["acked_count"] == 1)
    }

    @Test func `a demo that is played again shares no run and no tenant with the one before`() throws {
        func names(_ member: String, _ epoch: Timestamp) -> Set<String> {
            Set(DemoScenario.events(epoch: epoch).compactMap { $0.payload[member]?.stringValue })
        }
        let later = self.epoch + .seconds(1)
        for member in ["run_id", "tenant_id"] {
            #expect(names(member, self.epoch).count == 4)
            #expect(names(member, self.epoch).isDisjoint(with: names(member, later)))
        }
    }
}
