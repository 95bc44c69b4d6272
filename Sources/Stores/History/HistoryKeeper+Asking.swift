import Events
package import Reactions

extension HistoryKeeper {
    /// Most rows of one page or time line.
    private static let maxRows = 100_000
    private static let maxPage = 1000

    package func runs(_ query: RunQuery) async throws -> RunPage {
        let limit = max(1, min(query.limit, Self.maxPage))
        // One more tells whether there is a next page.
        var selection = HistorySelection(.runs, order: "at DESC, run_id DESC", limit: limit + 1)
        if let tenant = query.tenant { selection.require("tenant = ?", .key(tenant)) }
        if let status = query.status { selection.require("status = ?", .key(status)) }
        if let isOpen = query.isOpen { selection.require(isOpen ? "ended_at IS NULL" : "ended_at IS NOT NULL") }
        if let since = query.startedSince { selection.require("at >= ?", .integer(since.microseconds)) }
        if let after = query.after {
            selection.require("(at, run_id) < (?, ?)", .integer(after.startedAt.microseconds), .key(after.runID))
        }
        let found = try await self.database.select(selection).map(\.row)
        let runs = Array(found.prefix(limit))
        let next = found.count > limit ? runs.last.map { RunCursor(startedAt: $0.at, runID: $0.runID) } : nil
        return RunPage(runs: runs, next: next)
    }

    package func timeline(of runID: String, limit: Int) async throws -> RunTimeline? {
        let limit = max(1, min(limit, Self.maxRows))
        var run: HistoryRow?
        var rows: [HistoryRow] = []
        for table in HistoryTable.allCases {
            var selection = HistorySelection(table, order: "at, id", limit: limit + 1)
            selection.require("run_id = ?", .key(runID))
            let found = try await self.database.select(selection).map(\.row)
            if table == .runs {
                run = found.first
            } else {
                rows += found
            }
        }
        guard run != nil || !rows.isEmpty else { return nil }
        // By kind within one instant: what is expected comes before what is done, and that before what is found.
        let sorted = rows.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
        return RunTimeline(run: run, rows: Array(sorted.prefix(limit)), isCut: sorted.count > limit)
    }

    package func receipts(_ query: ReceiptQuery) async throws -> [DecisionRecord] {
        guard query.limit > 0 else { return [] }
        let limit = min(query.limit, Self.maxRows)
        var selection = HistorySelection(.receipts, order: "place DESC", limit: limit)
        if let alert = query.alertID { selection.require("alert_id = ?", .key(alert)) }
        if let run = query.runID { selection.require("run_id = ?", .key(run)) }
        if let tenant = query.tenant { selection.require("tenant = ?", .key(tenant)) }
        if let verdict = query.verdict { selection.require("verdict = ?", .text(verdict.rawValue)) }
        if let severity = query.severity { selection.require("severity = ?", .text(severity.rawValue)) }
        if let since = query.since { selection.require("at >= ?", .integer(since.microseconds)) }
        if let before = query.before {
            guard let place = DecisionPlace(before) else { return [] }
            selection.require("place < ?", .integer(place.order))
        }
        return try await self.database.select(selection).compactMap { DecisionRecord($0.row) }
    }

    package func deliveries(ofAlerts ids: [String], limit: Int) async throws -> [DeliveryRecord] {
        guard limit > 0, !ids.isEmpty else { return [] }
        var selection = HistorySelection(.deliveries, order: "at DESC, run_id, id", limit: Self.maxRows)
        selection.conditions.append("alert_id IN (\(ids.map { _ in "?" }.joined(separator: ", ")))")
        selection.parameters += ids.map { .key($0) }
        let rows = try await self.database.select(selection).map(\.row)
        return Array(DeliveryRecord.records(of: rows).prefix(limit))
    }
}

extension HistoryCell {
    /// An id as rows hold it.
    fileprivate static func key(_ text: String) -> HistoryCell {
        .text(StoredText.encoded(ClippedText.identifier(text)))
    }
}
