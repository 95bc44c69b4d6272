import RedisClient
import ServiceLifecycle

/// The connection of the state store, for as long as anybody decides alerts.
struct StateConnection: Service {
    let commands: RedisCommandClient

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.commands.run() }
            // Services are stopped in the order opposite to their start: when it is this one's turn, nobody decides.
            try? await gracefulShutdown()
            await self.commands.stop()
            group.cancelAll()
        }
    }
}
