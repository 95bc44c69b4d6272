package import EventPatterns

/// Where in a file something was written; line and column count from 1.
package struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { "\(self.file):\(self.line):\(self.column)" }
}

/// A handler as somebody registered it: what it listens to and what it does.
package struct HandlerDefinition: Sendable {
    /// What a handler does with an event it accepts.
    package enum Body: Sendable {
        /// `do:` a list of actions.
        case rule([ActionDefinition])
        /// `uses: audit-alerts`.
        case auditAlerts(AuditAlertKind, severity: Severity)
        /// A built-in that remembers over events: `uses: audit-contract` and the like.
        case machine(MachineDefinition)
    }

    package var name: String
    /// Event types it listens to; any of them.
    package var on: [TypePattern]
    package var match: EventPattern?
    /// Higher first. Among equals exact types before wildcards, then the order of the files.
    package var priority: Int
    package var enabled: Bool
    package var body: Body
    package var location: SourceLocation?
    /// Event types that end what a rule's alerts are about. Each is read by the templates of the alert's key, so that it
    /// ends the alert of the same identity.
    package var resolveOn: [TypePattern] = []

    package init(
        name: String,
        on: [TypePattern],
        match: EventPattern? = nil,
        priority: Int = 0,
        enabled: Bool = true,
        body: Body,
        location: SourceLocation? = nil
    ) {
        self.name = name
        self.on = on
        self.match = match
        self.priority = priority
        self.enabled = enabled
        self.body = body
        self.location = location
    }
}

/// One action of a rule. The texts are Mustache templates over the envelope.
package enum ActionDefinition: Sendable {
    case alert(AlertAction)
    case publish(PublishAction)
    case log(LogAction)
}

/// `alert: { type, severity, domain, key, summary, details, tenant, run_id }`
package struct AlertAction: Sendable {
    /// Defaults to the handler's name.
    package var type: String?
    package var severity: Severity
    package var domain: String
    package var key: Template
    package var summary: Template
    /// Defaults to the envelope's tenant and run.
    package var tenant: Template?
    package var runID: Template?
    package var details: [(name: String, value: Template)]

    package init(
        type: String? = nil,
        severity: Severity,
        domain: String,
        key: Template,
        summary: Template,
        tenant: Template? = nil,
        runID: Template? = nil,
        details: [(name: String, value: Template)] = []
    ) {
        self.type = type
        self.severity = severity
        self.domain = domain
        self.key = key
        self.summary = summary
        self.tenant = tenant
        self.runID = runID
        self.details = details
    }
}

/// `publish: { event_type, channel, payload }`
package struct PublishAction: Sendable {
    package var eventType: String
    /// Defaults to the channel that the reactor listens to.
    package var channel: String?
    /// A JSON object whose string leaves are templates.
    package var payload: TemplateTree

    package init(eventType: String, channel: String? = nil, payload: TemplateTree) {
        self.eventType = eventType
        self.channel = channel
        self.payload = payload
    }
}

/// `log: { level, message }`
package struct LogAction: Sendable {
    package enum Level: String, Sendable, CaseIterable {
        case debug
        case info
        case notice
        case warning
        case error

        /// From 0, the least important.
        package var rank: Int {
            switch self {
            case .debug: 0
            case .info: 1
            case .notice: 2
            case .warning: 3
            case .error: 4
            }
        }
    }

    package var level: Level
    package var message: Template

    package init(level: Level, message: Template) {
        self.level = level
        self.message = message
    }
}
