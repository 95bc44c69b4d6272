import EventPatterns
import Events
import Reactions
import Telemetry

/// The second half of the way: which handlers an event reaches, and what becomes of their reactions.
extension EventPipeline {
    // MARK: Router

    mutating func route(_ envelope: Envelope, from origin: FrameOrigin, by routes: RouteTable) {
        let isInternal = InternalEvent.mayBeAboutReactors(envelope.eventType)
        if isInternal, self.takesForItself(envelope) { return }
        let number = routes.matcher.number(of: envelope.eventType)
        let type = routes.type(of: envelope.eventType, number: number)
        self.arrivals &+= 1
        self.counters.received &+= 1
        self.counters.receivedBytes &+= UInt64(envelope.frame.count)
        self.counters.receivedByType[type] &+= 1
        self.noteOddities(of: envelope)
        let accepted = routes.matcher.match(
            eventType: envelope.eventType,
            number: number,
            leaves: self.decoder.leaves
        )
        if isInternal, envelope.eventType == InternalEvent.heartbeatType {
            // For those who name it; wildcards are spared.
            let named = accepted.filter { routes.names(type, handler: routes.calls[Int($0)].handler) }
            named.withUnsafeBufferPointer { self.run($0, on: envelope, type: type, from: origin, by: routes) }
        } else {
            self.run(accepted, on: envelope, type: type, from: origin, by: routes)
        }
    }

    /// Passes on what reactors tell each other.
    ///
    /// - Returns: Whether it is a heartbeat that no handler names, which is no event for anybody else.
    @inline(never)
    private mutating func takesForItself(_ envelope: Envelope) -> Bool {
        self.noticePeer(envelope)
        guard envelope.eventType == InternalEvent.heartbeatType, self.routes.heartbeatType == nil else { return false }
        self.counters.heartbeats += 1
        return true
    }

    @inline(__always)
    private mutating func noteOddities(of envelope: Envelope) {
        if envelope.timestampOrigin != .stated { self.note(envelope.timestampOrigin) }
        if envelope.hadNonFiniteNumber { self.counters.nonFiniteNumbers += 1 }
        if let sequence = envelope.sequence, !envelope.producerID.isEmpty {
            _ = self.producers.observe(producer: envelope.producerID, sequence: sequence)
        }
    }

    private mutating func note(_ origin: Envelope.TimestampOrigin) {
        switch origin {
        case .stated: break
        case .missing: self.counters.timestampsMissing += 1
        case .unreadable: self.counters.timestampsUnreadable += 1
        case .assumedUTC: self.counters.timestampsWithoutOffset += 1
        }
    }

    // MARK: Handlers

    private mutating func run(
        _ rules: UnsafeBufferPointer<Int32>,
        on envelope: Envelope,
        type: Int,
        from origin: FrameOrigin,
        by routes: RouteTable
    ) {
        guard !rules.isEmpty else {
            self.counters.unmatched += 1
            if !self.taps.isEmpty { self.show(envelope, [], from: origin) }
            return
        }
        self.counters.matched &+= 1
        if !self.taps.isEmpty, self.taps.wants(envelope.eventType) {
            return self.callAll(rules, on: envelope, type: type, from: origin, isWatched: true)
        }
        // When the last closure returned, as long as nothing but closures was called.
        var endedAt: UInt64?
        for position in rules.indices {
            let call = routes.calls[Int(rules[position])]
            if self.isSpared(call) {
                self.counters.spared[routes.slot(of: call, type: type)] &+= 1
            } else if case .inline = call.way, let body = routes.inlineBodies[call.handler] {
                endedAt = self.callInline(body, call, on: envelope, type: type, at: endedAt ?? self.clock.monotonic())
            } else {
                let rest = UnsafeBufferPointer(rebasing: rules[position...])
                return self.callAll(rest, on: envelope, type: type, from: origin, isWatched: false)
            }
        }
    }

    /// The short way to a closure that needs nothing but the event.
    ///
    /// - Parameter started: what the monotonic clock says.
    /// - Returns: what it says afterwards, so that of several closures in a row each needs to ask it only once.
    private mutating func callInline(
        _ body: HandlerEntry.InlineBody,
        _ call: RuleCall,
        on envelope: Envelope,
        type: Int,
        at started: UInt64
    ) -> UInt64 {
        let slot = self.routes.slot(of: call, type: type)
        do {
            try body(InlineEvent(envelope))
            self.counters.succeeded[slot] += 1
        } catch {
            self.counters.failed[slot] += 1
            self.port.failed(handler: self.routes.entries[call.handler].name, "\(error)")
        }
        let ended = self.clock.monotonic()
        self.counters.durations[slot].record(nanoseconds: Int64(ended &- started))
        return ended
    }

    /// Whether calling the handler would do nothing, so that it is only counted.
    @inline(__always)
    private func isSpared(_ call: RuleCall) -> Bool {
        switch call.way {
        case .nothing: true
        case .logs(let rank): rank < self.logRank
        case .inline, .whole: false
        }
    }

    /// Calls handlers one after the other. A function of its own, because what a call needs is large and most events of a
    /// quiet configuration need none of it.
    @inline(never)
    private mutating func callAll(
        _ rules: UnsafeBufferPointer<Int32>,
        on envelope: Envelope,
        type: Int,
        from origin: FrameOrigin,
        isWatched: Bool
    ) {
        var outcomes: [TapHub.Outcome] = []
        var state = Call(envelope, arrival: self.arrivals, makeAlertID: self.makeAlertID)
        for rule in rules {
            let call = self.routes.calls[Int(rule)]
            var did = Did.reacted([])
            if self.isSpared(call) {
                self.counters.spared[self.routes.slot(of: call, type: type)] &+= 1
            } else {
                did = self.run(call.handler, ends: call.ends, type: type, &state)
            }
            guard isWatched else { continue }
            outcomes.append(.init(handler: self.routes.entries[call.handler].name, did: did.description))
        }
        if isWatched { self.show(envelope, outcomes, from: origin) }
    }

    /// What one event needs for all of its handlers; its parts are made when the first handler asks.
    private struct Call {
        let envelope: Envelope
        let arrival: UInt64
        let environment: ReactionEnvironment
        var context: TemplateContext
        private var owned: Event?

        init(_ envelope: Envelope, arrival: UInt64, makeAlertID: @escaping () -> String) {
            self.envelope = envelope
            self.arrival = arrival
            self.environment = ReactionEnvironment(
                now: envelope.arrivedAt,
                arrival: arrival,
                makeAlertID: makeAlertID
            )
            self.context = TemplateContext(envelope) { try JSONValue.parse($0) }
        }

        mutating func event() -> Event {
            if let owned = self.owned { return owned }
            let event = Event(self.envelope, arrival: self.arrival)
            self.owned = event
            return event
        }
    }

    /// What a handler did, for watchers.
    private enum Did: CustomStringConvertible {
        case reacted([Reaction])
        case queued
        /// A machine has it.
        case fed
        case failed

        var description: String {
            switch self {
            case .reacted(let reactions):
                reactions.isEmpty ? "nothing" : reactions.map(\.word).joined(separator: ", ")
            case .queued: "queued"
            case .fed: "taken in"
            case .failed: "failed"
            }
        }
    }

    /// Calls one handler, counts and times the call.
    private mutating func run(_ handler: Int, ends: Bool, type: Int, _ call: inout Call) -> Did {
        let slot = self.routes.slot(handler: handler, type: type)
        let started = self.clock.monotonic()
        let did: Did
        do {
            did = try self.call(handler, ends: ends, type: type, &call)
            // What was handed to a lane is counted there, when it ends.
            if case .queued = did { return did }
            self.counters.succeeded[slot] += 1
        } catch {
            self.counters.failed[slot] += 1
            self.port.failed(handler: self.routes.entries[handler].name, "\(error)")
            did = .failed
        }
        let ended = self.clock.monotonic()
        self.counters.durations[slot].record(nanoseconds: Int64(ended &- started))
        return did
    }

    private mutating func call(_ handler: Int, ends: Bool, type: Int, _ call: inout Call) throws -> Did {
        switch self.routes.entries[handler].body {
        case .declared(let compiled):
            let reactions =
                if ends {
                    try compiled.end(by: call.envelope, context: &call.context, environment: call.environment)
                } else {
                    try compiled.react(to: call.envelope, context: &call.context, environment: call.environment)
                }
            self.perform(reactions, of: handler)
            return .reacted(reactions)
        case .inline(let body):
            try body(InlineEvent(call.envelope))
            return .reacted([])
        case .lane(let lane):
            self.port.enqueue(call.event(), lane: lane, type: self.routes.types.names[type])
            return .queued
        case .machine(let number):
            if !self.port.feed(call.event(), machine: number) { self.isPaused = true }
            return .fed
        }
    }

    // MARK: Reactions

    private mutating func perform(_ reactions: [Reaction], of handler: Int) {
        for reaction in reactions {
            switch reaction {
            case .alert(let alert):
                if !self.port.raise(alert) { self.isPaused = true }
            case .resolve(let resolution):
                if !self.port.resolve(resolution) { self.isPaused = true }
            case .publish(let event):
                self.port.publish(event)
            case .log(let level, let message):
                self.port.log(level, message, handler: self.routes.entries[handler].name)
            case .loopCut(let event):
                self.counters.loopsCut += 1
                self.port.cut(event)
            }
        }
    }

    private mutating func show(_ envelope: Envelope, _ outcomes: [TapHub.Outcome], from origin: FrameOrigin) {
        self.taps.show(envelope, arrival: self.arrivals, channel: self.channels.name(of: origin), outcomes: outcomes)
    }

    // MARK: Reactors among themselves

    /// Passes on that a reactor made itself known.
    private func noticePeer(_ envelope: Envelope) {
        // Rare events: three a minute for each reactor, so the whole payload may be read.
        guard InternalEvent.isAboutReactors(envelope.eventType),
            let payload = try? JSONValue.parse(envelope.payload),
            // A heartbeat in the original's form names no instance; it proves nothing about anybody.
            let instance = payload["instance"]?.stringValue
        else { return }
        let kind: PeerSighting.Kind
        if envelope.eventType == InternalEvent.heartbeatType {
            let interval = payload["interval_seconds"]?.doubleValue.map { Duration.seconds($0) }
            kind = .heartbeat(nonce: payload["nonce"]?.stringValue ?? "", interval: interval)
        } else if envelope.eventType == InternalEvent.stoppingType {
            kind = .stopping
        } else {
            kind = .peerLost(payload["lost"]?.stringValue ?? "")
        }
        self.port.sighted(PeerSighting(kind: kind, instance: instance))
    }
}

extension Reaction {
    /// One word for watchers.
    var word: String {
        switch self {
        case .alert: "alert"
        case .resolve: "resolve"
        case .publish: "publish"
        case .log: "log"
        case .loopCut: "loop cut"
        }
    }
}
