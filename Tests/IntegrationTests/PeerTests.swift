import ChildProcesses
import Events
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// Several reactors on one channel, each its own process.
@Suite(.timeLimit(.minutes(5))) struct PeerTests {
    /// Runs this many reactors that all know each other, with a heartbeat a second.
    private static func withReactors(
        _ names: [String],
        on server: RedisServerProcess,
        running: [RunningReactor] = [],
        _ body: ([RunningReactor]) async throws -> Void
    ) async throws {
        guard running.count < names.count else {
            for reactor in running {
                await eventually(within: .seconds(60), "all know each other") {
                    (try? await reactor.metric("aos_reactor_peers")) == Double(names.count - 1)
                }
            }
            return try await body(running)
        }
        let config = faultConfig(names[running.count], heartbeat: "1s")
        try await withRunningReactor(redis: server.url, handlers: "", config: config) { reactor in
            try await Self.withReactors(names, on: server, running: running + [reactor], body)
        }
    }

    /// The peers that these reactors told as lost, all together.
    private static func told(by reactors: [RunningReactor]) -> [String] {
        reactors.flatMap { $0.logged("peer is lost").compactMap { $0["peer"] } }
    }

    /// Waits for this many heartbeats of a reactor: a time by its own clock.
    private static func wait(for beats: Double, of reactor: RunningReactor) async throws {
        let before = try await reactor.metric("aos_reactor_heartbeat_total")
        await eventually(within: .seconds(60), "heartbeats") {
            (try? await reactor.metric("aos_reactor_heartbeat_total")) ?? 0 >= before + beats
        }
    }

    @Test func `of three reactors the lost one is told once, one that stops is not`() async throws {
        try await withRedisServer { server in
            try await Self.withReactors(["alfa", "bravo", "charlie"], on: server) { reactors in
                let killed = wallClock()
                // The first by name: the one whose turn to tell it would be.
                reactors[0].program.send(SIGKILL)
                try await reactors[0].program.waitForExit()
                let rest = Array(reactors[1...])
                await eventually(within: .seconds(60), "it is missed") { Self.told(by: rest) == ["alfa"] }
                let line = try #require(rest.compactMap { $0.logged("peer is lost").first }.first)
                figure("program, kill -9 of a peer with a heartbeat a second: told after", line.time - killed)
                // Long enough for the other one to tell it, too, if it would.
                try await Self.wait(for: 4, of: rest[1])
                #expect(Self.told(by: rest) == ["alfa"])
                var alerts = 0
                for reactor in rest { alerts += try await reactor.alertCount("reactor.peer_lost") }
                #expect(alerts == 1)

                rest[0].program.send(SIGTERM)
                #expect(try await rest[0].program.waitForExit() == .exited(code: 0))
                try await Self.wait(for: 6, of: rest[1])
                #expect(Self.told(by: rest) == ["alfa"])
                #expect(try await rest[1].metric("aos_reactor_peers") == 0)
            }
        }
    }

    @Test(arguments: ["stands still", "is away"])
    func `while the server is of no use each reactor tells of itself once, and of nobody else`(how: String) async throws
    {
        try await withRedisServer { server in
            try await Self.withReactors(["delta", "echo"], on: server) { reactors in
                if how == "is away" { try await server.takeDown() } else { server.suspend() }
                for reactor in reactors {
                    try await eventually(within: .seconds(60), "it calls itself unhealthy") {
                        try await reactor.alertCount("reactor.unhealthy") == 1
                    }
                }
                // Long enough for it to be told again, if it would be.
                for reactor in reactors {
                    let before = try await reactor.metric("aos_reactor_heartbeat_missed_total")
                    await eventually(within: .seconds(60), "it misses further beats") {
                        (try? await reactor.metric("aos_reactor_heartbeat_missed_total")) ?? 0 >= before + 2
                    }
                }
                if how == "is away" { try await server.bringUp() } else { server.resume() }
                for reactor in reactors {
                    try await eventually(within: .seconds(60), "it calls itself well") {
                        try await reactor.alertCount("reactor.recovered") == 1
                    }
                }
                for reactor in reactors { try await Self.wait(for: 4, of: reactor) }
                for reactor in reactors {
                    #expect(try await reactor.alertCount("reactor.unhealthy") == 1)
                    #expect(try await reactor.alertCount("reactor.recovered") == 1)
                    #expect(try await reactor.metric("aos_reactor_peers") == 1)
                }
                #expect(Self.told(by: reactors).isEmpty)
            }
        }
    }
}
