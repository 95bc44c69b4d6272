import Logging
import NIOCore
import NIOPosix
import RedisClient
import Synchronization

/// Everything that exists from one start of a reactor to its stop.
final class ReactorLife: Sendable {
    /// The loop of the subscription and of the pipeline, and of nothing else.
    let intakeGroup: MultiThreadedEventLoopGroup
    let commands: RedisCommandClient
    let subscription: RedisSubscription
    let engine: IntakeEngine
    let link: LinkMonitor
    let desk: AlertDesk
    private let deliveries: Deliveries
    /// Those that work on the outboxes.
    let lines: [DeliveryLine]
    let publisher: EventPublisher
    let lanes: LaneExecutor
    let machines: MachineDesk
    let heartbeat: HeartbeatService
    let selfAlerts: SelfAlerts
    private let archive: ReceiptArchive?
    /// Open once a probe has come back: events that are published now are handled.
    let ready: Gate
    /// Questions that this life is being asked.
    let visits = Visits()
    /// Through these the parts know each other in a circle, which `end` opens.
    private let engineBox: Late<IntakeEngine>
    private let subscriptionBox: Late<RedisSubscription>
    private let machinesBox: Late<MachineDesk>
    private let heartbeatBox: Late<HeartbeatService>
    private let channels: [String]
    private let stage = Mutex("nothing was finished in time")
    private let judged: @Sendable (ServerDurability) -> Void
    private let logger: Logger

    init(
        intakeGroup: MultiThreadedEventLoopGroup,
        commands: RedisCommandClient,
        subscription: RedisSubscription,
        engine: IntakeEngine,
        link: LinkMonitor,
        desk: AlertDesk,
        deliveries: Deliveries,
        lines: [DeliveryLine],
        publisher: EventPublisher,
        lanes: LaneExecutor,
        machines: MachineDesk,
        heartbeat: HeartbeatService,
        selfAlerts: SelfAlerts,
        archive: ReceiptArchive?,
        ready: Gate,
        engineBox: Late<IntakeEngine>,
        subscriptionBox: Late<RedisSubscription>,
        machinesBox: Late<MachineDesk>,
        heartbeatBox: Late<HeartbeatService>,
        channels: [String],
        judged: @escaping @Sendable (ServerDurability) -> Void,
        logger: Logger
    ) {
        self.intakeGroup = intakeGroup
        self.commands = commands
        self.subscription = subscription
        self.engine = engine
        self.link = link
        self.desk = desk
        self.deliveries = deliveries
        self.lines = lines
        self.publisher = publisher
        self.lanes = lanes
        self.machines = machines
        self.heartbeat = heartbeat
        self.selfAlerts = selfAlerts
        self.archive = archive
        self.ready = ready
        self.engineBox = engineBox
        self.subscriptionBox = subscriptionBox
        self.machinesBox = machinesBox
        self.heartbeatBox = heartbeatBox
        self.channels = channels
        self.judged = judged
        self.logger = logger
    }

    func start(in group: inout ThrowingTaskGroup<Void, any Error>) {
        // The life before this one closed them.
        self.lanes.open()
        group.addTask { await self.commands.run() }
        group.addTask { try await self.subscription.run() }
        group.addTask { await self.machines.run() }
        group.addTask { await self.machines.keepTime() }
        group.addTask { await self.machines.keepInStep() }
        group.addTask { await self.desk.run() }
        group.addTask { await self.desk.keepTime() }
        for line in self.lines { group.addTask { await line.run() } }
        group.addTask { await self.publisher.run() }
        group.addTask { await self.lanes.run() }
        group.addTask { await self.heartbeat.run() }
        if let archive { group.addTask { await archive.run() } }
        group.addTask { await self.judgeServer() }
    }

    /// Says once, when the server is there, what is wrong with it.
    private func judgeServer() async {
        await self.ready.wait()
        guard !Task.isCancelled else { return }
        do throws(RedisError) {
            let report = try await ServerReport.examine(self.commands, channels: self.channels)
            for finding in report.findings where finding.severity >= .warning {
                self.logger.warning(
                    "Redis server",
                    metadata: [
                        "code": "\(finding.code.rawValue)", "severity": "\(finding.severity)",
                        "finding": "\(finding.message)", "remedy": "\(finding.remedy ?? "")",
                    ]
                )
            }
            self.judged(report.durability)
        } catch {
            self.logger.warning("Redis server could not be judged", metadata: ["reason": "\(error.metricLabel)"])
        }
    }

    /// Stops reading, then empties every stage in the order of the way, and says farewell.
    func finishWork() async {
        self.heartbeat.beginDraining()
        self.stage.withLock { $0 = "the subscription was not closed in time" }
        await self.subscription.stop()
        self.stage.withLock { $0 = "what was received was not finished in time" }
        while await self.engine.waiting > 0, !Task.isCancelled {
            // The loop empties the ring by itself; this only looks after it.
            try? await Task.sleep(for: .milliseconds(2))
        }
        await self.lanes.waitUntilIdle()
        await self.machines.waitUntilIdle()
        self.selfAlerts.finish()
        await self.desk.waitUntilIdle()
        await self.desk.endTime()
        await self.machines.confirmTellings()
        self.stage.withLock { $0 = "receipts and messages were not seen to in time" }
        // Beside each other: while Redis is away each of them waits for it.
        await withDiscardingTaskGroup { group in
            if let archive {
                group.addTask { _ = await finishes(within: Self.archivePatience) { await archive.finish() } }
            }
            for line in self.lines { group.addTask { await line.finish() } }
        }
        await self.publisher.waitUntilIdle()
        guard !Task.isCancelled else { return }
        self.stage.withLock { $0 = "the other reactors were not told in time" }
        await self.heartbeat.sayFarewell()
    }

    /// How long a stop waits until history has the last receipts; the next start takes over what it has not.
    private static let archivePatience: Duration = .seconds(5)

    /// Why the work is not finished, in words, as far as it has come.
    var unfinished: String { self.stage.withLock { $0 } }

    /// Handles nothing more. What is left after this stays left, and `workLeft` tells of it.
    func halt() async { await self.engine.halt() }

    /// What was left undone, for people; nil when nothing was. Asked when everything that runs has ended.
    func workLeft() async -> String? {
        var parts: [String] = []
        let waiting = await self.engine.waiting
        if waiting > 0 { parts.append("\(waiting) events in the ring") }
        let calls = self.lanes.givenUp
        if !calls.isEmpty {
            let names = calls.map { "\($0.name): \($0.calls)" }.joined(separator: ", ")
            parts.append("\(calls.reduce(0) { $0 + $1.calls }) calls of handlers (\(names))")
        }
        let unheard = self.machines.waitingEvents
        if unheard > 0 { parts.append("\(unheard) events for built-ins that remember") }
        if self.desk.depth > 0 { parts.append("\(self.desk.depth) alerts to decide") }
        let messages = await self.deliveries.workLeft()
        if messages > 0 { parts.append("\(messages) messages to deliver") }
        if self.publisher.depth > 0 { parts.append("\(self.publisher.depth) events to publish") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// Lets go of everything, once the last question is answered.
    func end() async {
        await self.visits.waitUntilNone()
        self.engineBox.clear()
        self.subscriptionBox.clear()
        self.machinesBox.clear()
        self.heartbeatBox.clear()
        self.deliveries.end()
        // Fails only for a loop that ends by itself, and then there is nothing to shut down.
        try? await self.intakeGroup.shutdownGracefully()
    }
}
