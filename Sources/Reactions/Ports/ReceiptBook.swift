/// Where receipts can be asked for: the state store for the newest, history for all, or both as one.
package protocol ReceiptBook: Sendable {
    /// The newest decisions first.
    func receipts(_ query: ReceiptQuery) async throws -> [DecisionRecord]
}

/// The newest receipts from where they are decided, and from history what is no longer kept there.
package struct LayeredReceipts: ReceiptBook {
    /// How long history may take: whoever asks gets what is known without it.
    private static let patience = Duration.seconds(1)

    private let recent: any ReceiptBook
    private let history: any ReceiptBook

    package init(recent: any ReceiptBook, history: any ReceiptBook) {
        self.recent = recent
        self.history = history
    }

    /// - Throws: when the state store cannot be asked, and history neither, what the store says.
    package func receipts(_ query: ReceiptQuery) async throws -> [DecisionRecord] {
        let recent: [DecisionRecord]
        do {
            recent = try await self.recent.receipts(query)
        } catch {
            guard let kept = await self.kept(query) else { throw error }
            return kept
        }
        guard recent.count < query.limit, let kept = await self.kept(query) else { return recent }
        let places = Set(recent.map(Self.identity))
        var told = Set(recent.map(Self.telling))
        let all = recent + kept.filter { !places.contains(Self.identity($0)) && told.insert(Self.telling($0)).inserted }
        let ordered = all.map { (record: $0, place: DecisionPlace($0.cursor)?.order ?? 0) }
            .sorted { $0.place > $1.place }
        return Array(ordered.prefix(query.limit).map(\.record))
    }

    private static func identity(_ record: DecisionRecord) -> String { record.cursor + " " + record.receipt.alertID }

    /// What was sent while the store was away is on record twice: as it was sent, and as the store was told of it.
    private static func telling(_ record: DecisionRecord) -> String {
        [record.receipt.alertID, record.receipt.verdict.rawValue, record.receipt.reason].joined(separator: " ")
    }

    /// Nil when history does not answer in time.
    private func kept(_ query: ReceiptQuery) async -> [DecisionRecord]? {
        await withTaskGroup(of: [DecisionRecord]?.self) { group in
            group.addTask { try? await self.history.receipts(query) }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
