import Delivery
import Events
import Logging
import Reactions
import Stores
import Synchronization
import Telemetry
import Testing

@testable import ReactorRuntime

/// A wall clock that somebody sets while messages wait to be sent from memory.
@Suite struct WallClockDeliveryTests {
    /// Takes nothing until it is told to.
    private final class StubbornReceiver: AlertSink {
        let name = "log"
        let kind = ReceiverKind.log
        private let state = Mutex((refuses: true, attempts: 0))

        var attempts: Int { self.state.withLock { $0.attempts } }

        func giveIn() { self.state.withLock { $0.refuses = false } }

        func attempt(
            _ notification: AlertNotification,
            at now: Timestamp
        ) async throws(CancellationError) -> AttemptOutcome {
            self.state.withLock { state in
                state.attempts += 1
                return state.refuses ? .retry(reason: "not yet", after: .seconds(30)) : .delivered
            }
        }
    }

    private struct Box {
        let clock = TestClock()
        let receiver = StubbornReceiver()
        let deliveries: Deliveries
        let store: MemoryStateStore
        let steps: DeliverySteps

        init() throws {
            let parts = Deliveries.inMemory(
                instance: "test",
                log: self.receiver,
                registry: MetricsRegistry(),
                clock: self.clock.clock
            )
            let outbox = try #require(parts.deliveries.outbox as? MemoryOutbox)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            self.deliveries = parts.deliveries
            self.store = parts.store
            self.steps = DeliverySteps(parts.deliveries, outbox, logger: logger)
        }

        func raise(_ key: String) {
            let alert = Alert.made(key, tenant: key)
            #expect(self.store.decideNow([alert]).map(\.verdict) == [.sent])
        }
    }

    @Test(arguments: [Duration.seconds(3600), .seconds(-3600)])
    func `a message that is to be sent again is sent when its time has passed`(step: Duration) async throws {
        let box = try Box()
        box.raise("r1")
        try await box.steps.work()
        #expect(box.receiver.attempts == 1)
        box.clock.setWall(by: step)
        box.receiver.giveIn()
        box.clock.advance(by: .seconds(29))
        try await box.steps.work()
        #expect(box.receiver.attempts == 1)
        box.clock.advance(by: .seconds(10))
        try await box.steps.work()
        #expect(box.receiver.attempts == 2)
        #expect(await box.deliveries.workLeft() == 0)
    }

    @Test(arguments: [Duration.seconds(3600), .seconds(-3600)])
    func `a receiver is spared as long as it was to be`(step: Duration) async throws {
        let box = try Box()
        for number in 1...5 { box.raise("r\(number)") }
        try await box.steps.work()
        #expect(box.receiver.attempts == 5)
        #expect(box.steps.breakers == ["log": "open"])
        box.clock.setWall(by: step)
        box.receiver.giveIn()
        box.clock.advance(by: .seconds(5))
        box.raise("r6")
        try await box.steps.work()
        #expect(box.receiver.attempts == 5)
        box.clock.advance(by: .seconds(40))
        try await box.steps.work()
        #expect(box.receiver.attempts == 11)
        #expect(box.steps.breakers == ["log": "closed"])
    }
}
