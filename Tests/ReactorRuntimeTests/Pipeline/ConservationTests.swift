import Events
import Reactions
import ReactorRuntime
import SeededRandom
import SyntheticEvents
import Testing

/// Whatever happens in whatever order: each frame that came is counted in exactly one place.
@Suite struct ConservationTests {
    private struct World {
        let log = CallLog()
        let box: PipelineBox
        var random: SplitMix64
        var fed: UInt64 = 0

        init(seed: UInt64, policy: OverflowPolicy) throws {
            self.random = SplitMix64(seed: seed)
            self.box = PipelineBox(
                try Self.handlers(0, self.log),
                ring: 16 << 10,
                policy: policy,
                limits: DecoderLimits(maxEventBytes: 3000)
            )
        }

        static func handlers(_ generation: Int, _ log: CallLog) throws -> [HandlerEntry] {
            var entries: [HandlerEntry] = [
                .noting("exact", on: "n", into: log), try .rule("alerts", on: "alert", .alert(key: "k")),
                .failing("breaks", on: "broken"), .noting("prefix", on: "run.*", into: log),
            ]
            if generation % 3 == 1 { entries.append(.noting("beats", on: "reactor.heartbeat", into: log)) }
            if generation % 2 == 1 { entries.removeFirst() }
            return entries
        }

        private mutating func frame() -> [UInt8] {
            self.fed += 1
            let number = self.fed
            let payload =
                #"{"run_id": "\#(number)", "text": "\#(String(repeating: "x", count: Int.random(in: 0...200, using: &self.random)))"}"#
            switch Int.random(in: 0..<12, using: &self.random) {
            case 0: return Array("[1]".utf8)
            case 1: return Array("{oops".utf8)
            case 2: return PipelineBox.event("reactor.heartbeat", payload: #"{"instance": "x"}"#)
            case 3: return PipelineBox.event("alert", payload: payload)
            case 4: return PipelineBox.event("broken", payload: payload)
            case 5: return PipelineBox.event("nobody.wants.this", payload: payload)
            case 6: return PipelineBox.event("n", payload: #"{"text": "\#(String(repeating: "y", count: 3500))"}"#)
            default: return PipelineBox.event("n", payload: payload)
            }
        }

        mutating func step() throws {
            switch Int.random(in: 0..<20, using: &self.random) {
            case 0: self.box.clock.advance(by: .microseconds(Int.random(in: 1...50, using: &self.random)))
            case 1: self.box.port.setRoom(Bool.random(using: &self.random))
            case 2, 3: self.box.pipeline.isPaused = false
            case 4: self.box.clock.setStep(nanoseconds: UInt64.random(in: 0...5000, using: &self.random))
            case 5:
                let generation = Int.random(in: 0..<6, using: &self.random)
                self.box.pipeline.replace(routes: RouteTable(try Self.handlers(generation, self.log)))
            case 6:
                self.box.pipeline.tick()
            case 7:
                self.fed += 1
                self.box.pipeline.skipped("{\"e", length: 5_000_000, channel: "aos.events")
            case 8...13: _ = self.box.drain()
            default:
                let count = Int.random(in: 1...[1, 5, 120].randomElement(using: &self.random)!, using: &self.random)
                self.box.receive((0..<count).map { _ in self.frame() })
            }
        }

        func check(_ step: Int) -> Bool {
            let counters = self.box.counters
            let handled = counters.matched + counters.unmatched + self.box.pipeline.quarantine.total
            let received = handled + self.box.pipeline.ring.dropped
            #expect(counters.received == received, "after step \(step)")
            let waiting = UInt64(self.box.pipeline.ring.count)
            #expect(counters.received + counters.heartbeats + waiting == self.fed, "after step \(step)")
            let byType = counters.receivedByType.reduce(0, +)
            #expect(byType == counters.matched + counters.unmatched, "after step \(step)")
            return counters.received == received && byType == counters.matched + counters.unmatched
        }
    }

    @Test(arguments: OverflowPolicy.allCases, UInt64(1)...10)
    func `received is matched and unmatched and quarantined and dropped after every step`(
        policy: OverflowPolicy,
        seed: UInt64
    ) throws {
        var world = try World(seed: seed, policy: policy)
        for step in 0..<1500 {
            try world.step()
            guard world.check(step) else { return }
        }
        // The walk has seen what it is meant to see.
        #expect(world.box.pipeline.ring.dropped > 0 && world.box.pipeline.quarantine.total > 0)
        #expect(world.box.counters.heartbeats > 0)
        // With drops, but never out of order.
        let numbers = world.log.calls.filter { $0.hasPrefix("exact n ") }.compactMap { Int($0.dropFirst(8)) }
        #expect(numbers.count > 100 && numbers == numbers.sorted() && Set(numbers).count == numbers.count)
    }
}
