import EventPatterns
import Events
import Testing

@testable import ReactorConfig

struct RouteMapTests {
    private static let handlers = """
        handler: cost
        on: [cost.recorded, run.step.completed]
        match: { payload: { usd: [{ numeric: [">", 25] }] } }
        priority: 50
        do:
          - alert: { severity: LOW, domain: d, key: k, summary: s }
          - publish: { event_type: run.pause_requested }
          - publish: { event_type: page, channel: "pager\\"1" }
        ---
        handler: all
        on: "*"
        do: [{ log: { message: m } }]
        ---
        handler: runs
        on: run.*
        priority: 1
        do: [{ log: { message: "{{run_id}}" } }]
        ---
        handler: beats
        on: [reactor.heartbeat]
        do: [{ log: { message: beat } }]
        ---
        handler: "off"
        on: x.y
        enabled: false
        do: [{ publish: { event_type: cost.recorded } }]
        """

    private static func map(_ handlers: String = Self.handlers, sources: String = "aos.events") throws -> RouteMap {
        let folder = try TemporaryFolder(["handlers/a.yaml": handlers])
        let result = folder.load(["REACTOR_SOURCES": sources])
        let configuration = try #require(result.configuration, "\(folder.text(result))")
        return RouteMap(
            result.handlers,
            sources: configuration.sources,
            publishChannel: configuration.publishChannel,
            namedOnly: ["reactor.heartbeat"]
        )
    }

    @Test func `each type has a line with what it reaches, in the order of the calls`() throws {
        #expect(
            try Self.map().text == """
                cost.recorded
                   1 cost   if its pattern matches: rule: alert, publish, publish -> run.pause_requested, -> page on pager"1
                   2 all    rule: log
                reactor.heartbeat
                   1 beats  rule: log
                run.pause_requested   <- published by cost
                   1 runs   rule: log
                   2 all    rule: log
                run.step.completed
                   1 cost   if its pattern matches: rule: alert, publish, publish -> run.pause_requested, -> page on pager"1
                   2 runs   rule: log
                   3 all    rule: log
                x.y
                   1 all    rule: log
                run.*   (types without a line of their own)
                   1 runs   rule: log
                   2 all    rule: log
                *   (types without a line of their own)
                   1 all    rule: log
                off: off

                """
        )
        #expect(try Self.map("").text == "no handlers\n")
    }

    @Test func `what is published elsewhere does not come back, unless the reactor listens there too`() throws {
        #expect(try !Self.map().routes.contains { $0.on == .exact("page") })
        let map = try Self.map(sources: "aos.events,pubsub_pattern:pager*")
        let route = try #require(map.routes.first { $0.on == .exact("page") })
        #expect(route.publishers == [0] && route.handlers == [1])
    }

    @Test func `as a graph for Graphviz`() throws {
        #expect(
            try Self.map().dot == #"""
                digraph routes {
                  rankdir=LR;
                  node [fontname="sans-serif"];
                  t0 [shape=box, label="cost.recorded"];
                  t1 [shape=box, label="reactor.heartbeat"];
                  t2 [shape=box, label="run.pause_requested"];
                  t3 [shape=box, label="run.step.completed"];
                  t4 [shape=box, label="x.y"];
                  t5 [shape=box, label="run.*"];
                  t6 [shape=box, label="*"];
                  t7 [shape=box, label="page on pager\"1"];
                  h0 [shape=ellipse, label="cost"];
                  h1 [shape=ellipse, label="all"];
                  h2 [shape=ellipse, label="runs"];
                  h3 [shape=ellipse, label="beats"];
                  h4 [shape=ellipse, label="off", style=dashed, fontcolor=gray];
                  t0 -> h0 [label="match"];
                  t3 -> h0 [label="match"];
                  h0 -> t2 [label="publish", style=dashed];
                  h0 -> t7 [label="publish to pager\"1", style=dashed];
                  t6 -> h1;
                  t5 -> h2;
                  t1 -> h3;
                  t4 -> h4 [style=dotted];
                  h4 -> t0 [label="publish", style=dashed];
                  t0 -> t6 [style=dotted];
                  t2 -> t5 [style=dotted];
                  t2 -> t6 [style=dotted];
                  t3 -> t5 [style=dotted];
                  t3 -> t6 [style=dotted];
                  t4 -> t6 [style=dotted];
                }

                """#
        )
    }

    @Test func `as a graph for Mermaid`() throws {
        let text = try Self.map().mermaid
        #expect(text.hasPrefix("flowchart LR\n  t0[\"cost.recorded\"]\n"))
        for line in [
            "t7[\"page on pager#34;1\"]", "h4([\"off (off)\"])", "t0 -->|match| h0", "t6 --> h1",
            "h0 -. \"publish\" .-> t2", "h0 -. \"publish to pager#34;1\" .-> t7", "t2 -.-> t5",
        ] {
            #expect(text.contains("  \(line)\n"), "\(line) in \(text)")
        }
    }

    @Test func `as JSON`() throws {
        let json = try JSONValue.parse(try Self.map().json.compactText)
        #expect(
            json["routes"]?.arrayValue?.first == [
                "on": "cost.recorded", "handlers": ["cost", "all"], "published_by": [],
            ]
        )
        let cost = try #require(json["handlers"]?.arrayValue?.first)
        #expect(cost["on"] == ["cost.recorded", "run.step.completed"])
        #expect(cost["match"] == true && cost["enabled"] == true && cost["does"] == "rule: alert, publish, publish")
        #expect(
            cost["publishes"] == [
                ["event_type": "run.pause_requested", "channel": "aos.events", "comes_back": true],
                ["event_type": "page", "channel": "pager\"1", "comes_back": false],
            ]
        )
    }
}
