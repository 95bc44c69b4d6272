import Events

/// What an audit event says, read leniently: every deviation is noted, none is fatal.
struct AuditFinding {
    /// Lines of the log for one finding; the last of more says how many are left out.
    static let maxLines = 20
    private static let maxNoted = 10

    let summary: String
    private(set) var details: [JSONMember] = []
    private(set) var lines: [String] = []
    /// What was not written as it should be.
    private(set) var malformed: [String] = []

    init(_ kind: AuditAlertKind, run: String, payload: JSONValue) {
        var reader = Reader(payload: payload)
        switch kind {
        case .missingAck: self.summary = reader.missing(run)
        case .drift: self.summary = reader.drift(run)
        case .staleRun: self.summary = reader.stale(run)
        case .expectationTimeout: self.summary = reader.timeout(run)
        case .reconciliationFailed: self.summary = reader.failure(run)
        case .runFailed, .runCompleted: self.summary = ""
        }
        self.details = reader.details
        self.lines = reader.lines
        self.malformed = reader.malformed
        if self.malformed.count > Self.maxNoted {
            let rest = self.malformed.count - Self.maxNoted
            self.malformed = self.malformed.prefix(Self.maxNoted) + ["and \(rest) more"]
        }
    }
}

/// Collects what the summary of one finding is made of.
private struct Reader {
    let payload: JSONValue
    var details: [JSONMember] = []
    var lines: [String] = []
    var malformed: [String] = []

    mutating func missing(_ run: String) -> String {
        let pairs = self.pairs("missing_actions")
        let expected = Int(self.count("expected_count")) ?? 0
        _ = self.count("acked_count")
        self.addLines(pairs) { "audit: run \(run) has no acknowledgement of \($0)" }
        // A producer need not say how many were expected, nor say it right.
        let few = expected >= pairs.count && expected > 0 ? "\(pairs.count) of \(expected)" : "\(pairs.count)"
        let actions = few == "1" ? "action" : "actions"
        return "Run \(run): \(few) expected \(actions) not acknowledged" + self.list(pairs)
    }

    mutating func drift(_ run: String) -> String {
        let pairs = self.pairs("drift_actions")
        self.addLines(pairs) { "audit: run \(run) acknowledged \($0), which was not expected" }
        let actions = pairs.count == 1 ? "acknowledged action was" : "acknowledged actions were"
        return "Run \(run): \(pairs.count) \(actions) not expected" + self.list(pairs)
    }

    mutating func stale(_ run: String) -> String {
        let deadline = self.text("expected_finalize_by", isRequired: true)
        let last = self.text("last_activity", isRequired: false)
        let activity = last.map { "last activity \($0)" } ?? "no activity known"
        return "Run \(run) is stale: not finalized by \(deadline ?? "its deadline"), \(activity)"
    }

    mutating func timeout(_ run: String) -> String {
        let domain = self.text("domain", isRequired: true) ?? "?"
        let action = self.text("action", isRequired: true) ?? "?"
        let deadline = self.number("deadline_ms") ?? "?"
        let elapsed = self.number("elapsed_ms") ?? "?"
        return "Run \(run): \(domain)/\(action) not acknowledged after \(elapsed) ms (deadline \(deadline) ms)"
    }

    mutating func failure(_ run: String) -> String {
        "Run \(run): reconciliation failed: \(self.text("error", isRequired: true) ?? "no error given")"
    }

    /// `[[domain, action], ...]`; anything else is noted and left out.
    private mutating func pairs(_ name: String) -> [String] {
        let value = self.payload[name]
        self.details.append(JSONMember(name, value ?? .array([])))
        guard case .array(let elements) = value else {
            self.malformed.append("\(name): expected a list of [domain, action], found \(Self.kind(of: value))")
            return []
        }
        var pairs: [String] = []
        for (index, element) in elements.enumerated() {
            if let parts = element.arrayValue, parts.count == 2, let domain = parts[0].stringValue,
                let action = parts[1].stringValue
            {
                pairs.append("\(domain)/\(action)")
            } else {
                self.malformed.append("\(name)[\(index)]: expected [domain, action], found \(Self.kind(of: element))")
            }
        }
        return pairs
    }

    /// A count that is missing is 0, as in the original.
    private mutating func count(_ name: String) -> String {
        let value = self.payload[name] ?? .number(0)
        self.details.append(JSONMember(name, value))
        if case .number(let text) = value { return text }
        self.malformed.append("\(name): expected a number, found \(Self.kind(of: value))")
        return "?"
    }

    private mutating func number(_ name: String) -> String? {
        let value = self.payload[name]
        self.details.append(JSONMember(name, value ?? .null))
        if case .number(let text) = value { return text }
        self.malformed.append("\(name): expected a number, found \(Self.kind(of: value))")
        return nil
    }

    private mutating func text(_ name: String, isRequired: Bool) -> String? {
        let value = self.payload[name]
        self.details.append(JSONMember(name, value ?? .null))
        switch value {
        case .string(let text) where !text.isEmpty:
            return text
        case nil where !isRequired, .null where !isRequired:
            return nil
        default:
            self.malformed.append("\(name): expected a text, found \(Self.kind(of: value))")
            return value.map(\.templateText).flatMap { $0.isEmpty ? nil : $0 }
        }
    }

    private mutating func addLines(_ pairs: [String], _ line: (String) -> String) {
        let room = AuditFinding.maxLines
        guard pairs.count > room else {
            self.lines += pairs.map(line)
            return
        }
        self.lines += pairs.prefix(room - 1).map(line)
        self.lines.append(line("\(pairs.count - room + 1) more actions"))
    }

    private func list(_ pairs: [String]) -> String {
        guard !pairs.isEmpty else { return "" }
        let shown = pairs.prefix(5).joined(separator: ", ")
        return pairs.count > 5 ? ": \(shown) and \(pairs.count - 5) more" : ": \(shown)"
    }

    private static func kind(of value: JSONValue?) -> String {
        switch value {
        case nil: "nothing"
        case .null: "null"
        case .bool: "a truth value"
        case .number: "a number"
        case .string: "a text"
        case .array(let elements): "a list of \(elements.count)"
        case .object: "an object"
        }
    }
}
