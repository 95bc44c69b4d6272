import ArgumentParser
import Logging
import NIOPosix
import ReactorConfig
import RedisClient
import RedisServer

/// Which Redis a verb talks to: `--redis`, else `REDIS_URL`, else the configuration's, else the private server of a
/// reactor that runs in this folder.
struct RedisOptions: ParsableArguments {
    @Option(help: "redis://, rediss:// or unix:// (default: REDIS_URL, the configuration, the embedded server).")
    var redis: String?

    @OptionGroup var settings: SettingsOptions

    /// - Throws: `ExitCode` 64 for an address that is not one, 69 when there is no embedded server.
    func endpoint(_ configuration: ReactorConfiguration) throws -> RedisEndpoint {
        do {
            if let redis { return try RedisEndpoint(url: redis) }
            if let endpoint = configuration.redis.endpoint { return endpoint }
            if let socket = RedisServerAddress.socket(ofDataFolder: configuration.embedded.dataDirectory) {
                return try RedisEndpoint(url: "unix://\(socket)")
            }
        } catch {
            Terminal.standardError.print("error: the address of Redis: \(error)")
            throw ExitCode.usage
        }
        Terminal.standardError.print(
            "error: no Redis given and no embedded server in \(configuration.embedded.dataDirectory); "
                + "start `aos-reactor run` here, or set REDIS_URL"
        )
        throw ExitCode.unavailable
    }

    /// Runs `body` with a connection; ends the program with 69 when there is none.
    func withCommands(
        _ body: @escaping @Sendable (RedisCommandClient, ReactorConfiguration) async throws -> Void
    ) async throws {
        let configuration = try self.settings.loadOrExit()
        let client = RedisCommandClient(
            endpoint: try self.endpoint(configuration),
            clientName: "aos-reactor:cli",
            eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
            logger: Logger(label: "aos-reactor.cli") { _ in SwiftLogNoOpLogHandler() }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            do {
                _ = try await client.ping()
                try await body(client, configuration)
            } catch let error as RedisError {
                Terminal.standardError.print("error: Redis at \(client.endpoint): \(error)")
                throw ExitCode.unavailable
            }
            await client.stop()
            group.cancelAll()
        }
    }
}
