import Delivery
import Events
import Logging
import Reactions
import ReactorTestKit
import Stores
import Synchronization
import Telemetry
import Testing

@testable import ReactorRuntime

/// What comes after what, where several messages are sent to one receiver at a time.
@Suite(.timeLimit(.minutes(5))) struct DeliveryOrderTests {
    /// Takes its time, and writes down what it is told and when it has answered.
    private final class SlowReceiver: AlertSink {
        let name = "log"
        let kind = ReceiverKind.log
        private let lines = Mutex<[String]>([])
        private let pause: Duration

        init(pause: Duration = .milliseconds(600)) { self.pause = pause }

        var seen: [String] { self.lines.withLock { $0 } }

        func attempt(
            _ notification: AlertNotification,
            at now: Timestamp
        ) async throws(CancellationError) -> AttemptOutcome {
            let alerts = notification.group.newAlerts.joined(separator: " ")
            self.lines.withLock { $0.append("told \(alerts)") }
            try? await Task.sleep(for: self.pause)
            self.lines.withLock { $0.append("answered \(alerts)") }
            return .delivered
        }
    }

    @Test func `of two messages about one group the later one waits for the attempt of the earlier one`() async throws {
        let receiver = SlowReceiver()
        let parts = Deliveries.inMemory(
            instance: "test",
            log: receiver,
            registry: MetricsRegistry(),
            clock: .system
        )
        var settings = AlertSettings()
        settings.receivers[0].concurrency = 8
        parts.deliveries.apply(settings)
        let outbox = try #require(parts.deliveries.outbox as? MemoryOutbox)
        let route = RouteDefinition(
            receivers: ["log"],
            groupBy: .eachAlert,
            groupWait: .zero,
            groupInterval: .milliseconds(1)
        )
        let tree = try RoutingTree(route)
        let ids = (0..<3).map { "alert-\($0)" }
        let line = parts.deliveries.line(of: outbox, Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await withDiscardingTaskGroup { group in
            group.addTask { await line.run() }
            for id in ids {
                let notice = AlertNotice(Alert.made("k", id: id), receipt: nil)
                outbox.add([RoutedNotice(notice: notice, routes: tree.routes(of: notice.labels))])
                // Each becomes a message of its own, while those before are still being sent.
                await eventually("planned") {
                    let figures = try? await outbox.figures()
                    return figures?.notices == 0 && figures?.groups == 0
                }
            }
            await eventually("all are told") { receiver.seen.count == 2 * ids.count }
            group.cancelAll()
        }
        #expect(receiver.seen == ids.flatMap { ["told \($0)", "answered \($0)"] })
    }

    /// What a line that stops while `count` messages wait for one slow receiver sends before it has finished.
    ///
    /// - Parameter wait: how long each alert waits for others of its group.
    private static func toldAtStop(
        _ count: Int,
        wait: Duration = .zero,
        _ receiver: SlowReceiver
    ) async throws -> (told: [String], left: Int) {
        let parts = Deliveries.inMemory(instance: "test", log: receiver, registry: MetricsRegistry(), clock: .system)
        var settings = AlertSettings()
        settings.receivers[0].concurrency = 2
        parts.deliveries.apply(settings)
        let outbox = try #require(parts.deliveries.outbox as? MemoryOutbox)
        let route = RouteDefinition(
            receivers: ["log"],
            groupBy: .eachAlert,
            groupWait: wait,
            groupInterval: .milliseconds(1)
        )
        let tree = try RoutingTree(route)
        for number in 0..<count {
            let notice = AlertNotice(Alert.made("k\(number)", id: "alert-\(number)"), receipt: nil)
            outbox.add([RoutedNotice(notice: notice, routes: tree.routes(of: notice.labels))])
        }
        let line = parts.deliveries.line(of: outbox, Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let isHeld = wait > .zero
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await line.run() }
            await eventually("begun") {
                guard isHeld else { return !receiver.seen.isEmpty }
                let figures = try? await outbox.figures()
                return figures?.notices == 0 && figures?.groups == count
            }
            await line.finish()
            let told = receiver.seen.filter { $0.hasPrefix("answered") }
            let left = await parts.deliveries.workLeft()
            group.cancelAll()
            return (told, left)
        }
    }

    @Test func `a stop sends what waits until a receiver that has its hands full is free`() async throws {
        let (told, left) = try await Self.toldAtStop(7, SlowReceiver(pause: .milliseconds(200)))
        #expect(Set(told).count == 7 && told.count == 7)
        #expect(left == 0)
    }

    @Test func `a stop tells every group that waits, however many they are`() async throws {
        let (told, left) = try await Self.toldAtStop(200, wait: .seconds(3600), SlowReceiver(pause: .zero))
        #expect(Set(told).count == 200 && told.count == 200)
        #expect(left == 0)
    }
}
