package import Events

/// Something that happened, as history keeps it.
///
/// A row is known by its kind, its run and its id: the same row recorded twice is there once, in whatever order and by
/// whichever replica, so that whoever does not know whether a row was stored records it again. Rows are never changed,
/// but for that of a run, of which the one with the highest revision counts.
package struct HistoryRow: Sendable, Hashable {
    /// Unique within its run and kind. Never invented anew for the same thing.
    package var id: String
    /// Empty for what belongs to no run.
    package var runID: String
    /// Empty when it is not known.
    package var tenant: String
    /// When it happened; what retention and time lines go by.
    package var at: Timestamp
    package var content: HistoryContent

    /// Ids of any length and with any characters are taken: long ones are told apart by a hash of the whole.
    package init(id: String, runID: String, tenant: String, at: Timestamp, content: HistoryContent) {
        self.id = ClippedText.identifier(id)
        self.runID = ClippedText.identifier(runID)
        self.tenant = ClippedText.identifier(tenant)
        self.at = at
        self.content = content
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
    /// Whether it says how a run stands.
    package var isRun: Bool { if case .run = self.content { true } else { false } }

    /// What is to be kept of two rows of one run, this one recorded later; nil when that is the earlier one.
    ///
    /// The agent, the outcome and the end stay when the later row does not say them.
    package func replacing(_ earlier: HistoryRow) -> HistoryRow? {
        guard case .run(var run) = self.content, case .run(let known) = earlier.content, run.revision >= known.revision
        else { return nil }
        run.agent = run.agent ?? known.agent
        run.outcome = run.outcome ?? known.outcome
        run.endedAt = run.endedAt ?? known.endedAt
        var row = self
        row.content = .run(run)
        return row
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
