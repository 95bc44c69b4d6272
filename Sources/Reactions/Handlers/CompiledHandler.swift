package import Events

/// A handler, ready to be called for the events that the router found it to accept.
package struct CompiledHandler: Sendable {
    /// An event that has gone through so many `publish` actions is not answered with another one.
    package static let defaultHopLimit: UInt8 = 8

    package let definition: HandlerDefinition
    private let body: Body

    private enum Body: Sendable {
        case rule(RuleHandler)
        case auditAlert(AuditAlertHandler)
        /// What it does is not done here: the runtime hands its events to a machine.
        case machine(MachineDefinition)
    }

    package init(_ definition: HandlerDefinition, hopLimit: UInt8 = CompiledHandler.defaultHopLimit) {
        self.definition = definition
        switch definition.body {
        case .rule(let actions):
            let hasEnd = !definition.resolveOn.isEmpty
            self.body = .rule(
                RuleHandler(name: definition.name, actions: actions, hopLimit: hopLimit, hasEnd: hasEnd)
            )
        case .auditAlerts(let kind, let severity):
            self.body = .auditAlert(AuditAlertHandler(name: definition.name, kind: kind, severity: severity))
        case .machine(let machine):
            self.body = .machine(machine)
        }
    }

    package var name: String { self.definition.name }

    /// `rule: alert, publish` or `audit-alerts`: what the list of handlers says of it.
    package var summary: String {
        switch self.body {
        case .rule(let rule): rule.summary
        case .auditAlert: "audit-alerts"
        case .machine(let definition): definition.summary
        }
    }

    /// False for handlers that are registered and counted but never want anything: calling them can be spared.
    package var canReact: Bool {
        switch self.body {
        case .rule(let rule): rule.canReact
        case .auditAlert(let handler): handler.canReact
        case .machine: true
        }
    }

    /// For a handler that only writes log lines: the most important of their levels. With a log that leaves that level out,
    /// calling it can be spared as well.
    package var onlyLogsUpTo: LogAction.Level? {
        guard case .rule(let rule) = self.body else { return nil }
        var highest: LogAction.Level?
        for action in rule.actions {
            guard case .log(let log) = action else { return nil }
            if highest.map({ $0.rank < log.level.rank }) ?? true { highest = log.level }
        }
        return highest
    }

    /// What an event ends that is of one of the types that end the handler's alerts.
    package func end(
        by envelope: Envelope,
        context: inout TemplateContext,
        environment: ReactionEnvironment
    ) throws(ReactionError) -> [Reaction] {
        guard case .rule(let rule) = self.body else { return [] }
        return try rule.end(by: envelope, context: &context, environment: environment)
    }

    /// What the handler wants done about an event that it accepts, in the order of its actions.
    ///
    /// Throws when the payload cannot be read; then nothing is to be done, and the call has failed.
    package func react(
        to envelope: Envelope,
        context: inout TemplateContext,
        environment: ReactionEnvironment
    ) throws(ReactionError) -> [Reaction] {
        switch self.body {
        case .rule(let rule):
            return try rule.react(to: envelope, context: &context, environment: environment)
        case .auditAlert(let handler):
            return try handler.react(to: envelope, context: &context, environment: environment)
        case .machine: return []
        }
    }
}
