package import Delivery
import Events
import Logging
package import Reactions
import RedisClient
package import Stores
package import Telemetry

/// Who is told of alerts, and what lies between the decision and them. Outlives the lives of its reactor.
package final class Deliveries: Sendable {
    /// What decisions put their notices into.
    package let outbox: any Outbox
    /// For alerts that went out undecided, because the store could not be asked; the other one when that is in memory too.
    private let undecided: MemoryOutbox
    private let log: any AlertSink
    private let makeSink: SinkMaker?
    private let random: RandomSource
    let receivers: ReceiverSet
    let counts: DeliveryCounts
    let clock: PipelineClock
    /// What is due in this process is due by this one.
    private let time: EvenClock
    private let publisher = Late<Publisher>()

    /// The connection that receivers of the kind `publish` use, and the channel when they name none.
    struct Publisher: Sendable {
        let commands: RedisCommandClient
        let channel: String
    }

    private struct NoConnection: Error {}

    /// Makes what sends the messages of one receiver.
    package typealias SinkMaker = @Sendable (ReceiverDefinition) -> any AlertSink

    /// - Parameters:
    ///   - log: what receivers of the kind `log` do.
    ///   - registry: where the times of deliveries are counted.
    ///   - makeSink: Takes the place of the real receivers, for those who only want to see what would be sent.
    ///   - random: By how much pauses vary.
    package init(
        outbox: any Outbox,
        instance: String,
        log: any AlertSink,
        registry: MetricsRegistry,
        clock: PipelineClock,
        makeSink: SinkMaker? = nil,
        random: RandomSource = .system
    ) {
        let time = EvenClock(clock)
        self.outbox = outbox
        self.time = time
        self.undecided = outbox as? MemoryOutbox ?? MemoryOutbox(instance: instance) { time.now }
        self.log = log
        self.makeSink = makeSink
        self.random = random
        self.receivers = ReceiverSet(instance: instance)
        self.counts = DeliveryCounts(registry)
        self.clock = clock
        self.apply(AlertSettings())
    }

    /// In this process alone, with the store that decides.
    package static func inMemory(
        instance: String,
        log: any AlertSink,
        registry: MetricsRegistry,
        clock: PipelineClock
    ) -> (deliveries: Deliveries, store: MemoryStateStore) {
        let time = EvenClock(clock)
        let outbox = MemoryOutbox(instance: instance) { time.now }
        let store = MemoryStateStore(instance: instance, clock: clock.wall) { outbox.add($0) }
        let deliveries = Deliveries(outbox: outbox, instance: instance, log: log, registry: registry, clock: clock)
        return (deliveries, store)
    }

    /// The settings in force.
    package var settings: AlertSettings { self.receivers.settings }

    /// Receivers may come, change and go at any time.
    package func apply(_ settings: AlertSettings) {
        if let makeSink = self.makeSink { return self.receivers.apply(settings, makeSink) }
        let publisher = self.publisher
        let factory = SinkFactory(log: self.log) { channel, event in
            guard let publisher = publisher.value else { throw NoConnection() }
            let command = RedisCommand([Array("PUBLISH".utf8), Array((channel ?? publisher.channel).utf8), event])
            _ = try await publisher.commands.send(command)
        }
        self.receivers.apply(settings) { factory.sink(for: $0) }
    }

    /// Sends an alert that must not wait for the store.
    func sendUndecided(_ alert: Alert, _ receipt: Receipt) {
        let notice = AlertNotice(alert, receipt: receipt, lasts: alert.lasts)
        self.undecided.add([RoutedNotice(notice: notice, routes: self.receivers.routes(of: alert))])
    }

    // MARK: Lives

    /// - Parameter record: gets what became of each attempt. Must not wait.
    func begin(
        _ publisher: Publisher,
        record: @escaping @Sendable ([HistoryRow]) -> Void,
        _ logger: Logger
    ) -> [DeliveryLine] {
        self.publisher.set(publisher)
        let outboxes: [any Outbox] = self.outbox.isLasting ? [self.outbox, self.undecided] : [self.outbox]
        return outboxes.map { self.line(of: $0, record: record, logger) }
    }

    func line(
        of outbox: any Outbox,
        record: @escaping @Sendable ([HistoryRow]) -> Void = { _ in },
        _ logger: Logger
    ) -> DeliveryLine {
        DeliveryLine(
            outbox: outbox,
            receivers: self.receivers,
            counts: self.counts,
            clock: self.clock,
            time: self.time,
            random: self.random,
            record: record,
            logger: logger
        )
    }

    func end() { self.publisher.clear() }

    /// Messages that end with this process.
    func workLeft() async -> Int {
        let outbox: any Outbox = self.outbox.isLasting ? self.undecided : self.outbox
        guard let figures = try? await outbox.figures() else { return 0 }
        return figures.notices + figures.waiting.values.reduce(0, +)
    }
}
