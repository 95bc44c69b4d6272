import Events
import Reactions

/// Answer of `/v1/runs`: what is known of runs, the newest first.
package struct RunsResponse: Sendable, Hashable, Codable {
    package struct Run: Sendable, Hashable, Codable {
        package var runID: String
        package var tenant: String
        package var agent: String?
        /// Where its contract stands.
        package var status: String
        package var startedAt: String
        /// When it is stale unless something happens.
        package var deadlineAt: String?
        /// Nil while it is open.
        package var endedAt: String?
        package var outcome: String?
        package var details: JSONDetails?

        enum CodingKeys: String, CodingKey {
            case runID = "run_id"
            case tenant
            case agent
            case status
            case startedAt = "started_at"
            case deadlineAt = "deadline_at"
            case endedAt = "ended_at"
            case outcome
            case details
        }
    }

    package var runs: [Run]
    /// What the next page is asked for with, as `after`; nil on the last one.
    package var next: String?
}

/// Answer of `/v1/runs/{id}`: what happened to a run, the earliest first.
package struct RunResponse: Sendable, Hashable, Codable {
    package struct Entry: Sendable, Hashable, Codable {
        package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
            case event
            case expectation
            case acknowledgement
            case finding
            case alert
            case receipt
            case threshold
            case heartbeat
            case quarantine
            case delivery
        }

        package var at: String
        package var kind: Kind
        /// For a person: one line.
        package var summary: String
        /// Its fields, by kind.
        package var data: JSONDetails
    }

    package var runID: String
    /// Nil when only parts of it are known.
    package var run: RunsResponse.Run?
    /// The highest of all risks that were told of the run; nil when none was.
    package var risk: String?
    package var entries: [Entry]
    /// Whether there are more entries than were asked for.
    package var cut: Bool

    enum CodingKeys: String, CodingKey {
        case runID = "run_id"
        case run
        case risk
        case entries
        case cut
    }
}

extension RunsResponse {
    init(_ page: RunPage) {
        self.runs = page.runs.compactMap(Run.init)
        self.next = page.next?.text
    }
}

extension RunsResponse.Run {
    /// Nil for a row that is no run.
    init?(_ row: HistoryRow) {
        guard case .run(let run) = row.content else { return nil }
        self.init(
            runID: row.runID,
            tenant: row.tenant,
            agent: run.agent,
            status: run.status,
            startedAt: row.at.rfc3339,
            deadlineAt: run.deadlineAt?.rfc3339,
            endedAt: run.endedAt?.rfc3339,
            outcome: run.outcome,
            details: run.details == .null ? nil : JSONDetails(run.details)
        )
    }
}

extension RunResponse {
    /// - Parameter receipts: of the run, whether history has them yet or not; the newest first.
    init(_ runID: String, _ timeline: RunTimeline?, receipts: [DecisionRecord], limit: Int) {
        let kept = timeline?.rows ?? []
        let own = kept.filter { if case .receipt = $0.content { false } else { true } }
        let last = timeline?.isCut == true ? kept.last?.at : nil
        let decided = receipts.map { HistoryRow(decision: $0) }.filter { row in last.map { row.at <= $0 } ?? true }
        let all = (own + decided).enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
        self.init(
            runID: runID,
            run: timeline?.run.flatMap(RunsResponse.Run.init),
            risk: kept.compactMap(\.risk).max()?.rawValue,
            entries: all.prefix(limit).compactMap(Entry.init),
            cut: timeline?.isCut == true || all.count > limit
        )
    }
}

extension HistoryRow {
    /// The risk of its run that was told; nil for a row of anything else.
    fileprivate var risk: RiskLevel? {
        guard case .event(let event) = self.content, event.type == ThresholdReactions.riskEvent else { return nil }
        return event.details[RiskLevel.member]?.stringValue.flatMap(RiskLevel.init(rawValue:))
    }
}
