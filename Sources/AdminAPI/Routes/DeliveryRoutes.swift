import Events
import Hummingbird
import Reactions

/// Messages to receivers, and those that were given up.
struct DeliveryRoutes: Sendable {
    let keeper: BookKeeper

    func add(to router: Router<BasicRequestContext>) {
        router.get(.deliveries) { request, _ in
            var query = Query(request, allowed: ["receiver", "status", "alert_id", "limit"])
            var asked = DeliveryQuery()
            asked.receiver = query.text("receiver")
            asked.status = query.word("status", DeliveryRecord.Status.self)
            asked.alertIDs = query.text("alert_id").map { [$0] }
            asked.limit = query.number("limit", in: 1...1_000, standard: 100)
            try query.validate()
            return try .json(DeliveriesResponse(try await self.records(asked)))
        }
        router.get(.deadLetters) { request, _ in
            var query = Query(request, allowed: ["receiver", "limit"])
            var asked = DeliveryQuery()
            asked.status = .dead
            asked.receiver = query.text("receiver")
            asked.limit = query.number("limit", in: 1...1_000, standard: 100)
            try query.validate()
            return try .json(DeliveriesResponse(try await self.records(asked)))
        }
        router.get(.deadLetter) { request, context in
            try Query(request, allowed: []).validate()
            return try await self.show(try context.parameters.id())
        }
        router.post(.deadLetterRetry) { request, context in
            try Query(request, allowed: []).validate()
            let id = try context.parameters.id()
            var body = try await BodyReader(request, known: ["actor"])
            let named = body.text("actor", maxBytes: 128)
            try body.validate()
            let actor = try named ?? Actor.name(request)
            let exists = try await self.keeper.deliveries { try await $0.retry(deadLetter: id, by: actor) }
            guard exists else { throw Self.noDeadLetter }
            return try .json(DeadLetterChange(id: id, action: "retried"), status: .accepted)
        }
        router.delete(.deadLetter) { request, context in
            try Query(request, allowed: []).validate()
            let (id, actor) = (try context.parameters.id(), try Actor.name(request))
            let exists = try await self.keeper.deliveries { try await $0.drop(deadLetter: id, by: actor) }
            guard exists else { throw Self.noDeadLetter }
            return try .json(DeadLetterChange(id: id, action: "dropped"))
        }
    }

    private static var noDeadLetter: Problem { .unknown("there is no dead letter of that id") }

    private func records(_ query: DeliveryQuery) async throws -> [DeliveryRecord] {
        try await self.keeper.deliveries { try await $0.deliveries(query) }
    }

    private func show(_ id: String) async throws -> Response {
        var query = DeliveryQuery()
        query.status = .dead
        query.deliveryID = id
        guard let record = try await self.records(query).first else { throw Self.noDeadLetter }
        let payload = try await self.keeper.deliveries { try await $0.payload(of: id) }
        return try .json(
            DeadLetterResponse(
                delivery: DeliveriesResponse.Delivery(record),
                payload: payload.flatMap { try? JSONValue.parse($0) }.map { JSONDetails($0) }
            )
        )
    }
}
