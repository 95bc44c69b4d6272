import Events
package import Reactions
import RedisClient

extension RedisOutbox {
    /// Deliveries that are looked at in one step.
    private static let page = 500
    private static let fields = [
        "receiver", "kind", "status", "alerts", "tenant", "title", "attempts", "next", "reason", "created", "updated",
        "instance", "ended",
    ]

    /// - Throws: `RedisError`.
    package func deliveries(_ query: DeliveryQuery) async throws -> [DeliveryRecord] {
        if let id = query.deliveryID {
            return Array(try await self.records([id]).filter(query.accepts).prefix(query.limit))
        }
        if let alerts = query.alertIDs {
            let told = try await self.commands.pipeline(
                alerts.map { RedisCommand("SMEMBERS", self.keys.told($0)) }
            )
            let ids = try Set(told.flatMap { try $0.orThrow().elements ?? [] }.compactMap(\.text))
            let records = try await self.records(Array(ids))
            return Array(records.filter(query.accepts).sorted { $0.createdAt > $1.createdAt }.prefix(query.limit))
        }
        let index = query.status == .dead ? self.keys.dead : self.keys.deliveries
        var found: [DeliveryRecord] = []
        var start = 0
        while found.count < query.limit {
            let reply = try await self.commands.send(
                RedisCommand("ZREVRANGE", index, "\(start)", "\(start + Self.page - 1)")
            )
            let ids = (reply.elements ?? []).compactMap(\.text)
            found += try await self.records(ids).filter(query.accepts)
            guard ids.count == Self.page else { break }
            start += Self.page
        }
        return Array(found.prefix(max(0, query.limit)))
    }

    private func records(_ ids: [String]) async throws -> [DeliveryRecord] {
        let replies = try await self.commands.pipeline(
            ids.map { id in
                RedisCommand((["HMGET", self.keys.delivery(id)] + Self.fields).map { Array($0.utf8) })
            }
        )
        return try zip(ids, replies).compactMap { id, reply in
            let values = try reply.orThrow().elements ?? []
            return Self.record(id, Dictionary(zip(Self.fields, values.map(\.text))) { $1 })
        }
    }

    /// Nil for one that was forgotten meanwhile.
    private static func record(_ id: String, _ fields: [String: String?]) -> DeliveryRecord? {
        func text(_ name: String) -> String { (fields[name] ?? nil) ?? "" }
        func time(_ name: String) -> Timestamp? { Int64(text(name)).map { Timestamp(microseconds: $0) } }
        guard let status = DeliveryRecord.Status(rawValue: text("status")), let created = time("created") else {
            return nil
        }
        return DeliveryRecord(
            id: id,
            receiver: text("receiver"),
            kind: ReceiverKind(rawValue: text("kind")) ?? .log,
            status: status,
            alertIDs: text("alerts").split(separator: " ").map(String.init),
            tenant: text("tenant"),
            title: text("title"),
            attempts: Int(text("attempts")) ?? 0,
            nextAttemptAt: status == .retrying ? time("next") : status == .pending ? created : nil,
            lastReason: text("reason").isEmpty ? nil : text("reason"),
            createdAt: created,
            updatedAt: time("updated") ?? created,
            instance: text("instance"),
            ended: text("ended").split(separator: "\n").compactMap(DeliveryRecord.Attempt.init)
        )
    }

    /// - Throws: `RedisError`.
    package func payload(of deliveryID: String) async throws -> [UInt8]? {
        let reply = try await self.commands.send(
            RedisCommand("HGET", self.keys.delivery(deliveryID), "notification")
        )
        return reply.text.flatMap { try? AlertNotification(text: $0) }?.webhookBody
    }

    /// - Throws: `RedisError`.
    package func retry(deadLetter deliveryID: String, by actor: String) async throws -> Bool {
        try await self.change(SendingScripts.retry, deliveryID, actor)
    }

    /// - Throws: `RedisError`.
    package func drop(deadLetter deliveryID: String, by actor: String) async throws -> Bool {
        try await self.change(SendingScripts.drop, deliveryID, actor)
    }

    private func change(_ script: RedisScript, _ id: String, _ actor: String) async throws -> Bool {
        try await self.commands.evaluate(script, keys: [self.keys.base], arguments: [id, actor]).integer == 1
    }
}

extension AlertNotification {
    /// What a webhook in the usual form is given, without its signature.
    var webhookBody: [UInt8] { WebhookWire.request(self, at: self.createdAt).body }
}

extension DeliveryQuery {
    func accepts(_ record: DeliveryRecord) -> Bool {
        if let receiver, record.receiver != receiver { return false }
        if let status, record.status != status { return false }
        if let deliveryID, record.id != deliveryID { return false }
        if let alertIDs, !alertIDs.contains(where: { record.alertIDs.contains($0) }) { return false }
        return true
    }
}

extension DeliveryRecord.Attempt {
    /// A line as the script that ends attempts writes it: number, time, outcome, and, each with tabs before it, instance and
    /// reason. Nil for another one.
    fileprivate init?(_ line: Substring) {
        let parts = line.split(separator: "\t", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, let number = Int(parts[0]), let at = Int64(parts[1]),
            let outcome = DeliveryRecord.Status(rawValue: String(parts[2]))
        else { return nil }
        self.init(
            number: number,
            at: Timestamp(microseconds: at),
            outcome: outcome,
            instance: String(parts[3]),
            reason: parts[4].isEmpty ? nil : String(parts[4])
        )
    }
}
