import Events
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// Limits that several reactors watch, each its own process.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SharedThresholdTests {
    /// Ten minutes: longer than the tests.
    private static let handlers = """
        handler: spend
        uses: threshold
        with: { aggregate: count, on: [cost.recorded], key: payload.tenant_id, window: 10m, limit: 5, near_percent: 0 }

        """

    private static let briefly = """
        handler: spend
        uses: threshold
        with: { aggregate: count, on: [cost.recorded], key: payload.tenant_id, window: 6s, limit: 5, near_percent: 0 }

        """

    private static func cost(_ tenant: String) -> String {
        #"{"event_type": "cost.recorded", "payload": {"tenant_id": "\#(tenant)", "cost_usd": 1}}"#
    }

    private static func withReactor(
        _ name: String,
        _ server: RedisServerProcess,
        _ handlers: String,
        _ body: (RunningReactor) async throws -> Void
    ) async throws {
        let config = "instance: \(name)\n"
        try await withRunningReactor(redis: server.url, handlers: handlers, config: config) { reactor in
            await eventually(within: .seconds(60), "ready") { await reactor.isReady }
            try await body(reactor)
        }
    }

    private static func signals(_ reactors: [RunningReactor]) async throws -> Double {
        var sum = 0.0
        for reactor in reactors { sum += try await reactor.metric("aos_threshold_signals_total") }
        return sum
    }

    /// What is written down of a tenant: how often it was, and how many events; nil when nothing is.
    private static func written(
        _ tenant: String,
        _ server: RedisServerProcess
    ) async throws -> (writes: Int, events: Int)? {
        let reply = try await server.command("HGET", "aos:{aos}:machine:spend:states", tenant)
        guard let text = reply.text, let writes = Int(text.prefix(8), radix: 16) else { return nil }
        let buckets = try JSONValue.parse(Array(text.utf8.dropFirst(16)))["buckets"]?.arrayValue ?? []
        return (writes, buckets.reduce(0) { $0 + ($1.arrayValue?[1].intValue ?? 0) })
    }

    /// How many events of a tenant are in the window.
    private static func value(of tenant: String, _ reactor: RunningReactor) async throws -> Double? {
        let list = try await reactor.json("/v1/thresholds")["thresholds"]?.arrayValue
        let standings = list?.first?["standings"]?.arrayValue ?? []
        return standings.first { $0["key"]?.stringValue == tenant }?["value"]?.doubleValue
    }

    @Test func `of two reactors one tells that a limit is crossed and that it is kept again`() async throws {
        try await withRedisServer { server in
            try await Self.withReactor("alfa", server, Self.briefly) { alfa in
                try await Self.withReactor("bravo", server, Self.briefly) { bravo in
                    _ = try await server.publish(Array(repeating: Self.cost("acme"), count: 20), on: "aos.events")
                    try await eventually(within: .seconds(60), "told") { try await Self.signals([alfa, bravo]) == 2 }
                    // What was told is known for another minute, and then forgotten: by both of them, so that
                    // neither has anything left to tell.
                    await eventually(within: .seconds(150), "forgotten") {
                        (try? await server.command("HLEN", "aos:{aos}:machine:spend:states")) == .integer(0)
                    }
                    // Each has heard twenty events, that the limit was crossed, and that it is kept again.
                    #expect((await alfa.received(), await bravo.received()) == (22, 22))
                    #expect(try await Self.signals([alfa, bravo]) == 2)
                    try await eventually(within: .seconds(60), "an alert and its end") {
                        let alerts = try await alfa.ownAlerts() + bravo.ownAlerts()
                        let ends = alerts.count { $0["receipt"]?["reason"]?.stringValue == "it is over" }
                        return (alerts.count, ends) == (2, 1)
                    }
                }
            }
        }
    }

    @Test func `a window goes on after kill -9 of its reactor, and is not written down for each event`() async throws {
        try await withRedisServer { server in
            try await Self.withReactor("alfa", server, Self.handlers) { reactor in
                for _ in 0..<3 { _ = try await server.publish([Self.cost("acme")], on: "aos.events") }
                // Another tenant has many events.
                let many = Array(repeating: Self.cost("busy"), count: 50)
                let clock = ContinuousClock()
                let begin = clock.now
                for _ in 0..<40 { _ = try await server.publish(many, on: "aos.events") }
                try await eventually(within: .seconds(60), "written") {
                    let acme = try await Self.written("acme", server)?.events
                    let busy = try await Self.written("busy", server)?.events
                    return (acme, busy) == (3, 2000)
                }
                try await eventually(within: .seconds(60), "told") { try await Self.signals([reactor]) == 1 }
                // Once a second, and when its limit was crossed.
                let seconds = Int((clock.now - begin).components.seconds) + 1
                let writes = try #require(try await Self.written("busy", server)?.writes)
                print("2000 events within \(seconds) s were written down \(writes) times")
                #expect((1...(seconds + 2)).contains(writes))
                reactor.program.send(SIGKILL)
                try await reactor.program.waitForExit()
            }
            try await Self.withReactor("bravo", server, Self.handlers) { reactor in
                #expect(try await Self.signals([reactor]) == 0)
                for count in 1...3 {
                    _ = try await server.publish([Self.cost("acme")], on: "aos.events")
                    try await eventually(within: .seconds(60), "handled") {
                        try await Self.value(of: "acme", reactor) == Double(3 + count)
                    }
                    if count < 3 { #expect(try await Self.signals([reactor]) == 0) }
                }
                try await eventually(within: .seconds(60), "told") { try await Self.signals([reactor]) == 1 }
                try await eventually(within: .seconds(60), "alerted") { try await reactor.ownAlerts().count == 1 }
                // The other tenant stays over its limit: that was told before.
                _ = try await server.publish([Self.cost("busy"), Self.cost("acme")], on: "aos.events")
                try await eventually(within: .seconds(60), "handled") {
                    try await Self.value(of: "acme", reactor) == 7
                }
                #expect(try await Self.value(of: "busy", reactor) == 2001)
                #expect(try await Self.signals([reactor]) == 1)
            }
        }
    }
}
