package import Events

/// Something that happened, as history keeps it.
///
/// A row is known by its kind, its run and its id: the same row recorded twice is there once, in whatever order and by
/// whichever replica, so that whoever does not know whether a row was stored records it again. Rows are never changed,
/// but for that of a run, of which the one with the highest revision counts.
package struct HistoryRow: Sendable, Hashable {
    /// All of a row, behind one reference: rows pass through many hands, and a copy of each text for each of them would
    /// cost more than to store it.
    private final class Parts: Sendable {
        let id: String
        let runID: String
        let tenant: String
        let at: Timestamp
        let content: HistoryContent
        let isRun: Bool

        init(id: String, runID: String, tenant: String, at: Timestamp, content: HistoryContent) {
            self.id = id
            self.runID = runID
            self.tenant = tenant
            self.at = at
            self.content = content
            self.isRun = if case .run = content { true } else { false }
        }
    }

    private let parts: Parts

    /// Unique within its run and kind. Never invented anew for the same thing.
    package var id: String { self.parts.id }
    /// Empty for what belongs to no run.
    package var runID: String { self.parts.runID }
    /// Empty when it is not known.
    package var tenant: String { self.parts.tenant }
    /// When it happened; what retention and time lines go by.
    package var at: Timestamp { self.parts.at }
    package var content: HistoryContent { self.parts.content }
    /// Whether it says how a run stands.
    package var isRun: Bool { self.parts.isRun }

    /// Ids of any length and with any characters are taken: long ones are told apart by a hash of the whole.
    package init(id: String, runID: String, tenant: String, at: Timestamp, content: HistoryContent) {
        self.parts = Parts(
            id: ClippedText.identifier(id),
            runID: ClippedText.identifier(runID),
            tenant: ClippedText.identifier(tenant),
            at: at,
            content: content
        )
    }

    /// What is known of a run now. Its start is when it happened, as far as that is known.
    package init(run: RunHistory, runID: String, tenant: String, startedAt: Timestamp) {
        self.init(id: "", runID: runID, tenant: tenant, at: startedAt, content: .run(run))
    }

    package init(alert: Alert) {
        self.init(id: alert.id, runID: alert.runID, tenant: alert.tenant, at: alert.raisedAt, content: .alert(alert))
    }

    /// The place in the order of decisions belongs to the id: an alert that went out undecided has a receipt for that
    /// and one for its decision.
    package init(decision: DecisionRecord) {
        self.init(
            id: "\(decision.receipt.alertID)@\(decision.cursor)",
            runID: decision.subject.runID,
            tenant: decision.subject.tenant,
            at: decision.receipt.decidedAt,
            content: .receipt(ReceiptHistory(decision))
        )
    }
}

extension HistoryRow {
    package static func == (lhs: HistoryRow, rhs: HistoryRow) -> Bool {
        lhs.parts === rhs.parts
            || (lhs.id == rhs.id && lhs.runID == rhs.runID && lhs.tenant == rhs.tenant && lhs.at == rhs.at
                && lhs.content == rhs.content)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.id)
        hasher.combine(self.runID)
        hasher.combine(self.tenant)
        hasher.combine(self.at)
        hasher.combine(self.content)
    }

    /// What is to be kept of two rows of one run, this one recorded later; nil when that is the earlier one.
    ///
    /// The agent, the outcome and the end stay when the later row does not say them.
    package func replacing(_ earlier: HistoryRow) -> HistoryRow? {
        guard case .run(var run) = self.content, case .run(let known) = earlier.content, run.revision >= known.revision
        else { return nil }
        // Nothing to add: it stays as it is.
        if known.agent == nil || run.agent != nil, known.outcome == nil || run.outcome != nil,
            known.endedAt == nil || run.endedAt != nil
        {
            return self
        }
        run.agent = run.agent ?? known.agent
        run.outcome = run.outcome ?? known.outcome
        run.endedAt = run.endedAt ?? known.endedAt
        return HistoryRow(id: self.id, runID: self.runID, tenant: self.tenant, at: self.at, content: .run(run))
    }
}

package enum HistoryContent: Sendable, Hashable {
    case run(RunHistory)
    case event(EventHistory)
    case expectation(ExpectationHistory)
    case acknowledgement(AcknowledgementHistory)
    case finding(FindingHistory)
    indirect case alert(Alert)
    indirect case receipt(ReceiptHistory)
    case threshold(ThresholdHistory)
    case heartbeat(HeartbeatHistory)
    case quarantine(QuarantineHistory)
    indirect case delivery(DeliveryHistory)
}
