import Delivery
import Events
import Logging
import Reactions
import ReactorTestKit
import RedisClient
import RedisServer
import Stores
import Synchronization
import Telemetry
import Testing

@testable import ReactorRuntime

/// What a reactor logs.
final class LogRecorder: LogHandler {
    struct Line: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: Logger.Metadata
    }

    private let written: Mutex<[Line]> = Mutex([])

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    var logLevel: Logger.Level {
        get { .debug }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let line = Line(level: event.level, message: "\(event.message)", metadata: event.metadata ?? [:])
        self.written.withLock { $0.append(line) }
    }

    func lines(_ message: String) -> [Line] { self.written.withLock { $0.filter { $0.message == message } } }
}

/// A reactor and what it says.
struct ReactorBox: Sendable {
    let reactor: Reactor
    let log = LogRecorder()

    /// A reactor with short intervals, on a real server.
    init(
        _ server: RedisServerProcess,
        _ instance: String = "box",
        clock: PipelineClock = .system,
        machineStore: (any MachineStore)? = nil,
        change: (inout ReactorSettings) -> Void = { _ in }
    ) throws {
        var settings = ReactorSettings(instance: instance)
        settings.heartbeatInterval = .milliseconds(400)
        change(&settings)
        let log = self.log
        let registry = MetricsRegistry()
        let parts = Deliveries.inMemory(
            instance: instance,
            log: LogSink(logger: Logger(label: "test") { _ in log }),
            registry: registry,
            clock: clock
        )
        self.reactor = Reactor(
            endpoint: try RedisEndpoint(url: server.url, caFile: nil),
            settings: settings,
            version: "test",
            store: parts.store,
            machineStore: machineStore,
            deliveries: parts.deliveries,
            heldBack: { _, _ in },
            registry: registry,
            clock: clock,
            logger: Logger(label: "test") { _ in log }
        )
    }

    var life: ReactorLife? { self.reactor.state.withLock { $0.life } }

    var heartbeat: HeartbeatService.Counts { self.life?.heartbeat.counts ?? HeartbeatService.Counts() }

    /// The alerts of this type, the oldest first; what was told of their ends is none of them.
    func alerts(_ type: String) async -> [Alert] {
        await self.reactor.alerts(limit: 1000).filter { $0.receipt.ground != .resolved }.map(\.alert)
            .filter { $0.type == type }.reversed()
    }

    func ready() async throws {
        try #require(
            await eventually(within: .seconds(60), "RUNNING") { await self.reactor.status().state == "RUNNING" }
        )
    }

    /// Runs the reactor while `body` runs, then stops it. What `run` throws is thrown.
    @discardableResult
    func running<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.reactor.run() }
            do {
                try await self.ready()
                let result = try await body()
                self.reactor.stop()
                try await group.waitForAll()
                return result
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }

    /// Runs the reactor until `body` returns, then cancels it.
    ///
    /// - Returns: what `run` threw, and how long it took to end.
    func cutOff(after body: () async throws -> Void) async throws -> (error: ReactorError?, took: Duration) {
        try await withThrowingTaskGroup(of: ReactorError?.self) { group in
            group.addTask {
                do {
                    try await self.reactor.run()
                    return nil
                } catch let error as ReactorError {
                    return error
                }
            }
            do {
                try await self.ready()
                try await body()
            } catch {
                group.cancelAll()
                throw error
            }
            let start = ContinuousClock.now
            group.cancelAll()
            let error = try await group.next() ?? nil
            return (error, .now - start)
        }
    }
}

/// Refers to something without keeping it.
struct WeakReference<Object: AnyObject & Sendable>: Sendable {
    weak let object: Object?
}

extension RedisServerProcess {
    /// Publishes one event on the channel that reactors listen to.
    func publishEvent(_ type: String, run: String = "r", times: Int = 1) async throws {
        let event = #"{"event_type": "\#(type)", "payload": {"run_id": "\#(run)"}}"#
        try await self.publish(Array(repeating: event, count: times), on: "aos.events")
    }

    /// How many connections of this reactor the server sees.
    func connectionCount(of instance: String) async throws -> Int {
        let list = try await self.command("CLIENT", "LIST").text ?? ""
        return list.split(separator: "\n").count { $0.contains("name=aos-reactor:\(instance):") }
    }
}
