import Events
import Logging
import Reactions

extension HistoryKeeper {
    /// Removes rows that are too old or too many, in small steps, until the task is cancelled.
    func retire() async {
        let retention = self.settings.retention
        guard retention.age != nil || retention.bytes != nil else { return }
        while !Task.isCancelled {
            do throws(HistoryError) {
                var removed = 0
                if let age = retention.age { removed += try await self.remove(before: self.now() - age) }
                if let bytes = retention.bytes { removed += try await self.shrink(to: bytes) }
                if removed > 0 { try await self.database.reclaim() }
            } catch {
                // The writer tells when the database is away; the next round tries again.
                self.logger.debug("history: retention waits", metadata: ["error": "\(error)"])
            }
            try? await ContinuousClock().sleep(for: retention.interval)
        }
    }

    /// Removes all rows from before an instant; returns how many.
    private func remove(before instant: Timestamp) async throws(HistoryError) -> Int {
        var removed = 0
        for table in HistoryTable.allCases {
            removed += try await self.remove(from: table, before: instant, most: .max)
        }
        return removed
    }

    /// Removes the oldest rows of all tables until the rest has nine tenths of the size, so that it is not looked at again
    /// at once.
    private func shrink(to bytes: Int64) async throws(HistoryError) -> Int {
        guard let usage = try await self.database.usage(above: bytes), usage.rows > 0 else { return 0 }
        let excess = Double(usage.bytes) - 0.9 * Double(bytes)
        var left = Int((Double(usage.rows) * excess / Double(usage.bytes)).rounded(.up))
        var removed = 0
        while left > 0, !Task.isCancelled {
            guard let instant = try await self.endOfOldest() else { break }
            var step = 0
            for table in HistoryTable.allCases {
                step += try await self.remove(from: table, before: instant, most: left - step)
            }
            guard step > 0 else { break }
            removed += step
            left -= step
        }
        self.logger.info("history: the oldest rows were removed", metadata: ["rows": "\(removed)"])
        return removed
    }

    /// The instant behind the first few hundred rows of the table that has the oldest one.
    private func endOfOldest() async throws(HistoryError) -> Timestamp? {
        var oldest: (table: HistoryTable, at: Timestamp)?
        for table in HistoryTable.allCases {
            guard let row = try await self.row(of: table, at: 0) else { continue }
            if oldest.map({ row < $0.at }) ?? true { oldest = (table, row) }
        }
        guard let oldest else { return nil }
        let end = try await self.row(of: oldest.table, at: self.settings.retention.step - 1)
        // The last rows of the table, when there are fewer.
        let last = try await self.row(of: oldest.table, at: 0, descending: true)
        return (end ?? last).map { Timestamp(microseconds: $0.microseconds + 1) }
    }

    private func row(
        of table: HistoryTable,
        at offset: Int,
        descending: Bool = false
    ) async throws(HistoryError) -> Timestamp? {
        var selection = HistorySelection(table, order: descending ? "at DESC" : "at", limit: 1)
        selection.offset = offset
        if let removable = table.removable { selection.require(removable) }
        return try await self.database.select(selection).first?.row.at
    }

    private func remove(
        from table: HistoryTable,
        before instant: Timestamp,
        most: Int
    ) async throws(HistoryError) -> Int {
        let retention = self.settings.retention
        var removed = 0
        while removed < most, !Task.isCancelled {
            let limit = min(retention.step, most - removed)
            let step = try await self.database.remove(from: table, before: instant, limit: limit)
            removed += step
            self.count { $0.retired += step }
            guard step == limit else { break }
            try? await ContinuousClock().sleep(for: retention.pause)
        }
        return removed
    }
}
