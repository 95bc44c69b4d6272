import Dispatch
import Events
import Logging
import Reactions
import ReactorTestKit
import RedisServer
import Synchronization
import Testing

@testable import ReactorRuntime

/// Whether a reactor knows how it is, on real servers.
@Suite(.timeLimit(.minutes(3))) struct HeartbeatServiceTests {
    private static func cause(_ alert: Alert?) -> String? { alert?.details["cause"]?.stringValue }

    @Test func `a quiet channel is not an ill reactor`() async throws {
        try await withRedisServer { server in
            let box = try ReactorBox(server)
            try await box.running {
                await eventually("beats come back") { box.heartbeat.sent >= 6 }
                #expect(await box.alerts("reactor.unhealthy").isEmpty)
                #expect(await box.reactor.status().received == 0)
            }
        }
    }

    @Test func `heartbeats that lead elsewhere are missed one by one, whatever others send`() async throws {
        try await withRedisServer { server in
            let box = try ReactorBox(server) { $0.publishChannel = "nobody.listens" }
            try await box.running {
                // In our name, and with a nonce that we never sent.
                let forged = #"{"instance": "box", "nonce": "f00", "interval_seconds": 1}"#
                let event = #"{"event_type": "reactor.heartbeat", "payload": \#(forged)}"#
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        while !Task.isCancelled {
                            try await server.publish([event], on: "aos.events")
                            try? await Task.sleep(for: .milliseconds(50))
                        }
                    }
                    await eventually("it is told") { await box.alerts("reactor.unhealthy").count == 1 }
                    group.cancelAll()
                    try await group.waitForAll()
                }
                let alert = await box.alerts("reactor.unhealthy").first
                #expect(Self.cause(alert) == "round_trip_missing")
                #expect(alert?.details["missed_heartbeats"]?.intValue == 3)
                let missed = box.log.lines("own heartbeat missed").prefix(3).map { $0.metadata["in_a_row"] }
                #expect(missed == ["1", "2", "3"])
                // The fourth was sent after the third was judged; no judgement without a heartbeat of its own.
                await eventually("it goes on missing") { box.heartbeat.missed >= 5 }
                let counts = box.heartbeat
                #expect(counts.sent >= counts.missed && counts.sent <= counts.missed + 2)
                #expect(await box.alerts("reactor.unhealthy").count == 1)
            }
        }
    }

    @Test func `each episode of a server that stands still is told once, and its recovery once`() async throws {
        try await withRedisServer { server in
            let box = try ReactorBox(server)
            try await box.running {
                for episode in 1...2 {
                    server.suspend()
                    await eventually("it is told") { await box.alerts("reactor.unhealthy").count == episode }
                    // Some more intervals: still the same episode.
                    let missed = box.heartbeat.missed
                    await eventually("it goes on") { box.heartbeat.missed >= missed + 2 }
                    server.resume()
                    await eventually("the recovery is told") {
                        await box.alerts("reactor.recovered").count == episode
                    }
                    #expect(await box.alerts("reactor.unhealthy").count == episode)
                }
                let cause = Self.cause(await box.alerts("reactor.unhealthy").first)
                #expect(cause == "round_trip_missing" || cause == "connection_down")
            }
        }
    }

    @Test func `a server that is away is named as the cause`() async throws {
        try await withRedisServer { server in
            let box = try ReactorBox(server) { $0.heartbeatInterval = .seconds(1) }
            try await box.running {
                var causes: [String?] = []
                // A machine that is busy enough keeps the loop waiting for that long, which is named instead: then again.
                repeat {
                    await eventually("it is well") {
                        await box.alerts("reactor.recovered").count == box.alerts("reactor.unhealthy").count
                    }
                    let before = await box.alerts("reactor.unhealthy").count
                    try await server.takeDown()
                    await eventually("it is told") { await box.alerts("reactor.unhealthy").count > before }
                    causes.append(Self.cause(await box.alerts("reactor.unhealthy").last))
                    try await server.bringUp()
                } while causes.last != "connection_down" && causes.count < 5
                #expect(causes.last == "connection_down")
                await eventually("the recovery is told") {
                    await box.alerts("reactor.recovered").count == box.alerts("reactor.unhealthy").count
                }
                #expect(box.heartbeat.missed >= 3)
            }
        }
    }

    @Test func `a loop that stands still is named as the cause`() async throws {
        try await withRedisServer { server in
            let box = try ReactorBox(server) { $0.heartbeatInterval = .milliseconds(300) }
            let goOn = DispatchSemaphore(value: 0)
            try box.reactor.onInline("block") { _ in _ = goOn.wait(timeout: .now() + 60) }
            try await box.running {
                try await server.publishEvent("block")
                await eventually("it is told") { await box.alerts("reactor.unhealthy").count == 1 }
                #expect(Self.cause(await box.alerts("reactor.unhealthy").first) == "loop_stalled")
                goOn.signal()
                await eventually("the recovery is told") { await box.alerts("reactor.recovered").count == 1 }
                #expect(await box.alerts("reactor.unhealthy").count == 1)
            }
        }
    }

    @Test func `the farewell is the last that a reactor says, and wildcards hear no heartbeats`() async throws {
        try await withRedisServer { server in
            let watcher = try ReactorBox(server, "watcher") { $0.lanesPerHandler = 1 }
            let heard = Mutex<[String]>([])
            let wild = Mutex<[String]>([])
            try watcher.reactor.on("reactor.heartbeat", "reactor.stopping", name: "named") { event in
                guard event["instance"]?.stringValue == "subject" else { return }
                heard.withLock { $0.append(event.eventType) }
            }
            try watcher.reactor.on("*", name: "all") { event in wild.withLock { $0.append(event.eventType) } }
            try await watcher.running {
                for life in 1...5 {
                    // So often that one is due while the farewell is on its way.
                    let subject = try ReactorBox(server, "subject") { $0.heartbeatInterval = .milliseconds(1) }
                    try await subject.running {
                        await eventually("it beats") { subject.heartbeat.sent >= 3 }
                    }
                    await eventually("the farewell came") {
                        heard.withLock { $0.count { $0 == "reactor.stopping" } } == life
                    }
                }
                // Behind everything that the subject could have sent.
                try await server.publishEvent("end")
                await eventually("the end came") { wild.withLock { $0.contains("end") } }
                let beats = watcher.heartbeat.sent
                await eventually("and a while passed") { watcher.heartbeat.sent >= beats + 2 }
                let lives = heard.withLock { $0 }.split(separator: "reactor.stopping", omittingEmptySubsequences: false)
                #expect(lives.count == 6 && lives.last?.isEmpty == true)
                #expect(lives.dropLast().allSatisfy { $0.count >= 3 })
                #expect(wild.withLock { $0 } == Array(repeating: "reactor.stopping", count: 5) + ["end"])
                #expect(await watcher.alerts("reactor.peer_lost").isEmpty)
            }
        }
    }

    @Test func `a stop while Redis is away does not wait for it`() async throws {
        try await withRedisServer { server in
            let box = try ReactorBox(server) { $0.shutdownGrace = .seconds(600) }
            let took = try await box.running {
                try await server.takeDown()
                await eventually("it is noticed") { box.life?.link.facts.isSubscribed == false }
                return ContinuousClock.now
            }
            let length = ContinuousClock.now - took
            print("figure: a stop without Redis took \(length)")
            #expect(length < .seconds(30))
            #expect(box.log.lines("stopped, nothing left undone").count == 1)
            try await server.bringUp()
        }
    }
}
