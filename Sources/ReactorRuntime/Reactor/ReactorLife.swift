import Logging
import NIOCore
import NIOPosix
import RedisClient

/// Everything that exists from one start of a reactor to its stop.
final class ReactorLife: Sendable {
    /// The loop of the subscription and of the pipeline, and of nothing else.
    let intakeGroup: MultiThreadedEventLoopGroup
    let commands: RedisCommandClient
    let subscription: RedisSubscription
    let engine: IntakeEngine
    let link: LinkMonitor
    let desk: AlertDesk
    let publisher: EventPublisher
    let lanes: LaneExecutor
    let heartbeat: HeartbeatService
    let selfAlerts: SelfAlerts
    /// Open once a probe has come back: events that are published now are handled.
    let ready: Gate
    private let channels: [String]
    private let logger: Logger

    init(
        intakeGroup: MultiThreadedEventLoopGroup,
        commands: RedisCommandClient,
        subscription: RedisSubscription,
        engine: IntakeEngine,
        link: LinkMonitor,
        desk: AlertDesk,
        publisher: EventPublisher,
        lanes: LaneExecutor,
        heartbeat: HeartbeatService,
        selfAlerts: SelfAlerts,
        ready: Gate,
        channels: [String],
        logger: Logger
    ) {
        self.intakeGroup = intakeGroup
        self.commands = commands
        self.subscription = subscription
        self.engine = engine
        self.link = link
        self.desk = desk
        self.publisher = publisher
        self.lanes = lanes
        self.heartbeat = heartbeat
        self.selfAlerts = selfAlerts
        self.ready = ready
        self.channels = channels
        self.logger = logger
    }

    func start(in group: inout ThrowingTaskGroup<Void, any Error>) {
        group.addTask { await self.commands.run() }
        group.addTask { try await self.subscription.run() }
        group.addTask { await self.desk.run() }
        group.addTask { await self.publisher.run() }
        group.addTask { await self.lanes.run() }
        group.addTask { await self.heartbeat.run() }
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
            self.logger.info("Redis server judged", metadata: ["durability": "\(report.durability.rawValue)"])
        } catch {
            self.logger.warning("Redis server could not be judged", metadata: ["reason": "\(error.metricLabel)"])
        }
    }

    /// Stops reading, then empties every stage in the order of the way, and says farewell.
    func finishWork() async {
        await self.subscription.stop()
        while await self.engine.waiting > 0, !Task.isCancelled {
            // The loop empties the ring by itself; this only looks after it.
            try? await Task.sleep(for: .milliseconds(2))
        }
        await self.lanes.waitUntilIdle()
        await self.desk.waitUntilIdle()
        await self.heartbeat.sayFarewell()
        await self.publisher.waitUntilIdle()
        await self.engine.endTaps()
    }

    /// What a stop that took too long leaves undone, for people.
    func workLeft() async -> String {
        var parts: [String] = []
        let waiting = await self.engine.waiting
        if waiting > 0 { parts.append("\(waiting) events in the ring") }
        if self.lanes.depth > 0 { parts.append("\(self.lanes.depth) calls of handlers") }
        if self.desk.depth > 0 { parts.append("\(self.desk.depth) alerts to decide") }
        if self.publisher.depth > 0 { parts.append("\(self.publisher.depth) events to publish") }
        return parts.isEmpty ? "the subscription did not close in time" : parts.joined(separator: ", ")
    }

    func end() async {
        try? await self.intakeGroup.shutdownGracefully()
    }
}
