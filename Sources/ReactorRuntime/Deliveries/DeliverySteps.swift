package import Events
package import Logging
import Reactions
package import Stores

/// The work of a delivery line, done when somebody says so: one thing after the other, nothing by itself, no waiting. For
/// those who turn the clock by hand.
package struct DeliverySteps: Sendable {
    private let outbox: MemoryOutbox
    private let line: DeliveryLine

    /// - Parameter outbox: the one that the deliveries were made with.
    package init(_ deliveries: Deliveries, _ outbox: MemoryOutbox, logger: Logger) {
        self.outbox = outbox
        self.line = deliveries.line(of: outbox, logger)
    }

    /// Plans what was decided, tells the groups whose time has come, and attempts every message that is due.
    package func work() async throws {
        while self.outbox.hasWork {
            let notices = try await self.outbox.takeNotices(upTo: DeliveryLine.batch, patience: .zero)
            if !notices.isEmpty { try await self.line.write(notices) }
            while try await self.line.tellDue() {}
            try await self.line.enable()
            let answer = try await self.outbox.claim(self.line.requests())
            // All of them are begun before the first has ended, as when they are sent at the same time.
            let begun = answer.claims.map { ($0, self.line.begin($0)) }
            for (claim, start) in begun { await self.line.deliver(claim, start, answer.disabled[claim.receiver]) }
            if notices.isEmpty, begun.isEmpty { return }
        }
    }

    /// When there is something to do next; nil when nothing waits for a time.
    package func nextDue(at now: Timestamp) -> Timestamp? {
        let due = self.outbox.nextDue
        let messages = due.messages.map { name, at in
            self.line.receivers.sparedUntil(name, at: now).map { max($0, at) } ?? at
        }
        return (messages + [due.group].compactMap(\.self)).min()
    }

    /// Whether each receiver is being spared: `closed`, `open` or `half_open`.
    package var breakers: [String: String] { self.line.receivers.standings.mapValues(\.breaker) }
}
