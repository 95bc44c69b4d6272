import Events
package import Reactions
import RedisClient
import Synchronization

extension RedisStateStore {
    /// Entries read at once.
    private static let page = 500

    /// - Throws: `RedisError`.
    package func receipts(_ query: ReceiptQuery) async throws -> [DecisionRecord] {
        guard query.limit > 0 else { return [] }
        if let alert = query.alertID {
            let first = try await self.commands.send(RedisCommand("HGET", self.keys.alerts, alert)).orThrow()
            return try await self.indexed(self.keys.receipts(ofAlert: alert), first: first.text, query)
        }
        if let run = query.runID { return try await self.indexed(self.keys.receipts(ofRun: run), query) }
        var found: [DecisionRecord] = []
        var end = query.before.map { "(" + $0 } ?? "+"
        while found.count < query.limit {
            let reply = try await self.commands.send(
                RedisCommand("XREVRANGE", self.keys.receipts, end, "-", "COUNT", "\(Self.page)")
            ).orThrow()
            let entries = (reply.elements ?? []).compactMap(StreamEntry.init)
            for entry in entries {
                guard let record = entry.record else { continue }
                if let since = query.since, record.receipt.decidedAt < since { return found }
                if query.accepts(record) { found.append(record) }
                if found.count == query.limit { return found }
            }
            guard entries.count == Self.page, let last = entries.last else { return found }
            end = "(" + last.id
        }
        return found
    }

    /// - Throws: `RedisError`.
    package func decisions(after cursor: String?, limit: Int) async throws -> DecisionTail {
        let limit = max(1, min(limit, Self.page))
        // The place itself is asked for too: that it is still there says that nothing behind it has gone.
        let reply = try await self.commands.send(
            RedisCommand("XRANGE", self.keys.receipts, cursor ?? "-", "+", "COUNT", "\(limit + 1)")
        ).orThrow()
        let entries = (reply.elements ?? []).compactMap(StreamEntry.init)
        let isKept = cursor == nil || entries.first?.id == cursor
        let behind = entries.drop { $0.id == cursor }.prefix(limit)
        return DecisionTail(
            records: behind.compactMap(\.record),
            end: behind.last?.id ?? cursor,
            hasMore: entries.count > limit,
            hasGap: !isKept
        )
    }

    /// The receipts that a list of the index names, the newest first.
    ///
    /// - Parameter first: another one, which the list does not name.
    private func indexed(
        _ key: String,
        first: String? = nil,
        _ query: ReceiptQuery
    ) async throws -> [DecisionRecord] {
        let before = query.before.flatMap { DecisionPlace($0) }
        var first = first
        var found: [DecisionRecord] = []
        var end = -1
        while true {
            let start = end - Self.page + 1
            let reply = try await self.commands.send(RedisCommand("LRANGE", key, "\(start)", "\(end)")).orThrow()
            let listed = (reply.elements ?? []).compactMap(\.text)
            var ids = listed
            if let place = first.flatMap({ DecisionPlace($0) }) {
                // Among the others; mostly it is older than all of them.
                let isLast = listed.count < Self.page
                let at = listed.firstIndex { DecisionPlace($0).map { place < $0 } ?? false } ?? listed.count
                if at > 0 || isLast {
                    ids.insert(first ?? "", at: at)
                    first = nil
                }
            }
            let wanted = ids.reversed().filter { id in
                guard let before else { return true }
                return DecisionPlace(id).map { $0 < before } ?? false
            }
            // As many as are asked for at most, so that a run with many receipts is not read as a whole for its last.
            for part in stride(from: 0, to: wanted.count, by: max(1, query.limit)) {
                let some = wanted[part..<min(part + query.limit, wanted.count)]
                let entries = try await self.commands.pipeline(
                    some.map { RedisCommand("XRANGE", self.keys.receipts, $0, $0) }
                )
                for entry in entries {
                    guard let record = entry.elements?.first.flatMap(StreamEntry.init)?.record else { continue }
                    if let since = query.since, record.receipt.decidedAt < since { return found }
                    if query.accepts(record) { found.append(record) }
                    if found.count == query.limit { return found }
                }
            }
            guard listed.count == Self.page else { return found }
            end -= Self.page
        }
    }

    /// - Throws: `RedisError`.
    package func statistics(tenant: String) async throws -> TenantFatigueStatistics {
        let settings = self.state.withLock { $0.rules.settings.fatigue }
        let reply = try await self.commands.evaluate(
            self.scripts.hour,
            keys: [self.keys.clock, self.keys.hour(tenant: tenant)],
            arguments: ["\(FatigueRules.hour)"]
        ).orThrow()
        let domains = (reply.elements ?? []).compactMap { member in
            // serial:domain
            member.text.map { String($0.drop { $0 != ":" }.dropFirst()) }
        }
        return TenantFatigueStatistics(tenant: tenant, sentInLastHour: domains, settings: settings)
    }
}
