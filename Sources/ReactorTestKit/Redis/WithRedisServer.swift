package import Logging
package import RedisServer

/// Runs a `redis-server` of its own while `body` runs: on a unix socket in a new folder below `/tmp`, which is removed
/// afterwards, and, when asked, on free loopback ports. Redis' defaults otherwise, without persistence.
///
/// The server comes back by itself when it dies (`server.kill()`), see `RedisServerProcess` for what can be done to it.
/// - Parameter configure: changes the settings before the start: `{ $0.tcp = .free }`.
package func withRedisServer<Result: Sendable>(
    logger: Logger = Logger(label: "test.redis-server", factory: { _ in SwiftLogNoOpLogHandler() }),
    configure: (inout RedisServerSettings) -> Void = { _ in },
    observer: @escaping @Sendable (RedisServerEvent) -> Void = { _ in },
    _ body: (RedisServerProcess) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        var settings = RedisServerSettings(dataFolder: folder, appendOnly: false)
        configure(&settings)
        return try await withRedisServerProcess(settings, logger: logger, observer: observer, body)
    }
}
