import Events
import Reactions
import RedisClient
import Synchronization
import Telemetry

/// Writes the metrics of the runtime from one set of copies, so that all sums are exact.
struct ReactorMetrics {
    private typealias Catalog = MetricCatalog

    let state: StateView
    let version: String
    let isReady: Bool
    let snapshot: PipelineSnapshot?
    let lanes: [Int: [String: LaneExecutor.Counts]]
    let link: LinkMonitor.Facts
    let heartbeat: HeartbeatService.Counts
    let selfAlerts: SelfAlerts.Counts
    let publisher: EventPublisher.Counts
    let alerts: AlertLog.Counts
    let waitingAlerts: Int
    let deliveries: DeliveryMetrics
    let history: HistoryMetrics
    let machines: MachineMetrics
    let isConnected: Bool
    let loopDelay: Duration

    func write(into writer: inout ExpositionWriter) {
        self.writeReactor(into: &writer)
        self.writeSubscription(into: &writer)
        self.writeAlerts(into: &writer)
        self.deliveries.write(into: &writer)
        self.history.write(into: &writer)
        self.machines.write(into: &writer)
        if let snapshot = self.snapshot {
            self.writeIntake(snapshot, into: &writer)
            self.writeHandlers(snapshot, into: &writer)
            self.writeOriginal(snapshot, into: &writer)
        }
    }

    // MARK: The reactor itself

    private func writeReactor(into writer: inout ExpositionWriter) {
        writer.family(Catalog.Runtime.buildInfo) { $0.sample(["version": self.version], 1) }
        writer.family(Catalog.Runtime.state) { writer in
            for state in ReactorLifecycle.State.allCases {
                writer.sample(["state": state.rawValue], state.rawValue == self.state.lifecycle ? 1 : 0)
            }
        }
        writer.family(Catalog.Runtime.ready, self.isReady)
        writer.family(Catalog.Runtime.started, self.state.startedAt?.seconds ?? 0)
        writer.family(Catalog.Runtime.loopDelay, self.loopDelay.inSeconds)
        writer.family(Catalog.Runtime.unhealthyEpisodes) { writer in
            for cause in HeartbeatJudge.Cause.allCases {
                writer.sample(["cause": cause.rawValue], self.heartbeat.episodes[cause] ?? 0)
            }
        }
        writer.family(Catalog.Runtime.peers, UInt64(self.heartbeat.peers.count))
        writer.family(Catalog.Runtime.peersLost, self.heartbeat.peersLost)
        writer.family(Catalog.Runtime.configHash) { $0.sample(["hash": self.state.configVersion], 1) }
        writer.family(Catalog.Runtime.reloadSuccessful, self.state.configError == nil)
        writer.family(Catalog.Runtime.reloadTimestamp, self.state.configLoadedAt?.seconds ?? 0)
        writer.family(Catalog.Runtime.reloads) { writer in
            writer.sample(["result": "applied"], self.state.reloads[true] ?? 0)
            writer.sample(["result": "refused"], self.state.reloads[false] ?? 0)
        }
        writer.family(Catalog.Original.heartbeats, self.heartbeat.sent)
        writer.family(Catalog.Original.heartbeatsMissed, self.heartbeat.missed)
    }

    private func writeSubscription(into writer: inout ExpositionWriter) {
        writer.family(Catalog.Subscription.connectionUp) { writer in
            writer.sample(["connection": "subscription"], self.link.isSubscribed ? 1 : 0)
            writer.sample(["connection": "commands"], self.isConnected ? 1 : 0)
        }
        writer.family(Catalog.Subscription.reconnects) { writer in
            writer.sample(["connection": "subscription"], self.link.reconnects)
        }
        writer.family(Catalog.Subscription.redisErrors) { writer in
            for (code, count) in self.link.errors.sorted(by: { $0.key < $1.key }) {
                writer.sample(["code": code], count)
            }
        }
        if let last = self.snapshot?.counters.lastEventAt, last > 0 {
            writer.family(Catalog.Subscription.lastReceive, Double(last) / 1e6)
        }
        writer.family(Catalog.Subscription.probesOverdue, self.link.probesOverdue)
        writer.family(Catalog.Subscription.gapWindows) { writer in
            for (cause, count) in self.link.gapsByCause.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                writer.sample(["cause": cause.rawValue], count)
            }
        }
        writer.family(Catalog.Subscription.gapSeconds, self.link.blindTime.inSeconds)
        writer.family(Catalog.Subscription.gapUpperBound, self.link.missedBound)
        writer.family(Catalog.Subscription.gapEvents) { writer in
            writer.sample(["recovered": "false"], self.snapshot?.lostEvents ?? 0)
        }
    }

    private func writeAlerts(into writer: inout ExpositionWriter) {
        writer.family(Catalog.Alerts.decisions) { writer in
            for verdict in Verdict.allCases {
                writer.sample(["verdict": verdict.rawValue], self.alerts.verdicts[verdict] ?? 0)
            }
        }
        writer.family(Catalog.Alerts.waiting, UInt64(self.waitingAlerts))
        writer.family(Catalog.Alerts.refused) { $0.sample(["reason": "store_failed"], self.alerts.undecided) }
        writer.family(Catalog.Original.auditAlerts) { writer in
            for (label, count) in self.alerts.audit.sorted(by: { $0.key.type < $1.key.type }) {
                writer.sample(["alert_type": label.type, "severity": label.severity.rawValue], count)
            }
        }
    }

    // MARK: The way of an event

    private func writeIntake(_ snapshot: PipelineSnapshot, into writer: inout ExpositionWriter) {
        let counters = snapshot.counters
        writer.family(Catalog.Intake.messagesReceived, counters.received)
        writer.family(Catalog.Intake.bytesReceived, counters.receivedBytes)
        writer.family(Catalog.Intake.matched, counters.matched)
        writer.family(Catalog.Intake.unmatched, counters.unmatched)
        writer.family(Catalog.Intake.quarantined) { writer in
            for (reason, count) in zip(QuarantineReason.allCases, snapshot.quarantined) {
                writer.sample(["reason": reason.rawValue], count)
            }
        }
        writer.family(Catalog.Intake.dropped) { writer in
            for policy in OverflowPolicy.allCases {
                writer.sample(["policy": policy.rawValue], policy == snapshot.policy ? snapshot.dropped : 0)
            }
        }
        writer.family(Catalog.Intake.timestampsFlagged) { writer in
            writer.sample(["problem": "missing"], counters.timestampsMissing)
            writer.sample(["problem": "unreadable"], counters.timestampsUnreadable)
            writer.sample(["problem": "without_offset"], counters.timestampsWithoutOffset)
        }
        writer.family(Catalog.Intake.nonFinite, counters.nonFiniteNumbers)
        writer.family(Catalog.Intake.ringBytes, UInt64(snapshot.ringBytes))
        writer.family(Catalog.Intake.ringMessages, UInt64(snapshot.ringCount))
        writer.family(Catalog.Intake.ringCapacity, UInt64(snapshot.ringCapacity))
        writer.family(Catalog.Intake.ringHighWater, UInt64(snapshot.ringHighWater))
        writer.family(Catalog.Intake.overloadEpisodes, self.selfAlerts.overloadEpisodes)
        writer.family(Catalog.Intake.overloadActive, self.selfAlerts.isOverloaded)
    }

    private func writeHandlers(_ snapshot: PipelineSnapshot, into writer: inout ExpositionWriter) {
        let totals = self.handlerTotals(snapshot)
        writer.family(Catalog.Handlers.registered, UInt64(snapshot.entries.count { $0.enabled }))
        let columns: [(MetricDescription, (HandlerTotals) -> UInt64)] = [
            (Catalog.Handlers.dispatched, { $0.dispatched }), (Catalog.Handlers.succeeded, { $0.succeeded }),
            (Catalog.Handlers.failed, { $0.failed }), (Catalog.Handlers.timedOut, { $0.timedOut }),
            (Catalog.Handlers.inFlight, { $0.inFlight }),
        ]
        for (metric, value) in columns {
            writer.family(metric) { writer in
                for (entry, total) in zip(snapshot.entries, totals) {
                    writer.sample(["handler": entry.name], value(total))
                }
            }
        }
        writer.family(Catalog.Handlers.published) { writer in
            writer.sample(["result": "published"], self.publisher.published)
            writer.sample(["result": "failed"], self.publisher.failed)
            writer.sample(["result": "queue_full"], self.publisher.refused)
            writer.sample(["result": "loop_cut"], snapshot.counters.loopsCut)
        }
    }

    private struct HandlerTotals {
        var dispatched: UInt64 = 0
        var succeeded: UInt64 = 0
        var failed: UInt64 = 0
        var timedOut: UInt64 = 0
        var inFlight: UInt64 = 0
    }

    private func handlerTotals(_ snapshot: PipelineSnapshot) -> [HandlerTotals] {
        var totals = [HandlerTotals](repeating: HandlerTotals(), count: snapshot.entries.count)
        for (slot, label) in snapshot.slots.enumerated() {
            totals[label.handler].succeeded += snapshot.counters.succeeded[slot]
            totals[label.handler].failed += snapshot.counters.failed[slot]
            totals[label.handler].dispatched +=
                snapshot.counters.succeeded[slot] + snapshot.counters.failed[slot]
        }
        for (index, entry) in snapshot.entries.enumerated() {
            guard case .lane(let lane) = entry.body else { continue }
            for counts in (self.lanes[lane] ?? [:]).values {
                totals[index].dispatched += counts.dispatched
                totals[index].succeeded += counts.succeeded
                totals[index].failed += counts.failed
                totals[index].timedOut += counts.timedOut
                totals[index].inFlight += counts.inFlight
            }
        }
        return totals
    }

    // MARK: The original's names

    private func writeOriginal(_ snapshot: PipelineSnapshot, into writer: inout ExpositionWriter) {
        writer.family(Catalog.Original.eventsReceived) { writer in
            for (type, count) in zip(snapshot.types, snapshot.counters.receivedByType) {
                writer.sample(["event_type": type], count)
            }
        }
        let calls = self.calls(snapshot)
        writer.family(Catalog.Original.eventsHandled) { writer in
            for call in calls { writer.sample(call.labels, call.succeeded) }
        }
        writer.family(Catalog.Original.eventsFailed) { writer in
            for call in calls { writer.sample(call.labels, call.failed) }
        }
        writer.family(Catalog.Original.handlerDuration) { writer in
            for call in calls where call.durations.total > 0 { writer.histogram(call.labels, call.durations) }
        }
    }

    private struct Calls {
        var labels: LabelSet
        var succeeded: UInt64
        /// Timed out ones included.
        var failed: UInt64
        var durations: HistogramCounts
    }

    private func calls(_ snapshot: PipelineSnapshot) -> [Calls] {
        var calls: [Calls] = []
        for (slot, label) in snapshot.slots.enumerated() {
            let entry = snapshot.entries[label.handler]
            let type = snapshot.types[label.type]
            var call = Calls(
                labels: ["event_type": type, "handler": entry.name],
                succeeded: snapshot.counters.succeeded[slot],
                failed: snapshot.counters.failed[slot],
                durations: snapshot.counters.durations[slot]
            )
            if case .lane(let lane) = entry.body {
                let counts = self.lanes[lane]?[type] ?? LaneExecutor.Counts()
                call.succeeded = counts.succeeded
                call.failed = counts.failed + counts.timedOut
                call.durations = counts.durations
            }
            calls.append(call)
        }
        return calls
    }
}

extension Reactor {
    package func metrics() async -> [UInt8] {
        let (life, state) = self.visit()
        defer { life?.visits.leave() }
        let isReady = await self.health().isReady
        // The lanes first: what they have settled, the pipeline has dispatched.
        let snapshot = await life?.engine.snapshot()
        let metrics = ReactorMetrics(
            state: state,
            version: self.version,
            isReady: isReady,
            snapshot: snapshot,
            lanes: self.laneCounts(snapshot),
            link: life?.link.facts ?? LinkMonitor.Facts(),
            heartbeat: life?.heartbeat.counts ?? HeartbeatService.Counts(),
            selfAlerts: life?.selfAlerts.counts ?? SelfAlerts.Counts(),
            publisher: life?.publisher.counts ?? EventPublisher.Counts(),
            alerts: self.alerts.counts,
            waitingAlerts: life?.desk.depth ?? 0,
            deliveries: DeliveryMetrics(self.deliveries, life?.lines ?? []),
            history: HistoryMetrics(
                figures: self.history?.figures,
                archive: self.archive?.counts ?? ReceiptArchive.Counts(),
                skipped: self.quarantineRecorder?.skipped ?? 0,
                skippedEvents: self.runRecorder?.skipped ?? 0
            ),
            machines: MachineMetrics(self.machines, life?.machines),
            isConnected: life?.commands.isConnected ?? false,
            loopDelay: life?.heartbeat.takeLoopDelay() ?? .zero
        )
        return self.registry.render { metrics.write(into: &$0) }
    }

    private func laneCounts(_ snapshot: PipelineSnapshot?) -> [Int: [String: LaneExecutor.Counts]] {
        var counts: [Int: [String: LaneExecutor.Counts]] = [:]
        for case .lane(let lane) in (snapshot?.entries ?? []).map(\.body) {
            counts[lane] = self.lanes.counts(lane: lane)
        }
        return counts
    }
}
