internal import Reactions

/// What can be expected of. The raw values are the keys under `expect`.
package enum ScenarioSubject: String, Sendable, Hashable, CaseIterable {
    /// What somebody is told of.
    case alerts
    /// What was decided, also about what is held back.
    case verdicts
    /// What audit contracts found.
    case findings
    /// Events that were published.
    case published
    /// Messages to receivers of which something became since somebody looked.
    case deliveries
    /// What was no event.
    case quarantined
    /// Lines that handlers wrote to the log.
    case logs
    /// Calls of handlers that failed.
    case failedCalls = "failed_calls"
    /// How receivers stand now.
    case receivers
    /// How runs stand now, by their contracts.
    case runs
    /// How workers stand now, by those who watch their beats.
    case workers
    /// How what is added up stands now.
    case thresholds

    /// The key that says that nothing is expected; nil for what always is something.
    package var absence: String? { self.isState ? nil : "no_" + self.rawValue }

    /// Whether it says how things stand, and not what happened: then there may be others than the expected ones.
    package var isState: Bool {
        switch self {
        case .receivers, .runs, .workers, .thresholds: true
        case .alerts, .verdicts, .findings, .published, .deliveries, .quarantined, .logs, .failedCalls: false
        }
    }

    /// One of them, for messages.
    package var singular: String {
        switch self {
        case .alerts: "alert"
        case .verdicts: "verdict"
        case .findings: "finding"
        case .published: "published event"
        case .deliveries: "delivery"
        case .quarantined: "quarantined frame"
        case .logs: "log line"
        case .failedCalls: "failed call"
        case .receivers: "receiver"
        case .runs: "run"
        case .workers: "worker"
        case .thresholds: "threshold"
        }
    }

    /// Several of them.
    package var plural: String { self == .deliveries ? "deliveries" : self.singular + "s" }
}

/// What a field of something that happened holds.
enum ScenarioFieldKind {
    case text
    /// A text from a closed list.
    case word([String])
    case number
    case flag
    /// `30s`
    case duration
    /// Any JSON; an event pattern is meant.
    case json
    /// The same value as the member of that name, all of it.
    case exactly(String)
}

extension ScenarioSubject {
    typealias Field = (name: String, kind: ScenarioFieldKind)

    /// The fields that one of them has.
    var fields: [Field] {
        switch self {
        case .alerts: Self.alertFields
        case .verdicts: Self.alertFields + Self.verdictFields
        case .findings:
            [
                ("kind", .word(ContractFinding.Kind.allCases.map(\.rawValue))), ("run_id", .text), ("tenant", .text),
                ("domain", .text), ("action", .text), ("count", .number), ("deadline", .duration),
                ("elapsed", .duration), ("error", .text), ("doubt", .text), ("at", .duration),
            ]
        case .published:
            [
                ("type", .text), ("payload", .json), ("exact_payload", .exactly("payload")), ("channel", .text),
                ("handler", .text), ("hops", .number), ("at", .duration),
            ]
        case .deliveries:
            [
                ("receiver", .text), ("status", .word(DeliveryRecord.Status.allCases.map(\.rawValue))),
                ("kind", .word(ReceiverKind.allCases.map(\.rawValue))), ("attempts", .number), ("alerts", .number),
                ("title", .text), ("reason", .text), ("tenant", .text), ("at", .duration),
            ]
        case .quarantined: [("reason", .text), ("text", .text), ("length", .number), ("at", .duration)]
        case .logs:
            [
                ("level", .word(LogAction.Level.allCases.map(\.rawValue))), ("message", .text), ("handler", .text),
                ("at", .duration),
            ]
        case .failedCalls: [("handler", .text), ("reason", .text), ("at", .duration)]
        case .receivers:
            [("name", .text), ("breaker", .word(["closed", "open", "half_open"])), ("dead_letters", .number)]
        case .runs:
            [
                ("run_id", .text), ("status", .word(ContractStatus.allCases.map(\.rawValue))), ("tenant", .text),
                ("paused", .flag), ("ended", .flag), ("open", .number), ("overdue", .number), ("answered", .number),
                ("actions", .json),
            ]
        case .workers:
            [
                ("worker", .text), ("handler", .text), ("state", .word(WorkerState.allCases.map(\.rawValue))),
                ("last_beat", .duration), ("expected", .duration), ("down_since", .duration),
            ]
        case .thresholds:
            [
                ("handler", .text), ("key", .text), ("tenant", .text), ("run_id", .text), ("tier", .text),
                ("value", .number), ("percent", .number),
            ]
        }
    }

    private static var alertFields: [Field] {
        [
            ("type", .text), ("severity", .word(Severity.allCases.map(\.rawValue))), ("domain", .text),
            ("tenant", .text), ("run_id", .text), ("key", .text), ("summary", .text), ("details", .json),
            ("handler", .text), ("status", .word(["firing", "resolved"])), ("event_type", .text), ("at", .duration),
        ]
    }

    private static var verdictFields: [Field] {
        [
            ("verdict", .word(Verdict.allCases.map(\.rawValue))), ("age", .duration), ("window", .duration),
            ("count", .number), ("limit", .number), ("next_allowed_at", .duration), ("percent", .number),
            ("silence", .text), ("rule", .text), ("intervals", .json), ("held_back", .number), ("reason", .text),
        ]
    }
}
