import Events
import Logging
import Reactions
import Synchronization

/// Takes the reactions of the pipeline to whoever performs them.
final class ReactionRouter: ReactionPort {
    private let desk: AlertDesk
    private let publisher: EventPublisher
    private let lanes: LaneExecutor
    private let machines: MachineDesk
    /// Knows the engine, which knows this router: set when all of them exist.
    private let heartbeat: Late<HeartbeatService>
    private let selfAlerts: SelfAlerts
    private let quarantine: QuarantineRecorder?
    private let logger: Logger
    private let handlerLogger: Logger

    init(
        desk: AlertDesk,
        publisher: EventPublisher,
        lanes: LaneExecutor,
        machines: MachineDesk,
        heartbeat: Late<HeartbeatService>,
        selfAlerts: SelfAlerts,
        quarantine: QuarantineRecorder?,
        logger: Logger,
        handlerLogger: Logger
    ) {
        self.desk = desk
        self.publisher = publisher
        self.lanes = lanes
        self.machines = machines
        self.heartbeat = heartbeat
        self.selfAlerts = selfAlerts
        self.quarantine = quarantine
        self.logger = logger
        self.handlerLogger = handlerLogger
    }

    func raise(_ alert: Alert) -> Bool { self.desk.submit(alert) }

    func resolve(_ resolution: Resolution) -> Bool { self.desk.submit(resolution) }

    func publish(_ event: OutgoingEvent) { self.publisher.submit(event) }

    func enqueue(_ event: Event, lane: Int, type: String) { self.lanes.submit(event, lane: lane, type: type) }

    func feed(_ event: Event, machine: Int) -> Bool { self.machines.submit(event, machine: machine) }

    func sighted(_ sighting: PeerSighting) { self.heartbeat.value?.sighted(sighting) }

    func overload(_ action: OverloadEpisode.Action) {
        self.selfAlerts.overload(action)
        switch action {
        case .began: self.machines.blindnessBegan(reason: "events were dropped because there were too many")
        case .ended(_, _, let lasted):
            self.machines.blindnessEnded(for: lasted, reason: "events were dropped because there were too many")
        }
    }

    func missed(_ loss: SequenceTracker.Loss) { self.selfAlerts.missed(loss) }

    func quarantined(_ entry: QuarantineEntry) { self.quarantine?.record(entry) }

    var logRank: Int {
        switch self.handlerLogger.logLevel {
        case .trace, .debug: 0
        case .info: 1
        case .notice: 2
        case .warning: 3
        case .error: 4
        case .critical: 5
        }
    }

    func log(_ level: LogAction.Level, _ message: String, handler: String) {
        self.handlerLogger.log(
            level: level.loggerLevel,
            "handler says",
            metadata: ["handler": "\(handler)", "text": "\(message)"]
        )
    }

    func cut(_ event: OutgoingEvent) {
        self.logger.error(
            "event was not published: reactors answer each other in a loop",
            metadata: ["handler": "\(event.handler)", "event_type": "\(event.eventType)", "hops": "\(event.hops)"]
        )
    }

    func failed(handler: String, _ reason: String) {
        self.logger.error("handler failed", metadata: ["handler": "\(handler)", "reason": "\(reason)"])
    }
}

extension LogAction.Level {
    var loggerLevel: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }
}
