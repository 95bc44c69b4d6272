import EventPatterns
import Events
import Reactions
import ReactorRuntime
import Testing

@Suite struct EventPipelineTests {
    @Test func `events reach their handlers in the order of arrival`() {
        let log = CallLog()
        let box = PipelineBox([.noting("exact", on: "run.failed", into: log), .noting("all", on: "*", into: log)])
        let more = box.receive([
            PipelineBox.event("run.failed", payload: #"{"run_id": "r1"}"#), PipelineBox.event("run.started"),
            PipelineBox.event("run.failed", payload: #"{"run_id": "r2"}"#),
        ])
        #expect(!more)
        #expect(
            log.calls == [
                "exact run.failed r1", "all run.failed r1", "all run.started", "exact run.failed r2",
                "all run.failed r2",
            ]
        )
        #expect(box.counters.received == 3 && box.counters.matched == 3 && box.counters.unmatched == 0)
        #expect(box.counters.succeeded.reduce(0, +) == 5)
        #expect(box.counters.lastEventAt == box.clock.now.microseconds)
    }

    @Test func `what no handler wants is counted as unmatched`() throws {
        let log = CallLog()
        let pattern = try EventPattern.parse(json: Array(#"{"payload": {"cost": [{"numeric": [">", 25]}]}}"#.utf8))
        let box = PipelineBox([.noting("dear", on: "cost", match: pattern, into: log)])
        box.receive([
            PipelineBox.event("cost", payload: #"{"cost": 26}"#), PipelineBox.event("cost", payload: #"{"cost": 25}"#),
            PipelineBox.event("run.failed"),
        ])
        #expect(log.calls == ["dear cost"])
        #expect(box.counters.received == 3 && box.counters.matched == 1 && box.counters.unmatched == 2)
    }

    private static let poison: [(frame: [UInt8], reason: QuarantineReason)] = [
        (Array("[1]".utf8), .notAnObject),
        (Array("5".utf8), .notAnObject),
        (Array("null".utf8), .notAnObject),
        (Array("{oops".utf8), .notJSON),
        (Array(#"{"event_type": "a", "source": ""#.utf8) + [0xE2, 0x82] + Array(#""}"#.utf8), .invalidUTF8),
        (
            Array(#"{"event_type": "a", "payload": {"a": "#.utf8) + Array(repeating: UInt8(ascii: "["), count: 5000)
                + Array(repeating: UInt8(ascii: "]"), count: 5000) + Array("}}".utf8), .tooDeep
        ),
        (Array(#"{"event_type": "a", "payload": null}"#.utf8), .payloadNotAnObject),
        (Array(#"{"event_type": ["x"], "payload": {}}"#.utf8), .eventTypeNotAString),
        (Array(#"{"payload": {}}"#.utf8), .eventTypeMissing),
        (Array(#"{"event_type": "a", "event_type": "b"}"#.utf8), .duplicateKey),
        ([], .notJSON),
    ]

    @Test func `each kind of poison is quarantined with its reason, and the next event is handled`() {
        let log = CallLog()
        let box = PipelineBox([.noting("all", on: "*", into: log)])
        for (index, poison) in Self.poison.enumerated() {
            box.receive([poison.frame, PipelineBox.event("good", payload: #"{"run_id": "r\#(index)"}"#)])
            let entry = box.pipeline.quarantine.newest(1).first
            #expect(entry?.reason == poison.reason.rawValue)
            #expect(entry?.prefix == Array(poison.frame.prefix(256)) && entry?.length == poison.frame.count)
            #expect(entry?.channel == "aos.events" && entry?.arrivedAt == box.clock.now)
            #expect(log.calls.last == "all good r\(index)")
        }
        let count = UInt64(Self.poison.count)
        #expect(box.counters.received == 2 * count && box.counters.matched == count)
        #expect(box.pipeline.quarantine.total == count)
    }

    @Test func `a frame that the scanner skipped is counted and quarantined by its first bytes`() {
        let box = PipelineBox([])
        Array("{\"event".utf8).withUnsafeBytes { prefix in
            Array("aos.big".utf8).withUnsafeBytes { channel in
                box.pipeline.skipped(ByteView(prefix), length: 5_000_000, channel: ByteView(channel))
            }
        }
        #expect(box.counters.received == 1)
        let entry = box.pipeline.quarantine.newest(1).first
        #expect(entry?.reason == "oversize" && entry?.length == 5_000_000 && entry?.channel == "aos.big")
    }

    @Test func `a handler that fails does not stop the next one, nor the next event`() {
        let log = CallLog()
        let box = PipelineBox([
            .failing("breaks", on: "run.failed", priority: 1), .noting("next", on: "run.failed", into: log),
        ])
        box.receive([PipelineBox.event("run.failed"), PipelineBox.event("run.failed")])
        #expect(log.calls.count == 2)
        #expect(box.counters.succeeded(box.pipeline.routes) == ["next/run.failed": 2])
        #expect(box.counters.failed(box.pipeline.routes) == ["breaks/run.failed": 2])
        #expect(box.port.record.failures.count == 2 && box.port.record.failures[0].hasPrefix("breaks: "))
    }

    @Test func `reactions go to the port in the order of the actions`() throws {
        let box = PipelineBox([
            try .rule(
                "rule",
                on: "run.failed",
                .alert(key: "run {{payload.run_id}}"),
                .publish("run.noticed"),
                .log("{{event_type}}")
            )
        ])
        box.receive([PipelineBox.event("run.failed", payload: #"{"run_id": "r1", "tenant_id": "t1"}"#)])
        let record = box.port.record
        let alert = try #require(record.alerts.first)
        #expect(alert.id == "alert-1" && alert.key == "run r1" && alert.tenant == "t1" && alert.runID == "r1")
        #expect(alert.event?.arrival == 1 && alert.raisedAt == box.clock.now)
        #expect(record.published.map(\.eventType) == ["run.noticed"] && record.published.map(\.hops) == [1])
        #expect(record.lines == ["rule: run.failed"])
    }

    @Test func `an event that went through eight reactions is not answered by publishing`() throws {
        let box = PipelineBox([try .rule("loop", on: "ping", .publish("ping"))])
        for hops in 0...9 { box.receive([PipelineBox.event("ping", more: #", "aos_hops": \#(hops)"#)]) }
        let record = box.port.record
        #expect(record.published.map(\.hops) == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(record.cut.map(\.handler) == ["loop", "loop"])
        #expect(box.counters.loopsCut == 2)
    }

    // MARK: Closures

    @Test func `closures get a copy of the event and the number of their lane`() {
        let entry = HandlerEntry(name: "closure", on: [.any], does: "closure", body: .lane(3))
        let box = PipelineBox([entry])
        box.receive([PipelineBox.event("run.failed", payload: #"{"run_id": "r1"}"#)])
        let enqueued = box.port.record.enqueued
        #expect(enqueued.map(\.lane) == [3] && enqueued.map(\.type) == ["other"])
        #expect(enqueued.first?.event.runID == "r1" && enqueued.first?.event.arrival == 1)
        // What becomes of it is counted where it runs.
        #expect(box.counters.succeeded == [0])
    }

    // MARK: Reactors among themselves

    private static let heartbeat = PipelineBox.event(
        "reactor.heartbeat",
        payload: #"{"instance": "b", "nonce": "a1", "interval_seconds": 2.5}"#
    )

    @Test func `heartbeats are kept from wildcards and from the counts`() {
        let log = CallLog()
        let box = PipelineBox([.noting("all", on: "*", into: log), .noting("prefix", on: "reactor.*", into: log)])
        box.receive([Self.heartbeat, PipelineBox.event("reactor.heartbeat", payload: #"{"events_received": 5}"#)])
        #expect(log.calls.isEmpty)
        #expect(box.counters.received == 0 && box.counters.heartbeats == 2)
        #expect(
            box.port.record.sightings == [
                PeerSighting(kind: .heartbeat(nonce: "a1", interval: .seconds(2.5)), instance: "b")
            ]
        )
    }

    @Test func `a handler that names the heartbeat gets it, and wildcards still do not`() {
        let log = CallLog()
        let box = PipelineBox([
            .noting("all", on: "*", priority: 1, into: log), .noting("named", on: "reactor.heartbeat", into: log),
        ])
        box.receive([Self.heartbeat])
        #expect(log.calls == ["named reactor.heartbeat"])
        #expect(box.counters.received == 1 && box.counters.matched == 1 && box.counters.heartbeats == 0)
        #expect(box.port.record.sightings.count == 1)
    }

    @Test func `farewells and losses are passed on, and reach handlers like all events`() {
        let log = CallLog()
        let box = PipelineBox([.noting("all", on: "*", into: log)])
        box.receive([
            PipelineBox.event("reactor.stopping", payload: #"{"instance": "b"}"#),
            PipelineBox.event("reactor.peer_lost", payload: #"{"instance": "b", "lost": "c"}"#),
            PipelineBox.event("reactor.peer_lost", payload: #"{"lost": "c"}"#),
        ])
        #expect(box.port.record.sightings.map(\.kind) == [.stopping, .peerLost("c")])
        #expect(log.calls.count == 3)
    }

    // MARK: Oddities

    @Test func `times and numbers that are not as they should be are counted, not refused`() {
        let box = PipelineBox([])
        box.receive(
            #"{"event_type": "a"}"#,
            #"{"event_type": "a", "timestamp": "yesterday"}"#,
            #"{"event_type": "a", "timestamp": "2026-11-21T00:40:00"}"#,
            #"{"event_type": "a", "timestamp": 1795221600.5, "payload": {"x": Infinity}}"#
        )
        #expect(box.counters.received == 4 && box.pipeline.quarantine.total == 0)
        #expect(box.counters.timestampsMissing == 1 && box.counters.timestampsUnreadable == 1)
        #expect(box.counters.timestampsWithoutOffset == 1 && box.counters.nonFiniteNumbers == 1)
    }

    @Test func `numbered events that stay away are reported once`() {
        let box = PipelineBox([])
        for sequence in [1, 2, 5] {
            box.receive([PipelineBox.event("a", more: #", "producer_id": "p", "sequence": \#(sequence)"#)])
        }
        for _ in 0..<200 {
            box.clock.advance(by: .seconds(1))
            box.pipeline.tick()
        }
        #expect(box.port.record.losses.map(\.events).reduce(0, +) == 2)
    }
}
