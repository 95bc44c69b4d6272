import Delivery
import Events
import Logging
import Reactions
import RedisClient
import Synchronization

/// Works on one outbox for the length of one life: plans what was decided to go out, and sends what was planned.
///
/// Several lines, here and on other replicas, may work on one outbox. What a line is about to send it has claimed; what it
/// has claimed and does not finish, because it dies, another one sends under the same id.
final class DeliveryLine: Sendable {
    /// Notices that are planned in one step.
    static let batch = 64
    /// How long a question for notices waits for some.
    private static let patience: Duration = .milliseconds(250)
    /// How often groups and deliveries are looked for that became due, or that others have left.
    private static let sweep: Duration = .milliseconds(250)
    /// Pause after a failure of the outbox.
    private static let pause: Duration = .milliseconds(200)
    /// How often claims are renewed: three times within the shortest lease.
    private static let renewal: Duration = .seconds(3)
    /// How long new messages of an outbox that lasts are begun while the reactor stops.
    private static let lastRounds: Duration = .seconds(2)
    /// How long a delivery for a receiver that is not configured here waits for a replica that knows it.
    static let strangersWait: Duration = .seconds(60)

    struct State {
        var inFlight: [String: DeliveryClaim] = [:]
        /// By the bytes of receiver and group: opened when the message that was begun last has been attempted.
        var turns: [[UInt8]: Gate] = [:]
        /// Receivers that something waits for and that are not configured here.
        var strangers: [String] = []
        var figures = OutboxFigures()
        var isInTrouble = false
        var enabled = 0
    }

    let outbox: any Outbox
    let receivers: ReceiverSet
    let counts: DeliveryCounts
    let clock: PipelineClock
    let time: EvenClock
    let random: RandomSource
    let record: @Sendable ([HistoryRow]) -> Void
    let logger: Logger
    let bell = WakeSignal()
    let state = Mutex(State())
    /// Open when nothing new is to be begun.
    let stopping = Gate()
    private let planned = Gate()
    private let sent = Gate()

    /// - Parameters:
    ///   - clock: what receivers and history are told.
    ///   - time: by which receivers are spared and attempts are made.
    ///   - record: gets what became of each attempt. Must not wait.
    init(
        outbox: any Outbox,
        receivers: ReceiverSet,
        counts: DeliveryCounts,
        clock: PipelineClock,
        time: EvenClock,
        random: RandomSource,
        record: @escaping @Sendable ([HistoryRow]) -> Void,
        logger: Logger
    ) {
        self.outbox = outbox
        self.receivers = receivers
        self.counts = counts
        self.clock = clock
        self.time = time
        self.random = random
        self.record = record
        self.logger = logger
    }

    var figures: OutboxFigures { self.state.withLock { $0.figures } }

    /// Messages that are being sent.
    var inFlight: Int { self.state.withLock { $0.inFlight.count } }

    /// Works until its task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.plan() }
            group.addTask { await self.tellDueGroups() }
            group.addTask { await self.send() }
            group.addTask { await self.repeating(Self.renewal) { try await self.renew() } }
            group.addTask {
                await self.repeating(.seconds(1)) {
                    try await self.look()
                    return true
                }
            }
            group.addTask {
                await self.repeating(.seconds(600)) {
                    try await self.outbox.tidy()
                    return true
                }
            }
        }
    }

    /// Plans what was decided so far and finishes what is being sent; returns when that is done. What waits for another
    /// attempt is left to others, or to the next start.
    func finish() async {
        self.stopping.open()
        self.bell.ring()
        await self.planned.wait()
        self.bell.ring()
        await self.sent.wait()
    }

    /// - Parameter body: tells whether the outbox has answered.
    private func repeating(_ interval: Duration, _ body: () async throws -> Bool) async {
        while !Task.isCancelled {
            do {
                if try await body() { self.recovered() }
            } catch {
                self.failed(error)
            }
            try? await Task.sleep(for: interval)
        }
    }

    // MARK: Planning

    private func plan() async {
        defer { self.planned.open() }
        while !Task.isCancelled {
            let isLast = self.stopping.isOpen
            do {
                let notices = try await self.outbox.takeNotices(
                    upTo: Self.batch,
                    patience: isLast ? .zero : Self.patience
                )
                if !notices.isEmpty { try await self.write(notices) }
                self.recovered()
                if isLast, notices.isEmpty { return try await self.tellEverything() }
            } catch {
                self.failed(error)
                // Not the last look, which would only wait for the outbox again.
                if self.stopping.isOpen { return }
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    func write(_ notices: [ClaimedNotice]) async throws {
        var open = notices
        while !open.isEmpty {
            let shelf = try await self.outbox.shelf(of: DeliveryPlanner.keys(open))
            let plan = self.receivers.planner.plan(open, shelf)
            switch try await self.outbox.apply(plan) {
            case .done:
                self.counts.planned(plan.deliveries.count, refused: plan.refused.count)
                if !plan.refused.isEmpty {
                    self.logger.error(
                        "notices cannot be read and are put aside",
                        metadata: ["notices": "\(plan.refused.joined(separator: " "))"]
                    )
                }
                return self.bell.ring()
            case .changed: continue
            case .gone(let id): open.removeAll { $0.id == id }
            }
        }
    }

    private func tellDueGroups() async {
        await self.repeating(Self.sweep) {
            guard !self.stopping.isOpen else { return false }
            while try await self.tellDue() {}
            return true
        }
    }

    /// - Returns: Whether there may be more.
    func tellDue(everything: Bool = false) async throws -> Bool {
        let shelf = try await self.outbox.dueShelf(upTo: everything ? .max : Self.batch, everything: everything)
        guard !shelf.groups.isEmpty else { return false }
        let plan = self.receivers.planner.plan(due: shelf, stopping: everything)
        guard try await self.outbox.apply(plan) == .done else { return true }
        self.counts.planned(plan.deliveries.count, refused: 0)
        self.bell.ring()
        return shelf.groups.count == Self.batch && !everything
    }

    /// What does not outlive this process is told before it ends.
    private func tellEverything() async throws {
        guard !self.outbox.isLasting else { return }
        while try await self.tellDue(everything: true) {}
    }

    // MARK: Sending

    private func send() async {
        var lastRounds: ContinuousClock.Instant?
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let isLast = self.planned.isOpen
                // Others send what lasts; only what comes of the last decisions still goes out from here.
                if isLast, self.outbox.isLasting {
                    let since = lastRounds ?? ContinuousClock.now
                    guard since.duration(to: .now) < Self.lastRounds else { break }
                    lastRounds = since
                }
                var wait = Self.sweep
                // Looked at before it is asked what may be sent: what waits behind these may be when one of them is done.
                let isBusy = self.inFlight > 0
                do {
                    try await self.enable()
                    let requests = self.requests()
                    if !requests.isEmpty {
                        let answer = try await self.outbox.claim(requests)
                        self.recovered()
                        for claim in answer.claims {
                            let start = self.begin(claim)
                            group.addTask { await self.deliver(claim, start, answer.disabled[claim.receiver]) }
                        }
                        if !answer.claims.isEmpty { continue }
                        if let next = answer.nextDueIn { wait = min(wait, next) }
                    }
                    if isLast, !isBusy { break }
                } catch {
                    self.failed(error)
                    if self.planned.isOpen { break }
                    wait = Self.pause
                }
                await self.bell.wait(atMost: wait)
            }
        }
        self.sent.open()
    }

    /// A message that was claimed, and what its attempt needs.
    struct Start: Sendable {
        /// Nil when the receiver is not configured here.
        let way: ReceiverSet.Way?
        /// Who is told what is over before being told what began is told of it for ever: of two messages about one group
        /// the later one waits for the attempt of the earlier one.
        let before: Gate?
        let done = Gate()
        let place: [UInt8]
    }

    /// In the order in which messages are to be sent.
    func begin(_ claim: DeliveryClaim) -> Start {
        let place = Array(claim.receiver.utf8) + [0xFF] + Array((claim.notification?.group.key ?? "").utf8)
        return self.state.withLock { state in
            state.inFlight[claim.deliveryID] = claim
            let start = Start(
                way: self.receivers.begin(claim.receiver, at: self.time.now),
                before: state.turns[place],
                place: place
            )
            state.turns[place] = start.done
            return start
        }
    }

    func end(_ claim: DeliveryClaim, _ start: Start) {
        self.state.withLock { state in
            state.inFlight[claim.deliveryID] = nil
            if state.turns[start.place] === start.done { state.turns[start.place] = nil }
        }
        start.done.open()
        self.bell.ring()
    }

    func requests() -> [ClaimRequest] {
        let strangers = self.state.withLock { $0.strangers }
        return self.receivers.requests(at: self.time.now)
            + strangers.map { ClaimRequest(receiver: $0, limit: 16, minimumAge: Self.strangersWait) }
    }

    func enable() async throws {
        let version = self.receivers.version
        guard self.state.withLock({ $0.enabled }) != version else { return }
        try await self.outbox.enable(self.receivers.fingerprints)
        self.state.withLock { $0.enabled = version }
    }

    private func renew() async throws -> Bool {
        let claims = self.state.withLock { Array($0.inFlight.values) }
        guard !claims.isEmpty else { return false }
        try await self.outbox.renew(claims)
        return true
    }

    // MARK: Looking after it

    private func look() async throws {
        let figures = try await self.outbox.figures()
        let known = Set(self.receivers.names)
        self.state.withLock { state in
            state.figures = figures
            state.strangers = figures.waiting.filter { $0.value > 0 && !known.contains($0.key) }.map(\.key).sorted()
        }
    }

    /// Once an episode, however long it takes.
    func failed(_ error: any Error) {
        guard !Task.isCancelled else { return }
        let isNew = self.state.withLock { state in
            defer { state.isInTrouble = true }
            return !state.isInTrouble
        }
        if isNew { self.logger.warning("outbox cannot be used, messages wait", error: error) }
    }

    private func recovered() {
        let isNews = self.state.withLock { state in
            defer { state.isInTrouble = false }
            return state.isInTrouble
        }
        if isNews { self.logger.notice("outbox can be used again") }
    }
}
