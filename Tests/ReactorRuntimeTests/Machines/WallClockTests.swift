import EventPatterns
import Events
import FoundationEssentials
import Logging
import NIOPosix
import Reactions
import ReactorRuntime
import ReactorTestKit
import RedisClient
import RedisServer
import Stores
import Synchronization
import Testing

/// A wall clock that somebody sets while runs are open: what is due stays due when it was, by the time that passes.
@Suite(.timeLimit(.minutes(5))) struct WallClockTests {
    // MARK: By value

    @Test(arguments: [3600, -3600, 86_400 * 365])
    func `the time of machines goes on when the wall clock is set`(seconds: Int) {
        let test = TestClock()
        let clock = EvenClock(test.clock)
        let start = clock.now
        test.advance(by: .seconds(10))
        test.setWall(by: .seconds(seconds))
        #expect(clock.now == start + .seconds(10))
        test.advance(by: .seconds(5))
        #expect(clock.now == start + .seconds(15))
    }

    @Test(arguments: [3600, -3600, 2, -2])
    func `what was read before the wall clock was set is as old as it is`(seconds: Int) {
        let test = TestClock()
        let clock = EvenClock(test.clock)
        let start = clock.now
        _ = clock.time(atWall: test.now)
        test.advance(by: .seconds(20))
        let before = test.now
        test.advance(by: .milliseconds(5))
        test.setWall(by: .seconds(seconds))
        // Of a batch of events the first ones were read before, the others behind.
        let behind = test.now
        test.advance(by: .milliseconds(1))
        #expect(clock.time(atWall: before) == start + .milliseconds(20_000))
        #expect(clock.time(atWall: behind) == start + .milliseconds(20_005))
        #expect(clock.time(atWall: before) == start + .milliseconds(20_000))
        // A queue as long as it may be, and much later.
        test.advance(by: .seconds(120))
        let waiting = test.now
        test.advance(by: .seconds(30))
        #expect(clock.time(atWall: waiting) == start + .milliseconds(140_006))
    }

    // MARK: In a reactor

    /// The system's clocks, of which the wall clock can be set.
    private final class SettableClock: Sendable {
        private let step = Mutex(Duration.zero)

        func set(by step: Duration) { self.step.withLock { $0 += step } }

        var clock: PipelineClock {
            let system = PipelineClock.system
            return PipelineClock(
                wall: { system.wall() + self.step.withLock { $0 } },
                monotonic: system.monotonic
            )
        }
    }

    private static let timeout = Duration.seconds(5)

    /// Runs `body` with a reactor that calls runs stale after `timeout`, in memory or with what it knows in Redis.
    private static func withReactor(
        shared: Bool,
        _ clock: SettableClock,
        _ body: (ReactorBox, RedisServerProcess) async throws -> Void
    ) async throws {
        try await withRedisServer { server in
            let client = RedisCommandClient(
                endpoint: try RedisEndpoint(url: server.url),
                clientName: "tests",
                eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
                logger: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })
            )
            let store = RedisMachineStore(commands: client, namespace: "tests")
            let box = try ReactorBox(server, clock: clock.clock, machineStore: shared ? store : nil)
            let liveness = ContractDefinition.liveness(name: "runs", runTimeout: Self.timeout, grace: .zero)
            let machine = MachineDefinition.contract(liveness)
            let handler = HandlerDefinition(name: "runs", on: machine.on, body: .machine(machine))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await client.run() }
                var settings = AlertSettings()
                settings.fatigue.enabled = false
                await box.reactor.apply([handler], settings, configVersion: "1")
                try await box.running { try await body(box, server) }
                await client.stop()
                group.cancelAll()
            }
        }
    }

    private static func stale(_ box: ReactorBox) async -> [String] { await box.alerts("STALE_RUN").map(\.runID) }

    @Test(arguments: [false, true])
    func `no run is stale too early, and none is forgotten, while the wall clock jumps an hour forward and back`(
        shared: Bool
    ) async throws {
        let clock = SettableClock()
        try await Self.withReactor(shared: shared, clock) { box, server in
            // Each run begins before a jump, and its end is due behind it.
            for (number, step) in [3600, -3600, -3600, 3600].enumerated() {
                let (lost, good) = ("lost-\(number)", "good-\(number)")
                let begin = ContinuousClock.now
                try await server.publishEvent("run.started", run: lost)
                try await server.publishEvent("run.started", run: good)
                await eventually(within: .seconds(60), "they have begun") {
                    // What is published about the lost ones comes back, too.
                    await box.reactor.status().received >= number * 4 + 2
                }
                clock.set(by: .seconds(step))
                let received = await box.reactor.status().received
                try await server.publishEvent("run.completed", run: good)
                await eventually(within: .seconds(60), "it has ended") {
                    await box.reactor.status().received > received
                }
                // On a machine that has so much else to do, the end may be heard when the run is stale already.
                let isInTime = ContinuousClock.now - begin < Self.timeout
                let expected = (0...number).map { "lost-\($0)" }
                await eventually(within: .seconds(60), "the lost one is stale") {
                    await Self.stale(box).filter { $0.hasPrefix("lost") } == expected
                }
                let took = ContinuousClock.now - begin
                let stale = await Self.stale(box)
                #expect(stale.filter { $0.hasPrefix("lost") } == expected)
                if isInTime { #expect(!stale.contains(good), "\(stale)") }
                #expect(took >= Self.timeout, "after \(took), with the wall clock set by \(step) s")
                let state = shared ? "shared" : "own"
                print("figure: stale, wall clock set by \(step) s, state \(state): late by \(took - Self.timeout)")
            }
        }
    }
}
