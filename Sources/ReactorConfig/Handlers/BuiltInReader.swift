internal import EventPatterns
internal import Reactions

/// Reads `uses: NAME` and `with: {…}`.
struct BuiltInReader {
    let context: ReadingContext
    let audit: AuditAlertEnvironment
    let runs: RunTimesEnvironment

    private static let names = [
        "audit-alerts", "audit-contract", "run-liveness", "threshold", "heartbeat-monitor",
    ]

    func read(
        _ uses: YAMLMember,
        _ fields: [String: YAMLMember],
        name: String,
        location: SourceLocation
    ) -> [HandlerDefinition] {
        guard let builtIn = self.context.text(uses.value, of: "uses") else { return [] }
        guard Self.names.contains(builtIn.text) else {
            self.refuse(builtIn, uses.value)
            return []
        }
        for key in ["on", "priority"] {
            guard let member = fields[key] else { continue }
            let message = "`\(builtIn.text)` has its own event types and priorities; leave `\(key)` out"
            self.context.report(.contradiction, at: member, message)
        }
        let with = fields["with"]?.value
        guard builtIn.text != "audit-alerts" else {
            let settings = with.map { self.settings($0) } ?? AuditAlertSettings()
            return BuiltIns.auditAlerts(self.audit.applied(to: settings), location: location)
        }
        let machine = self.machine(builtIn.text, name, with, at: uses)
        return [
            HandlerDefinition(
                name: name,
                on: machine.on,
                priority: BuiltIns.machinePriority,
                body: .machine(machine),
                location: location
            )
        ]
    }

    /// A built-in that remembers.
    private func machine(
        _ builtIn: String,
        _ name: String,
        _ with: YAMLNode?,
        at uses: YAMLMember
    ) -> MachineDefinition {
        if builtIn == "threshold" {
            return .threshold(ThresholdReader(context: self.context).read(name, with, at: uses))
        }
        let contracts = ContractReader(context: self.context, audit: self.audit, runs: self.runs)
        switch builtIn {
        case "heartbeat-monitor": return .workers(WorkersReader(context: self.context).read(name, with))
        case "run-liveness": return .contract(contracts.liveness(name, with))
        default: return .contract(contracts.contract(name, with))
        }
    }

    private func refuse(_ name: ReadScalar, _ node: YAMLNode) {
        let available = ValueNeeds.list(Self.names)
        let nearest = NearestName.findIgnoringCase(name.text, among: Self.names)
        let hint = nearest.map { "; did you mean `\($0)`?" } ?? "; available: \(available)"
        let message = "unknown built-in `\(name.shown)`\(hint)"
        self.context.report(.unknownBuiltIn, at: node, message, suggestion: nearest)
    }

    private func settings(_ node: YAMLNode) -> AuditAlertSettings {
        var settings = AuditAlertSettings()
        for member in self.context.members(node, of: "with") ?? [] {
            if member.key == "severity" {
                self.readSeverities(member.value, into: &settings)
            } else {
                self.context.reportUnknown(member, known: ["severity"], inside: "with")
            }
        }
        return settings
    }

    private func readSeverities(_ node: YAMLNode, into settings: inout AuditAlertSettings) {
        let fields: [(name: String, path: WritableKeyPath<AuditAlertSettings, Severity>)] = [
            ("missing", \.missingSeverity), ("stale", \.staleSeverity), ("drift", \.driftSeverity),
        ]
        for member in self.context.members(node, of: "with.severity") ?? [] {
            guard let path = fields.first(where: { $0.name == member.key })?.path else {
                self.context.reportUnknown(member, known: fields.map(\.name), inside: "with.severity")
                continue
            }
            if let severity = self.context.severity(member.value) { settings[keyPath: path] = severity }
        }
    }
}

extension ReadingContext {
    func severity(_ node: YAMLNode) -> Severity? {
        self.word(node, of: "severity", from: Severity.allCases.map(\.rawValue), code: .unknownSeverity)
            .flatMap(Severity.init(rawValue:))
    }
}
