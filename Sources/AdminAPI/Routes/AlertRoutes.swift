import Events
import Hummingbird
import Reactions
import ReactorRuntime

/// Alerts, their receipts, and what decides about them.
struct AlertRoutes: Sendable {
    let keeper: BookKeeper
    let inspection: Inspection

    /// Decisions that a reactor remembers with all their details.
    private static let remembered = 1_000

    func add(to router: Router<BasicRequestContext>) {
        router.get(.alerts) { request, _ in try await self.alerts(request) }
        router.get(.alert) { request, context in try await self.alert(request, try context.parameters.id()) }
        router.get(.receipts) { request, _ in
            let (query, limit) = try Self.query(request)
            let page = try await self.page(query, limit)
            return try .json(ReceiptsResponse(page, try await self.deliveries(of: page)))
        }
        router.get(.fatigue) { request, context in
            try Query(request, allowed: []).validate()
            let tenant = try context.parameters.id()
            let statistics = try await self.keeper.state { try await $0.statistics(tenant: tenant) }
            return try .json(FatigueResponse(statistics, self.keeper.books.settings().fatigue))
        }
        router.get(.receivers) { request, _ in
            try Query(request, allowed: []).validate()
            return try .json(ReceiversResponse(self.keeper.books.settings().receivers))
        }
        router.post(.alertTest) { request, _ in try await AlertTest(self.keeper).answer(request) }
    }

    // MARK: Lists

    private static func query(_ request: Request) throws(Problem) -> (ReceiptQuery, Int) {
        let allowed: Set<String> = ["run_id", "tenant", "verdict", "severity", "since", "before", "limit"]
        var query = Query(request, allowed: allowed)
        var receipts = ReceiptQuery()
        receipts.runID = query.text("run_id")
        receipts.tenant = query.text("tenant")
        receipts.verdict = query.word("verdict", Verdict.self)
        receipts.severity = query.word("severity", Severity.self)
        receipts.since = query.time("since")
        receipts.before = query.cursor("before")
        let limit = query.number("limit", in: 1...1_000, standard: 100)
        try query.validate()
        return (receipts, limit)
    }

    private func page(_ query: ReceiptQuery, _ limit: Int) async throws -> RecordPage {
        // Nothing is before the first place there could be, and Redis refuses to look.
        if let before = query.before, before.allSatisfy({ $0 == "0" || $0 == "-" }) {
            return RecordPage([], limit: limit)
        }
        var query = query
        query.limit = limit + 1
        let asked = query
        return RecordPage(try await self.keeper.receipts { try await $0.receipts(asked) }, limit: limit)
    }

    /// What became of the alerts of a page that went out.
    private func deliveries(of page: RecordPage) async throws -> [DeliveryRecord]? {
        guard self.keeper.books.deliveries != nil else { return nil }
        var query = DeliveryQuery()
        query.alertIDs = page.records.filter(\.receipt.verdict.isSent).map(\.receipt.alertID)
        query.limit = .max
        let asked = query
        do {
            return try await self.keeper.deliveries { try await $0.deliveries(asked) }
        } catch let problem as Problem where problem.status == 503 {
            // Receipts are told also where nobody can say now who got what.
            return nil
        }
    }

    private func alerts(_ request: Request) async throws -> Response {
        let (query, limit) = try Self.query(request)
        guard self.keeper.books.state != nil else { return try .json(try await self.remembered(query, limit)) }
        do {
            let page = try await self.page(query, limit)
            return try .json(AlertsResponse(page, known: try await self.known()))
        } catch let problem as Problem where problem.status == 503 && query.before == nil {
            // Alerts go out also while the store is away; whoever asks then is told what this reactor knows.
            return try .json(try await self.remembered(query, limit))
        }
    }

    /// What this reactor remembers, the newest first.
    private func remembered(_ query: ReceiptQuery, _ limit: Int) async throws -> AlertsResponse {
        let asked = query.isForAll ? limit : Self.remembered
        let alerts = try await self.inspection.ask { await $0.alerts(limit: asked) }
        let fitting = alerts.filter { decided in
            query.accepts(
                DecisionRecord(cursor: "", subject: decided.alert.subject, receipt: decided.receipt)
            )
        }
        return AlertsResponse(Array(fitting.prefix(limit)))
    }

    private func known() async throws -> [String: DecidedAlert] {
        let alerts = try await self.inspection.ask { await $0.alerts(limit: Self.remembered) }
        return Dictionary(alerts.map { ($0.alert.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: One

    private func alert(_ request: Request, _ id: String) async throws -> Response {
        try Query(request, allowed: []).validate()
        let known = try await self.known()[id]
        let alert = try await self.decided(id, known)
        guard let alert else { throw Problem.unknown("no alert of that id was decided lately") }
        var deliveries: [DeliveryRecord]?
        if self.keeper.books.deliveries != nil {
            deliveries = try await self.keeper.deliveries { book in
                var query = DeliveryQuery()
                query.alertIDs = [id]
                return try await book.deliveries(query)
            }
        }
        return try .json(
            AlertResponse(alert: alert, deliveries: deliveries.map { $0.map(DeliveriesResponse.Delivery.init) })
        )
    }

    private func decided(_ id: String, _ known: DecidedAlert?) async throws -> AlertsResponse.Alert? {
        let own = known.map { AlertsResponse.Alert($0) }
        guard self.keeper.books.state != nil else { return own }
        do {
            let records = try await self.keeper.receipts { store in
                var query = ReceiptQuery()
                query.alertID = id
                query.limit = 1
                return try await store.receipts(query)
            }
            return records.first.map { AlertsResponse.Alert($0, known: known) } ?? own
        } catch let problem as Problem where problem.status == 503 {
            guard let own else { throw problem }
            return own
        }
    }
}

extension ReceiptQuery {
    /// Whether any receipt is asked for.
    fileprivate var isForAll: Bool {
        self.alertID == nil && self.runID == nil && self.tenant == nil && self.verdict == nil && self.severity == nil
            && self.since == nil
    }
}

extension Parameters {
    /// The value of `{id}` in a path.
    func id() throws(Problem) -> String {
        let text = self.get("id") ?? ""
        guard let id = text.removingPercentEncodingStrictly, (1...512).contains(id.utf8.count) else {
            throw .badParameters([
                Problem.Cause(detail: "the id must be a text of 1 to 512 bytes", pointer: "#/path/id")
            ])
        }
        return id
    }
}

extension StringProtocol {
    /// With `%41` as `A`; nil where two digits do not follow, or bytes are no UTF-8.
    fileprivate var removingPercentEncodingStrictly: String? {
        var bytes: [UInt8] = []
        var rest = self.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(Self.digit), let low = rest.popFirst().flatMap(Self.digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
