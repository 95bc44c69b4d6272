import Events
import Reactions
import Stores
import Synchronization
import Testing

/// Ends, coming and going, inhibition and digests, in memory and in Redis.
@Suite(.timeLimit(.minutes(5))) struct ResolveTests {
    private static let start: Int64 = 1_795_221_600_000_000

    private func each(
        _ settings: AlertSettings = AlertSettings(),
        _ body: (any StateStore, _ turn: (Int64) async throws -> Void) async throws -> Void
    ) async throws {
        let now = Mutex(Timestamp(microseconds: Self.start))
        let memory = MemoryStateStore(settings: settings, instance: "i") { now.withLock { $0 } }
        try await body(memory) { seconds in
            now.withLock { $0 = Timestamp(microseconds: Self.start + seconds * 1_000_000) }
        }
        try await withTurnedStore(settings) { turned in
            try await turned.turn(to: Self.start)
            try await body(turned.store) { try await turned.turn(to: Self.start + $0 * 1_000_000) }
        }
    }

    @Test func `what was told is told to be over, once, and fires again as news`() async throws {
        try await self.each { store, turn in
            let first = try await store.decide([.sample("k", id: "a", lasts: true)])
            #expect(first.map(\.verdict) == [.sent])
            try await turn(5)
            let told = try await store.resolve([.sample("k"), .sample("k"), .sample("other")])
            #expect(told.map(\.alert.id) == ["a"])
            #expect(told.map(\.status) == [.resolved])
            #expect(told.map(\.receipt.ground) == [.resolved])
            #expect(told.map(\.receipt.fingerprint) == first.map(\.fingerprint))
            try await turn(6)
            let again = try await store.decide([.sample("k", id: "b", lasts: true)])
            #expect(again.map(\.verdict) == [.sent])
            // Its own past holds it back no more, but it does others.
            let other = try await store.decide([.sample("x", id: "c")])
            #expect(other.map(\.heldBackBy) == ["b"])
            var query = ReceiptQuery()
            query.alertID = "a"
            let receipts = try await store.receipts(query)
            #expect(receipts.map(\.receipt.ground) == [.resolved, .withinLimit])
        }
    }

    @Test func `nobody is told of the end of what nobody was told of`() async throws {
        try await self.each { store, turn in
            _ = try await store.decide([.sample("first", id: "a")])
            let held = try await store.decide([.sample("k", id: "b", lasts: true)])
            #expect(held.map(\.verdict) == [.cooldown])
            let told = try await store.resolve([.sample("k"), .sample("first")])
            #expect(told.isEmpty)
        }
    }

    @Test func `an alert with two severities is over with both`() async throws {
        try await self.each { store, turn in
            let alerts: [Alert] = [
                .sample("k", severity: .medium, id: "a", lasts: true),
                .sample("k", severity: .high, id: "b", lasts: true),
            ]
            let sent = try await store.decide(alerts)
            #expect(sent.map(\.verdict) == [.sent, .sent])
            let told = try await store.resolve([.sample("k")])
            #expect(Set(told.map(\.alert.severity)) == [.medium, .high])
        }
    }

    @Test func `coming and going is told once when it begins and once when it has settled`() async throws {
        var settings = AlertSettings()
        settings.fatigue.maxAlertsPerTenantPerHour = 1000
        try await self.each(settings) { store, turn in
            var grounds: [String] = []
            var clock: Int64 = 0
            for round in 0..<40 {
                clock += 10
                try await turn(clock)
                let receipt = try await store.decide([.sample("k", id: "a\(round)", lasts: true)])[0]
                grounds.append(Self.name(receipt.ground))
                clock += 10
                try await turn(clock)
                grounds += try await store.resolve([.sample("k")]).map { Self.name($0.receipt.ground) }
            }
            let began = try #require(grounds.firstIndex(of: "began"))
            #expect(grounds[..<began].allSatisfy { $0 == "sent" || $0 == "resolved" })
            #expect(grounds[(began + 1)...].allSatisfy { $0 == "flapping" })
            #expect(grounds.count { $0 == "flapping" } > 40)
            let early = try await store.settle()
            #expect(early.isEmpty)
            try await turn(clock + 900)
            let settled = try await store.settle()
            #expect(settled.map(\.status) == [.resolved])
            #expect(settled.map { Self.name($0.receipt.ground) } == ["ended"])
            let nothing = try await store.settle()
            #expect(nothing.isEmpty)
            let fresh = try await store.decide([.sample("k", id: "z", lasts: true)])
            #expect(fresh.map(\.verdict) == [.sent])
        }
    }

    private static func name(_ ground: DecisionGround) -> String {
        switch ground {
        case .flappingBegan: "began"
        case .flappingEnded: "ended"
        case .flapping: "flapping"
        case .resolved: "resolved"
        default: "sent"
        }
    }

    @Test func `an alert that stands inhibits others with equal labels until it is over`() async throws {
        var settings = AlertSettings()
        settings.inhibition = [
            InhibitionRule(
                name: "runner",
                source: [try LabelMatcher.read("alertname=RUNNER_DOWN")],
                target: [try LabelMatcher.read("severity=~'.*'")],
                equal: ["tenant_id"]
            )
        ]
        try await self.each(settings) { store, turn in
            let down = Alert.sample("runner", id: "down", type: "RUNNER_DOWN", lasts: true)
            let alerts = [
                down, .sample("k", domain: "logs", id: "1"), .sample("k", tenant: "u", domain: "logs", id: "2"),
                // Matches both sides: inhibits neither itself nor another that does.
                .sample("runner2", domain: "policies", id: "3", type: "RUNNER_DOWN"),
            ]
            let receipts = try await store.decide(alerts)
            #expect(receipts.map(\.verdict) == [.sent, .inhibited, .sent, .sent])
            #expect(receipts[1].heldBackBy == "down" || receipts[1].heldBackBy == "3")
            #expect(receipts[1].ground == .inhibited(rule: "runner"))
            #expect(receipts[1].nextAllowedAt == Timestamp(microseconds: Self.start + 300_000_000))
            try await turn(299)
            let late = try await store.decide([.sample("k", domain: "audit", id: "4")])
            #expect(late.map(\.verdict) == [.inhibited])
            try await turn(300)
            let after = try await store.decide([.sample("k", domain: "audit", id: "5")])
            #expect(after.map(\.verdict) == [.sent])
            _ = try await store.decide([.sample("runner", id: "again", type: "RUNNER_DOWN", lasts: true)])
            let held = try await store.decide([.sample("k", domain: "a", id: "6")])
            #expect(held.map(\.heldBackBy) == ["again"])
            _ = try await store.resolve([.sample("runner")])
            let free = try await store.decide([.sample("k", domain: "a", id: "7")])
            #expect(free.map(\.verdict) == [.sent])
        }
    }

    @Test func `the first alert of a kind at HIGH is told whatever else was`() async throws {
        try await self.each { store, turn in
            let receipts = try await store.decide([
                .sample("a", severity: .critical, id: "1", type: "A"),
                .sample("b", severity: .high, id: "2", type: "B"), .sample("c", severity: .high, id: "3", type: "B"),
                .sample("d", severity: .medium, id: "4", type: "D"),
            ])
            #expect(receipts.map(\.verdict) == [.sent, .sent, .cooldown, .cooldown])
            #expect(receipts[2].heldBackBy == "2")
        }
    }

    @Test func `what a window held back is told in one digest when it closes, and counts what the receipts count`()
        async throws
    {
        try await self.each { store, turn in
            let alerts: [Alert] = [
                .sample("k", id: "0"), .sample("x", id: "1", type: "B"), .sample("y", severity: .low, id: "2"),
                .sample("z", id: "3", type: "B"),
            ]
            let receipts = try await store.decide(alerts)
            #expect(receipts.map(\.verdict) == [.sent, .cooldown, .cooldown, .cooldown])
            try await turn(299)
            let early = try await store.settle()
            #expect(early.isEmpty)
            try await turn(300)
            let told = try await store.settle()
            let digest = try #require(told.first)
            #expect(told.count == 1 && digest.route?.receivers == ["log"])
            #expect(digest.alert.type == "DIGEST" && digest.receipt.ground == .digest(alerts: 3))
            #expect(digest.alert.summary.contains("3 alerts of domain incidents held back since"))
            #expect(digest.alert.summary.hasSuffix(": 2 B, 1 T"))
            #expect(digest.alert.details["first"]?["alert_id"]?.stringValue == "1")
            #expect(digest.alert.details["last"]?["alert_id"]?.stringValue == "3")
            let nothing = try await store.settle()
            #expect(nothing.isEmpty)
        }
    }

    @Test func `of many reactors that look one tells what is due`() async throws {
        try await withTurnedStore { turned in
            try await turned.turn(to: Self.start)
            for tenant in 0..<20 {
                _ = try await turned.store.decide([
                    .sample("k", tenant: "t\(tenant)", id: "a\(tenant)"),
                    .sample("k", tenant: "t\(tenant)", id: "b\(tenant)"),
                ])
            }
            try await turned.turn(to: Self.start + 60_000_000)
            let stores = (0..<4).map { turned.another(AlertSettings(), instance: "reactor-\($0)") }
            let told = try await withThrowingTaskGroup(of: [Telling].self) { group in
                for store in stores { group.addTask { try await store.settle() } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(told.count == 20 && Set(told.map(\.alert.id)).count == 20)
            let notices = try await turned.notices()
            #expect(notices.count { $0.notice.alert.type == "DIGEST" } == 20)
        }
    }
}
