internal import EventPatterns
internal import Reactions

/// Reads `with: {…}` of `uses: audit-contract` and `uses: run-liveness`.
struct ContractReader {
    let context: ReadingContext
    let audit: AuditAlertEnvironment
    let runs: RunTimesEnvironment

    private static let deadlines: ClosedRange<Duration> = .milliseconds(1)...(.seconds(31_536_000))
    private static let patience: ClosedRange<Duration> = .zero...(.seconds(86_400))
    private static let livenessKeys = [
        "tenants", "agents", "run_timeout", "grace", "extend_on", "started", "paused", "resumed", "ended",
        "longest_pause", "severity", "alert",
    ]
    private static let contractKeys = [
        "tenants", "agents", "expect", "finalize", "run_timeout", "grace", "allow", "acks", "extend_on", "started",
        "declared", "acknowledged", "paused", "resumed", "drift_patience", "longest_pause", "severity", "alert",
    ]

    func liveness(_ name: String, _ with: YAMLNode?) -> ContractDefinition {
        var definition = ContractDefinition.liveness(name: name)
        self.read(with, into: &definition, keys: Self.livenessKeys)
        return definition
    }

    func contract(_ name: String, _ with: YAMLNode?) -> ContractDefinition {
        var definition = ContractDefinition(name: name)
        self.read(with, into: &definition, keys: Self.contractKeys)
        return definition
    }

    private func read(_ with: YAMLNode?, into definition: inout ContractDefinition, keys: [String]) {
        definition.runTimeout = self.runs.timeout ?? definition.runTimeout
        definition.grace = self.runs.grace ?? definition.grace
        for member in with.flatMap({ self.context.members($0, of: "with") }) ?? [] {
            guard keys.contains(member.key) else {
                self.context.reportUnknown(member, known: keys, inside: "with")
                continue
            }
            self.read(member, into: &definition)
        }
        self.audit.apply(to: &definition)
    }

    private func read(_ member: YAMLMember, into definition: inout ContractDefinition) {
        let (node, field) = (member.value, "with.\(member.key)")
        switch member.key {
        case "tenants": definition.tenants = Set(self.texts(node, of: field))
        case "agents": definition.agents = Set(self.texts(node, of: field))
        case "expect": definition.expectations = self.expectations(node)
        case "finalize": self.set(&definition.finalize, self.action(node, of: field))
        case "run_timeout":
            self.set(&definition.runTimeout, self.context.duration(node, of: field, in: Self.deadlines))
        case "grace": self.set(&definition.grace, self.context.duration(node, of: field, in: Self.patience))
        case "allow": definition.allowed = self.allowances(node)
        case "acks": definition.events.acks = self.acks(node)
        case "ended":
            let finalize = definition.finalize
            definition.events.acks = self.types(node, of: field).map {
                ContractEvents.AckRule(on: $0, action: finalize)
            }
        case "drift_patience":
            self.set(&definition.driftPatience, self.context.duration(node, of: field, in: Self.patience))
        case "longest_pause":
            self.set(&definition.longestPause, self.context.duration(node, of: field, in: Self.deadlines))
        case "severity": self.readSeverities(node, into: &definition.severities)
        case "alert": self.set(&definition.raisesAlerts, self.context.boolean(node, of: field))
        default:
            guard let path = Self.typeLists[member.key] else { return }
            definition.events[keyPath: path] = self.types(node, of: field)
        }
    }

    private static let typeLists: [String: any WritableKeyPath<ContractEvents, [TypePattern]> & Sendable] = [
        "extend_on": \.progressed, "started": \.started, "declared": \.declared, "acknowledged": \.acknowledged,
        "paused": \.paused, "resumed": \.resumed,
    ]

    private func set<Value>(_ place: inout Value, _ value: Value?) {
        if let value { place = value }
    }

    // MARK: Lists

    private func texts(_ node: YAMLNode, of field: String) -> [String] {
        self.context.elements(node).compactMap { self.context.text($0, of: field)?.text }
    }

    private func types(_ node: YAMLNode, of field: String) -> [TypePattern] {
        self.context.elements(node).compactMap { self.context.typePattern($0, of: field) }
    }

    /// `{ action: incidents/create_incident, within: 5s }`
    private func expectations(_ node: YAMLNode) -> [ContractDefinition.Expectation] {
        self.entries(node, of: "expect", keys: ["action", "within"], needed: ["action", "within"]) { fields in
            guard let action = fields["action"].flatMap({ self.action($0, of: "expect.action") }),
                let within = fields["within"].flatMap({
                    self.context.duration($0, of: "expect.within", in: Self.deadlines)
                })
            else { return nil }
            return ContractDefinition.Expectation(action, within: within)
        }
    }

    /// `logs/complete_trace`, or `{ action: logs/complete_trace, times: 2 }`
    private func allowances(_ node: YAMLNode) -> [ContractDefinition.Allowance] {
        self.context.elements(node).flatMap { element -> [ContractDefinition.Allowance] in
            if case .scalar = element {
                return self.action(element, of: "with.allow").map { [ContractDefinition.Allowance($0)] } ?? []
            }
            return self.entries(element, of: "allow", keys: ["action", "times"], needed: ["action"]) { fields in
                guard let action = fields["action"].flatMap({ self.action($0, of: "allow.action") }) else { return nil }
                let times = fields["times"].flatMap { self.context.integer($0, of: "allow.times", in: 1...1000) }
                return ContractDefinition.Allowance(action, times: times ?? 1)
            }
        }
    }

    /// `{ on: incident.created, action: incidents/create_incident, result: incident_id }`
    private func acks(_ node: YAMLNode) -> [ContractEvents.AckRule] {
        self.entries(node, of: "acks", keys: ["on", "action", "result"], needed: ["on", "action"]) { fields in
            guard let type = fields["on"].flatMap({ self.context.typePattern($0, of: "acks.on") }),
                let action = fields["action"].flatMap({ self.action($0, of: "acks.action") })
            else { return nil }
            let result = fields["result"].flatMap { self.context.text($0, of: "acks.result") }
            return ContractEvents.AckRule(on: type, action: action, result: result?.text)
        }
    }

    /// Each mapping of a list; those with mistakes are left out, and told.
    private func entries<Entry>(
        _ node: YAMLNode,
        of field: String,
        keys: [String],
        needed: [String],
        _ read: ([String: YAMLNode]) -> Entry?
    ) -> [Entry] {
        self.context.elements(node).compactMap { element in
            guard let members = self.context.members(element, of: "with.\(field)") else { return nil }
            var fields: [String: YAMLNode] = [:]
            for member in members {
                if keys.contains(member.key) {
                    fields[member.key] = member.value
                } else {
                    self.context.reportUnknown(member, known: keys, inside: "with.\(field)")
                }
            }
            let missing = needed.filter { fields[$0] == nil }
            guard missing.isEmpty else {
                let message = "`with.\(field)` needs \(ValueNeeds.list(needed)); missing: \(ValueNeeds.list(missing))"
                self.context.report(.missingField, at: element, message)
                return nil
            }
            return read(fields)
        }
    }

    /// `domain/action`
    private func action(_ node: YAMLNode, of field: String) -> AuditedAction? {
        guard let text = self.context.text(node, of: field) else { return nil }
        let parts = text.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.count <= RunContract.maxNameBytes }) else {
            let needs = "a domain and an action such as `incidents/create_incident`"
            self.context.report(.badValue, at: node, "`\(field)` needs \(needs), found `\(text.shown)`")
            return nil
        }
        return AuditedAction(String(parts[0]), String(parts[1]))
    }

    private func readSeverities(_ node: YAMLNode, into severities: inout ContractSeverities) {
        let fields: [(name: String, path: WritableKeyPath<ContractSeverities, Severity>)] = [
            ("missing", \.missing), ("stale", \.stale), ("drift", \.drift), ("failed", \.failed),
            ("invalid", \.invalid),
        ]
        for member in self.context.members(node, of: "with.severity") ?? [] {
            guard let path = fields.first(where: { $0.name == member.key })?.path else {
                self.context.reportUnknown(member, known: fields.map(\.name), inside: "with.severity")
                continue
            }
            if let severity = self.context.severity(member.value) { severities[keyPath: path] = severity }
        }
    }
}

/// The variables of the original system for how long a run may take. They stand in where a handler says nothing.
struct RunTimesEnvironment {
    static let names = ["ROK_DEFAULT_RUN_TIMEOUT_MS", "ROK_GRACE_PERIOD_MS"]

    let timeout: Duration?
    let grace: Duration?

    init(_ environment: [String: String], problems: ProblemList) {
        func duration(_ name: String, from lowest: Int64) -> Duration? {
            guard let text = environment[name], !text.isEmpty else { return nil }
            guard let milliseconds = Int64(text), (lowest...86_400_000).contains(milliseconds) else {
                let message =
                    "\(name) is `\(SecretMask.mask(text))`; it needs a whole number of milliseconds from \(lowest) to 86400000"
                problems.add(Diagnostic(.error, .badSetting, at: .environment, message))
                return nil
            }
            return .milliseconds(milliseconds)
        }
        self.timeout = duration(Self.names[0], from: 1)
        self.grace = duration(Self.names[1], from: 0)
    }
}
