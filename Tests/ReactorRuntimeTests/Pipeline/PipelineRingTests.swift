import Events
import Reactions
import ReactorRuntime
import SyntheticEvents
import Testing

@Suite struct PipelineRingTests {
    private func numbered(_ range: Range<Int>) -> [[UInt8]] {
        range.map { PipelineBox.event("n", payload: #"{"run_id": "\#($0)"}"#) }
    }

    private func calls(_ range: Range<Int>) -> [String] { range.map { "h n \($0)" } }

    @Test func `while we keep up nothing goes over the ring`() {
        let log = CallLog()
        let box = PipelineBox([.noting("h", on: "n", into: log)])
        for start in stride(from: 0, to: 1000, by: 10) {
            #expect(!box.receive(self.numbered(start..<start + 10)))
            box.clock.advance(by: .milliseconds(10))
        }
        #expect(log.calls == self.calls(0..<1000))
        #expect(box.pipeline.ring.highWater == 0)
    }

    @Test func `once behind, frames wait in the ring and are handled in order`() {
        let log = CallLog()
        let box = PipelineBox([.noting("h", on: "n", into: log)])
        let fillers = box.fallBehind()
        #expect(box.receive(self.numbered(0..<100)))
        #expect(box.receive(self.numbered(100..<150)))
        #expect(log.calls.isEmpty && box.pipeline.ring.count == 151)
        #expect(box.counters.received == UInt64(fillers - 1))
        box.drainAll()
        #expect(log.calls == self.calls(0..<150))
        #expect(
            box.counters.received == UInt64(fillers + 150) && box.counters.deferred == 151 && box.pipeline.ring.isEmpty
        )
        // Caught up: straight from the receive buffer again.
        #expect(!box.receive(self.numbered(150..<160)))
        #expect(log.calls == self.calls(0..<160))
    }

    @Test func `draining stops after a stretch, so that the loop can read`() {
        let log = CallLog()
        let box = PipelineBox([.noting("h", on: "n", into: log)])
        box.fallBehind()
        box.receive(self.numbered(0..<1000))
        // Each look at the clock takes 10 µs: an event costs at least as much.
        box.clock.setStep(nanoseconds: 10_000)
        #expect(box.drain())
        let first = log.calls.count
        #expect(first > 0 && first < 500)
        var turns = 1
        while box.drain() { turns += 1 }
        #expect(turns > 2)
        #expect(log.calls == self.calls(0..<1000))
    }

    @Test func `a frame keeps its channel and its time of arrival over the ring`() throws {
        let box = PipelineBox([try .rule("r", on: "n", .alert(key: "k"))])
        box.fallBehind()
        let arrivedAt = box.clock.now
        box.receive([Array("[1]".utf8)], channel: "other.channel")
        box.receive([PipelineBox.event("n")])
        box.clock.advance(by: .seconds(5))
        box.drainAll()
        let entry = try #require(box.pipeline.quarantine.newest(1).first)
        #expect(entry.channel == "other.channel" && entry.arrivedAt == arrivedAt)
        #expect(box.port.record.alerts.first?.event?.arrivedAt == arrivedAt)
    }

    @Test func `when alerts have no room the pipeline pauses after the event, and goes on in order`() throws {
        let log = CallLog()
        let box = PipelineBox([
            try .rule("r", on: "n", priority: 1, .alert(key: "{{payload.run_id}}")), .noting("h", on: "n", into: log),
        ])
        box.port.setRoom(false)
        #expect(box.receive(self.numbered(0..<5)))
        // The event that filled the desk is handled to its end.
        #expect(log.calls == self.calls(0..<1))
        #expect(box.pipeline.isPaused && box.pipeline.ring.count == 4)
        #expect(!box.drain())
        #expect(box.receive(self.numbered(5..<7)))
        #expect(box.pipeline.ring.count == 6)
        box.port.setRoom(true)
        box.pipeline.isPaused = false
        // What comes before the ring is empty queues behind it.
        box.receive(self.numbered(7..<8))
        box.drainAll()
        #expect(log.calls == self.calls(0..<8))
        #expect(box.port.record.alerts.map(\.key) == (0..<8).map { "\($0)" })
    }

    @Test func `a pause in the middle of draining keeps the rest`() throws {
        let box = PipelineBox([try .rule("r", on: "n", .alert(key: "{{payload.run_id}}"))])
        box.fallBehind()
        box.receive(self.numbered(0..<10))
        box.port.setRoom(false)
        #expect(!box.drain())
        #expect(box.pipeline.ring.count == 9 && box.port.record.alerts.count == 1)
        box.pipeline.isPaused = false
        #expect(!box.drain())
        #expect(box.port.record.alerts.map(\.key) == ["0", "1"])
    }

    @Test(arguments: OverflowPolicy.allCases)
    func `a full ring gives up what the policy says and tells of one episode`(policy: OverflowPolicy) throws {
        let log = CallLog()
        let box = PipelineBox([.noting("h", on: "n", into: log)], ring: 4096, policy: policy)
        let fillers = box.fallBehind()
        box.receive(self.numbered(0..<100))
        let kept = box.pipeline.ring.count
        #expect(kept > 20 && kept < 100)
        #expect(box.pipeline.ring.dropped == UInt64(101 - kept))
        #expect(box.port.record.overload == [.began])
        box.receive(self.numbered(100..<101))
        box.drainAll()
        let expected =
            switch policy {
            case .dropOldest: self.calls(101 - log.calls.count..<101)
            case .dropNewest: self.calls(0..<log.calls.count)
            }
        #expect(log.calls == expected)
        #expect(box.counters.received == UInt64(fillers + 101))
        #expect(box.counters.matched + box.counters.unmatched + box.pipeline.ring.dropped == box.counters.received)
        box.clock.advance(by: .seconds(5))
        box.pipeline.tick()
        #expect(box.port.record.overload == [.began])
        box.clock.advance(by: .seconds(6))
        box.pipeline.tick()
        box.pipeline.tick()
        let overload = box.port.record.overload
        guard overload.count == 2, case .ended(let events, let bytes, _) = overload[1] else {
            Issue.record("the episode did not end once: \(overload)")
            return
        }
        #expect(events == box.pipeline.ring.dropped && bytes == box.pipeline.ring.droppedBytes)
    }
}
