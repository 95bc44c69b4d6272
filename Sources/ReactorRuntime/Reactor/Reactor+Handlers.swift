import EventPatterns
public import Events
import Logging
package import Reactions
import Stores
import Synchronization

extension Reactor {
    /// Registers a closure for event types: exact ones, `prefix.*`, or `*`.
    ///
    /// The closure may wait; it runs beside the event loop, in lanes: events of one run in order, others at the same time.
    /// What it throws is counted and logged; what takes longer than `handlerTimeout` is counted and cancelled.
    ///
    /// - Parameters:
    ///   - types: what to listen to.
    ///   - match: an EventBridge pattern in JSON that the whole envelope must match, for example
    ///     `{"payload": {"cost_usd": [{"numeric": [">", 25]}]}}`.
    ///   - priority: higher first; among equals in the order of registration, after the handlers from files.
    ///   - name: for metrics and logs; the first type when nil.
    /// - Throws: `ReactorError` (`invalidSetting`) for a type, pattern or name that is not one.
    public func on(
        _ types: String...,
        match: String? = nil,
        priority: Int = 0,
        name: String? = nil,
        perform handler: @escaping @Sendable (Event) async throws -> Void
    ) throws {
        let name = name ?? types.first ?? ""
        let lane = self.lanes.register(name, handler)
        try self.register(types, match: match, priority: priority, name: name, body: .lane(lane))
    }

    /// Registers a closure that runs on the event loop itself, straight from the receive buffer.
    ///
    /// For counting and measuring: the fastest way, but while it runs nothing is read, so it must neither wait nor
    /// compute for long.
    ///
    /// - Throws: as `on`.
    public func onInline(
        _ types: String...,
        match: String? = nil,
        priority: Int = 0,
        name: String? = nil,
        perform handler: @escaping @Sendable (borrowing InlineEvent) throws -> Void
    ) throws {
        let name = name ?? types.first ?? ""
        try self.register(types, match: match, priority: priority, name: name, body: .inline(handler))
    }

    private func register(
        _ types: [String],
        match: String?,
        priority: Int,
        name: String,
        body: HandlerEntry.Body
    ) throws {
        let entry = HandlerEntry(
            name: name,
            on: try types.map(Self.typePattern),
            match: try match.map(Self.pattern),
            priority: priority,
            does: "closure",
            body: body
        )
        guard !entry.on.isEmpty else { throw ReactorError(.invalidSetting, "a handler listens to at least one type") }
        let (entries, engine) = self.state.withLock { state in
            state.closures.append(entry)
            return (state.fileHandlers + state.closures, state.life?.engine)
        }
        if let engine { engine.replaceSoon(entries) }
    }

    private static func typePattern(_ text: String) throws -> TypePattern {
        guard let pattern = TypePattern(text) else {
            throw ReactorError(.invalidSetting, "\"\(text)\" is not an event type, a prefix like \"run.*\", or \"*\"")
        }
        return pattern
    }

    private static func pattern(_ json: String) throws -> EventPattern {
        do {
            return try EventPattern.parse(json: Array(json.utf8))
        } catch {
            throw ReactorError(.invalidSetting, "the pattern: \(error)")
        }
    }

    /// Puts the handlers of files and the settings of alerts in force, between two events if the reactor runs.
    package func apply(_ definitions: [HandlerDefinition], _ alerts: AlertSettings, configVersion: String) async {
        let handlers = definitions.map { HandlerEntry($0, machines: self.machines) }
        self.machines.keepOnly(handlers)
        let now = self.clock.wall()
        let (entries, life) = self.state.withLock { state in
            state.fileHandlers = handlers
            state.configVersion = configVersion
            state.configError = nil
            state.configLoadedAt = now
            state.reloads[true, default: 0] += 1
            state.life?.visits.enter()
            return (handlers + state.closures, state.life)
        }
        defer { life?.visits.leave() }
        // Receivers first: what is decided by the new routes finds them.
        self.deliveries.apply(alerts)
        await self.store.update(alerts, configVersion: configVersion)
        await self.standIn.update(alerts, configVersion: configVersion)
        await life?.engine.replace(entries)
        life?.machines.lookAgain()
    }

    /// Takes note that a new configuration was refused; what was in force stays so.
    package func refuse(configuration reason: String) {
        self.state.withLock { state in
            state.configError = reason
            state.reloads[false, default: 0] += 1
        }
        self.logger.error("configuration refused, the old one stays in force", metadata: ["reason": "\(reason)"])
    }
}

extension HandlerEntry {
    /// A handler from a file.
    ///
    /// - Parameter machines: where built-ins that remember are kept; without, they are known and do nothing.
    package init(_ definition: HandlerDefinition, machines: MachineSet? = nil) {
        let compiled = CompiledHandler(definition)
        var body = Body.declared(compiled)
        if case .machine(let machine) = definition.body, let machines {
            body = .machine(machines.number(of: definition.name, machine))
        }
        self.init(
            name: definition.name,
            on: definition.on,
            match: definition.match,
            priority: definition.priority,
            enabled: definition.enabled,
            does: compiled.summary,
            location: definition.location?.description,
            body: body
        )
        self.resolveOn = definition.resolveOn
    }
}
