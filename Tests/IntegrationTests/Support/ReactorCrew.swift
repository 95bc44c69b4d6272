import Glibc
import ReactorTestKit
import Synchronization
import Testing

/// Reactors that share one server, each of which comes back under its name when it is killed.
final class ReactorCrew: Sendable {
    private struct State {
        var running: [String: RunningReactor] = [:]
        var isOver = false
    }

    let names: [String]
    private let redis: String
    private let handlers: String
    private let config: @Sendable (String) -> String
    private let environment: [String: String]
    private let state = Mutex(State())

    private init(
        _ names: [String],
        redis: String,
        handlers: String,
        config: @escaping @Sendable (String) -> String,
        environment: [String: String]
    ) {
        self.names = names
        self.redis = redis
        self.handlers = handlers
        self.config = config
        self.environment = environment
    }

    /// Those that are ready.
    var ready: [String] { self.state.withLock { $0.running.keys.sorted() } }

    func reactor(_ name: String) -> RunningReactor? { self.state.withLock { $0.running[name] } }

    /// SIGKILL.
    func kill(_ name: String) {
        self.state.withLock { $0.running.removeValue(forKey: name) }?.program.send(SIGKILL)
    }

    func waitUntilAllAreReady() async throws {
        try #require(await eventually(within: .seconds(120), "all are ready") { self.ready == self.names.sorted() })
    }

    static func run<Result: Sendable>(
        _ names: [String],
        redis: String,
        handlers: String,
        environment: [String: String] = [:],
        config: @escaping @Sendable (String) -> String,
        _ body: (ReactorCrew) async throws -> Result
    ) async throws -> Result {
        let crew = ReactorCrew(names, redis: redis, handlers: handlers, config: config, environment: environment)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names { group.addTask { try await crew.keep(name) } }
            defer {
                crew.state.withLock { $0.isOver = true }
                group.cancelAll()
            }
            try await crew.waitUntilAllAreReady()
            return try await body(crew)
        }
    }

    private var isOver: Bool { self.state.withLock { $0.isOver } }

    private func keep(_ name: String) async throws {
        while !self.isOver, !Task.isCancelled {
            try await withRunningReactor(
                redis: self.redis,
                handlers: self.handlers,
                config: self.config(name),
                environment: self.environment
            ) { reactor in
                while !Task.isCancelled, reactor.program.exitStatus == nil, await !reactor.isReady {
                    try? await Task.sleep(for: .milliseconds(20))
                }
                self.state.withLock { $0.running[name] = reactor }
                while !Task.isCancelled, reactor.program.exitStatus == nil {
                    try? await Task.sleep(for: .milliseconds(10))
                }
                self.state.withLock { state in
                    guard state.running[name]?.program === reactor.program else { return }
                    state.running[name] = nil
                }
            }
        }
    }
}
