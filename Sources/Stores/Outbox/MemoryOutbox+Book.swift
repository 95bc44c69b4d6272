import Events
package import Reactions
import Synchronization

extension MemoryOutbox {
    package func deliveries(_ query: DeliveryQuery) async throws -> [DeliveryRecord] {
        self.state.withLock { state in
            var found: [DeliveryRecord] = []
            for id in state.order.reversed() {
                guard found.count < query.limit else { break }
                if let record = state.entries[id]?.record, query.accepts(record) { found.append(record) }
            }
            return found
        }
    }

    package func payload(of deliveryID: String) async throws -> [UInt8]? {
        self.state.withLock { $0.entries[deliveryID]?.notification.webhookBody }
    }

    package func retry(deadLetter deliveryID: String, by actor: String) async throws -> Bool {
        let now = self.clock()
        return self.state.withLock { state in
            guard var entry = state.entries[deliveryID], entry.record.status == .dead else { return false }
            entry.record.status = .pending
            entry.record.attempts = 0
            entry.failures = 0
            entry.record.nextAttemptAt = now
            entry.record.updatedAt = now
            entry.isForced = true
            state.entries[deliveryID] = entry
            state.dead.removeAll { $0 == deliveryID }
            state.open[entry.record.receiver, default: []].append(deliveryID)
            Self.note("dead_letter.retried", entry.record, actor, now, &state)
            return true
        }
    }

    package func drop(deadLetter deliveryID: String, by actor: String) async throws -> Bool {
        let now = self.clock()
        return self.state.withLock { state in
            guard let entry = state.entries[deliveryID], entry.record.status == .dead else { return false }
            state.entries[deliveryID] = nil
            state.dead.removeAll { $0 == deliveryID }
            Self.note("dead_letter.dropped", entry.record, actor, now, &state)
            return true
        }
    }

    /// Who changed which dead letter by hand; the newest first.
    package func changes() -> [AuditEntry] { self.state.withLock { $0.audit.reversed() } }

    private static func note(
        _ action: String,
        _ record: DeliveryRecord,
        _ actor: String,
        _ now: Timestamp,
        _ state: inout State
    ) {
        let detail = "\(record.receiver): \(record.title)"
        state.audit.append(AuditEntry(at: now, actor: actor, action: action, subject: record.id, detail: detail))
        if state.audit.count > 1000 { state.audit.removeFirst() }
    }
}
