import Logging
import NIOPosix
import ReactorRuntime
import RedisClient

/// Looks at the server before a reactor whose state must last reads anything from it.
enum DurabilityCheck {
    /// A server that does not answer for so long is judged as soon as it does, by the reactor.
    private static let patience: Duration = .seconds(3)

    /// - Returns: Why the reactor must not run on the server; nil when it may, or when that cannot be known yet.
    static func refusal(_ endpoint: RedisEndpoint, _ logger: Logger) async -> ReactorError? {
        let client = RedisCommandClient(
            endpoint: endpoint,
            clientName: "aos-reactor:check",
            eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
            logger: logger
        )
        let durability = await withTaskGroup(of: ServerDurability?.self) { group in
            group.addTask {
                await client.run()
                return nil
            }
            group.addTask { try? await ServerReport.examine(client).durability }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return nil
            }
            let first = await group.next() ?? nil
            await client.stop()
            group.cancelAll()
            return first
        }
        return durability.flatMap { Reactor.refusal(of: $0, at: "\(endpoint)") }
    }
}
