import Events
import Hummingbird
import HummingbirdCore
import Reactions

/// Silences, and the log of who changed what.
struct SilenceRoutes: Sendable {
    let keeper: BookKeeper

    private static let members: Set<String> = [
        "matchers", "starts_at", "ends_at", "duration_seconds", "created_by", "reason", "expire_on_resolve",
    ]
    /// A year; who wants to be silent for longer changes a route.
    private static let durations = 1...366 * 86_400
    /// Decisions that a preview looks at, and shows.
    private static let examined = 1_000
    private static let shown = 100

    func add(to router: Router<BasicRequestContext>) {
        router.get(.silences) { request, _ in
            var query = Query(request, allowed: ["include_expired"])
            let includesExpired = query.flag("include_expired")
            try query.validate()
            let silences = try await self.keeper.silences { try await $0.silences(includingExpired: includesExpired) }
            let now = self.keeper.books.now()
            return try .json(SilencesResponse(silences: silences.map { .init($0, at: now) }))
        }
        router.post(.silences) { request, _ in try await self.make(request) }
        router.post(.silencePreview) { request, _ in try await self.preview(request) }
        router.get(.silence) { request, context in
            try Query(request, allowed: []).validate()
            let id = try context.parameters.id()
            let silences = try await self.keeper.silences { try await $0.silences(includingExpired: true) }
            guard let silence = silences.first(where: { $0.id == id }) else {
                throw Problem.unknown("there is no silence of that id")
            }
            return try .json(SilencesResponse.Silence(silence, at: self.keeper.books.now()))
        }
        router.delete(.silence) { request, context in
            try Query(request, allowed: []).validate()
            let (id, actor) = (try context.parameters.id(), try Actor.name(request))
            let silence = try await self.keeper.silences { try await $0.expire(id, by: actor) }
            return try .json(SilencesResponse.Silence(silence, at: self.keeper.books.now()))
        }
        router.get(.audit) { request, _ in
            var query = Query(request, allowed: ["limit"])
            let limit = query.number("limit", in: 1...1_000, standard: 100)
            try query.validate()
            return try .json(AuditResponse(try await self.keeper.silences { try await $0.auditLog(limit: limit) }))
        }
    }

    private func make(_ request: Request) async throws -> Response {
        try Query(request, allowed: []).validate()
        var body = try await BodyReader(request, known: Self.members)
        let matchers = body.matchers("matchers")
        let startsAt = body.time("starts_at")
        let endsAt = body.time("ends_at")
        let duration = body.number("duration_seconds", in: Self.durations)
        let createdBy = body.text("created_by", maxBytes: 128, isRequired: true)
        let reason = body.text("reason", maxBytes: 1_024, isRequired: true)
        let expiresOnResolve = body.flag("expire_on_resolve") ?? false
        if endsAt != nil, duration != nil {
            body.refuse("duration_seconds", "there is ends_at already; give one of both")
        }
        let begin = startsAt ?? self.keeper.books.now()
        let end = endsAt ?? duration.map { Timestamp(microseconds: begin.microseconds + Int64($0) * 1_000_000) }
        if let end, end <= begin {
            body.refuse("ends_at", "the end is not behind the begin")
        }
        if end == nil { body.refuse("ends_at", "ends_at or duration_seconds is missing") }
        if !matchers.isEmpty, matchers.allSatisfy(\.matchesEmpty) {
            body.refuse("matchers", "at least one condition must not match the empty text, or it would hide everything")
        }
        try body.validate()
        guard let end, let createdBy, let reason else { throw Problem.internalError }
        let asked = SilenceRequest(
            matchers: matchers,
            startsAt: startsAt,
            endsAt: end,
            createdBy: createdBy,
            reason: reason,
            expiresOnResolve: expiresOnResolve
        )
        let silence = try await self.keeper.silences { try await $0.add(asked) }
        var response = try Response.json(
            SilencesResponse.Silence(silence, at: self.keeper.books.now()),
            status: .created
        )
        response.headers[.location] = AdminRoute.silence.path(silence.id)
        return response
    }

    private func preview(_ request: Request) async throws -> Response {
        try Query(request, allowed: []).validate()
        var body = try await BodyReader(request, known: ["matchers"])
        let matchers = body.matchers("matchers")
        try body.validate()
        let records = try await self.keeper.state { store in
            var query = ReceiptQuery()
            query.limit = Self.examined
            return try await store.receipts(query)
        }
        let hidden = records.filter { matchers.matches(AlertLabels($0)) }
        let shown = hidden.prefix(Self.shown).map(ReceiptsResponse.Entry.init)
        return try .json(SilencePreview(examined: records.count, matching: hidden.count, receipts: shown))
    }
}

extension AlertLabels {
    /// The labels that the alert of a receipt had.
    init(_ record: DecisionRecord) {
        let subject = record.subject
        self.init(
            Alert(
                id: record.receipt.alertID,
                type: subject.type,
                severity: subject.severity,
                domain: subject.domain,
                tenant: subject.tenant,
                runID: subject.runID,
                key: subject.key,
                summary: subject.summary,
                details: .null,
                handler: record.receipt.handler,
                event: subject.event,
                raisedAt: record.receipt.decidedAt
            )
        )
    }
}

/// Who asks, for the log of changes: what the header `X-Actor` says. Nobody proves a name.
enum Actor {
    static func name(_ request: Request) throws(Problem) -> String {
        let fields = request.headers.filter { $0.name.canonicalName == "x-actor" }
        guard let name = fields.first?.value else { return "unknown" }
        guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            throw .badParameters([
                Problem.Cause(detail: "X-Actor must be 1 to 128 printable characters", pointer: "#/header/X-Actor")
            ])
        }
        return name
    }
}
