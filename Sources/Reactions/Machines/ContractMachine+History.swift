package import Events

/// What history keeps of runs.
extension ContractMachine {
    /// Events that say how a run ended, and how they call it.
    private static let outcomes = ["run.completed": "completed", "run.failed": "failed", "run.halted": "halted"]

    /// Adds the event that was handled, what it expects and acknowledges, and the run as it is now.
    ///
    /// - Parameter inputs: what the event was understood as.
    func record(
        _ said: ContractEvent,
        _ event: Event,
        _ inputs: [RunInput],
        agent: String?,
        at now: Timestamp,
        _ outputs: inout [MachineOutput]
    ) {
        guard let summary = self.registry.summary(of: said.runID, withActions: false) else { return }
        // The producer's own id, or its own time: the same in every reactor that hears it.
        let id = said.eventID ?? "\(said.eventType)@\((said.timestamp ?? event.arrivedAt).microseconds)"
        let content = EventHistory(
            type: ClippedText.text(said.eventType, ClippedText.identifierBytes),
            source: ClippedText.text(event.source, ClippedText.identifierBytes),
            arrivedAt: event.arrivedAt,
            eventID: said.eventID,
            details: BoundedDetails.bounded(said.payload)
        )
        // What is heard has happened: a producer's clock that is ahead puts nothing behind its own consequences.
        let at = said.timestamp.map { min($0, now) } ?? now
        func add(_ row: HistoryRow) { outputs.append(MachineOutput(key: summary.runID, .record(row))) }
        add(HistoryRow(id: id, runID: summary.runID, tenant: summary.tenant, at: at, content: .event(content)))
        for input in inputs { Self.rows(of: input, summary, at: now).forEach(add) }
        if inputs.contains(where: { $0 != .progressed }) {
            add(Self.row(of: summary, agent: agent, Self.outcomes[said.eventType], now))
        }
    }

    /// The run as it is now; nil when nothing is known of it.
    package func row(ofRun runID: String, at now: Timestamp) -> HistoryRow? {
        self.registry.summary(of: runID, withActions: false).map { Self.row(of: $0, agent: nil, nil, now) }
    }

    private static func rows(of input: RunInput, _ summary: ContractSummary, at now: Timestamp) -> [HistoryRow] {
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
