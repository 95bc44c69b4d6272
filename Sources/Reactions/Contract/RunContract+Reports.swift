import Events

/// How findings are put into words and into the payloads of the original.
extension RunContract {
    static var timeoutEvent: String { "audit.expectation.timeout" }
    static var missingEvent: String { "audit.reconciliation.missing" }
    static var staleEvent: String { "audit.reconciliation.stale" }
    static var driftEvent: String { "audit.reconciliation.drift" }
    static var failedEvent: String { "audit.reconciliation.failed" }
    static var lateEvent: String { "audit.reconciliation.late" }

    /// What is missing while the run goes on is an expectation that timed out, each for itself; what is missing in a run
    /// that has ended is the result of its reconciliation. Either way it is one alert.
    mutating func tellMissing(
        _ indices: [Int],
        at due: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) {
        let findings = indices.map { index in
            let expectation = self.expectations[index]
            let milliseconds = expectation.length / 1000
            return self.finding(
                .missing,
                self.slots[Int(expectation.slot)].action,
                at: due,
                surroundings,
                deadline: milliseconds,
                elapsed: milliseconds,
                doubt: surroundings.blind.doubt(from: self.firstSeen, to: due)
            )
        }
        let expected = self.slots.reduce(0) { $0 + Int($1.expected) }
        let acked = self.slots.reduce(0) { $0 + Int(min($1.answers, $1.expected)) }
        let list = findings.map(\.action.description).joined(separator: ", ")
        let actionsText = "\(findings.count) of \(expected) expected actions not acknowledged: \(list)"
        let pairs = JSONValue.array(findings.map { Self.pair($0.action) })
        let counts = [
            JSONMember("missing_actions", pairs), JSONMember("expected_count", .number(expected)),
            JSONMember("acked_count", .number(acked)),
        ]
        if self.hasEnded {
            self.toldMissing = true
            let payload = self.payload(counts, doubt: findings.first?.doubt)
            actions.append(.report(ContractReport(eventType: Self.missingEvent, payload: payload, findings: findings)))
            self.alert("MISSING_ACK", self.terms.definition.severities.missing, actionsText, payload, &actions)
        } else {
            self.toldTimeout = true
            for finding in findings {
                let payload = self.payload(Self.members(finding), doubt: finding.doubt)
                actions.append(
                    .report(ContractReport(eventType: Self.timeoutEvent, payload: payload, findings: [finding]))
                )
            }
            let details = self.payload(counts, doubt: findings.first?.doubt)
            self.alert("EXPECTATION_TIMEOUT", self.terms.definition.severities.missing, actionsText, details, &actions)
        }
    }

    mutating func tellStale(
        _ surroundings: borrowing ContractSurroundings,
        doubt: String?,
        _ actions: inout [ContractAction]
    ) {
        self.staleness = .told
        self.askedUntil = .max
        let passed = self.expectations.last { $0.isPassed && self.slots[Int($0.slot)].isEnd }
        guard let passed else { return }
        let milliseconds = passed.length / 1000
        let finding = self.finding(
            .stale,
            self.slots[Int(passed.slot)].action,
            at: passed.due,
            surroundings,
            deadline: milliseconds,
            elapsed: milliseconds,
            doubt: surroundings.blind.doubt(from: self.firstSeen, to: passed.due) ?? doubt
        )
        let last = surroundings.clock.reading(self.lastActivity).iso8601
        let payload = self.payload(
            [
                JSONMember("expected_finalize_by", .string(finding.at.iso8601)),
                JSONMember("last_activity", .string(last)),
            ],
            doubt: finding.doubt
        )
        actions.append(.report(ContractReport(eventType: Self.staleEvent, payload: payload, findings: [finding])))
        let text = "not finalized by \(finding.at.iso8601), last activity \(last)"
        self.alert("STALE_RUN", self.terms.definition.severities.stale, text, payload, &actions)
    }

    mutating func tellDrift(
        _ drifts: [(action: AuditedAction, count: Int)],
        at due: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) {
        let findings = drifts.map { drift in
            var finding = self.finding(.drift, drift.action, at: due, surroundings)
            finding.count = drift.count
            return finding
        }
        // Told as often as it was done too often.
        let pairs = drifts.flatMap { Array(repeating: Self.pair($0.action), count: $0.count) }
        let payload = self.payload([JSONMember("drift_actions", .array(pairs))], doubt: nil)
        actions.append(.report(ContractReport(eventType: Self.driftEvent, payload: payload, findings: findings)))
        let list = drifts.map { $0.count == 1 ? "\($0.action)" : "\($0.action) (\($0.count) times)" }
        let text = "acknowledged but not expected: \(list.joined(separator: ", "))"
        self.alert("DRIFT", self.terms.definition.severities.drift, text, payload, &actions)
    }

    mutating func tellFailed(
        _ ack: Acknowledgement,
        _ slot: Int,
        _ now: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) {
        let error = ClippedReason.of(ack.error ?? "no error given")
        var finding = self.finding(.failed, ack.action, at: now, surroundings)
        finding.error = error
        let text = "\(ack.action) failed: \(error)"
        self.reportFailure(finding, text, &actions)
        // What has succeeded as often as it should has not failed because one more attempt did.
        guard self.slots[slot].hasFailed else { return }
        self.slots[slot].toldFailed = true
        self.raiseFailure(.failed, ack.action, text, &actions)
    }

    mutating func tellInvalid(
        _ action: AuditedAction,
        _ now: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) {
        self.invalid += 1
        let text = "invalid contract: \(action) is expected without a deadline in the future"
        self.reportFailure(self.finding(.invalid, action, at: now, surroundings), text, &actions)
        self.raiseFailure(.invalid, action, text, &actions)
    }

    private func reportFailure(_ finding: ContractFinding, _ text: String, _ actions: inout [ContractAction]) {
        let payload = self.failurePayload(finding.kind, finding.action, text)
        actions.append(.report(ContractReport(eventType: Self.failedEvent, payload: payload, findings: [finding])))
    }

    /// - Parameter kind: `failed` or `invalid`.
    func raiseFailure(
        _ kind: ContractFinding.Kind,
        _ action: AuditedAction,
        _ text: String,
        _ actions: inout [ContractAction]
    ) {
        let severities = self.terms.definition.severities
        actions.append(
            .raise(
                ContractAlert(
                    type: "RECONCILIATION_FAILED",
                    severity: kind == .invalid ? severities.invalid : severities.failed,
                    runID: self.runID,
                    tenant: self.tenant,
                    key: self.failureKey(kind, action),
                    summary: "Run \(self.runID): \(text)",
                    details: self.failurePayload(kind, action, text)
                )
            )
        )
    }

    private func failurePayload(_ kind: ContractFinding.Kind, _ action: AuditedAction, _ text: String) -> JSONValue {
        self.payload(
            [
                JSONMember("error", .string(text)), JSONMember("finding", .string(kind.rawValue)),
                JSONMember("domain", .string(action.domain)), JSONMember("action", .string(action.action)),
            ],
            doubt: nil
        )
    }

    /// - Parameter answer: how many expectations of the action were answered before.
    func tellLate(
        _ slot: Int,
        answer: UInt16,
        _ now: Int64,
        _ surroundings: borrowing ContractSurroundings,
        _ actions: inout [ContractAction]
    ) {
        let passed = self.expectations.filter { $0.slot == slot && $0.isPassed }.sorted { $0.due < $1.due }
        guard Int(answer) < passed.count else { return }
        let expectation = passed[Int(answer)]
        // Measured on the run's clock, which may stand still.
        let elapsed = expectation.length &+ max(0, min(now, self.pausedAt) &- expectation.due)
        let finding = self.finding(
            .late,
            self.slots[slot].action,
            at: now,
            surroundings,
            deadline: expectation.length / 1000,
            elapsed: elapsed / 1000
        )
        let payload = self.payload(Self.members(finding), doubt: nil)
        actions.append(.report(ContractReport(eventType: Self.lateEvent, payload: payload, findings: [finding])))
    }

    // MARK: What is over

    mutating func resolveMissing(_ actions: inout [ContractAction]) {
        let text = "everything that was missing has been acknowledged since"
        if self.toldTimeout { self.resolve("EXPECTATION_TIMEOUT:\(self.runID)", text, &actions) }
        if self.toldMissing { self.resolve("MISSING_ACK:\(self.runID)", text, &actions) }
        self.toldTimeout = false
        self.toldMissing = false
    }

    func resolveStale(_ actions: inout [ContractAction]) {
        self.resolve("STALE_RUN:\(self.runID)", "the run has ended after all", &actions)
    }

    func resolveFailed(_ action: AuditedAction, _ actions: inout [ContractAction]) {
        self.resolve(self.failureKey(.failed, action), "\(action) has succeeded since", &actions)
    }

    private func resolve(_ key: String, _ text: String, _ actions: inout [ContractAction]) {
        let summary = "Run \(self.runID): \(text)"
        actions.append(
            .resolve(ContractResolution(key: key, runID: self.runID, tenant: self.tenant, summary: summary))
        )
    }

    // MARK: Parts

    private func failureKey(_ kind: ContractFinding.Kind, _ action: AuditedAction) -> String {
        "RECONCILIATION_FAILED:\(self.runID):\(kind.rawValue):\(action)"
    }

    private func alert(
        _ type: String,
        _ severity: Severity,
        _ text: String,
        _ details: JSONValue,
        _ actions: inout [ContractAction]
    ) {
        let doubt = details["suspect_reason"]?.stringValue
        actions.append(
            .raise(
                ContractAlert(
                    type: type,
                    severity: doubt == nil ? severity : severity.lowered,
                    runID: self.runID,
                    tenant: self.tenant,
                    key: "\(type):\(self.runID)",
                    summary: "Run \(self.runID): \(text)" + (doubt.map { "; in doubt: \($0)" } ?? ""),
                    details: details
                )
            )
        )
    }

    private func finding(
        _ kind: ContractFinding.Kind,
        _ action: AuditedAction,
        at instant: Int64,
        _ surroundings: borrowing ContractSurroundings,
        deadline: Int64? = nil,
        elapsed: Int64? = nil,
        doubt: String? = nil
    ) -> ContractFinding {
        ContractFinding(
            kind: kind,
            runID: self.runID,
            tenant: self.tenant,
            action: action,
            at: surroundings.clock.reading(instant),
            deadlineMilliseconds: deadline,
            elapsedMilliseconds: elapsed,
            doubt: doubt
        )
    }

    private func payload(_ members: [JSONMember], doubt: String?) -> JSONValue {
        var all = [JSONMember("run_id", .string(self.runID))] + members
        if !self.tenant.isEmpty { all.append(JSONMember("tenant_id", .string(self.tenant))) }
        if let doubt { all += [JSONMember("suspect", true), JSONMember("suspect_reason", .string(doubt))] }
        return .object(all)
    }

    private static func members(_ finding: ContractFinding) -> [JSONMember] {
        [
            JSONMember("domain", .string(finding.action.domain)),
            JSONMember("action", .string(finding.action.action)),
            JSONMember("deadline_ms", .number(String(finding.deadlineMilliseconds ?? 0))),
            JSONMember("elapsed_ms", .number(String(finding.elapsedMilliseconds ?? 0))),
        ]
    }

    private static func pair(_ action: AuditedAction) -> JSONValue { [.string(action.domain), .string(action.action)] }
}

/// The first part of what a producer wrote as its error: the original keeps 200 characters too.
private enum ClippedReason {
    static func of(_ text: String) -> String {
        text.count > 200 ? String(text.prefix(197)) + "..." : text
    }
}
