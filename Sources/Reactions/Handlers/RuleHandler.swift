package import Events

/// A handler whose actions are written in a file.
package struct RuleHandler: Sendable {
    package let name: String
    package let actions: [ActionDefinition]
    package let hopLimit: UInt8
    /// Whether events of some type end what its alerts are about.
    package let hasEnd: Bool

    package init(name: String, actions: [ActionDefinition], hopLimit: UInt8, hasEnd: Bool = false) {
        self.name = name
        self.hasEnd = hasEnd
        self.actions = actions
        self.hopLimit = hopLimit
    }

    var canReact: Bool { !self.actions.isEmpty }

    var summary: String {
        let words = self.actions.map { action in
            switch action {
            case .alert: "alert"
            case .publish: "publish"
            case .log: "log"
            }
        }
        return "rule: " + words.joined(separator: ", ")
    }

    /// One reaction for each action, in their order.
    package func react(
        to envelope: Envelope,
        context: inout TemplateContext,
        environment: ReactionEnvironment
    ) throws(ReactionError) -> [Reaction] {
        var reactions: [Reaction] = []
        reactions.reserveCapacity(self.actions.count)
        for action in self.actions {
            switch action {
            case .alert(let alert):
                reactions.append(.alert(try self.alert(alert, envelope, &context, environment)))
            case .publish(let publish):
                reactions.append(try self.publish(publish, envelope, &context))
            case .log(let log):
                let message = try log.message.render(&context, limit: ClippedText.summaryBytes)
                reactions.append(.log(log.level, message))
            }
        }
        return reactions
    }

    private func alert(
        _ action: AlertAction,
        _ envelope: Envelope,
        _ context: inout TemplateContext,
        _ environment: ReactionEnvironment
    ) throws(ReactionError) -> Alert {
        var details: [JSONMember] = []
        details.reserveCapacity(action.details.count)
        for (name, template) in action.details {
            details.append(JSONMember(name, try template.value(&context)))
        }
        let runID = try action.runID?.render(&context) ?? envelope.runID.string
        let tenant = try action.tenant?.render(&context) ?? envelope.tenantID.string
        return Alert(
            id: environment.makeAlertID(),
            type: action.type ?? self.name,
            severity: action.severity,
            domain: action.domain,
            tenant: ClippedText.identifier(tenant),
            runID: runID.isEmpty ? Alert.unknownRun : ClippedText.identifier(runID),
            key: ClippedText.identifier(try action.key.render(&context)),
            summary: try action.summary.render(&context, limit: ClippedText.summaryBytes),
            details: BoundedDetails.bounded(.object(details)),
            handler: self.name,
            event: EventReference(envelope, arrival: environment.arrival),
            raisedAt: environment.now,
            lasts: self.hasEnd
        )
    }

    /// The ends of the alerts that the rule raises: their identities, as this event writes them.
    package func end(
        by envelope: Envelope,
        context: inout TemplateContext,
        environment: ReactionEnvironment
    ) throws(ReactionError) -> [Reaction] {
        var reactions: [Reaction] = []
        for case .alert(let action) in self.actions {
            let runID = try action.runID?.render(&context) ?? envelope.runID.string
            let tenant = try action.tenant?.render(&context) ?? envelope.tenantID.string
            let resolution = Resolution(
                id: environment.makeAlertID(),
                key: ClippedText.identifier(try action.key.render(&context)),
                tenant: ClippedText.identifier(tenant),
                domain: action.domain,
                runID: runID.isEmpty ? Alert.unknownRun : ClippedText.identifier(runID),
                summary: "\(ClippedText.of(envelope.eventType, ClippedText.identifierBytes)) came",
                handler: self.name,
                event: EventReference(envelope, arrival: environment.arrival),
                raisedAt: environment.now
            )
            // Two alerts of one identity have one end.
            let isKnown = reactions.contains { reaction in
                guard case .resolve(let other) = reaction else { return false }
                return (other.key, other.tenant, other.domain) == (resolution.key, resolution.tenant, resolution.domain)
            }
            if !isKnown { reactions.append(.resolve(resolution)) }
        }
        return reactions
    }

    private func publish(
        _ action: PublishAction,
        _ envelope: Envelope,
        _ context: inout TemplateContext
    ) throws(ReactionError) -> Reaction {
        let isCut = envelope.hops >= self.hopLimit
        let event = OutgoingEvent(
            handler: self.name,
            eventType: action.eventType,
            channel: action.channel,
            payload: isCut ? .object([]) : try action.payload.render(&context),
            hops: isCut ? envelope.hops : envelope.hops + 1
        )
        return isCut ? .loopCut(event) : .publish(event)
    }
}

extension Alert {
    /// Stands for the run of an event that names none.
    package static let unknownRun = "unknown"
}
