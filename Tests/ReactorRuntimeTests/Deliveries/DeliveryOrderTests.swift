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

        var seen: [String] { self.lines.withLock { $0 } }

        func attempt(
            _ notification: AlertNotification,
            at now: Timestamp
        ) async throws(CancellationError) -> AttemptOutcome {
            let alerts = notification.group.newAlerts.joined(separator: " ")
            self.lines.withLock { $0.append("told \(alerts)") }
            try? await Task.sleep(for: .milliseconds(600))
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
}
