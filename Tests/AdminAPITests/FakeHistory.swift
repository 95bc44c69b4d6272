import Events
import Reactions

@testable import AdminAPI

/// A history that holds what a test gives it.
final class FakeHistory: HistoryStore {
    struct Away: Error {}

    private let rows: [HistoryRow]
    private let isAway: Bool

    init(_ rows: [HistoryRow], isAway: Bool = false) {
        self.rows = rows
        self.isAway = isAway
    }

    func record(_ rows: [HistoryRow]) -> Int { 0 }
    func flush(within limit: Duration) async throws {}
    var figures: HistoryFigures { HistoryFigures() }

    func runs(_ query: RunQuery) async throws -> RunPage {
        if self.isAway { throw Away() }
        let fitting = self.rows.filter { row in
            guard case .run(let run) = row.content else { return false }
            if let tenant = query.tenant, row.tenant != tenant { return false }
            if let status = query.status, run.status != status { return false }
            if let isOpen = query.isOpen, (run.endedAt == nil) != isOpen { return false }
            if let since = query.startedSince, row.at < since { return false }
            if let after = query.after { return (row.at, row.runID) < (after.startedAt, after.runID) }
            return true
        }
        let sorted = fitting.sorted { ($0.at, $0.runID) > ($1.at, $1.runID) }
        let page = Array(sorted.prefix(query.limit))
        let next = sorted.count > query.limit ? page.last.map { RunCursor(startedAt: $0.at, runID: $0.runID) } : nil
        return RunPage(runs: page, next: next)
    }

    func timeline(of runID: String, limit: Int) async throws -> RunTimeline? {
        if self.isAway { throw Away() }
        let own = self.rows.filter { $0.runID == runID }
        guard !own.isEmpty else { return nil }
        let rest = own.filter { if case .run = $0.content { false } else { true } }.sorted { $0.at < $1.at }
        let run = own.first { if case .run = $0.content { true } else { false } }
        return RunTimeline(run: run, rows: Array(rest.prefix(limit)), isCut: rest.count > limit)
    }

    func receipts(_ query: ReceiptQuery) async throws -> [DecisionRecord] {
        if self.isAway { throw Away() }
        let records = self.rows.compactMap { DecisionRecord($0) }.filter { query.accepts($0) }
        return Array(records.sorted { $0.place > $1.place }.prefix(query.limit))
    }

    func deliveries(ofAlerts ids: [String], limit: Int) async throws -> [DeliveryRecord] {
        if self.isAway { throw Away() }
        let own = self.rows.filter { row in
            if case .delivery(let delivery) = row.content { ids.contains(delivery.alertID) } else { false }
        }
        return Array(DeliveryRecord.records(of: own).prefix(limit))
    }

    /// A run with one row of each kind that belongs to runs.
    static func rows(
        run id: String,
        status: String = "STALE",
        startedAt start: Timestamp,
        ended: Bool = false
    ) -> [HistoryRow] {
        func row(_ name: String, _ seconds: Int, _ content: HistoryContent) -> HistoryRow {
            HistoryRow(id: name, runID: id, tenant: "t1", at: start + .seconds(seconds), content: content)
        }
        let run = RunHistory(
            revision: 1,
            status: status,
            agent: "biller",
            outcome: ended ? "completed" : nil,
            endedAt: ended ? start + .seconds(9) : nil,
            deadlineAt: start + .seconds(35),
            details: .object([JSONMember("paused", .bool(false))])
        )
        let event = EventHistory(type: "run.started", source: "aos", arrivedAt: start)
        let finding = FindingHistory(
            kind: "STALE",
            domain: "orchestrator",
            action: "finalize_run",
            severity: .high,
            count: 2,
            doubt: "the subscription was blind"
        )
        let signal = ThresholdHistory(
            rule: "spend",
            subject: id,
            tier: "breach",
            hasRecovered: false,
            value: 12.5,
            limit: 10
        )
        return [
            HistoryRow(run: run, runID: id, tenant: "t1", startedAt: start),
            row("e", 0, .event(event)),
            row(
                "x",
                0,
                .expectation(
                    ExpectationHistory(
                        domain: "orchestrator",
                        action: "finalize_run",
                        deadlineAt: start + .seconds(35),
                        origin: "contract"
                    )
                )
            ),
            row(
                "a",
                5,
                .acknowledgement(
                    AcknowledgementHistory(
                        domain: "logs",
                        action: "start_trace",
                        status: "FAILED",
                        error: "no room"
                    )
                )
            ),
            row("f", 35, .finding(finding)),
            row("s", 36, .threshold(signal)),
        ]
    }
}
