import RedisClient
import ServiceLifecycle

/// The connections of the state store, for as long as anybody decides alerts or sends messages.
struct StateConnection: Service {
    let commands: RedisCommandClient
    /// Waits for notices, so that nothing else has to wait behind it.
    let notices: RedisCommandClient

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.commands.run() }
            group.addTask { await self.notices.run() }
            // Services are stopped in the order opposite to their start: when it is this one's turn, nobody decides.
            try? await gracefulShutdown()
            await self.notices.stop()
            await self.commands.stop()
            group.cancelAll()
        }
    }
}
