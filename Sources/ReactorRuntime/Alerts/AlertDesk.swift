package import Logging
package import Reactions
package import Stores
import Synchronization

/// Decides alerts one after another. Those that go out the store hands on to their receivers, in the step that decides.
///
/// Alerts are never dropped: when the queue reaches its mark, the pipeline pauses and events wait in the ring instead.
///
/// While the store cannot be asked, alerts wait, but not those that must not: critical ones, and what the reactor says
/// about itself. These go out undecided, checked only against each other, and the store is told of them when it is back.
package final class AlertDesk: Sendable {
    /// Queued alerts at which the pipeline pauses, and at which it goes on.
    package static let highWater = 10_000
    package static let lowWater = 1_000
    /// Alerts decided in one step of the store, at most: some 40 ms of Redis. Between two steps the server waits for us, and
    /// with a quarter of them it decided a sixth less a second (`bench decide`).
    private static let batchSize = 1024
    /// How long after a step those that come meanwhile wait for each other: a step costs the store and us several times
    /// what one more alert in it does. The first one after a quiet time never waits.
    package static let gathering: Duration = .milliseconds(20)
    /// So many in the queue wait for no others.
    private static let worthAStep = 64
    /// Pauses after failures of the store before it is asked again: the first, and the longest; each is twice the one before.
    private static let storeRetryDelay: (first: Duration, longest: Duration) = (.milliseconds(20), .milliseconds(200))
    /// Between two looks at what has become due.
    private static let settleInterval: Duration = .seconds(1)

    /// What is queued: an alert, or the end of one. Their order is kept.
    private enum Item: Sendable {
        case alert(Alert)
        case end(Resolution)

        var alert: Alert? { if case .alert(let alert) = self { alert } else { nil } }
        var isUrgent: Bool { self.alert?.isUrgent ?? false }
    }

    package let log: AlertLog
    private let store: any StateStore
    /// Checks urgent alerts against each other while the store is away.
    private let standIn: MemoryStateStore
    private let undecided: @Sendable (Alert, Receipt) -> Void
    private let heldBack: @Sendable (Alert, Receipt) -> Void
    private let record: @Sendable ([HistoryRow]) -> Void
    private let queue = WorkQueue<Item>()
    private let logger: Logger
    private let onRoom: @Sendable () -> Void
    private let isCongested: @Sendable () -> Bool
    private let highWater: Int
    private let lowWater: Int
    private let gathering: Duration
    /// How many items were queued, are done, and were done out of their turn.
    private let submitted = Atomic<Int>(0)
    private let done = Atomic<Int>(0)
    private let overtaking = Atomic<Int>(0)
    /// Whether a submitter was told that there is no room and has not been told otherwise.
    private let saidFull = Atomic(false)
    /// Whether what is due by time is being told, and whether it is told no more.
    private let isSettling = Atomic(false)
    private let isTimeOver = Atomic(false)
    /// Since when the store fails, and how it did last.
    private let failing = Mutex<(since: ContinuousClock.Instant, reason: String)?>(nil)

    /// - Parameters:
    ///   - standIn: Takes the place of the store, for urgent alerts, while that cannot be asked.
    ///   - undecided: Sends urgent alerts that the store could not be asked about. Must not wait.
    ///   - heldBack: Told of every alert that does not go out, so that none is held back in silence.
    ///   - record: Gets the alerts that were decided, and receipts that no store has. Must not wait.
    ///   - isCongested: Whether so much that was decided waits for its planning that nothing more is to be decided.
    ///   - onRoom: Called when the queue has fallen to its low mark after having been full.
    package init(
        store: any StateStore,
        standIn: MemoryStateStore,
        undecided: @escaping @Sendable (Alert, Receipt) -> Void,
        heldBack: @escaping @Sendable (Alert, Receipt) -> Void,
        log: AlertLog,
        logger: Logger,
        highWater: Int = AlertDesk.highWater,
        lowWater: Int = AlertDesk.lowWater,
        gathering: Duration = AlertDesk.gathering,
        record: @escaping @Sendable ([HistoryRow]) -> Void = { _ in },
        isCongested: @escaping @Sendable () -> Bool = { false },
        onRoom: @escaping @Sendable () -> Void
    ) {
        self.store = store
        self.standIn = standIn
        self.undecided = undecided
        self.heldBack = heldBack
        self.log = log
        self.logger = logger
        self.highWater = highWater
        self.lowWater = lowWater
        self.gathering = gathering
        self.record = record
        self.isCongested = isCongested
        self.onRoom = onRoom
    }

    /// Alerts not yet decided.
    package var depth: Int { self.queue.depth }

    /// For how long the store has failed, and what it failed of last; nil while it does not.
    package var trouble: (lasts: Duration, reason: String)? {
        self.failing.withLock { $0.map { ($0.since.duration(to: .now), $0.reason) } }
    }

    /// A mark behind everything that was queued so far.
    package var mark: Int { self.submitted.load(ordering: .sequentiallyConsistent) }

    /// Whether everything before a mark has been decided.
    package func hasDecided(until mark: Int) -> Bool {
        // Some of what is done may have come later.
        self.done.load(ordering: .sequentiallyConsistent)
            >= mark + self.overtaking.load(ordering: .sequentiallyConsistent) || self.queue.depth == 0
    }

    /// Queues an alert; never waits.
    ///
    /// - Returns: Whether there is room for more.
    package func submit(_ alert: Alert) -> Bool { self.submit(.alert(alert)) }

    /// Queues the end of what an alert was about; as for an alert.
    package func submit(_ resolution: Resolution) -> Bool { self.submit(.end(resolution)) }

    private func submit(_ item: Item) -> Bool {
        self.submitted.wrappingAdd(1, ordering: .sequentiallyConsistent)
        guard let depth = self.queue.push(item), depth >= self.highWater else { return true }
        self.saidFull.store(true, ordering: .sequentiallyConsistent)
        // Whoever decides may have emptied the queue just before it could see that somebody waits for that.
        if self.queue.waiting <= self.lowWater {
            return self.saidFull.exchange(false, ordering: .sequentiallyConsistent)
        }
        return false
    }

    /// Decides alerts until `finish` was called and none is left, or the task is cancelled.
    package func run() async {
        var gathered = ContinuousClock.now
        while true {
            while self.isCongested(), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(50)) }
            let batch = await self.queue.take(upTo: Self.batchSize, gathering: Self.worthAStep, until: gathered)
            guard !batch.isEmpty else { return }
            let left = await self.decide(batch)
            guard left.isEmpty else { return self.queue.giveBack(left) }
            self.done.wrappingAdd(batch.count, ordering: .sequentiallyConsistent)
            if self.queue.waiting <= self.lowWater,
                self.saidFull.exchange(false, ordering: .sequentiallyConsistent)
            {
                self.onRoom()
            }
            gathered = .now + self.gathering
        }
    }

    /// Takes no further alerts; `run` returns when the queued ones are decided.
    package func finish() { self.queue.finish() }

    package func waitUntilIdle() async { await self.queue.waitUntilIdle() }

    /// Tells what becomes due by time alone, until the task is cancelled.
    package func keepTime() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.settleInterval)
            guard !Task.isCancelled else { return }
            await self.settleDue()
        }
    }

    /// From now on nothing is told because of time: what became due now would find nobody to send it. Waits for what is
    /// being told, but not for long, since the store may be away.
    package func endTime() async {
        self.isTimeOver.store(true, ordering: .sequentiallyConsistent)
        _ = await finishes(within: .seconds(1)) {
            while self.isSettling.load(ordering: .sequentiallyConsistent), !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(2))
            }
        }
    }

    /// Tells what has become due. A store that fails is asked again soon; `decide` tells of it.
    package func settleDue() async {
        self.isSettling.store(true, ordering: .sequentiallyConsistent)
        defer { self.isSettling.store(false, ordering: .sequentiallyConsistent) }
        guard !self.isTimeOver.load(ordering: .sequentiallyConsistent) else { return }
        do {
            let tellings = try await self.store.settle()
            self.record(tellings.map { HistoryRow(alert: $0.alert) })
            for telling in tellings { self.settle(telling) }
            self.failing.withLock { $0 = nil }
        } catch {
            self.failing.withLock { $0 = ($0?.since ?? .now, "\(error)") }
            self.logger.debug("what is due could not be told", error: error, metadata: [:])
        }
    }

    /// - Returns: What is not decided, because the task was cancelled before.
    private func decide(_ batch: [Item]) async -> [Item] {
        var open = batch
        var undecided: [Alert] = []
        var pause = Self.storeRetryDelay.first
        while !Task.isCancelled {
            do {
                if !undecided.isEmpty {
                    _ = try await self.store.reconcile(undecided)
                    self.logger.notice(
                        "alerts sent undecided are on record",
                        metadata: ["alerts": "\(undecided.count)"]
                    )
                    undecided = []
                }
                while !open.isEmpty {
                    let part = Self.ofOneKind(open)
                    try await self.decideAlike(part)
                    open.removeFirst(part.count)
                }
                self.failing.withLock { $0 = nil }
                return []
            } catch {
                self.failing.withLock { $0 = ($0?.since ?? .now, "\(error)") }
                self.log.addUndecided()
                self.logger.error("alerts could not be decided", error: error, metadata: ["alerts": "\(open.count)"])
                let urgent = self.queue.takeOutOfTurn(\.isUrgent)
                self.overtaking.wrappingAdd(urgent.count, ordering: .sequentiallyConsistent)
                self.done.wrappingAdd(urgent.count, ordering: .sequentiallyConsistent)
                open += urgent
                let sent = self.sendUrgent(open.compactMap(\.alert))
                undecided += open.compactMap(\.alert).filter { sent.contains($0.id) }
                open.removeAll { $0.alert.map { sent.contains($0.id) } ?? false }
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, Self.storeRetryDelay.longest)
            }
        }
        if !undecided.isEmpty {
            let ids = undecided.map(\.id).joined(separator: " ")
            self.logger.warning("alerts sent undecided are not on record", metadata: ["alert_ids": "\(ids)"])
        }
        return open
    }

    /// The first items, as long as they are all alerts or all ends.
    private static func ofOneKind(_ items: [Item]) -> ArraySlice<Item> {
        let isAlert = items.first?.alert != nil
        return items.prefix { ($0.alert != nil) == isAlert }
    }

    private func decideAlike(_ items: ArraySlice<Item>) async throws {
        let alerts = items.compactMap(\.alert)
        guard alerts.isEmpty else {
            let receipts = try await self.store.decide(alerts)
            self.record(alerts.map { HistoryRow(alert: $0) })
            for (alert, receipt) in zip(alerts, receipts) { self.settle(alert, receipt) }
            return
        }
        let ends = items.compactMap { if case .end(let resolution) = $0 { resolution } else { nil } }
        let tellings = try await self.store.resolve(ends)
        self.record(tellings.map { HistoryRow(alert: $0.alert) })
        for telling in tellings { self.settle(telling) }
    }

    /// Sends the urgent ones among alerts that wait for the store.
    ///
    /// - Returns: The ids of those that went out.
    private func sendUrgent(_ alerts: [Alert]) -> Set<String> {
        var sent: Set<String> = []
        for alert in alerts where alert.isUrgent {
            guard var receipt = self.standIn.decideNow([alert]).first, receipt.verdict.isSent else { continue }
            receipt.verdict = .fatigueDisabled
            receipt.ground = .storeAway
            self.log.add(DecidedAlert(alert: alert, receipt: receipt))
            self.undecided(alert, receipt)
            // No store has this receipt; that of its decision follows when there is one.
            let time = UInt64(max(0, receipt.decidedAt.microseconds / 1000))
            let place = DecisionPlace(milliseconds: time, number: 0)
            let decision = DecisionRecord(cursor: place.text, subject: alert.subject, receipt: receipt)
            self.record([HistoryRow(alert: alert), HistoryRow(decision: decision)])
            sent.insert(alert.id)
        }
        return sent
    }

    private func settle(_ telling: Telling) { self.settle(telling.alert, telling.receipt) }

    private func settle(_ alert: Alert, _ receipt: Receipt) {
        self.log.add(DecidedAlert(alert: alert, receipt: receipt))
        if !receipt.verdict.isSent { self.heldBack(alert, receipt) }
    }
}

extension Alert {
    /// Whether it must not wait for a store that is away.
    fileprivate var isUrgent: Bool { self.severity == .critical || self.domain == SystemAlerts.domain }
}
