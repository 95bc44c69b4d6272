package import Events

/// The state of a run as a store keeps it, complete: a run that is read back decides as the one that was written.
///
/// Instants are written as they are, so the clock of who reads must not lie behind that of who wrote.
extension RunContract {
    package var json: JSONValue {
        var members = [
            JSONMember("run_id", .string(self.runID)), JSONMember("tenant_id", .string(self.tenant)),
            JSONMember("first_seen", Self.number(self.firstSeen)),
            JSONMember("last_activity", Self.number(self.lastActivity)),
            JSONMember("started", .bool(self.hasStarted)), JSONMember("ended", .bool(self.hasEnded)),
            JSONMember("paused_at", Self.number(self.pausedAt)),
            JSONMember("asked_until", Self.number(self.askedUntil)),
            JSONMember("staleness", .number(Int(self.staleness.rawValue))),
            JSONMember("acknowledgements", .number(Int(self.acknowledgements))),
            JSONMember("invalid", .number(Int(self.invalid))),
            JSONMember("told_timeout", .bool(self.toldTimeout)), JSONMember("told_missing", .bool(self.toldMissing)),
        ]
        members.append(JSONMember("seen", .array(self.seen.map { .number(String($0)) })))
        members.append(JSONMember("actions", .array(self.slots.map(\.json))))
        members.append(JSONMember("expectations", .array(self.expectations.map(\.json))))
        return .object(members)
    }

    /// Nil for what was not written by `json`.
    package init?(json: JSONValue, terms: ContractTerms) {
        // Many are read at a start, so the names are looked up in a table.
        guard case .object(let members) = json else { return nil }
        let fields = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        guard let runID = fields["run_id"]?.stringValue, let tenant = fields["tenant_id"]?.stringValue,
            let firstSeen = Self.instant(fields["first_seen"]),
            let lastActivity = Self.instant(fields["last_activity"]),
            let pausedAt = Self.instant(fields["paused_at"]), let askedUntil = Self.instant(fields["asked_until"]),
            case .bool(let hasStarted)? = fields["started"], case .bool(let hasEnded)? = fields["ended"],
            case .bool(let toldTimeout)? = fields["told_timeout"],
            case .bool(let toldMissing)? = fields["told_missing"],
            let staleness = fields["staleness"]?.intValue.flatMap(UInt8.init(exactly:)).flatMap(
                Staleness.init(rawValue:)
            ),
            let acknowledgements = fields["acknowledgements"]?.intValue.flatMap(UInt16.init(exactly:)),
            let invalid = fields["invalid"]?.intValue.flatMap(UInt16.init(exactly:)),
            let seen = fields["seen"]?.arrayValue, let slots = fields["actions"]?.arrayValue,
            let expectations = fields["expectations"]?.arrayValue, slots.count <= Self.maxActions,
            expectations.count <= Self.maxExpectations, !runID.isEmpty, runID.utf8.count <= Self.maxNameBytes
        else { return nil }
        self.init(runID: runID, tenant: tenant, terms: terms, at: firstSeen)
        self.lastActivity = lastActivity
        self.pausedAt = pausedAt
        self.askedUntil = askedUntil
        self.hasStarted = hasStarted
        self.hasEnded = hasEnded
        self.toldTimeout = toldTimeout
        self.toldMissing = toldMissing
        self.staleness = staleness
        self.acknowledgements = acknowledgements
        self.invalid = invalid
        self.slots = slots.compactMap { Slot(json: $0, terms: terms) }
        self.expectations = expectations.compactMap { Expectation(json: $0, slots: slots.count) }
        self.seen = seen.compactMap { value in
            guard case .number(let text) = value else { return nil }
            return UInt64(text)
        }
        guard self.slots.count == slots.count, self.expectations.count == expectations.count,
            self.seen.count == seen.count
        else { return nil }
    }

    /// An instant that never comes is `null`.
    fileprivate static func number(_ instant: Int64) -> JSONValue {
        instant == .max ? .null : .number(String(instant))
    }

    fileprivate static func instant(_ value: JSONValue?) -> Int64? {
        switch value {
        case .null: .max
        case .number(let text): Int64(text)
        default: nil
        }
    }
}

extension RunContract.Slot {
    fileprivate var json: JSONValue {
        let counts = [
            self.expected, self.succeeded, self.failed, self.rolledBack, self.passed, self.toldDrift,
            self.toldFailed ? 1 : 0,
        ]
        return [
            .string(self.action.domain), .string(self.action.action), .array(counts.map { .number(Int($0)) }),
            RunContract.number(self.driftCheck),
        ]
    }

    fileprivate init?(json: JSONValue, terms: ContractTerms) {
        guard let parts = json.arrayValue, parts.count == 4, let domain = parts[0].stringValue,
            let action = parts[1].stringValue, let check = RunContract.instant(parts[3])
        else { return nil }
        let counts = (parts[2].arrayValue ?? []).compactMap { $0.intValue.flatMap(UInt16.init(exactly:)) }
        guard counts.count == 7 else { return nil }
        let audited = AuditedAction(domain, action)
        self.init(action: audited, isEnd: audited == terms.definition.finalize)
        self.allowed = UInt16(clamping: terms.allowance(audited))
        self.expected = counts[0]
        self.succeeded = counts[1]
        self.failed = counts[2]
        self.rolledBack = counts[3]
        self.passed = counts[4]
        self.toldDrift = counts[5]
        self.toldFailed = counts[6] != 0
        self.driftCheck = check
    }
}

extension RunContract.Expectation {
    fileprivate var json: JSONValue {
        [
            .number(Int(self.slot)), RunContract.number(self.due), .number(String(self.length)),
            .bool(self.isDerived), .bool(self.isPassed),
        ]
    }

    fileprivate init?(json: JSONValue, slots: Int) {
        guard let parts = json.arrayValue, parts.count == 5, let slot = parts[0].intValue, (0..<slots).contains(slot),
            let due = RunContract.instant(parts[1]), case .number(let length) = parts[2], let length = Int64(length),
            case .bool(let isDerived) = parts[3], case .bool(let isPassed) = parts[4]
        else { return nil }
        self.init(due: due, length: length, slot: UInt8(slot), isDerived: isDerived, isPassed: isPassed)
    }
}
