/// Messages from the outbox, and from history what became of those that it has forgotten.
package struct LayeredDeliveries: DeliveryBook {
    /// How long history may take: whoever asks gets what is known without it.
    private static let patience = Duration.seconds(1)
    /// Messages about so many alerts are asked for in one go.
    private static let maxAlerts = 1000

    private let recent: any DeliveryBook
    private let history: any HistoryStore

    package init(recent: any DeliveryBook, history: any HistoryStore) {
        self.recent = recent
        self.history = history
    }

    /// History is asked for the messages of alerts, which is what people explain; it lists no others.
    package func deliveries(_ query: DeliveryQuery) async throws -> [DeliveryRecord] {
        let recent = try await self.recent.deliveries(query)
        guard let alerts = query.alertIDs, !alerts.isEmpty, recent.count < query.limit else { return recent }
        let known = Set(recent.map(\.id))
        let kept = await self.kept(Array(alerts.prefix(Self.maxAlerts)), query.limit) ?? []
        let older = kept.filter { record in
            !known.contains(record.id) && (query.receiver.map { $0 == record.receiver } ?? true)
                && (query.status.map { $0 == record.status } ?? true)
                && (query.deliveryID.map { $0 == record.id } ?? true)
        }
        let all = (recent + older).sorted { ($1.createdAt, $1.id) < ($0.createdAt, $0.id) }
        return Array(all.prefix(query.limit))
    }

    package func payload(of deliveryID: String) async throws -> [UInt8]? {
        try await self.recent.payload(of: deliveryID)
    }

    package func retry(deadLetter deliveryID: String, by actor: String) async throws -> Bool {
        try await self.recent.retry(deadLetter: deliveryID, by: actor)
    }

    package func drop(deadLetter deliveryID: String, by actor: String) async throws -> Bool {
        try await self.recent.drop(deadLetter: deliveryID, by: actor)
    }

    /// Nil when history does not answer in time.
    private func kept(_ alerts: [String], _ limit: Int) async -> [DeliveryRecord]? {
        await withTaskGroup(of: [DeliveryRecord]?.self) { group in
            group.addTask { try? await self.history.deliveries(ofAlerts: alerts, limit: limit) }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
