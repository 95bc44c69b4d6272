import Events

/// What is told of limits that are crossed.
extension ThresholdMachine {
    private var reactions: ThresholdReactions { self.definition.reactions }

    func tell(
        _ actions: [ThresholdDetector.Action],
        _ event: EventReference?,
        _ moment: MachineMoment
    ) -> [MachineOutput] {
        actions.flatMap { action in
            switch action {
            case .exceeded(let signal): self.tell(Crossing(signal, isOver: false), event, moment)
            case .recovered(let signal): self.tell(Crossing(signal, isOver: true), event, moment)
            }
        }
    }

    func tell(_ actions: [RunLimitBook.Action], _ event: EventReference?, _ moment: MachineMoment) -> [MachineOutput] {
        actions.flatMap { action in
            switch action {
            case .exceeded(let run, let signal, let payload):
                return self.tell(Crossing(self.name, run, signal, payload, at: moment.now), event, moment)
            case .riskRose(let run, let risk):
                return self.reactions.setsRisk ? self.risk(run.id, run.tenant, risk, key: run.id, moment) : []
            }
        }
    }

    /// Reacts to what others say about limits.
    func answer(_ event: Event, _ moment: MachineMoment) -> [MachineOutput] {
        // A reactor that found it has done about it what there is to do.
        guard event[AuditFindingEvent.alertedBy] == nil, let crossing = Crossing(event, handler: self.name) else {
            return []
        }
        var outputs = self.alerts(crossing, EventReference(event), moment)
        if !crossing.isOver {
            outputs += self.publications(crossing)
            if self.reactions.setsRisk, !crossing.runID.isEmpty {
                outputs += self.risk(crossing.runID, crossing.tenant, crossing.risk, key: crossing.key, moment)
            }
        }
        outputs.append(MachineOutput(key: crossing.key, .count(.signal(crossing.name), 1)))
        outputs.append(MachineOutput(key: crossing.key, .record(crossing.row(at: moment.now, self.name))))
        return outputs
    }

    private func tell(_ crossing: Crossing, _ event: EventReference?, _ moment: MachineMoment) -> [MachineOutput] {
        var outputs: [MachineOutput] = []
        let alerts = self.alerts(crossing, event, moment)
        var members = crossing.members
        if !alerts.isEmpty || !crossing.isOver && !self.reactions.publishes.isEmpty {
            members.append(JSONMember(AuditFindingEvent.alertedBy, .string(self.name)))
        }
        let type = crossing.isOver ? ThresholdSignal.recoveredEvent : ThresholdSignal.exceededEvent
        outputs.append(self.publication(type, members, key: crossing.key))
        outputs += alerts
        if !crossing.isOver {
            outputs += self.publications(crossing)
            // Of a run's own limits the watch knows the risk better.
            if self.reactions.setsRisk, !crossing.isOfRun, !crossing.runID.isEmpty {
                outputs += self.risk(crossing.runID, crossing.tenant, crossing.risk, key: crossing.key, moment)
            }
        }
        outputs.append(MachineOutput(key: crossing.key, .count(.signal(crossing.name), 1)))
        outputs.append(MachineOutput(key: crossing.key, .record(crossing.row(at: moment.now, self.name))))
        return outputs
    }

    // MARK: Parts

    private func alerts(_ crossing: Crossing, _ event: EventReference?, _ moment: MachineMoment) -> [MachineOutput] {
        guard let severity = crossing.isBreach ? self.reactions.breach : self.reactions.near else { return [] }
        let key = ClippedText.identifier("threshold:\(self.name):\(crossing.key):\(crossing.tier)")
        if crossing.isOver {
            let resolution = Resolution(
                id: moment.makeID(),
                key: key,
                tenant: crossing.tenant,
                domain: self.reactions.domain,
                runID: crossing.shownRun,
                summary: ClippedText.text(crossing.summary),
                handler: self.name,
                event: event,
                raisedAt: moment.now
            )
            return [MachineOutput(key: crossing.key, .react(.resolve(resolution)))]
        }
        let alert = Alert(
            id: moment.makeID(),
            type: crossing.isBreach ? "THRESHOLD_EXCEEDED" : "THRESHOLD_NEAR",
            severity: severity,
            domain: self.reactions.domain,
            tenant: crossing.tenant,
            runID: crossing.shownRun,
            key: key,
            summary: ClippedText.text(crossing.summary),
            details: BoundedDetails.bounded(.object(crossing.members)),
            handler: self.name,
            event: event,
            raisedAt: moment.now,
            lasts: crossing.hasEnd
        )
        return [MachineOutput(key: crossing.key, .react(.alert(alert)))]
    }

    private func publications(_ crossing: Crossing) -> [MachineOutput] {
        guard crossing.isBreach else { return [] }
        return self.reactions.publishes.map { type in
            let members = crossing.members + [JSONMember("reason", .string(crossing.summary))]
            return self.publication(type, members, key: crossing.key)
        }
    }

    private func risk(
        _ runID: String,
        _ tenant: String,
        _ risk: RiskLevel,
        key: String,
        _ moment: MachineMoment
    ) -> [MachineOutput] {
        let members = [
            JSONMember("run_id", .string(runID)), JSONMember("tenant_id", .string(tenant)),
            JSONMember(RiskLevel.member, .string(risk.rawValue)),
        ]
        let type = ThresholdReactions.riskEvent
        let content = EventHistory(type: type, source: self.name, arrivedAt: moment.now, details: .object(members))
        let row = HistoryRow(
            // Once for each level, whoever finds it.
            id: "\(self.name):\(type):\(risk.rawValue)",
            runID: runID,
            tenant: tenant,
            at: moment.now,
            content: .event(content)
        )
        return [self.publication(type, members, key: key), MachineOutput(key: key, .record(row))]
    }

    private func publication(_ type: String, _ members: [JSONMember], key: String) -> MachineOutput {
        let event = OutgoingEvent(handler: self.name, eventType: type, payload: .object(members), hops: 1)
        return MachineOutput(key: key, .react(.publish(event)))
    }
}

/// That a limit was crossed, or is kept again, whoever says so.
struct Crossing {
    var rule: String
    var tier: String
    var key: String
    /// Whose limit it is, for people.
    var subject: String
    var runID: String
    var tenant: String
    var metric: String
    /// Nil where whoever published the signal does not say.
    var value: Double?
    var limit: Double?
    var members: [JSONMember]
    var isOver: Bool
    /// Whether it is a run's own limit, which is not kept again.
    var isOfRun = false

    init(_ signal: ThresholdSignal, isOver: Bool) {
        self.rule = signal.rule
        self.tier = signal.tier
        self.key = signal.key
        self.subject = signal.key
        self.runID = signal.runID
        self.tenant = signal.tenant
        self.metric = signal.metric
        self.value = signal.value
        self.limit = signal.limit
        self.members = Self.members(signal.payload)
        self.isOver = isOver
    }

    init(_ handler: String, _ run: LimitedRun, _ signal: RunLimitSignal, _ payload: JSONValue, at now: Timestamp) {
        self.rule = handler
        self.tier = signal.rawValue
        self.key = run.id
        self.subject = run.id
        self.runID = run.id
        self.tenant = run.tenant
        self.metric = payload["metric"]?.stringValue ?? ""
        self.value = payload["current_value"]?.doubleValue
        self.limit = payload["threshold_value"]?.doubleValue
        self.members = Self.members(payload) + [JSONMember("signal_type", .string("breach"))]
        self.isOver = false
        self.isOfRun = true
    }

    /// Nil for an event that does not say which limit.
    init?(_ event: Event, handler: String) {
        func number(_ name: String) -> Double? { EventField(payload: name).number(in: event) }
        guard let metric = event["metric"]?.stringValue ?? event["rule"]?.stringValue else { return nil }
        self.rule = event["rule"]?.stringValue ?? handler
        self.tier = event["signal_type"]?.stringValue ?? "breach"
        self.runID = ClippedText.identifier(event.anyRunID ?? "")
        self.tenant = ClippedText.identifier(event.tenantID ?? "")
        self.metric = ClippedText.text(metric, 128)
        self.value = number("current_value")
        self.limit = number("threshold_value")
        let subject = event["key"]?.stringValue ?? (self.runID.isEmpty ? self.tenant : self.runID)
        self.subject = ClippedText.identifier(subject)
        self.key = ClippedText.identifier("\(metric):\(subject)")
        self.members = Self.members(event.payload)
        self.isOver = event.eventType == ThresholdSignal.recoveredEvent
    }

    private static func members(_ payload: JSONValue) -> [JSONMember] {
        if case .object(let members) = payload { members } else { [] }
    }

    var isBreach: Bool { self.tier != ThresholdRule.Tier.near.name }
    var hasEnd: Bool { !self.isOfRun }
    var risk: RiskLevel { self.isBreach ? .atRisk : .nearThreshold }
    var shownRun: String { self.runID.isEmpty ? "unknown" : self.runID }
    /// What it is counted as.
    var name: String { self.isOver ? "recovered" : self.isBreach ? "breach" : "near" }

    /// `cost of acme is 120 of 100 (120 %)`; of what was not said nothing is claimed: `cost of acme is over its limit`.
    var summary: String {
        if self.tier == RunLimitSignal.failed.rawValue { return "Run \(self.runID) failed" }
        let what = self.subject.isEmpty ? self.metric : "\(self.metric) of \(self.subject)"
        guard let value, let limit else { return "\(what) is \(self.place)\(self.knownNumber)" }
        let share = limit > 0 ? " (\(Self.text((value * 100 / limit).rounded())) %)" : ""
        let end = self.isOver ? ", no longer \(self.isBreach ? "exceeded" : "near")" : ""
        return "\(what) is \(Self.text(value)) of \(Self.text(limit))\(share)\(end)"
    }

    private var place: String {
        let place = self.isBreach ? "over its limit" : "near its limit"
        return self.isOver ? "no longer \(place)" : place
    }

    /// The one of the two numbers that was said.
    private var knownNumber: String {
        if let limit { return " of \(Self.text(limit))" }
        return self.value.map { " with \(Self.text($0))" } ?? ""
    }

    /// Up to three digits behind the point, and none that says nothing.
    private static func text(_ value: Double) -> String {
        guard abs(value) < 1e15 else { return "\(value)" }
        let thousandths = (value * 1000).rounded() / 1000
        return thousandths == thousandths.rounded() ? "\(Int64(thousandths))" : "\(thousandths)"
    }

    func row(at now: Timestamp, _ handler: String) -> HistoryRow {
        let content = ThresholdHistory(
            rule: self.rule,
            subject: self.key,
            tier: self.tier,
            hasRecovered: self.isOver,
            value: self.value,
            limit: self.limit,
            details: .object(self.members)
        )
        let id = "\(handler):\(self.key):\(self.tier):\(self.name)@\(now.microseconds)"
        return HistoryRow(id: id, runID: self.runID, tenant: self.tenant, at: now, content: .threshold(content))
    }
}
