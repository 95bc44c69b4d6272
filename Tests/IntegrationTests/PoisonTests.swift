import Events
import FoundationEssentials
import ReactorTestKit
import RedisServer
import Testing

/// What is not an event: quarantined with its reason, and no burden for the next one.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct PoisonTests {
    /// Each poison as an expression of Python that makes its bytes, its reason, and its length.
    private static let poisons: [(bytes: String, reason: String, length: Int)] = [
        ("b'[1]'", "not_an_object", 3),
        ("b'5'", "not_an_object", 1),
        ("b'null'", "not_an_object", 4),
        ("b'{oops'", "not_json", 5),
        (#"b'{"event_type": "run.failed", "payload": {"text": "\xe2\x82'"#, "invalid_utf8", 52),
        (#"b'{"event_type": "run.failed", "payload": {"text": "\xe2\x82"}}'"#, "invalid_utf8", 55),
        ("b'[' * 5000 + b']' * 5000", "too_deep", 10000),
        (#"b'{"event_type": "run.failed", "payload": {"x": ' + b'[' * 5000 + b']' * 5000 + b'}}'"#, "too_deep", 10048),
        (#"b'{"event_type": "run.failed", "payload": null}'"#, "payload_not_an_object", 45),
        (#"b'{"event_type": ["x"], "payload": {}}'"#, "event_type_not_a_string", 36),
        ("b'x' * (2 << 20)", "oversize", 2 << 20),
    ]

    /// Publishes a poison and at once an event that raises an alert.
    private static let publisher = """
        connection = client()
        poison = eval(sys.argv[2])
        good = envelope("run.failed", {"run_id": sys.argv[3]})
        pipe = connection.pipeline(transaction=False)
        pipe.publish("aos.events", poison)
        pipe.publish("aos.events", good)
        pipe.execute()
        """

    @Test func `after each poison the next good event is handled in under 50 ms`() async throws {
        try await withRedisServer { server in
            let config = "alerts: { fatigue_control: false }\n"
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns, config: config) {
                reactor in
                await eventually("ready") { await reactor.isReady }
                var slowest = 0.0
                var poisoned = 0
                for (number, poison) in Self.poisons.enumerated() {
                    var quickest = Double.infinity
                    // The machine may be busy with other tests: the quickest of five shows what the poison costs.
                    for attempt in 1...5 where quickest >= 50 {
                        let run = "run-\(number)-\(attempt)"
                        try await Python.run(Self.publisher, on: server, poison.bytes, run)
                        poisoned += 1
                        quickest = min(quickest, try await Self.latency(of: run, reactor))
                    }
                    #expect(quickest < 50, "after \(poison.bytes.prefix(80))")
                    slowest = max(slowest, quickest)
                    try await Self.expectNewest(poison, reactor)
                }
                figure("from publishing to the decided alert, after the worst poison", slowest, "ms")
                #expect(try await reactor.metric("aos_events_quarantined_total") == Double(poisoned))
                #expect(try await reactor.metric("aos_redis_reconnects_total") == 0)
            }
        }
    }

    /// From the publisher's clock to the decision about the alert, in milliseconds, as the program tells both.
    private static func latency(of run: String, _ reactor: RunningReactor) async throws -> Double {
        func newest() async throws -> JSONValue? {
            try await reactor.json("/v1/alerts?limit=1")["alerts"]?.arrayValue?.first
        }
        try await eventually("the good event after the poison raised an alert") {
            try await newest()?["run_id"]?.stringValue == run
        }
        let alert = try #require(try await newest())
        let published = Timestamp.parse(iso8601: alert["event"]?["timestamp"]?.stringValue ?? "")
        let decided = Timestamp.parse(iso8601: alert["receipt"]?["decided_at"]?.stringValue ?? "")
        return (try #require(decided).timestamp - (try #require(published)).timestamp).inMilliseconds
    }

    private static func expectNewest(
        _ poison: (bytes: String, reason: String, length: Int),
        _ reactor: RunningReactor
    ) async throws {
        let answer = try await reactor.json("/v1/quarantine?limit=1")
        let entry = try #require(answer["entries"]?.arrayValue?.first)
        #expect(entry["reason"]?.stringValue == poison.reason, "\(poison.bytes.prefix(80))")
        #expect(entry["length"]?.intValue == poison.length, "\(poison.bytes.prefix(80))")
        #expect(entry["channel"]?.stringValue == "aos.events")
        let kept = Data(base64Encoded: entry["prefix_base64"]?.stringValue ?? "")
        #expect(kept?.count == min(256, poison.length), "\(poison.bytes.prefix(80))")
        let arrival = try #require(Timestamp.parse(iso8601: entry["arrived_at"]?.stringValue ?? "")).timestamp
        #expect(abs(arrival.seconds - Date().timeIntervalSince1970) < 60)
    }

    @Test func `the last thousand are kept, and all are counted by reason`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                try await server.publish((0..<1100).map { "[\($0)]" }, on: "aos.events")
                try await server.publish((0..<50).map { "{oops \($0)" }, on: "aos.events")
                await eventually("received") { await reactor.received() == 1150 }
                let entries = try await reactor.json("/v1/quarantine?limit=1000")["entries"]?.arrayValue ?? []
                #expect(entries.count == 1000)
                #expect(entries.filter { $0["reason"]?.stringValue == "not_json" }.count == 50)
                let metrics = try await reactor.get("/metrics").body
                #expect(metrics.contains(#"aos_events_quarantined_total{reason="not_an_object"} 1100"#))
                #expect(metrics.contains(#"aos_events_quarantined_total{reason="not_json"} 50"#))
            }
        }
    }

    @Test func `a thousand event types leave the label bounded, and the sums right`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.twelve) { reactor in
                await eventually("ready") { await reactor.isReady }
                let publisher = """
                    connection = client()
                    for round in range(3):
                        pipe = connection.pipeline(transaction=False)
                        for n in range(1000):
                            pipe.publish("aos.events", envelope(f"made.up.{n}", {"n": n}))
                        for event_type in ["run.failed", "run.started"]:
                            pipe.publish("aos.events", envelope(event_type, {}))
                        pipe.execute()
                    """
                try await Python.run(publisher, on: server)
                await eventually("received") { await reactor.received() == 3006 }
                let metrics = try await reactor.get("/metrics").body
                for name in ["aos_events_received_total", "aos_events_handled_total"] {
                    let lines = metrics.split(separator: "\n").filter { $0.hasPrefix(name + "{") }
                    let types = Set(
                        lines.compactMap { $0.split(separator: "event_type=\"").last?.prefix { $0 != "\"" } }
                    )
                    // Eleven that handlers name, all others, and at most what the reactor itself publishes.
                    #expect(types.count <= 11 + 2, "\(types)")
                    #expect(types.contains("other") && !types.contains { $0.hasPrefix("made.up") })
                }
                func count(_ name: String, _ labels: String) -> Double {
                    RunningReactor.sum(of: name + "{" + labels + "}", in: metrics)
                }
                let others = count("aos_events_received_total", #"event_type="other""#)
                #expect(others == 3000)
                #expect(count("aos_events_received_total", #"event_type="run.failed""#) == 3)
                #expect(count("aos_events_handled_total", #"event_type="other",handler="all""#) == 3000)
                #expect(RunningReactor.sum(of: "aos_events_handled_total", in: metrics) == 3006 + 6)
                #expect(RunningReactor.sum(of: "aos_messages_received_total", in: metrics) == 3006)
            }
        }
    }
}
