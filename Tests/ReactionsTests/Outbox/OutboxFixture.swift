import Events
import Logging
import NIOPosix
import Reactions
import ReactorTestKit
import RedisClient
import RedisServer
import Stores
import Synchronization
import Testing

/// An outbox under test, and how notices get into it.
struct OutboxUnderTest: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case memory
        case redis
    }

    /// Of two replicas; the same one twice in memory.
    let outbox: any Outbox
    let other: any Outbox
    let add: @Sendable ([RoutedNotice]) async throws -> Void

    /// Plans all that waits.
    @discardableResult
    func plan(
        with planner: DeliveryPlanner = DeliveryPlanner(profiles: [:], instance: "test"),
        limit: Int = 64
    ) async throws -> [DeliveryPlan.Delivery] {
        var planned: [DeliveryPlan.Delivery] = []
        while true {
            let notices = try await self.outbox.takeNotices(upTo: limit, patience: .milliseconds(1))
            guard !notices.isEmpty else { return planned }
            let plan = planner.plan(notices, try await self.outbox.shelf(of: DeliveryPlanner.keys(notices)))
            #expect(try await self.outbox.apply(plan) == .done)
            planned += plan.deliveries
        }
    }

    func claim(_ receiver: String = "ops", limit: Int = 10) async throws -> [DeliveryClaim] {
        try await self.outbox.claim([ClaimRequest(receiver: receiver, limit: limit)]).claims
    }

    func record(_ id: String) async throws -> DeliveryRecord? {
        try await self.outbox.deliveries(DeliveryQuery()).first { $0.id == id }
    }
}

/// Runs a test on one kind of outbox, with claims that hold for `lease`.
func withOutbox(
    _ kind: OutboxUnderTest.Kind,
    change: (inout OutboxBounds) -> Void = { _ in },
    _ body: (OutboxUnderTest) async throws -> Void
) async throws {
    var bounds = OutboxBounds()
    change(&bounds)
    switch kind {
    case .memory:
        let outbox = MemoryOutbox(instance: "alfa", bounds: bounds) { .wallClock }
        try await body(OutboxUnderTest(outbox: outbox, other: outbox) { outbox.add($0) })
    case .redis:
        try await withRedisServer { server in
            try await withCommands(to: server) { commands in
                try await withCommands(to: server) { notices in
                    func replica(_ name: String) -> RedisOutbox {
                        RedisOutbox(
                            commands: commands,
                            notices: notices,
                            namespace: "test",
                            instance: name,
                            bounds: bounds
                        )
                    }
                    let test = OutboxUnderTest(outbox: replica("alfa"), other: replica("bravo")) { added in
                        for notice in added {
                            _ = try await commands.send(
                                RedisCommand("XADD", "aos:{test}:notices", "*", "notice", notice.json.compactText)
                            )
                        }
                    }
                    try await body(test)
                }
            }
        }
    }
}

extension Timestamp {
    static var wallClock: Timestamp {
        let time = ContinuousClock.now
        return Self.epoch.at + Self.epoch.clock.duration(to: time)
    }

    private static let epoch = (clock: ContinuousClock.now, at: Timestamp(seconds: 1_795_221_600))
}

extension RoutedNotice {
    static func sample(
        _ id: String,
        key: String = "k",
        to receivers: [String] = ["ops"],
        groupBy: GroupBy = .eachAlert,
        wait: Duration = .zero,
        interval: Duration = .milliseconds(300),
        lasts: Bool = false
    ) throws -> RoutedNotice {
        let tree = try RoutingTree(
            RouteDefinition(receivers: receivers, groupBy: groupBy, groupWait: wait, groupInterval: interval)
        )
        var alert = Alert.sample(key, id: id)
        alert.lasts = lasts
        let notice = AlertNotice(alert, receipt: nil, lasts: lasts)
        return RoutedNotice(notice: notice, routes: tree.routes(of: notice.labels))
    }
}
