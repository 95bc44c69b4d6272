import EventPatterns
import Events
import Reactions
import ReactorRuntime
import Synchronization

/// What inline handlers were called with, in order.
final class CallLog: Sendable {
    private let state = Mutex<[String]>([])

    var calls: [String] { self.state.withLock { $0 } }

    func add(_ call: String) { self.state.withLock { $0.append(call) } }

    func removeAll() { self.state.withLock { $0.removeAll() } }
}

struct HandlerFailure: Error {}

extension HandlerEntry {
    /// A handler on the event loop that notes `name type`, or `name type run` when the event names a run.
    static func noting(
        _ name: String,
        on types: String...,
        priority: Int = 0,
        enabled: Bool = true,
        match: EventPattern? = nil,
        into log: CallLog
    ) -> HandlerEntry {
        HandlerEntry(
            name: name,
            on: types.map(Self.pattern),
            match: match,
            priority: priority,
            enabled: enabled,
            does: "closure",
            body: .inline { event in
                log.add(
                    event.runID.isEmpty ? "\(name) \(event.eventType)" : "\(name) \(event.eventType) \(event.runID)"
                )
            }
        )
    }

    static func failing(_ name: String, on type: String, priority: Int = 0) -> HandlerEntry {
        HandlerEntry(
            name: name,
            on: [Self.pattern(type)],
            priority: priority,
            does: "closure",
            body: .inline { _ in throw HandlerFailure() }
        )
    }

    /// A rule as a file would declare it.
    static func rule(_ name: String, on type: String, priority: Int = 0, _ actions: ActionDefinition...) -> HandlerEntry
    {
        HandlerEntry(HandlerDefinition(name: name, on: [Self.pattern(type)], priority: priority, body: .rule(actions)))
    }

    static func pattern(_ text: String) -> TypePattern {
        guard let pattern = TypePattern(text) else { preconditionFailure("not a type pattern: \(text)") }
        return pattern
    }
}

extension ActionDefinition {
    static func alert(key: String, severity: Severity = .high, domain: String = "tests") throws -> ActionDefinition {
        .alert(AlertAction(severity: severity, domain: domain, key: try Template(key), summary: try Template(key)))
    }

    static func publish(_ type: String, channel: String? = nil) throws -> ActionDefinition {
        .publish(PublishAction(eventType: type, channel: channel, payload: try TemplateTree(.object([]))))
    }

    static func log(_ text: String) throws -> ActionDefinition {
        .log(LogAction(level: .info, message: try Template(text)))
    }
}
