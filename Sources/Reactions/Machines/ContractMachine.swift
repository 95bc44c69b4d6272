import EventPatterns
package import Events

/// `uses: audit-contract` and `uses: run-liveness`: what must happen to runs.
package struct ContractMachine: Machine {
    /// What was handled and is not written down yet.
    struct Entry {
        var input: RunInput
        var tenant: String
        var mark: UInt64?
        var at: Timestamp
        var event: Event
    }

    package let name: String
    private(set) var definition: ContractDefinition
    var registry: ContractRegistry
    var isShared = false
    /// Whether somebody keeps what happens to runs: events then have rows for the history among what follows from them.
    package var keepsHistory = false
    var entries: [HashedText: [Entry]] = [:]

    package init(name: String, _ definition: ContractDefinition, limits: ContractLimits = ContractLimits()) {
        self.name = name
        self.definition = Self.inForce(definition)
        self.registry = ContractRegistry(self.definition, limits: limits)
    }

    /// What is stored is compared in the very step in which a finding is stored, so nobody has to be asked before.
    private static func inForce(_ definition: ContractDefinition) -> ContractDefinition {
        var definition = definition
        definition.truthPatience = .zero
        return definition
    }

    package var nextDeadline: Timestamp? { self.registry.nextDeadline }

    package var figures: MachineFigures {
        MachineFigures(kept: self.registry.count, forgottenEarly: self.registry.counters.forgottenEarly)
    }

    package mutating func update(_ definition: MachineDefinition) -> Bool {
        guard case .contract(let contract) = definition else { return false }
        self.definition = Self.inForce(contract)
        self.registry.update(self.definition)
        return true
    }

    /// What is known of a run, for people; nil when nothing is.
    package func summary(of runID: String) -> ContractSummary? { self.registry.summary(of: runID) }

    /// Whether an event of that type means anything to the contract.
    package func takes(_ event: Event) -> Bool {
        event.withEventTypeView { type in self.definition.events.on.contains { $0.accepts(type) } }
    }

    // MARK: Inputs

    package mutating func handle(_ event: Event, _ moment: MachineMoment) -> [MachineOutput] {
        // What was found is not evidence: a finding taken for an acknowledgement would lead to the next finding.
        let type = event.eventType
        guard !AuditFindingEvent.isOne(type), let runID = event.anyRunID else { return [] }
        let tenant = ClippedText.identifier(event.tenantID ?? "")
        let contractEvent = ContractEvent(
            eventType: type,
            runID: runID,
            eventID: event.eventID,
            timestamp: event.hasOwnTime ? event.timestamp : nil,
            payload: event.payload
        )
        let inputs = self.definition.events.inputs(of: contractEvent)
        guard !inputs.isEmpty else { return [] }
        let statedAgent = contractEvent.payload["agent_id"]
        let agent = Self.text(statedAgent)
        let run = HashedText(runID)
        var outputs: [MachineOutput] = []
        for input in inputs where self.concerns(input, runID, tenant, agent) {
            let entry = Entry(
                input: input,
                tenant: tenant,
                mark: input.canRepeat ? Self.mark(of: contractEvent) : nil,
                at: moment.now,
                event: event
            )
            outputs += self.handle(entry, of: run, moment)
        }
        if self.keepsHistory {
            self.record(contractEvent, event, inputs, agent: statedAgent?.stringValue, at: moment.now, &outputs)
        }
        return outputs
    }

    private mutating func handle(_ entry: Entry, of run: HashedText, _ moment: MachineMoment) -> [MachineOutput] {
        var outputs: [MachineOutput] = []
        let actions = self.registry.handle(
            entry.input,
            of: run,
            tenant: entry.tenant,
            mark: entry.mark,
            at: moment.now
        )
        // What meant nothing, because nothing was known of the run, means nothing when it is handled again either.
        if self.isShared, self.registry.knows(run) { self.entries[run, default: []].append(entry) }
        self.tell(actions, entry.event, moment, &outputs)
        return outputs
    }

    /// What tells an event that is heard twice from two events: its producer's id, or its time to the microsecond.
    private static func mark(of event: ContractEvent) -> UInt64? {
        guard let own = event.eventID ?? event.timestamp.map({ "\($0.microseconds)" }) else { return nil }
        return RunContract.hash(own, AuditedAction("event", event.eventType), 4)
    }

    package mutating func handle(_ notice: MachineNotice, _ moment: MachineMoment) -> [MachineOutput] {
        let input: ContractRegistry.Input? =
            switch notice {
            case .blindnessBegan(let at, let reason): .blindnessBegan(at: at, reason: reason)
            case .blindnessEnded(let from, let to, let reason): .blindnessEnded(from: from, to: to, reason: reason)
            case .blindnessDismissed: .blindnessDismissed
            case .listening: nil
            }
        guard let input else { return [] }
        // Worked out before `tell` borrows this machine: as its argument it would change a copy of all runs.
        let actions = self.registry.handle(input, at: moment.now)
        var outputs: [MachineOutput] = []
        self.tell(actions, nil, moment, &outputs)
        return outputs
    }

    package mutating func advance(_ moment: MachineMoment) -> [MachineOutput] {
        let actions = self.registry.handle(.deadlineReached, at: moment.now)
        var outputs: [MachineOutput] = []
        self.tell(actions, nil, moment, &outputs)
        return outputs
    }

    /// Whether a run is one of those that the contract holds for. What says whose the run is decides; who acknowledges
    /// often does not say it, and is believed about runs that are known, or may become so.
    private func concerns(_ input: RunInput, _ runID: String, _ tenant: String, _ agent: String?) -> Bool {
        let (tenants, agents) = (self.definition.tenants, self.definition.agents)
        if !tenants.isEmpty, !tenant.isEmpty, !tenants.contains(tenant) { return false }
        if !agents.isEmpty, let agent, !agents.contains(agent) { return false }
        switch input {
        case .started: return self.definition.holds(tenant: tenant, agent: agent ?? "")
        case .declared:
            return self.definition.holds(tenant: tenant, agent: agent ?? "") || self.registry.run(runID) != nil
        case .acknowledged, .progressed, .paused, .resumed, .truth: return true
        }
    }

    private static func text(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text) where !text.isEmpty: text
        case .number(let text): text
        default: nil
        }
    }

    // MARK: Outputs

    func tell(
        _ actions: [ContractAction],
        _ event: Event?,
        _ moment: MachineMoment,
        _ outputs: inout [MachineOutput]
    ) {
        for action in actions {
            switch action {
            case .report(let report): self.tell(report, &outputs)
            case .raise where !self.definition.raisesAlerts, .resolve where !self.definition.raisesAlerts: break
            case .raise(let alert):
                let reaction = Reaction.alert(self.alert(alert, event.map { EventReference($0) }, moment))
                outputs.append(MachineOutput(key: alert.runID, .react(reaction)))
            case .resolve(let resolution):
                let reaction = Reaction.resolve(self.resolution(resolution, event.map { EventReference($0) }, moment))
                outputs.append(MachineOutput(key: resolution.runID, .react(reaction)))
            case .refused(let runID, let reason):
                outputs.append(MachineOutput(key: runID, .count(.refused(reason.rawValue), 1)))
            case .readTruth: break
            }
        }
    }

    private func tell(_ report: ContractReport, _ outputs: inout [MachineOutput]) {
        guard let runID = report.findings.first?.runID else { return }
        for finding in report.findings {
            outputs.append(MachineOutput(key: runID, .count(.finding(finding.kind), UInt64(finding.count))))
            outputs.append(MachineOutput(key: runID, .record(HistoryRow(finding))))
        }
        guard case .object(var members) = report.payload else { return }
        if self.definition.raisesAlerts {
            members.append(JSONMember(AuditFindingEvent.alertedBy, .string(self.name)))
        }
        let event = OutgoingEvent(handler: self.name, eventType: report.eventType, payload: .object(members), hops: 1)
        outputs.append(MachineOutput(key: runID, .react(.publish(event))))
    }

    private func alert(_ alert: ContractAlert, _ event: EventReference?, _ moment: MachineMoment) -> Alert {
        Alert(
            id: moment.makeID(),
            type: alert.type,
            severity: alert.severity,
            domain: BuiltIns.auditDomain,
            tenant: alert.tenant,
            runID: alert.runID,
            key: ClippedText.identifier(alert.key),
            summary: ClippedText.text(alert.summary),
            details: BoundedDetails.bounded(alert.details),
            handler: self.name,
            event: event,
            raisedAt: moment.now,
            lasts: alert.hasEnd
        )
    }

    private func resolution(
        _ resolution: ContractResolution,
        _ event: EventReference?,
        _ moment: MachineMoment
    ) -> Resolution {
        Resolution(
            id: moment.makeID(),
            key: ClippedText.identifier(resolution.key),
            tenant: resolution.tenant,
            domain: BuiltIns.auditDomain,
            runID: resolution.runID,
            summary: ClippedText.text(resolution.summary),
            handler: self.name,
            event: event,
            raisedAt: moment.now
        )
    }
}

extension RunInput {
    /// Whether the same thing told twice is two things, as far as the contract can see.
    fileprivate var canRepeat: Bool {
        switch self {
        case .progressed, .paused, .resumed: true
        case .started, .declared, .acknowledged, .truth: false
        }
    }
}

extension ContractAlert {
    /// Whether something may take it back: what was done too often, and a contract that was no contract, stay so.
    var hasEnd: Bool {
        switch self.type {
        case "MISSING_ACK", "EXPECTATION_TIMEOUT", "STALE_RUN": true
        case "RECONCILIATION_FAILED": self.details["finding"] == .string(ContractFinding.Kind.failed.rawValue)
        default: false
        }
    }
}

/// The events that findings are published as.
package enum AuditFindingEvent {
    /// The member of the payload that names the handler that has raised the alert about the finding already.
    package static let alertedBy = "alerted_by"
    /// `source` of what reactors publish for their handlers.
    package static let source = "aos-reactor"

    package static func isOne(_ type: String) -> Bool {
        type.hasPrefix("audit.reconciliation.") || type == RunContract.timeoutEvent
    }
}

extension Event {
    /// Whether its time is the producer's, and not that of its arrival.
    package var hasOwnTime: Bool { self.timestampOrigin == .stated || self.timestampOrigin == .assumedUTC }

    /// The run's id; producers that write it as a number are understood too.
    package var anyRunID: String? {
        if let runID = self.runID { return runID }
        guard case .number(let text) = self["run_id"] else { return nil }
        return text
    }
}

extension EventReference {
    package init(_ event: Event) {
        self.init(
            arrival: event.arrival,
            eventType: ClippedText.text(event.eventType, ClippedText.identifierBytes),
            timestamp: event.timestamp,
            arrivedAt: event.arrivedAt,
            source: ClippedText.text(event.source, ClippedText.identifierBytes),
            eventID: event.eventID.map { ClippedText.text($0, ClippedText.identifierBytes) }
        )
    }
}
