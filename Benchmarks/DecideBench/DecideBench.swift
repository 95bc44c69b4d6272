import Events
import Reactions
import RedisClient
import Stores

/// One run against a Redis server.
struct DecideBench {
    private let commands: RedisCommandClient
    private let store: RedisStateStore
    private let outbox: RedisOutbox
    private let clock = ContinuousClock()

    init(_ commands: RedisCommandClient, _ notices: RedisCommandClient, receipts: Int) throws {
        self.commands = commands
        self.store = RedisStateStore(
            commands: commands,
            namespace: "bench",
            settings: try GeneratedAlerts.settings(),
            instance: "bench",
            receiptCapacity: receipts
        )
        var bounds = OutboxBounds()
        bounds.waitingPerReceiver = .max
        self.outbox = RedisOutbox(
            commands: commands,
            notices: notices,
            namespace: "bench",
            instance: "bench",
            bounds: bounds
        )
    }

    func run(_ count: Int) async throws -> [(String, Any)] {
        var verdicts: [Verdict] = []
        verdicts.reserveCapacity(count + 10_000)
        var spent = Duration.zero
        // As many at a time as the reactor decides in one step (`AlertDesk.batchSize`).
        for first in stride(from: 0, to: count, by: 1024) {
            let batch = (first..<min(first + 1024, count)).map(GeneratedAlerts.alert)
            let start = self.clock.now
            verdicts += try await self.store.decide(batch).map(\.verdict)
            spent += start.duration(to: self.clock.now)
        }
        let pings = try await self.pings()
        let single = try await self.paced(from: count, &verdicts)
        let planned = try await self.plan()
        let books = try await self.compare(verdicts, planned.receivers)
        let explained = try await self.explain(count / 10)
        return [
            ("alerts", count), ("sent", verdicts.count { $0.isSent }),
            ("decisions_per_second", Int(Double(count) / spent.inSeconds)),
            ("single_p50_ms", single.p50), ("single_p99_ms", single.p99),
            ("ping_p50_ms", pings.p50), ("ping_p99_ms", pings.p99),
            ("deliveries", planned.count), ("deliveries_per_second", planned.rate),
            ("receipts", books.receipts), ("missing", books.missing), ("contradicting", books.contradicting),
            ("explain_p50_ms", explained.p50), ("explain_p99_ms", explained.p99),
        ]
    }

    /// Single decisions, 1,000 a second for ten seconds; late ones are not waited for, so that their delay counts.
    private func paced(from first: Int, _ verdicts: inout [Verdict]) async throws -> (p50: Double, p99: Double) {
        var answers: [Verdict] = []
        let times = try await self.paced(10_000) { number in
            answers += try await self.store.decide([GeneratedAlerts.alert(first + number)]).map(\.verdict)
        }
        verdicts += answers
        return Self.percentiles(times)
    }

    /// What a round trip alone takes at that pace: the part of it that is the machine's.
    private func pings() async throws -> (p50: Double, p99: Double) {
        Self.percentiles(try await self.paced(3_000) { _ in _ = try await self.commands.ping() })
    }

    private func paced(_ count: Int, _ ask: (Int) async throws -> Void) async throws -> [Duration] {
        var times: [Duration] = []
        let start = self.clock.now
        for number in 0..<count {
            try await self.clock.sleep(until: start.advanced(by: .milliseconds(number)), tolerance: .zero)
            let began = self.clock.now
            try await ask(number)
            times.append(began.duration(to: self.clock.now))
        }
        return times
    }

    /// Plans all that went out; who is told of which alert.
    private func plan() async throws -> (count: Int, rate: Int, receivers: [String: Set<String>]) {
        let planner = DeliveryPlanner(profiles: [:], instance: "bench")
        var receivers: [String: Set<String>] = [:]
        var count = 0
        let start = self.clock.now
        while true {
            let taken = try await self.outbox.takeNotices(upTo: 64, patience: .milliseconds(1))
            guard !taken.isEmpty else { break }
            let plan = planner.plan(taken, try await self.outbox.shelf(of: DeliveryPlanner.keys(taken)))
            guard try await self.outbox.apply(plan) == .done else { continue }
            count += plan.deliveries.count
            for delivery in plan.deliveries {
                for notice in delivery.notification.group.notices {
                    receivers[notice.alert.id, default: []].insert(delivery.notification.receiver)
                }
            }
        }
        return (count, Int(Double(count) / start.duration(to: self.clock.now).inSeconds), receivers)
    }

    /// Reads every receipt back: each alert has one, with the verdict that was answered, and those that went out have
    /// reached exactly the receivers that they should.
    private func compare(
        _ verdicts: [Verdict],
        _ receivers: [String: Set<String>]
    ) async throws -> (receipts: Int, missing: Int, contradicting: Int) {
        var seen = [Bool](repeating: false, count: verdicts.count)
        var (receipts, contradicting) = (0, 0)
        var query = ReceiptQuery()
        query.limit = 1_000
        while true {
            let page = try await self.store.receipts(query)
            for record in page {
                // Digests have ids of their own.
                guard let number = Int(record.receipt.alertID.dropFirst(2)), record.receipt.alertID.hasPrefix("a-")
                else {
                    continue
                }
                receipts += 1
                let alert = GeneratedAlerts.alert(number)
                let told = receivers[alert.id] ?? []
                let expected = record.receipt.verdict.isSent ? GeneratedAlerts.receivers(of: alert) : []
                let isRight =
                    !seen[number] && record.receipt.verdict == verdicts[number] && told == expected
                    && record.receipt.handler == alert.handler && record.subject.event?.arrival == UInt64(number)
                if !isRight { contradicting += 1 }
                seen[number] = true
            }
            guard page.count == query.limit, let last = page.last else { break }
            query.before = last.cursor
        }
        return (receipts, seen.count { !$0 }, contradicting)
    }

    /// What `explain` asks of the store: the receipts of a run, and the deliveries of those that went out.
    private func explain(_ runs: Int) async throws -> (p50: Double, p99: Double) {
        var times: [Duration] = []
        for question in 0..<1_000 {
            let start = self.clock.now
            var query = ReceiptQuery()
            query.runID = "run-\(question * 7_919 % max(1, runs))"
            let records = try await self.store.receipts(query)
            var deliveries = DeliveryQuery()
            deliveries.alertIDs = records.filter(\.receipt.verdict.isSent).map(\.receipt.alertID)
            _ = try await self.outbox.deliveries(deliveries)
            times.append(start.duration(to: self.clock.now))
        }
        return Self.percentiles(times)
    }

    private static func percentiles(_ times: [Duration]) -> (p50: Double, p99: Double) {
        let sorted = times.sorted()
        func milliseconds(_ share: Int) -> Double {
            (sorted[min(sorted.count - 1, sorted.count * share / 100)].inSeconds * 1e5).rounded() / 100
        }
        return (milliseconds(50), milliseconds(99))
    }
}
