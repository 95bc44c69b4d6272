package import Events

/// Turns a finding of the audit into an alert.
///
/// Two findings of the same kind about the same run are the same alert. A finding that is not written as it should be
/// is alerted all the same, and the details say what was wrong with it.
package struct AuditAlertHandler: Sendable {
    package let name: String
    package let kind: AuditAlertKind
    package let severity: Severity

    package init(name: String, kind: AuditAlertKind, severity: Severity) {
        self.name = name
        self.kind = kind
        self.severity = severity
    }

    /// `run.failed` and `run.completed` are listened to, but only reconciliation has anything to say about them.
    var canReact: Bool { self.kind.alertType != nil }

    /// One alert, and for pairs of domain and action one line of the log each.
    package func react(
        to envelope: Envelope,
        context: inout TemplateContext,
        environment: ReactionEnvironment
    ) throws(ReactionError) -> [Reaction] {
        guard let type = self.kind.alertType else { return [] }
        let payload = try context.payloadValue()
        guard !Self.isAlerted(envelope, payload) else { return [] }
        let run = ClippedText.identifier(Self.run(envelope, payload))
        let finding = AuditFinding(self.kind, run: run, payload: payload)
        var details = finding.details
        if !finding.malformed.isEmpty {
            details.append(JSONMember("malformed", .array(finding.malformed.map { .string($0) })))
        }
        let alert = Alert(
            id: environment.makeAlertID(),
            type: type,
            severity: self.severity,
            domain: BuiltIns.auditDomain,
            tenant: ClippedText.identifier(envelope.tenantID.string),
            runID: run,
            key: "\(type):\(run)",
            summary: ClippedText.text(finding.summary),
            details: BoundedDetails.bounded(.object(details)),
            handler: self.name,
            event: EventReference(envelope, arrival: environment.arrival),
            raisedAt: environment.now
        )
        return [.alert(alert)] + finding.lines.map { .log(.warning, ClippedText.text($0)) }
    }

    /// Whether a reactor, this one or a peer, has found it and raised the alert itself.
    private static func isAlerted(_ envelope: Envelope, _ payload: JSONValue) -> Bool {
        envelope.source.string == AuditFindingEvent.source
            && payload[AuditFindingEvent.alertedBy]?.stringValue?.isEmpty == false
    }

    /// The run's id; producers that write it as a number are understood too.
    private static func run(_ envelope: Envelope, _ payload: JSONValue) -> String {
        if !envelope.runID.isEmpty { return envelope.runID.string }
        switch payload["run_id"] {
        case .string(let text) where !text.isEmpty: return text
        case .number(let text): return text
        default: return Alert.unknownRun
        }
    }
}
