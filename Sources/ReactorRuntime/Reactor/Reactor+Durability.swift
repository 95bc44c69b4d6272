import Logging
package import RedisClient
import Stores
import Synchronization

/// Whether what was decided survives the death of what keeps it.
extension Reactor {
    /// Of what the reactor remembers; nil until the server could be asked.
    package var durability: ServerDurability? {
        if self.store is MemoryStateStore { return ServerDurability(.volatile, "state is kept in this process") }
        return self.state.withLock { $0.durability }
    }

    /// Takes note of what keeps the state, and ends the reactor when that is not good enough.
    func judged(_ server: ServerDurability) {
        self.state.withLock { $0.durability = server }
        let found = self.durability ?? server
        self.logger.info(
            "state is \(found.verdict.rawValue)",
            metadata: ["durability": "\(found.verdict.rawValue)", "reason": "\(found.reason)"]
        )
        guard self.settings.requiresDurability, let refusal = Self.refusal(of: found, at: "\(self.endpoint)") else {
            return
        }
        self.state.withLock { $0.refusal = refusal }
        self.stop()
    }

    /// Why state of that kind is refused where it must last; nil when it is not. What is unknown is not refused.
    package static func refusal(of durability: ServerDurability, at place: String) -> ReactorError? {
        guard durability.verdict == .volatile else { return nil }
        return ReactorError(
            .notDurable,
            "state would not survive: \(durability.reason) (\(place)); make it durable (appendonly yes, appendfsync "
                + "everysec, maxmemory-policy noeviction), or accept that with `durability: warn`"
        )
    }
}
