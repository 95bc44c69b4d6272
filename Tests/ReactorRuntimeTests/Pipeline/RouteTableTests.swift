import EventPatterns
import Events
import ReactorRuntime
import SeededRandom
import SyntheticEvents
import Testing

@Suite struct RouteTableTests {
    private func order(_ entries: [HandlerEntry]) -> [String] {
        HandlerPlace.all(entries).map { "\($0.order) \(entries[$0.entry].name)" }
    }

    @Test func `higher priority first, then exact before wildcard, then the order of the files`() {
        let log = CallLog()
        let entries = [
            HandlerEntry.noting("a-star", on: "*", into: log),
            .noting("b-prefix", on: "run.*", into: log),
            .noting("c-exact", on: "run.failed", into: log),
            .noting("d-exact", on: "run.failed", into: log),
            .noting("e-late", on: "run.failed", priority: -1, into: log),
            .noting("f-first", on: "*", priority: 100, into: log),
            .noting("g-disabled", on: "run.failed", priority: 1000, enabled: false, into: log),
        ]
        #expect(
            self.order(entries) == [
                "1 f-first", "2 c-exact", "3 d-exact", "4 a-star", "5 b-prefix", "6 e-late", "0 g-disabled",
            ]
        )
        let box = PipelineBox(entries)
        box.receive([PipelineBox.event("run.failed")])
        #expect(log.calls.map { String($0.prefix(1)) } == ["f", "c", "d", "a", "b", "e"])
    }

    @Test(arguments: UInt64(1)...8)
    func `events reach their handlers in the order that is shown for any set of handlers`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let patterns = ["run.failed", "run.started", "cost.recorded", "run.*", "cost.*", "*"]
        let log = CallLog()
        let entries = (0..<40).map { number in
            HandlerEntry.noting(
                "h\(number)",
                on: patterns.randomElement(using: &random) ?? "*",
                priority: Int.random(in: -1...2, using: &random) * 10,
                enabled: Int.random(in: 0..<5, using: &random) > 0,
                into: log
            )
        }
        let box = PipelineBox(entries)
        for type in ["run.failed", "cost.recorded", "run.other", "unheard.of"] {
            log.removeAll()
            box.receive([PipelineBox.event(type)])
            let expected = HandlerPlace.all(entries).filter { place in
                let entry = entries[place.entry]
                return entry.enabled
                    && entry.on.contains { pattern in Array(type.utf8).withUnsafeBytes { pattern.accepts(ByteView($0)) }
                    }
            }
            #expect(log.calls == expected.map { "\(entries[$0.entry].name) \(type)" })
        }
    }

    @Test func `each handler has a counter for each type that it names, or for all types`() {
        let log = CallLog()
        let table = RouteTable([
            .noting("two", on: "a", "b", into: log), .noting("all", on: "*", into: log),
            .noting("one", on: "b", into: log),
        ])
        #expect(table.types.names == ["a", "b", "other"])
        #expect(table.slotCount == 6)
        let labels = table.slotLabels.map { "\(table.entries[$0.handler].name) \(table.types.names[$0.type])" }
        #expect(labels == ["two a", "two b", "all a", "all b", "all other", "one b"])
        for (slot, label) in table.slotLabels.enumerated() {
            #expect(table.slot(handler: label.handler, type: label.type) == slot)
        }
    }

    @Test func `a type named twice by one handler has one counter`() {
        let log = CallLog()
        let table = RouteTable([.noting("twice", on: "a", "b", "a", into: log)])
        #expect(table.slotCount == 2)
        let box = PipelineBox(table.entries)
        box.receive([PipelineBox.event("a")])
        #expect(log.calls == ["twice a"])
    }

    @Test func `types are counted under their own names, also those that only a disabled handler names`() {
        let log = CallLog()
        let box = PipelineBox([
            .noting("all", on: "*", into: log), .noting("off", on: "b", "a", enabled: false, into: log),
            .noting("on", on: "c", "a", "other", into: log),
        ])
        for type in ["a", "a", "b", "c", "c", "c", "d", "other"] { box.receive([PipelineBox.event(type)]) }
        #expect(box.pipeline.routes.types.names == ["b", "a", "c", "other"])
        #expect(box.counters.receivedByType == [1, 2, 3, 2])
    }

    @Test func `heartbeats have a number only when a handler in force names them`() {
        let log = CallLog()
        #expect(RouteTable([.noting("any", on: "*", into: log)]).heartbeatType == nil)
        #expect(RouteTable([.noting("named", on: "reactor.heartbeat", into: log)]).heartbeatType == 0)
        #expect(RouteTable([.noting("off", on: "reactor.heartbeat", enabled: false, into: log)]).heartbeatType == nil)
    }
}
