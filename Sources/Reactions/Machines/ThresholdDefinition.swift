package import EventPatterns
import Events

/// What a `threshold` handler is to watch, and what it does when a limit is crossed.
package struct ThresholdDefinition: Sendable, Hashable {
    package enum Watch: Sendable, Hashable {
        /// Something that is added up over events.
        case aggregate(AggregateWatch)
        /// What single runs use: behind the original's four limits.
        case runs(RunLimitWatchSettings)
        /// `threshold.exceeded` that others publish.
        case signals
    }

    package var name: String
    package var on: [TypePattern]
    package var watch: Watch
    package var reactions = ThresholdReactions()

    package init(name: String, on: [TypePattern], watch: Watch) {
        self.name = name
        self.on = on
        self.watch = watch
    }

    /// The events of the original that say what a run uses, and the ones that begin and end it.
    package static let runTypes: [TypePattern] = [
        "run.started", "run.step.completed", "cost.recorded", "run.progress", "run.completed", "run.failed",
        "run.halted",
    ].map { .exact($0) }

    package static let signalTypes: [TypePattern] = [
        .exact(ThresholdSignal.exceededEvent), .exact(ThresholdSignal.recoveredEvent),
    ]
}

/// What is taken out of events, and what is made of it.
package struct AggregateWatch: Sendable, Hashable {
    package var rule: ThresholdRule
    /// Nil where events are counted.
    package var value: EventField?
    /// What events are kept apart by; none for all together.
    package var key: [EventField]

    package init(rule: ThresholdRule, value: EventField?, key: [EventField]) {
        self.rule = rule
        self.value = value
        self.key = key
    }
}

/// How single runs are watched.
package struct RunLimitWatchSettings: Sendable, Hashable {
    package var limits: [ScopedLimits] = []
    /// Events that say what was used by one step, which is added up; all others say what the run has used so far.
    package var steps: [TypePattern] = [.exact("run.step.completed"), .exact("cost.recorded")]
    package var tokens: [EventField] = ["tokens_used", "total_tokens", "tokens"].map { EventField(payload: $0) }
    package var cost: [EventField] = ["cost_usd", "total_cost_usd"].map { EventField(payload: $0) }
    /// Runs that are watched at a time.
    package var maxRuns = 100_000

    package init() {}
}

/// What is done when a limit is crossed, beside the signal, which is always published.
package struct ThresholdReactions: Sendable, Hashable {
    /// Nil raises no alert.
    package var breach: Severity? = .high
    package var near: Severity? = .medium
    package var domain = "policies"
    /// Event types that are published when a limit is crossed for good: `run.pause_requested`, for example.
    package var publishes: [String] = []
    /// Whether the run's risk is told, as `run.risk_changed`.
    package var setsRisk = false

    package init() {}

    package static let riskEvent = "run.risk_changed"
}

/// A place in an event: `payload.cost.usd`, `tenant_id`, `source` or `event_type`.
package struct EventField: Sendable, Hashable, CustomStringConvertible {
    private let path: [String]

    /// Nil for what is no place.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard !parts.contains(""), text.utf8.count <= 256 else { return nil }
        switch parts[0] {
        case "payload" where parts.count > 1: self.path = parts
        case "tenant_id", "source", "event_type":
            guard parts.count == 1 else { return nil }
            self.path = parts
        default: return nil
        }
    }

    init(payload name: String) { self.path = ["payload", name] }

    package var description: String { self.path.joined(separator: ".") }

    func value(in event: Event) -> JSONValue? {
        switch self.path[0] {
        case "tenant_id": return event.tenantID.map { .string($0) }
        case "source": return .string(event.source)
        case "event_type": return .string(event.eventType)
        default: break
        }
        var value: JSONValue? = event[self.path[1]]
        for part in self.path.dropFirst(2) { value = value?[part] }
        // The envelope may say it as well.
        if value == nil, self.path == ["payload", "tenant_id"] { value = event.tenantID.map { .string($0) } }
        return value
    }

    /// A text, a number or a truth value, as text; nil for anything else.
    func text(in event: Event) -> String? {
        switch self.value(in: event) {
        case .string(let text)?: text
        case .number(let text)?: text
        case .bool(let flag)?: flag ? "true" : "false"
        case .null?, .array?, .object?, nil: nil
        }
    }

    /// A number, or a text that is one.
    func number(in event: Event) -> Double? {
        switch self.value(in: event) {
        case .number(let text)?: Double(text)
        case .string(let text)?: Double(text)
        case .bool?, .null?, .array?, .object?, nil: nil
        }
    }
}
