import Events
package import Reactions
package import RedisClient
import Synchronization

/// The outbox in Redis: any number of reactors on one namespace plan and send as one, and what was decided outlives all of
/// them.
///
/// Every step is one script, on Redis' clock. Who asks again because an answer was lost does no harm: a plan that was
/// written finds its notices gone, an attempt that was finished finds its claim gone.
package final class RedisOutbox: Outbox {
    let commands: RedisCommandClient
    let keys: OutboxKeys
    private let notices: RedisCommandClient
    private let consumer: String
    let bounds: OutboxBounds
    /// Receivers of which what an earlier life of this consumer has left claimed was taken up.
    private let hasTakenOwn = Mutex<Set<String>>([])
    private let hasPlanners = Atomic(false)

    package var isLasting: Bool { true }

    /// - Parameters:
    ///   - commands: Somebody else runs it.
    ///   - notices: Likewise; a connection of its own, because it waits for notices.
    ///   - instance: the name of this replica; what it has left claimed when it died it takes up again at once.
    package init(
        commands: RedisCommandClient,
        notices: RedisCommandClient,
        namespace: String,
        instance: String,
        bounds: OutboxBounds = OutboxBounds()
    ) {
        self.commands = commands
        self.notices = notices
        self.keys = OutboxKeys(StateKeys(namespace: namespace))
        self.consumer = instance
        self.bounds = bounds
    }

    private func run(_ script: RedisScript, _ arguments: [String]) async throws -> RedisReply {
        try await self.commands.evaluate(
            script,
            keys: [self.keys.base, self.keys.notices],
            arguments: arguments
        ).orThrow()
    }

    // MARK: Planning

    /// - Throws: `RedisError`.
    package func takeNotices(upTo limit: Int, patience: Duration) async throws -> [ClaimedNotice] {
        if !self.hasPlanners.load(ordering: .relaxed) { try await self.makePlanners() }
        let idle = Self.milliseconds(self.bounds.planningTime)
        // Zero would wait for ever.
        let wait = max(1, Self.milliseconds(patience))
        let replies = try await self.notices.pipeline([
            RedisCommand(
                "XAUTOCLAIM",
                self.keys.notices,
                OutboxKeys.planners,
                self.consumer,
                "\(idle)",
                "0-0",
                "COUNT",
                "\(limit)"
            ),
            RedisCommand(
                "XREADGROUP",
                "GROUP",
                OutboxKeys.planners,
                self.consumer,
                "COUNT",
                "\(limit)",
                "BLOCK",
                "\(wait)",
                "STREAMS",
                self.keys.notices,
                ">"
            ),
        ])
        do {
            let stale = try replies[0].orThrow().elements?.dropFirst().first?.elements ?? []
            let fresh = try replies[1].orThrow().elements?.first?.elements?.last?.elements ?? []
            return (stale + fresh).compactMap(StreamEntry.init).map { entry in
                ClaimedNotice(id: entry.id, routed: entry.notice)
            }
        } catch {
            guard error.message.hasPrefix("NOGROUP") else { throw error }
            // The server was emptied.
            self.hasPlanners.store(false, ordering: .relaxed)
            return []
        }
    }

    private func makePlanners() async throws {
        do {
            _ = try await self.commands.send(
                RedisCommand("XGROUP", "CREATE", self.keys.notices, OutboxKeys.planners, "0", "MKSTREAM")
            )
        } catch {
            guard error.message.hasPrefix("BUSYGROUP") else { throw error }
        }
        self.hasPlanners.store(true, ordering: .relaxed)
    }

    /// - Throws: `RedisError`.
    package func shelf(of keys: [String]) async throws -> GroupShelf {
        try Self.shelf(
            try await self.commands.evaluate(
                PlanningScripts.shelf,
                keys: [self.keys.base],
                arguments: [self.keys.base] + keys.map(Self.groupID)
            )
        )
    }

    /// - Throws: `RedisError`.
    package func dueShelf(upTo limit: Int, everything: Bool) async throws -> GroupShelf {
        try Self.shelf(
            try await self.commands.evaluate(
                PlanningScripts.due,
                keys: [self.keys.base],
                arguments: [self.keys.base, "\(limit)", everything ? "1" : "0"]
            )
        )
    }

    private static func shelf(_ reply: RedisReply) throws -> GroupShelf {
        guard let parts = reply.elements, parts.count == 3, let now = parts[0].integer, let count = parts[1].integer,
            let kept = parts[2].elements
        else { throw RedisError(.unexpectedReply, "the script of groups answered with something unknown") }
        var groups: [String: GroupShelf.Kept] = [:]
        for text in kept.compactMap(\.text) {
            // version record
            let (version, record) = text.halves
            guard let version = Int(version), let record = try? JSONValue.parse(record),
                let key = record["key"]?.stringValue
            else { throw RedisError(.unexpectedReply, "a group is kept in a form that is unknown") }
            groups[key] = GroupShelf.Kept(version: version, record: GroupRecord(json: record))
        }
        return GroupShelf(now: Timestamp(microseconds: now), groups: groups, count: Int(count))
    }

    /// Keys of groups may hold all labels of an alert.
    private static func groupID(_ key: String) -> String { String(SHA256Text.hex(of: key).prefix(32)) }

    /// - Throws: `RedisError`.
    package func apply(_ plan: DeliveryPlan) async throws -> PlanOutcome {
        var arguments = [
            "\(Self.milliseconds(self.bounds.memory))", "\(self.bounds.waitingPerReceiver)",
            "\(self.bounds.deadLetters)",
        ]
        func add(_ list: [String]) { arguments += ["\(list.count)"] + list }
        add(plan.notices)
        add(plan.refused)
        arguments.append("\(plan.groups.count)")
        for group in plan.groups {
            arguments += [
                Self.groupID(group.key), "\(group.version)", group.record?.json.compactText ?? "",
                group.due.map { "\($0.microseconds)" } ?? "",
            ]
        }
        arguments.append("\(plan.deliveries.count)")
        for delivery in plan.deliveries {
            let notification = delivery.notification
            arguments += [
                notification.deliveryID, notification.receiver, delivery.kind.rawValue, delivery.tenant,
                notification.message.title, notification.instance, notification.json.compactText,
            ]
            add(notification.alertIDs)
        }
        let reply = try await self.run(PlanningScripts.apply, arguments)
        guard let parts = reply.elements, parts.count == 2, let word = parts[0].text else {
            throw RedisError(.unexpectedReply, "the script of plans answered with something unknown")
        }
        return switch word {
        case "done": .done
        case "gone": .gone(notice: parts[1].text ?? "")
        default: .changed
        }
    }

    // MARK: Sending

    /// - Throws: `RedisError`.
    package func claim(_ requests: [ClaimRequest]) async throws -> ClaimAnswer {
        let taken = self.hasTakenOwn.withLock { $0 }
        let reply = try await self.run(
            SendingScripts.claim,
            [self.consumer, "\(Self.milliseconds(self.bounds.lease))"]
                + requests.flatMap { request in
                    [
                        request.receiver, "\(request.limit)", "\(Self.milliseconds(request.minimumAge))",
                        taken.contains(request.receiver) ? "0" : "1",
                    ]
                }
        )
        guard let parts = reply.elements, parts.count == 3, let claimed = parts[2].elements else {
            throw RedisError(.unexpectedReply, "the script of claims answered with something unknown")
        }
        self.hasTakenOwn.withLock { $0.formUnion(requests.map(\.receiver)) }
        return ClaimAnswer(
            claims: claimed.compactMap(Self.claim),
            disabled: Self.disabled(parts[1]),
            nextDueIn: parts[0].integer.map { .microseconds($0) }
        )
    }

    private static func claim(_ reply: RedisReply) -> DeliveryClaim? {
        guard let parts = reply.elements, parts.count == 10, let receiver = parts[0].text, let entry = parts[1].text,
            let id = parts[2].text, let attempt = parts[3].integer
        else { return nil }
        let reason = parts[6].text ?? ""
        return DeliveryClaim(
            token: entry,
            deliveryID: id,
            receiver: receiver,
            attempt: Int(attempt),
            failures: Int(parts[9].integer ?? 0),
            isTakenOver: parts[4].integer == 1,
            isForced: parts[5].integer == 1,
            lastReason: reason.isEmpty ? nil : reason,
            notification: parts[8].text.flatMap { try? AlertNotification(text: $0) },
            createdAt: Timestamp(microseconds: parts[7].integer ?? 0)
        )
    }

    /// Names, and the fingerprint and the reason behind each.
    private static func disabled(_ reply: RedisReply) -> [String: String] {
        let texts = (reply.elements ?? []).compactMap(\.text)
        var disabled: [String: String] = [:]
        for index in stride(from: 0, to: texts.count - 1, by: 2) {
            disabled[texts[index]] = String(texts[index + 1].halves.1)
        }
        return disabled
    }

    /// - Throws: `RedisError`.
    package func renew(_ claims: [DeliveryClaim]) async throws {
        guard !claims.isEmpty else { return }
        _ = try await self.run(
            SendingScripts.renew,
            [self.consumer] + claims.flatMap { [$0.receiver, $0.token, $0.deliveryID, "\($0.attempt)"] }
        )
    }

    /// - Throws: `RedisError`.
    package func finish(_ claim: DeliveryClaim, _ ending: DeliveryEnding) async throws {
        let status: DeliveryRecord.Status
        var (pause, reason, disables) = (Duration.zero, "", "")
        switch ending {
        case .delivered:
            status = .delivered
        case .retry(let why, let after):
            (status, pause, reason) = (.retrying, after, why)
        case .dead(let why, let fingerprint):
            (status, reason, disables) = (.dead, why, fingerprint ?? "")
        }
        _ = try await self.commands.evaluate(
            SendingScripts.finish,
            keys: [self.keys.base],
            arguments: [
                claim.receiver, claim.token, claim.deliveryID, "\(claim.attempt)", status.rawValue,
                "\(pause.wholeMicroseconds)", reason, self.consumer, disables,
                "\(Self.milliseconds(self.bounds.memory))",
                "\(self.bounds.deadLetters)", "\(DeliveryRecord.Attempt.kept)",
            ]
        ).orThrow()
    }

    /// - Throws: `RedisError`.
    package func enable(_ fingerprints: [String: String]) async throws {
        guard !fingerprints.isEmpty else { return }
        _ = try await self.run(SendingScripts.enable, fingerprints.flatMap { [$0.key, $0.value] })
    }

    // MARK: Looking after it

    /// - Throws: `RedisError`.
    package func figures() async throws -> OutboxFigures {
        let reply = try await self.run(PlanningScripts.figures, [])
        guard let parts = reply.elements, parts.count == 5, let waiting = parts[3].elements else {
            throw RedisError(.unexpectedReply, "the script of figures answered with something unknown")
        }
        var figures = OutboxFigures()
        figures.notices = Int(parts[0].integer ?? 0)
        figures.groups = Int(parts[1].integer ?? 0)
        figures.deadLetters = Int(parts[2].integer ?? 0)
        for index in stride(from: 0, to: waiting.count - 1, by: 2) {
            if let name = waiting[index].text { figures.waiting[name] = Int(waiting[index + 1].integer ?? 0) }
        }
        figures.disabled = Self.disabled(parts[4])
        return figures
    }

    /// - Throws: `RedisError`.
    package func tidy() async throws {
        _ = try await self.run(PlanningScripts.tidy, ["\(self.bounds.remembered)"])
    }

    static func milliseconds(_ duration: Duration) -> Int64 { duration.wholeMicroseconds / 1000 }
}

extension String {
    /// What stands before the first space, and what stands behind it.
    var halves: (String, String) {
        guard let space = self.firstIndex(of: " ") else { return (self, "") }
        return (String(self[..<space]), String(self[self.index(after: space)...]))
    }
}

extension AlertNotification {
    /// Ids of all alerts that it tells of, each once.
    var alertIDs: [String] {
        var seen: Set<String> = []
        return self.group.notices.flatMap { [$0.alert.id] + $0.standsFor }.filter { seen.insert($0).inserted }
    }
}
