import Events
import Reactions
import ReactorTestKit
import Stores
import Synchronization
import Testing

@testable import ReactorRuntime

/// A store that decides in memory, once a gate lets it, and fails as often as it is told.
final class GatedStore: StateStore {
    private struct Refusal: Error {}

    let gate: Gate
    private let memory: MemoryStateStore
    private let failuresLeft: Mutex<Int>
    private let batchSizes = Mutex<[Int]>([])
    private let settled = Mutex((asked: 0, answered: 0))
    private let reconciledKeys = Mutex<[String]>([])

    init(gate: Gate, failures: Int = 0) {
        self.gate = gate
        self.failuresLeft = Mutex(failures)
        var settings = FatigueSettings()
        settings.defaultCooldown = .zero
        settings.maxAlertsPerTenantPerHour = 1_000_000
        self.memory = MemoryStateStore(settings: AlertSettings(fatigue: settings), instance: "test") {
            Timestamp(seconds: 1_795_221_600)
        }
    }

    /// Keys of the alerts that were reported as sent undecided.
    var reconciled: [String] { self.reconciledKeys.withLock { $0 } }

    var batches: [Int] { self.batchSizes.withLock { $0 } }

    func decide(_ alerts: [Alert]) async throws -> [Receipt] {
        await self.gate.wait()
        try self.failuresLeft.withLock { left in
            guard left > 0 else { return }
            left -= 1
            throw Refusal()
        }
        self.batchSizes.withLock { $0.append(alerts.count) }
        return self.memory.decideNow(alerts)
    }

    func reconcile(_ alerts: [Alert]) async throws -> [Receipt] {
        self.reconciledKeys.withLock { $0 += alerts.map(\.key) }
        return try await self.memory.reconcile(alerts)
    }

    func resolve(_ resolutions: [Resolution]) async throws -> [Telling] {
        try await self.memory.resolve(resolutions)
    }

    /// How often it was asked what is due, and has answered.
    var settlings: (asked: Int, answered: Int) { self.settled.withLock { $0 } }

    func settle() async throws -> [Telling] {
        self.settled.withLock { $0.asked += 1 }
        await self.gate.wait()
        defer { self.settled.withLock { $0.answered += 1 } }
        return try await self.memory.settle()
    }

    func update(_ settings: AlertSettings, configVersion: String) async {}

    func receipts(_ query: ReceiptQuery) async throws -> [DecisionRecord] { try await self.memory.receipts(query) }

    func decisions(after cursor: String?, limit: Int) async throws -> DecisionTail {
        try await self.memory.decisions(after: cursor, limit: limit)
    }

    func statistics(tenant: String) async throws -> TenantFatigueStatistics {
        try await self.memory.statistics(tenant: tenant)
    }
}

extension Alert {
    static func made(
        _ key: String,
        id: String? = nil,
        tenant: String = "t",
        severity: Severity = .high,
        domain: String = "tests"
    ) -> Alert {
        Alert(
            id: id ?? "id-\(key)",
            type: "test",
            severity: severity,
            domain: domain,
            tenant: tenant,
            runID: "r",
            key: key,
            summary: key,
            details: .object([]),
            handler: "h",
            event: nil,
            raisedAt: Timestamp(seconds: 1_795_221_600)
        )
    }
}

@Suite(.timeLimit(.minutes(10))) struct AlertDeskTests {
    private struct Box {
        let store: GatedStore
        let undecided = CallLog()
        let heldBack = CallLog()
        let rooms = CallLog()
        let log = AlertLog()
        let desk: AlertDesk

        init(
            isOpen: Bool = true,
            failures: Int = 0,
            highWater: Int = 10_000,
            gathering: Duration = AlertDesk.gathering
        ) {
            let gate = Gate()
            if isOpen { gate.open() }
            self.store = GatedStore(gate: gate, failures: failures)
            let (heldBack, rooms, undecided) = (self.heldBack, self.rooms, self.undecided)
            self.desk = AlertDesk(
                store: self.store,
                standIn: MemoryStateStore(instance: "test") { Timestamp(seconds: 1_795_221_600) },
                undecided: { alert, _ in undecided.add(alert.key) },
                heldBack: { alert, receipt in heldBack.add("\(alert.key) \(receipt.verdict.rawValue)") },
                log: self.log,
                logger: .silent,
                highWater: highWater,
                lowWater: highWater / 10,
                gathering: gathering,
                onRoom: { rooms.add("room") }
            )
        }

        /// Alerts that went out, in their order.
        var out: [Alert] {
            self.log.newest(AlertLog.capacity).reversed().filter(\.receipt.verdict.isSent).map(\.alert)
        }

        func running<Result: Sendable>(_ body: (Box) async throws -> Result) async rethrows -> Result {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await self.desk.run() }
                defer { group.cancelAll() }
                return try await body(self)
            }
        }
    }

    @Test func `alerts are decided in order, each with a receipt; what is held back is told`() async {
        await Box().running { box in
            for key in ["a", "b", "a", "c"] { #expect(box.desk.submit(.made(key))) }
            await box.desk.waitUntilIdle()
            #expect(box.out.map(\.key) == ["a", "b", "c"])
            #expect(box.heldBack.calls == ["a duplicate"])
            #expect(box.log.newest(10).map(\.alert.key) == ["c", "a", "b", "a"])
            #expect(box.log.counts.verdicts == [.sent: 3, .duplicate: 1])
        }
    }

    @Test func `nothing is told because of time once time is over, and what is being told is waited for`() async {
        let box = Box(isOpen: false)
        await withDiscardingTaskGroup { group in
            group.addTask { await box.desk.settleDue() }
            await eventually { box.store.settlings.asked == 1 }
            group.addTask {
                await box.desk.endTime()
                #expect(box.store.settlings.answered == 1)
            }
            box.store.gate.open()
        }
        await box.desk.settleDue()
        #expect(box.store.settlings.asked == 1)
    }

    @Test func `the end of time does not wait for a store that does not answer`() async {
        let box = Box(isOpen: false)
        await withDiscardingTaskGroup { group in
            group.addTask { await box.desk.settleDue() }
            await eventually { box.store.settlings.asked == 1 }
            await box.desk.endTime()
            #expect(!box.store.gate.isOpen)
            box.store.gate.open()
        }
    }

    @Test func `what a reactor finds out about itself after its last alert is not queued`() {
        let queued = CallLog()
        let alerts = SelfAlerts(
            instance: "test",
            clock: .system,
            logger: .silent,
            submit: { queued.add($0.type) },
            resolve: { _ in queued.add("end") }
        )
        alerts.unhealthy(cause: .loopStalled, misses: 3, since: Timestamp(seconds: 1))
        alerts.finish()
        alerts.recovered(cause: .loopStalled, after: .seconds(1))
        alerts.peerLost("other", silence: .seconds(3))
        #expect(queued.calls == ["reactor.unhealthy"])
    }

    @Test func `a full desk says so, and tells once when there is room again`() async {
        let highWater = 600
        await Box(isOpen: false, highWater: highWater).running { box in
            for number in 0..<highWater - 1 { #expect(box.desk.submit(.made("\(number)"))) }
            #expect(!box.desk.submit(.made("full")))
            #expect(!box.desk.submit(.made("fuller")))
            #expect(box.desk.depth == highWater + 1)
            #expect(box.rooms.calls.isEmpty)
            box.store.gate.open()
            await eventually { box.rooms.calls.count == 1 }
            await box.desk.waitUntilIdle()
            // Nothing was dropped on the way.
            #expect(box.out.count == highWater + 1)
            #expect(box.rooms.calls.count == 1)
            #expect(box.desk.submit(.made("later")))
        }
    }

    @Test func `who is told that the desk is full is always told when it is not, however the two meet`() async {
        // One side submits as a paused pipeline does: after a no it waits for the word; the other decides as fast as it can.
        let word = Mutex<CheckedContinuation<Void, Never>?>(nil)
        let words = Mutex(0)
        let gate = Gate()
        gate.open()
        let desk = AlertDesk(
            store: GatedStore(gate: gate),
            standIn: MemoryStateStore(instance: "test") { Timestamp(seconds: 1_795_221_600) },
            undecided: { _, _ in },
            heldBack: { _, _ in },
            log: AlertLog(),
            logger: .silent,
            highWater: 1,
            lowWater: 0,
            gathering: .zero,
            onRoom: {
                words.withLock { $0 += 1 }
                word.withLock { $0.take() }?.resume()
            }
        )
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await desk.run() }
            var pauses = 0
            for number in 0..<3_000 {
                let before = words.withLock { $0 }
                guard !desk.submit(.made("k", tenant: "\(number)")) else { continue }
                pauses += 1
                await withCheckedContinuation { continuation in
                    word.withLock { $0 = continuation }
                    // The word may have come before anybody listened.
                    if words.withLock({ $0 }) > before { word.withLock { $0.take() }?.resume() }
                }
            }
            #expect(pauses > 0)
            group.cancelAll()
        }
    }

    @Test func `a store that fails is asked again, and nothing is lost or decided twice`() async {
        await Box(failures: 3).running { box in
            for key in ["a", "b"] { _ = box.desk.submit(.made(key)) }
            await box.desk.waitUntilIdle()
            #expect(box.out.map(\.key) == ["a", "b"])
            #expect(box.log.counts.undecided == 3)
        }
    }

    @Test func `while the store is away, urgent alerts go out once and undecided, and are on record when it is back`()
        async
    {
        // Fails for about a second.
        await Box(failures: 5).running { box in
            for key in ["low", "urgent", "other"] {
                _ = box.desk.submit(.made(key, severity: key == "urgent" ? .critical : .high))
            }
            _ = box.desk.submit(.made("urgent", id: "again", severity: .critical))
            await eventually { box.out.map(\.key) == ["urgent"] }
            #expect(box.log.newest(1).first?.receipt.reason == "sent undecided: the state store could not be asked")
            #expect(box.log.newest(1).first?.receipt.verdict == .fatigueDisabled)
            // Comes while the others wait.
            _ = box.desk.submit(.made("late", severity: .critical, domain: SystemAlerts.domain))
            await eventually { box.out.map(\.key).contains("late") }
            await box.desk.waitUntilIdle()
            #expect(Set(box.store.reconciled) == ["urgent", "late"])
            #expect(box.undecided.calls == ["urgent", "late"])
            #expect(box.out.map(\.key).sorted() == ["late", "low", "other", "urgent"])
            #expect(box.heldBack.calls == ["urgent duplicate"])
        }
    }

    @Test func `nothing is decided while too much that was decided waits for its planning`() async {
        let isCongested = Mutex(true)
        let log = AlertLog()
        let gate = Gate()
        gate.open()
        let desk = AlertDesk(
            store: GatedStore(gate: gate),
            standIn: MemoryStateStore(instance: "test") { Timestamp(seconds: 1_795_221_600) },
            undecided: { _, _ in },
            heldBack: { _, _ in },
            log: log,
            logger: .silent,
            isCongested: { isCongested.withLock { $0 } },
            onRoom: {}
        )
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await desk.run() }
            _ = desk.submit(.made("a"))
            try? await Task.sleep(for: .milliseconds(200))
            #expect(desk.depth == 1 && log.newest(1).isEmpty)
            isCongested.withLock { $0 = false }
            await desk.waitUntilIdle()
            #expect(log.newest(1).count == 1)
            group.cancelAll()
        }
    }

    @Test func `many alerts are decided in few steps`() async {
        await Box(isOpen: false).running { box in
            for number in 0..<1000 { _ = box.desk.submit(.made("\(number)")) }
            box.store.gate.open()
            await box.desk.waitUntilIdle()
            #expect(box.store.batches.reduce(0, +) == 1000 && box.store.batches.count <= 6)
        }
    }

    @Test func `the first alert after a quiet time is decided at once, those that follow it wait for each other`() async
    {
        await Box(gathering: .seconds(2)).running { box in
            _ = box.desk.submit(.made("first"))
            await box.desk.waitUntilIdle()
            #expect(box.store.batches == [1])
            for number in 0..<20 { _ = box.desk.submit(.made("\(number)")) }
            await box.desk.waitUntilIdle()
            #expect(box.store.batches == [1, 20])
        }
    }

    @Test func `more alerts than are worth a step wait for no others`() async {
        let box = Box(gathering: .seconds(3_600))
        for number in 0..<2_200 { _ = box.desk.submit(.made("\(number)")) }
        await box.running { box in
            await box.desk.waitUntilIdle()
            #expect(box.store.batches == [1024, 1024, 152])
        }
    }

    @Test func `a cancelled desk leaves what is queued in its depth`() async {
        let box = Box(isOpen: false)
        let run = Task { await box.desk.run() }
        for number in 0..<1000 { _ = box.desk.submit(.made("\(number)")) }
        run.cancel()
        await run.value
        // One portion may have been in the hands of the store.
        #expect(box.desk.depth >= 1000 - 256 && box.desk.depth + box.out.count <= 1000)
    }

    @Test func `alerts that were not decided before the end count as left, those in hand included`() async {
        let box = Box(failures: .max)
        for number in 0..<1000 { _ = box.desk.submit(.made("\(number)")) }
        let run = Task { await box.desk.run() }
        await eventually { box.log.counts.undecided > 0 }
        run.cancel()
        await run.value
        #expect(box.desk.depth == 1000)
        #expect(box.out.isEmpty)
    }

    @Test func `the log keeps the last thousand and counts all, audit alerts by type and severity`() {
        let log = AlertLog()
        let receipts = MemoryStateStore(instance: "test") { Timestamp(seconds: 1) }
        for number in 0..<1500 {
            var alert = Alert.made("\(number)")
            alert.domain = number % 3 == 0 ? BuiltIns.auditDomain : "tests"
            alert.type = "MISSING_ACK"
            log.add(DecidedAlert(alert: alert, receipt: receipts.decideNow([alert])[0]))
        }
        #expect(log.newest(5000).count == 1000 && log.newest(1).first?.alert.key == "1499")
        #expect(log.newest(-1).isEmpty)
        #expect(log.counts.verdicts.values.reduce(0, +) == 1500)
        #expect(log.counts.audit == [AlertLog.AuditLabel(type: "MISSING_ACK", severity: .high): 500])
    }
}
