import Events
import Hummingbird
import Reactions

/// Runs and what happened to them, from history.
struct RunRoutes: Sendable {
    let keeper: BookKeeper

    func add(to router: Router<BasicRequestContext>) {
        router.get(.runs) { request, _ in
            let query = try Self.query(request)
            return try .json(RunsResponse(try await self.keeper.history { try await $0.runs(query) }))
        }
        router.get(.run) { request, context in try await self.timeline(request, try context.parameters.id()) }
    }

    private static func query(_ request: Request) throws(Problem) -> RunQuery {
        var query = Query(request, allowed: ["tenant", "status", "open", "since", "after", "limit"])
        var runs = RunQuery()
        runs.tenant = query.text("tenant")
        runs.status = query.word("status", ContractStatus.self)?.rawValue
        runs.isOpen = query.choice("open")
        runs.startedSince = query.time("since")
        runs.after = query.runCursor("after")
        runs.limit = query.number("limit", in: 1...1_000, standard: 100)
        try query.validate()
        return runs
    }

    private func timeline(_ request: Request, _ id: String) async throws -> Response {
        var query = Query(request, allowed: ["limit"])
        let limit = query.number("limit", in: 1...10_000, standard: 1_000)
        try query.validate()
        let timeline = try await self.keeper.history { try await $0.timeline(of: id, limit: limit) }
        var receipts: [DecisionRecord] = []
        if self.keeper.books.state != nil {
            // Those that history does not have yet are here too; without the store, those that it has.
            receipts =
                (try? await self.keeper.receipts { book in
                    var query = ReceiptQuery()
                    query.runID = id
                    query.limit = limit
                    return try await book.receipts(query)
                }) ?? Self.receipts(of: timeline)
        } else {
            receipts = Self.receipts(of: timeline)
        }
        guard timeline != nil || !receipts.isEmpty else {
            throw Problem.unknown("nothing is known of a run of that id")
        }
        return try .json(RunResponse(id, timeline, receipts: receipts, limit: limit))
    }

    private static func receipts(of timeline: RunTimeline?) -> [DecisionRecord] {
        (timeline?.rows ?? []).compactMap { DecisionRecord($0) }
    }
}
