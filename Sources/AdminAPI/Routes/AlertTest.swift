import Events
import Hummingbird
import Reactions

/// `POST /v1/alerts/test`: a made-up alert goes to receivers, so that a person knows whether they work.
///
/// It is decided by nobody, counts for nothing, and is kept nowhere: only its receivers see it, and it says what it is.
struct AlertTest {
    let keeper: BookKeeper

    /// Between the answers of all receivers.
    private static let limit: Duration = .seconds(25)
    private static let members: Set<String> = [
        "receiver", "severity", "domain", "type", "tenant_id", "run_id", "handler", "key", "summary",
    ]

    init(_ keeper: BookKeeper) {
        self.keeper = keeper
    }

    func answer(_ request: Request) async throws -> Response {
        try Query(request, allowed: []).validate()
        var body = try await BodyReader(request, known: Self.members)
        let receiver = body.text("receiver")
        let alert = Self.alert(&body, at: self.keeper.books.now())
        try body.validate()

        let settings = self.keeper.books.settings()
        let labels = AlertLabels(alert)
        let routes = settings.routing.routes(of: labels)
        let names = receiver.map { [$0] } ?? Self.unique(routes.flatMap(\.receivers))
        if let receiver, !settings.receivers.contains(where: { $0.name == receiver }) {
            let known = settings.receivers.map(\.name).joined(separator: ", ")
            throw Problem.unknown("no receiver \"\(receiver.clippedForShow)\"; there is \(known)")
        }
        let notice = AlertNotice(alert, receipt: nil, labels: labels)
        let tests = try await self.keeper.tester(within: Self.limit) { await $0.tell(names, of: notice) }
        return try .json(
            AlertTestResponse(
                alertID: alert.id,
                routes: receiver == nil ? routes.map(\.path) : [],
                results: tests.map(AlertTestResponse.Result.init)
            )
        )
    }

    private static func alert(_ body: inout BodyReader, at now: Timestamp) -> Alert {
        let summary = body.text("summary") ?? "a test of this receiver; nothing is wrong"
        return Alert(
            id: "test-\(UInt64.random(in: 1 << 60 ... .max))",
            type: body.text("type") ?? "TEST",
            severity: body.word("severity", Severity.self) ?? .low,
            domain: body.text("domain") ?? "test",
            tenant: body.text("tenant_id") ?? "",
            runID: body.text("run_id") ?? "unknown",
            key: body.text("key") ?? "test:\(now.microseconds)",
            summary: "[TEST] \(summary)",
            details: ["test": true],
            handler: body.text("handler") ?? "test",
            event: nil,
            raisedAt: now
        )
    }

    private static func unique(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}
