import EventPatterns
import Events
import Reactions
import ReactorRuntime
import Telemetry
import Testing

/// Other handlers take the place of these between two events.
@Suite struct ReloadTests {
    @Test func `totals stay, and so do the counters of handlers that stay`() {
        let log = CallLog()
        let before: [HandlerEntry] = [
            .noting("stays", on: "a", "b", into: log), .noting("goes", on: "a", into: log), .failing("breaks", on: "a"),
        ]
        let box = PipelineBox(before)
        for type in ["a", "a", "b", "c"] { box.receive([PipelineBox.event(type)]) }
        box.receive("[1]")
        let received = box.counters.received
        let after: [HandlerEntry] = [
            .noting("new", on: "c", into: log), .failing("breaks", on: "a"), .noting("stays", on: "b", "a", into: log),
        ]
        box.pipeline.replace(routes: RouteTable(after))
        #expect(box.counters.received == received && box.counters.matched == 3 && box.counters.unmatched == 1)
        #expect(box.pipeline.quarantine.total == 1)
        #expect(box.counters.succeeded(box.pipeline.routes) == ["stays/a": 2, "stays/b": 1])
        #expect(box.counters.failed(box.pipeline.routes) == ["breaks/a": 2])
        box.receive([PipelineBox.event("c"), PipelineBox.event("a")])
        #expect(box.counters.succeeded(box.pipeline.routes) == ["stays/a": 3, "stays/b": 1, "new/c": 1])
        let slot = box.pipeline.routes.slot(handler: 2, type: box.pipeline.routes.types.names.firstIndex(of: "a") ?? -1)
        #expect(box.counters.durations[slot].total == 3)
    }

    @Test func `events of types that are no longer named are counted as other, and what was other stays other`() {
        let log = CallLog()
        let box = PipelineBox([.noting("h", on: "a", "b", into: log)])
        for type in ["a", "a", "b", "x"] { box.receive([PipelineBox.event(type)]) }
        box.pipeline.replace(routes: RouteTable([.noting("h", on: "b", "x", into: log)]))
        #expect(box.pipeline.routes.types.names == ["b", "x", "other"])
        #expect(box.counters.receivedByType == [1, 0, 3])
        // The calls of a type that lost its label were made all the same; they go where they are still labelled.
        #expect(box.counters.succeeded.reduce(0, +) == 1)
    }

    @Test func `the calls of a wildcard stay with it, whatever types the others name`() {
        let log = CallLog()
        let box = PipelineBox([.noting("all", on: "*", into: log), .noting("h", on: "a", into: log)])
        for type in ["a", "b", "c"] { box.receive([PipelineBox.event(type)]) }
        box.pipeline.replace(
            routes: RouteTable([.noting("all", on: "*", into: log), .noting("h", on: "b", into: log)])
        )
        #expect(box.counters.succeeded(box.pipeline.routes) == ["all/other": 3])
    }

    @Test func `what waits in the ring meets the new handlers`() throws {
        let log = CallLog()
        let box = PipelineBox([.noting("old", on: "n", into: log)])
        let fillers = box.fallBehind()
        box.receive([PipelineBox.event("n", payload: #"{"cost": 30}"#)])
        box.pipeline.replace(
            routes: RouteTable([
                .noting("new", on: "n", match: try .parse(json: Array(#"{"payload": {"cost": [30]}}"#.utf8)), into: log)
            ])
        )
        box.drainAll()
        #expect(log.calls == ["new n"])
        #expect(box.counters.received == UInt64(fillers + 1))
    }

    @Test func `watchers and the numbers of arrival go on`() async throws {
        let box = PipelineBox([])
        var lines = box.pipeline.taps.add([]) { _ in }.makeAsyncIterator()
        box.receive([PipelineBox.event("a")])
        box.pipeline.replace(routes: RouteTable([]))
        box.receive([PipelineBox.event("b")])
        _ = await lines.next()
        let second = String(decoding: try #require(await lines.next()), as: UTF8.self)
        #expect(second.contains(#""arrival":2"#))
    }
}
