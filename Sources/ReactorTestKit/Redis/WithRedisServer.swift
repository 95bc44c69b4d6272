import Logging
package import RedisServer

/// Runs a `redis-server` of its own while `body` runs: on a unix socket in a new folder below `/tmp`, which is removed
/// afterwards, and, when asked, on loopback ports. Redis' defaults otherwise, without persistence.
///
/// The server comes back by itself when it dies (`server.kill()`); see `RedisServerProcess` for what can be done to it.
/// - Parameters:
///   - appendOnly: writes survive `kill()`. They are synced at once: with `everysec`, a server whose disk lags answers up to
///     two seconds before it has handed the write to the kernel, and what it was killed with is gone.
///   - directives: further lines of its configuration: `["requirepass secret"]`.
///   - observer: told of each start and death, in order.
package func withRedisServer<Result: Sendable>(
    tcp: RedisServerSettings.Port? = nil,
    tls: RedisServerSettings.TLS? = nil,
    appendOnly: Bool = false,
    directives: [String] = [],
    executable: String? = nil,
    restartsWhenItDies: Bool = true,
    observer: @escaping @Sendable (RedisServerEvent) -> Void = { _ in },
    _ body: (RedisServerProcess) async throws -> Result
) async throws -> Result {
    let silent = Logger(label: "test.redis-server") { _ in SwiftLogNoOpLogHandler() }
    return try await withTemporaryFolder { folder in
        let settings = RedisServerSettings(
            dataFolder: folder,
            tcp: tcp,
            tls: tls,
            appendOnly: appendOnly,
            executable: executable,
            directives: (appendOnly ? ["appendfsync always"] : []) + directives,
            restartsWhenItDies: restartsWhenItDies
        )
        return try await withRedisServerProcess(settings, logger: silent, observer: observer, body)
    }
}
