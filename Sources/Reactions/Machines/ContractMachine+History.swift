package import Events

/// What history keeps of runs.
extension ContractMachine {
    /// Events that say how a run ended, and how they call it.
    private static let outcomes = ["run.completed": "completed", "run.failed": "failed", "run.halted": "halted"]

    /// The event that was handled, what it expects and acknowledges, and the run as it is now.
    package func rows(of event: Event, at now: Timestamp) -> [HistoryRow] {
        guard !AuditFindingEvent.isOne(event.eventType), let runID = event.anyRunID,
            let summary = self.summary(of: runID)
        else { return [] }
        let own = event.hasOwnTime ? event.timestamp : nil
        let inputs = self.definition.events.inputs(
            of: ContractEvent(
                eventType: event.eventType,
                runID: runID,
                eventID: event.eventID,
                timestamp: own,
                payload: event.payload
            )
        )
        guard !inputs.isEmpty else { return [] }
        let tenant = summary.tenant
        // The producer's own id, or its own time: the same in every reactor that hears it.
        let id = event.eventID ?? "\(event.eventType)@\((own ?? event.arrivedAt).microseconds)"
        let content = EventHistory(
            type: ClippedText.text(event.eventType, ClippedText.identifierBytes),
            source: ClippedText.text(event.source, ClippedText.identifierBytes),
            arrivedAt: event.arrivedAt,
            eventID: event.eventID,
            details: BoundedDetails.bounded(event.payload)
        )
        // What is heard has happened: a producer's clock that is ahead puts nothing behind its own consequences.
        let at = own.map { min($0, now) } ?? now
        var rows = [HistoryRow(id: id, runID: runID, tenant: tenant, at: at, content: .event(content))]
        for input in inputs { rows += self.rows(of: input, summary, at: now) }
        if inputs.contains(where: { $0 != .progressed }) {
            rows.append(
                Self.row(of: summary, agent: event["agent_id"]?.stringValue, Self.outcomes[event.eventType], now)
            )
        }
        return rows
    }

    /// The run as it is now; nil when nothing is known of it.
    package func row(ofRun runID: String, at now: Timestamp) -> HistoryRow? {
        self.summary(of: runID).map { Self.row(of: $0, agent: nil, nil, now) }
    }

    private func rows(of input: RunInput, _ summary: ContractSummary, at now: Timestamp) -> [HistoryRow] {
        func row(_ id: String, _ content: HistoryContent) -> HistoryRow {
            HistoryRow(id: id, runID: summary.runID, tenant: summary.tenant, at: now, content: content)
        }
        switch input {
        case .started:
            return summary.expectations.enumerated().map { number, expectation in
                let content = ExpectationHistory(
                    domain: expectation.action.domain,
                    action: expectation.action.action,
                    deadlineAt: expectation.due,
                    origin: "contract"
                )
                return row("contract:\(expectation.action)#\(number)", .expectation(content))
            }
        case .declared(let declaration):
            let content = ExpectationHistory(
                domain: declaration.action.domain,
                action: declaration.action.action,
                deadlineAt: declaration.deadline.map { now + $0 },
                origin: "event"
            )
            return [row("declared:\(declaration.action):\(declaration.id)", .expectation(content))]
        case .acknowledged(let ack):
            let content = AcknowledgementHistory(
                domain: ack.action.domain,
                action: ack.action.action,
                status: ack.status.rawValue,
                resultID: ack.resultID,
                error: ack.error
            )
            return [row("\(ack.action):\(ack.status.rawValue):\(ack.id)", .acknowledgement(content))]
        case .progressed, .paused, .resumed, .truth: return []
        }
    }

    private static func row(
        of summary: ContractSummary,
        agent: String?,
        _ outcome: String?,
        _ now: Timestamp
    ) -> HistoryRow {
        func count(_ state: ContractSummary.Expectation.State) -> JSONValue {
            .number(summary.expectations.count { $0.state == state })
        }
        let open = summary.expectations.filter { $0.state == .open }.compactMap(\.due).min()
        let run = RunHistory(
            // What is known later is told later.
            revision: now.microseconds,
            status: summary.status.rawValue,
            agent: agent,
            outcome: outcome,
            endedAt: summary.hasEnded ? summary.lastActivity : nil,
            deadlineAt: summary.hasEnded ? nil : open,
            details: .object([
                JSONMember("open", count(.open)), JSONMember("answered", count(.answered)),
                JSONMember("overdue", count(.overdue)), JSONMember("paused", .bool(summary.isPaused)),
            ])
        )
        return HistoryRow(run: run, runID: summary.runID, tenant: summary.tenant, startedAt: summary.firstSeen)
    }
}

extension HistoryRow {
    /// A finding: the same in every reactor that finds it.
    init(_ finding: ContractFinding) {
        let content = FindingHistory(
            kind: finding.kind.rawValue,
            domain: finding.action.domain,
            action: finding.action.action,
            severity: finding.kind == .drift ? .medium : finding.kind == .late ? .low : .high,
            count: finding.count,
            doubt: finding.doubt,
            deadlineMilliseconds: finding.deadlineMilliseconds,
            elapsedMilliseconds: finding.elapsedMilliseconds,
            error: finding.error
        )
        self.init(
            id: "\(finding.kind.rawValue):\(finding.action)@\(finding.at.microseconds)",
            runID: finding.runID,
            tenant: finding.tenant,
            at: finding.at,
            content: .finding(content)
        )
    }
}
