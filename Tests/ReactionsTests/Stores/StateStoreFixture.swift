import Events
import Logging
import NIOCore
import NIOPosix
import Reactions
import ReactorTestKit
import RedisClient
import RedisServer
import Stores
import Testing

/// Runs commands to a server while `body` runs.
func withCommands<Result: Sendable>(
    to server: RedisServerProcess,
    _ body: (RedisCommandClient) async throws -> Result
) async throws -> Result {
    let commands = RedisCommandClient(
        endpoint: try RedisEndpoint(url: server.url),
        clientName: "stores",
        eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await commands.run() }
        defer { group.cancelAll() }
        // What runs the connection may wait long for a thread, which is no matter of the tests.
        _ = try await commands.send(RedisCommand("PING"), deadline: .seconds(120)).orThrow()
        return try await body(commands)
    }
}

/// A Redis store whose time a test turns, on a server of its own.
struct TurnedStore {
    static let clockKey = "test:now"

    let server: RedisServerProcess
    let commands: RedisCommandClient
    let store: RedisStateStore

    func turn(to microseconds: Int64) async throws {
        _ = try await self.commands.send(RedisCommand("SET", Self.clockKey, "\(microseconds)")).orThrow()
    }

    /// What waits for its deliveries to be planned.
    func notices() async throws -> [RoutedNotice] {
        let reply = try await self.commands.send(RedisCommand("XRANGE", "aos:{test}:notices", "-", "+")).orThrow()
        return (reply.elements ?? []).compactMap(StreamEntry.init).compactMap(\.notice)
    }

    func another(_ settings: AlertSettings, instance: String) -> RedisStateStore {
        RedisStateStore(
            commands: self.commands,
            namespace: "test",
            settings: settings,
            instance: instance,
            clock: .key(Self.clockKey)
        )
    }
}

func withTurnedStore<Result: Sendable>(
    _ settings: AlertSettings = AlertSettings(),
    _ body: (TurnedStore) async throws -> Result
) async throws -> Result {
    try await withRedisServer { server in
        try await withCommands(to: server) { commands in
            let store = RedisStateStore(
                commands: commands,
                namespace: "test",
                settings: settings,
                configVersion: "1",
                instance: "i",
                clock: .key(TurnedStore.clockKey)
            )
            return try await body(TurnedStore(server: server, commands: commands, store: store))
        }
    }
}
