package import EventPatterns
package import Events

/// Which events a contract understands, and as what.
package struct ContractEvents: Sendable, Hashable {
    /// An event that says that an action was done.
    package struct AckRule: Sendable, Hashable {
        package var on: TypePattern
        package var action: AuditedAction
        /// The member of the payload that names what came of it, for example `incident_id`: two events about the same
        /// result acknowledge once. Nil or not there: the event acknowledges its action once for each run.
        package var result: String?

        package init(on: TypePattern, action: AuditedAction, result: String? = nil) {
            self.on = on
            self.action = action
            self.result = result
        }
    }

    package var started: [TypePattern] = [.exact("run.started")]
    package var declared: [TypePattern] = [.exact("audit.expectation.declared")]
    package var acknowledged: [TypePattern] = [.exact("audit.ack")]
    package var paused: [TypePattern] = [.exact("run.paused")]
    package var resumed: [TypePattern] = [.exact("run.resumed")]
    /// `extend_on`: events that show that a run is alive.
    package var progressed: [TypePattern] = []
    package var acks: [AckRule] = [
        AckRule(on: .exact("incident.created"), action: .createIncident, result: "incident_id"),
        AckRule(on: .exact("policy.evaluated"), action: .evaluatePolicy, result: "policy_id"),
        AckRule(on: .exact("trace.started"), action: .startTrace, result: "trace_id"),
        AckRule(on: .exact("trace.completed"), action: .completeTrace, result: "trace_id"),
        AckRule(on: .exact("run.completed"), action: .finalizeRun),
        AckRule(on: .exact("run.failed"), action: .finalizeRun),
        AckRule(on: .exact("run.halted"), action: .finalizeRun),
    ]

    package init() {}

    /// What `event` says about its run; nothing for an event that has no part in the contract.
    package func inputs(of event: ContractEvent) -> [RunInput] {
        event.withTypeView { view in
            var inputs: [RunInput] = []
            if Self.accepts(self.started, view) { inputs.append(.started) }
            if Self.accepts(self.declared, view) {
                inputs += event.declarations.map(RunInput.declared)
            }
            if Self.accepts(self.acknowledged, view), let ack = event.acknowledgement {
                inputs.append(.acknowledged(ack))
            }
            for index in self.acks.indices where self.acks[index].on.accepts(view) {
                inputs.append(.acknowledged(event.acknowledgement(by: self.acks[index])))
            }
            if Self.accepts(self.paused, view) { inputs.append(.paused) }
            if Self.accepts(self.resumed, view) { inputs.append(.resumed) }
            if Self.accepts(self.progressed, view) { inputs.append(.progressed) }
            return inputs
        }
    }

    /// Looked at in their places: a copy of each pattern would cost more than comparing it.
    private static func accepts(_ patterns: [TypePattern], _ type: ByteView) -> Bool {
        patterns.indices.contains { patterns[$0].accepts(type) }
    }
}

/// An event, as far as a contract reads it.
package struct ContractEvent: Sendable {
    package var eventType: String
    package var runID: String
    package var eventID: String?
    /// The producer's own time; nil when it gave none.
    package var timestamp: Timestamp?
    package var payload: JSONValue

    package init(
        eventType: String,
        runID: String,
        eventID: String? = nil,
        timestamp: Timestamp? = nil,
        payload: JSONValue
    ) {
        self.eventType = eventType
        self.runID = runID
        self.eventID = eventID
        self.timestamp = timestamp
        self.payload = payload
    }

    func withTypeView<Result>(_ body: (ByteView) -> Result) -> Result {
        var type = self.eventType
        return type.withUTF8 { body(ByteView(UnsafeRawBufferPointer($0))) }
    }

    /// `audit.expectation.declared`: one expectation, or a list of them under `expectations`.
    var declarations: [ExpectationDeclaration] {
        let entries = self.payload["expectations"]?.arrayValue ?? [self.payload]
        return entries.enumerated().compactMap { index, entry in
            guard let action = Self.action(entry) else { return nil }
            let id = Self.text(entry["id"]) ?? self.ownID.map { "\($0)#\(index)" } ?? "\(action)#\(index)"
            return ExpectationDeclaration(id: id, action: action, deadline: Self.deadline(entry["deadline_ms"]))
        }
    }

    /// `audit.ack`; nil when it does not name its action.
    var acknowledgement: Acknowledgement? {
        guard let action = Self.action(self.payload) else { return nil }
        var status = self.payload["status"]?.stringValue.flatMap(Acknowledgement.Status.init(rawValue:)) ?? .success
        if self.payload["rolled_back"] == .bool(true) { status = .rolledBack }
        let result = Self.text(self.payload["result_id"])
        return Acknowledgement(
            // The result rather than the acknowledgement's own id: one incident is often told twice, by whoever created
            // it and by the event that says so.
            id: result ?? Self.text(self.payload["id"]) ?? self.ownID ?? self.runID,
            action: action,
            status: status,
            resultID: result,
            error: Self.text(self.payload["error"])
        )
    }

    /// The event acknowledges what a rule says. An error in it is the run's business, not the audit's.
    func acknowledgement(by rule: ContractEvents.AckRule) -> Acknowledgement {
        let result = rule.result.flatMap { Self.text(self.payload[$0]) }
        return Acknowledgement(id: result ?? self.runID, action: rule.action, resultID: result)
    }

    /// What tells this event from others with the same payload, if its producer said anything that does.
    private var ownID: String? { self.eventID ?? self.timestamp.map { "at \($0.microseconds)" } }

    private static func action(_ value: JSONValue) -> AuditedAction? {
        guard let domain = Self.text(value["domain"]), let action = Self.text(value["action"]) else { return nil }
        return AuditedAction(domain, action)
    }

    private static func text(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text) where !text.isEmpty: text
        case .number(let text): text
        default: nil
        }
    }

    private static func deadline(_ value: JSONValue?) -> Duration? {
        guard let milliseconds = value?.doubleValue, milliseconds.isFinite else { return nil }
        return .microseconds(Int64(min(max(milliseconds * 1000, -1), RunContract.longestDeadline)))
    }
}
