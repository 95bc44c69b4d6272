import Events
import Reactions
import ReactorConfig
import ReactorRuntime

/// Something that happened, as scenarios compare it: an object with the fields of its subject.
struct Observation: Sendable {
    var members: [JSONMember]

    init(_ members: [(String, JSONValue?)]) {
        self.members = members.compactMap { name, value in value.map { JSONMember(name, $0) } }
    }

    var json: JSONValue { .object(self.members) }

    subscript(name: String) -> JSONValue? { self.json[name] }
}

extension JSONValue {
    static func duration(_ duration: Duration) -> JSONValue { .string(DurationText.format(duration)) }
}

extension Observation {
    /// - Parameter start: of the scenario, which all times count from.
    init(_ alert: Alert, status: AlertStatus, at now: Timestamp, since start: Timestamp) {
        self.init([
            ("type", .string(alert.type)), ("severity", .string(alert.severity.rawValue)),
            ("domain", .string(alert.domain)), ("tenant", .string(alert.tenant)), ("run_id", .string(alert.runID)),
            ("key", .string(alert.key)), ("summary", .string(alert.summary)), ("details", alert.details),
            ("handler", .string(alert.handler)), ("status", .string(status.rawValue)),
            ("event_type", alert.event.map { .string($0.eventType) }), ("at", .duration(now - start)),
        ])
    }

    /// The same with what was decided, and by which number.
    init(_ alert: Alert, _ receipt: Receipt, status: AlertStatus, at now: Timestamp, since start: Timestamp) {
        self.init(alert, status: status, at: now, since: start)
        var added: [(String, JSONValue?)] = [
            ("verdict", .string(receipt.verdict.rawValue)), ("window", receipt.window.map { .duration($0) }),
            ("count", .number(receipt.count)), ("limit", .number(receipt.limit)),
            ("next_allowed_at", receipt.nextAllowedAt.map { .duration($0 - start) }),
            ("reason", .string(receipt.reason)),
        ]
        switch receipt.ground {
        case .duplicate(let age), .cooldown(_, let age, _): added.append(("age", .duration(.microseconds(age))))
        case .silenced(let id): added.append(("silence", .string(id)))
        case .inhibited(let rule): added.append(("rule", .string(rule)))
        case .muted(let intervals): added.append(("intervals", .array(intervals.map { .string($0) })))
        case .flapping(let percent), .flappingBegan(let percent), .flappingEnded(let percent):
            added.append(("percent", .number(percent)))
        case .digest(let alerts): added.append(("held_back", .number(alerts)))
        case .unchecked, .withinLimit, .tenantLimit, .storeAway, .noRoute, .resolved, .kept: break
        }
        self.members += Observation(added).members
    }

    init(_ event: OutgoingEvent, at now: Timestamp, since start: Timestamp) {
        self.init([
            ("type", .string(event.eventType)), ("payload", event.payload),
            ("channel", event.channel.map { .string($0) }), ("handler", .string(event.handler)),
            ("hops", .number(Int(event.hops))), ("at", .duration(now - start)),
        ])
    }

    init(_ record: DeliveryRecord, since start: Timestamp) {
        self.init([
            ("receiver", .string(record.receiver)), ("kind", .string(record.kind.rawValue)),
            ("status", .string(record.status.rawValue)), ("attempts", .number(record.attempts)),
            ("alerts", .number(record.alertIDs.count)), ("title", .string(record.title)),
            ("reason", record.lastReason.map { .string($0) }), ("tenant", .string(record.tenant)),
            ("at", .duration(record.createdAt - start)),
        ])
    }

    init(_ entry: QuarantineEntry, since start: Timestamp) {
        self.init([
            ("reason", .string(entry.reason)), ("text", .string(String(decoding: entry.prefix, as: UTF8.self))),
            ("length", .number(entry.length)), ("at", .duration(entry.arrivedAt - start)),
        ])
    }

    init(_ finding: FindingHistory, _ row: HistoryRow, at now: Timestamp, since start: Timestamp) {
        self.init([
            ("kind", .string(finding.kind)), ("run_id", .string(row.runID)), ("tenant", .string(row.tenant)),
            ("domain", .string(finding.domain)), ("action", .string(finding.action)),
            ("count", .number(finding.count)),
            ("deadline", finding.deadlineMilliseconds.map { .duration(.milliseconds($0)) }),
            ("elapsed", finding.elapsedMilliseconds.map { .duration(.milliseconds($0)) }),
            ("error", finding.error.map { .string($0) }), ("doubt", finding.doubt.map { .string($0) }),
            ("at", .duration(now - start)),
        ])
    }

    /// - Parameter summary: nil when no contract knows the run.
    init(_ run: String, _ summary: ContractSummary?) {
        let states = summary?.expectations.map(\.state) ?? []
        let actions = (summary?.actions ?? []).map { action in
            let counts: JSONValue = [
                "expected": .number(action.expected), "succeeded": .number(action.succeeded),
                "failed": .number(action.failed), "rolled_back": .number(action.rolledBack),
                "too_many": .number(action.tooMany),
            ]
            return JSONMember("\(action.action)", counts)
        }
        self.init([
            ("run_id", .string(run)), ("status", .string((summary?.status ?? .unknown).rawValue)),
            ("tenant", .string(summary?.tenant ?? "")), ("paused", .bool(summary?.isPaused ?? false)),
            ("ended", .bool(summary?.hasEnded ?? false)), ("open", .number(states.count { $0 == .open })),
            ("overdue", .number(states.count { $0 == .overdue })),
            ("answered", .number(states.count { $0 == .answered })), ("actions", .object(actions)),
        ])
    }

    init(_ line: ScenarioPort.LogLine, at elapsed: Duration) {
        self.init([
            ("level", .string(line.level.rawValue)), ("message", .string(line.message)),
            ("handler", .string(line.handler)), ("at", .duration(elapsed)),
        ])
    }

    init(_ call: ScenarioPort.FailedCall, at elapsed: Duration) {
        self.init([
            ("handler", .string(call.handler)), ("reason", .string(call.reason)), ("at", .duration(elapsed)),
        ])
    }

    init(_ worker: WorkerView, of handler: String, since start: Timestamp) {
        self.init([
            ("worker", .string(worker.key)), ("handler", .string(handler)), ("state", .string(worker.state.rawValue)),
            ("last_beat", worker.lastBeat.map { .duration($0 - start) }),
            ("expected", worker.expectedAt.map { .duration($0 - start) }),
            ("down_since", worker.downSince.map { .duration($0 - start) }),
        ])
    }

    /// - Parameter status: of the handler that watches it.
    init(_ standing: ThresholdStatus.Standing, of status: ThresholdStatus) {
        self.init([
            ("handler", .string(status.handler)), ("key", .string(standing.key)), ("tenant", .string(standing.tenant)),
            ("run_id", .string(standing.runID)), ("tier", standing.tier.map { .string($0) }),
            ("value", standing.value.map { .number($0) }), ("percent", standing.percentage.map { .number($0) }),
        ])
    }
}
