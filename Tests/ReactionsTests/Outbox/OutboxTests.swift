import Events
import Reactions
import ReactorTestKit
import RedisClient
import Stores
import Testing

/// What holds of every outbox.
@Suite(.timeLimit(.minutes(5)))
struct OutboxTests {
    typealias Kind = OutboxUnderTest.Kind

    @Test(arguments: Kind.allCases)
    func `a notice becomes one message a receiver, which is claimed, sent and finished once`(kind: Kind) async throws {
        try await withOutbox(kind) { test in
            try await test.add([.sample("a1", to: ["ops", "pager"]), .sample("a2", key: "k2", to: ["ops"])])
            let planned = try await test.plan()
            #expect(planned.map(\.notification.receiver) == ["ops", "pager", "ops"])
            #expect(Set(planned.map(\.notification.deliveryID)).count == 3)
            let claims = try await test.claim()
            #expect(claims.map(\.attempt) == [1, 1])
            #expect(claims.map { $0.notification?.group.newAlerts } == [["a1"], ["a2"]])
            #expect(try await test.claim().isEmpty)
            #expect(try await test.outbox.figures().waiting == ["ops": 2, "pager": 1])
            for claim in claims { try await test.outbox.finish(claim, .delivered) }
            let figures = try await test.outbox.figures()
            #expect(figures.waiting["ops"] == 0 && figures.notices == 0 && figures.groups == 0)
            let record = try #require(try await test.record(claims[0].deliveryID))
            #expect(record.status == .delivered && record.attempts == 1 && record.alertIDs == ["a1"])
            #expect(record.instance == "alfa" && record.tenant == "t")
            var query = DeliveryQuery()
            query.alertIDs = ["a1"]
            #expect(Set(try await test.outbox.deliveries(query).map(\.receiver)) == ["ops", "pager"])
        }
    }

    @Test(arguments: Kind.allCases)
    func `what failed comes again when it is due, with what it failed of`(kind: Kind) async throws {
        try await withOutbox(kind) { test in
            try await test.add([.sample("a1")])
            try await test.plan()
            let first = try #require(try await test.claim().first)
            try await test.outbox.finish(first, .retry(reason: "HTTP 503", after: .seconds(4)))
            let answer = try await test.outbox.claim([ClaimRequest(receiver: "ops", limit: 10)])
            #expect(answer.claims.isEmpty)
            #expect((answer.nextDueIn ?? .zero) > .zero && (answer.nextDueIn ?? .seconds(9)) <= .seconds(4))
            let record = try #require(try await test.record(first.deliveryID))
            #expect(record.status == .retrying && record.lastReason == "HTTP 503" && record.nextAttemptAt != nil)
            var again: DeliveryClaim?
            await eventually {
                again = try? await test.claim().first
                return again != nil
            }
            #expect(again?.deliveryID == first.deliveryID && again?.attempt == 2 && again?.isTakenOver == false)
            #expect(again?.lastReason == "HTTP 503" && again?.failures == 1)
            #expect(again?.notification == first.notification)
            try await test.outbox.finish(try #require(again), .delivered)
            let ended = try #require(try await test.record(first.deliveryID)).ended
            #expect(ended.map(\.number) == [1, 2] && ended.map(\.outcome) == [.retrying, .delivered])
            #expect(ended.map(\.reason) == ["HTTP 503", nil] && ended.allSatisfy { $0.instance == "alfa" })
        }
    }

    @Test(arguments: Kind.allCases)
    func `a claim that is not renewed falls to another, one that is renewed holds`(kind: Kind) async throws {
        let short: (inout OutboxBounds) -> Void = { $0.lease = .seconds(4) }
        try await withOutbox(kind, change: short) { test in
            try await test.add([.sample("a1")])
            try await test.plan()
            let first = try #require(try await test.claim().first)
            for _ in 0..<25 {
                try await test.outbox.renew([first])
                #expect(try await test.other.claim([ClaimRequest(receiver: "ops", limit: 1)]).claims.isEmpty)
                try await Task.sleep(for: .milliseconds(200))
            }
            var second: DeliveryClaim?
            await eventually {
                second = try? await test.other.claim([ClaimRequest(receiver: "ops", limit: 1)]).claims.first
                return second != nil
            }
            let taken = try #require(second)
            #expect(taken.deliveryID == first.deliveryID && taken.attempt == 2 && taken.isTakenOver)
            #expect(taken.failures == 0)
            // Late news of a failure count for nothing, those of a success do.
            try await test.outbox.finish(first, .dead(reason: "late"))
            #expect(try await test.record(first.deliveryID)?.status == .sending)
            try await test.outbox.finish(first, .delivered)
            #expect(try await test.record(first.deliveryID)?.status == .delivered)
            try await test.other.finish(taken, .retry(reason: "later still", after: .zero))
            #expect(try await test.record(first.deliveryID)?.status == .delivered)
            #expect(try await test.claim().isEmpty)
            #expect(try await test.outbox.figures().waiting["ops"] == 0)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a plan is written once, and not at all when anything of it has changed`(kind: Kind) async throws {
        try await withOutbox(kind) { test in
            try await test.add([.sample("a1", groupBy: .labels([]), wait: .seconds(60))])
            let planner = DeliveryPlanner(profiles: [:], instance: "test")
            let notices = try await test.outbox.takeNotices(upTo: 10, patience: .milliseconds(1))
            let plan = planner.plan(notices, try await test.outbox.shelf(of: DeliveryPlanner.keys(notices)))
            #expect(plan.deliveries.isEmpty && plan.groups.count == 1)
            #expect(try await test.outbox.apply(plan) == .done)
            #expect(try await test.outbox.apply(plan) == .gone(notice: notices[0].id))
            // Two replicas plan from what they have read; the second one has to read again.
            try await test.add([.sample("a2", groupBy: .labels([]), wait: .seconds(60))])
            try await test.add([.sample("a3", groupBy: .labels([]), wait: .seconds(60))])
            let both = try await test.outbox.takeNotices(upTo: 10, patience: .milliseconds(1))
            #expect(both.count == 2)
            let shelf = try await test.outbox.shelf(of: DeliveryPlanner.keys(both))
            #expect(shelf.count == 1 && shelf.groups.count == 1)
            #expect(try await test.outbox.apply(planner.plan([both[0]], shelf)) == .done)
            #expect(try await test.outbox.apply(planner.plan([both[1]], shelf)) == .changed)
            let fresh = try await test.outbox.shelf(of: DeliveryPlanner.keys(both))
            #expect(try await test.outbox.apply(planner.plan([both[1]], fresh)) == .done)
            #expect(try await test.outbox.figures().notices == 0)
            let all = try await test.outbox.dueShelf(upTo: 10, everything: true)
            #expect(try await test.outbox.dueShelf(upTo: 10, everything: false).groups.isEmpty)
            let told = planner.plan(due: all, stopping: true)
            #expect(told.deliveries.map(\.notification.group.newAlerts) == [["a1", "a2", "a3"]])
        }
    }

    @Test(arguments: Kind.allCases)
    func `a group waits for others and is told when its time has come`(kind: Kind) async throws {
        try await withOutbox(kind) { test in
            let planner = DeliveryPlanner(profiles: [:], instance: "test")
            for id in ["a1", "a2"] {
                try await test.add([.sample(id, key: id, groupBy: .labels(["domain"]), wait: .seconds(8))])
                #expect(try await test.plan(with: planner).isEmpty)
            }
            var told: [DeliveryPlan.Delivery] = []
            try await eventually {
                let shelf = try await test.outbox.dueShelf(upTo: 10, everything: false)
                guard !shelf.groups.isEmpty else { return false }
                let plan = planner.plan(due: shelf)
                #expect(try await test.outbox.apply(plan) == .done)
                told += plan.deliveries
                return true
            }
            #expect(told.map(\.notification.group.newAlerts) == [["a1", "a2"]])
            #expect(try await test.claim().first?.notification == told.first?.notification)
            // The group stays for as long as it must not be told again, and is then forgotten.
            try await eventually {
                let plan = planner.plan(due: try await test.outbox.dueShelf(upTo: 10, everything: false))
                _ = try await test.outbox.apply(plan)
                return try await test.outbox.figures().groups == 0
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a notice that was taken and not planned falls to another`(kind: Kind) async throws {
        let short: (inout OutboxBounds) -> Void = { $0.planningTime = .seconds(4) }
        try await withOutbox(kind, change: short) { test in
            try await test.add([.sample("a1")])
            let first = try await test.outbox.takeNotices(upTo: 10, patience: .milliseconds(1))
            #expect(first.count == 1)
            #expect(try await test.other.takeNotices(upTo: 10, patience: .milliseconds(1)).isEmpty)
            try await eventually {
                try await test.other.takeNotices(upTo: 10, patience: .milliseconds(1)) == first
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `dead letters are kept with their reason, go back or are dropped, and it is noted who did that`(
        kind: Kind
    ) async throws {
        try await withOutbox(kind) { test in
            try await test.add([.sample("a1"), .sample("a2", key: "k2")])
            try await test.plan()
            let claims = try await test.claim()
            for claim in claims { try await test.outbox.finish(claim, .dead(reason: "HTTP 400: no")) }
            #expect(try await test.outbox.figures().deadLetters == 2)
            #expect(try await test.outbox.figures().waiting["ops"] == 0)
            var query = DeliveryQuery()
            query.status = .dead
            let dead = try await test.outbox.deliveries(query)
            #expect(dead.map(\.lastReason) == ["HTTP 400: no", "HTTP 400: no"])
            let payload = try #require(try await test.outbox.payload(of: claims[0].deliveryID))
            let json = try JSONValue.parse(payload)
            #expect(json["data"]?["delivery_id"]?.stringValue == claims[0].deliveryID)
            #expect(try await test.outbox.retry(deadLetter: claims[0].deliveryID, by: "ann"))
            #expect(try await test.outbox.retry(deadLetter: claims[0].deliveryID, by: "ann") == false)
            #expect(try await test.outbox.drop(deadLetter: claims[1].deliveryID, by: "bob"))
            #expect(try await test.outbox.drop(deadLetter: claims[1].deliveryID, by: "bob") == false)
            #expect(try await test.outbox.figures().deadLetters == 0)
            let again = try await test.claim()
            #expect(again.map(\.deliveryID) == [claims[0].deliveryID])
            #expect(again.map(\.attempt) == [1] && again.map(\.isForced) == [true])
            #expect(try await test.outbox.payload(of: claims[1].deliveryID) == nil)
            #expect(try await test.record(claims[1].deliveryID) == nil)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a receiver stays disabled until its definition is another one or a person sends it something`(
        kind: Kind
    ) async throws {
        try await withOutbox(kind) { test in
            try await test.add([.sample("a1"), .sample("a2", key: "k2")])
            try await test.plan()
            let claims = try await test.claim(limit: 1)
            try await test.outbox.finish(claims[0], .dead(reason: "HTTP 410", disables: "f1"))
            let next = try await test.outbox.claim([ClaimRequest(receiver: "ops", limit: 1)])
            #expect(next.disabled == ["ops": "HTTP 410"])
            try await test.outbox.finish(try #require(next.claims.first), .delivered)
            try await test.outbox.enable(["ops": "f1", "other": "x"])
            #expect(try await test.outbox.figures().disabled == ["ops": "HTTP 410"])
            try await test.outbox.enable(["ops": "f2"])
            #expect(try await test.outbox.figures().disabled == [:])
            #expect(try await test.outbox.retry(deadLetter: claims[0].deliveryID, by: "ann"))
            let forced = try #require(try await test.claim().first)
            try await test.outbox.finish(forced, .dead(reason: "HTTP 410", disables: "f2"))
            #expect(try await test.outbox.retry(deadLetter: claims[0].deliveryID, by: "ann"))
            try await test.outbox.finish(try #require(try await test.claim().first), .delivered)
            #expect(try await test.outbox.figures().disabled == [:])
        }
    }

    @Test(arguments: Kind.allCases)
    func `an outbox that is full gives up what comes, and an unfinished message is never forgotten`(
        kind: Kind
    ) async throws {
        let bounds: (inout OutboxBounds) -> Void = {
            $0.waitingPerReceiver = 3
            $0.remembered = 2
        }
        try await withOutbox(kind, change: bounds) { test in
            for index in 0..<5 { try await test.add([.sample("a\(index)", key: "k\(index)")]) }
            try await test.plan()
            let figures = try await test.outbox.figures()
            #expect(figures.waiting["ops"] == 3 && figures.deadLetters == 2)
            let dead = try await test.outbox.deliveries(DeliveryQuery()).filter { $0.status == .dead }
            #expect(dead.first?.lastReason == "the outbox is full: 3 messages wait for this receiver")
            for claim in try await test.claim() { try await test.outbox.finish(claim, .delivered) }
            try await test.outbox.tidy()
            let left = try await test.outbox.deliveries(DeliveryQuery())
            #expect(left.filter { $0.status == .dead }.count == 2)
            #expect(left.count <= 3)
        }
    }

    @Test(arguments: Kind.allCases)
    func `what a receiver that nobody knows is to be told is left alone for a while`(kind: Kind) async throws {
        try await withOutbox(kind) { test in
            try await test.add([.sample("a1")])
            try await test.plan()
            let young = ClaimRequest(receiver: "ops", limit: 1, minimumAge: .seconds(4))
            #expect(try await test.outbox.claim([young]).claims.isEmpty)
            try await eventually { try await test.outbox.claim([young]).claims.count == 1 }
        }
    }
}

/// What only the outbox in Redis can promise.
@Suite(.timeLimit(.minutes(5)))
struct RedisOutboxTests {
    @Test func `who comes back under its name takes up at once what it has left, and nothing that it is sending`()
        async throws
    {
        try await withRedisServer { server in
            try await withCommands(to: server) { commands in
                func replica() -> RedisOutbox {
                    RedisOutbox(commands: commands, notices: commands, namespace: "test", instance: "alfa")
                }
                let first = replica()
                let test = OutboxUnderTest(outbox: first, other: first) { added in
                    for notice in added {
                        _ = try await commands.send(
                            RedisCommand("XADD", "aos:{test}:notices", "*", "notice", notice.json.compactText)
                        )
                    }
                }
                try await test.add([.sample("a1", to: ["ops", "pager"])])
                try await test.plan()
                let left = try await test.claim("ops")
                #expect(left.count == 1)
                // Another receiver comes into view: what is being sent is not begun again.
                let both = [ClaimRequest(receiver: "ops", limit: 4), ClaimRequest(receiver: "pager", limit: 4)]
                #expect(try await first.claim(both).claims.map(\.receiver) == ["pager"])
                let again = try await replica().claim([both[0]]).claims
                #expect(again.map(\.deliveryID) == left.map(\.deliveryID))
                #expect(again.map(\.isTakenOver) == [true] && again.map(\.attempt) == [2])
            }
        }
    }

    @Test func `a notice that nobody can read is put aside and holds up nothing`() async throws {
        try await withOutbox(.redis) { test in
            try await test.add([.sample("a1")])
            let outbox = try #require(test.outbox as? RedisOutbox)
            let notices = try await outbox.takeNotices(upTo: 10, patience: .milliseconds(1))
            var unreadable = notices[0]
            unreadable.routed = nil
            let plan = DeliveryPlanner(profiles: [:], instance: "test").plan(
                [unreadable],
                GroupShelf(now: .wallClock, groups: [:], count: 0)
            )
            #expect(plan.refused == [notices[0].id] && plan.notices.isEmpty)
            #expect(try await outbox.apply(plan) == .done)
            #expect(try await outbox.figures().notices == 0)
        }
    }

    @Test func `the order of a server that was emptied is made anew`() async throws {
        try await withRedisServer { server in
            try await withCommands(to: server) { commands in
                let outbox = RedisOutbox(commands: commands, notices: commands, namespace: "test", instance: "alfa")
                #expect(try await outbox.takeNotices(upTo: 1, patience: .milliseconds(1)).isEmpty)
                _ = try await commands.send(RedisCommand("FLUSHALL"))
                _ = try await outbox.takeNotices(upTo: 1, patience: .milliseconds(1))
                let notice = try RoutedNotice.sample("a1")
                _ = try await commands.send(
                    RedisCommand("XADD", "aos:{test}:notices", "*", "notice", notice.json.compactText)
                )
                try await eventually { try await outbox.takeNotices(upTo: 1, patience: .milliseconds(1)).count == 1 }
            }
        }
    }
}
