import Events
import FoundationEssentials
import Hummingbird
import HummingbirdTesting
import Reactions
import Synchronization
import Testing

@testable import AdminAPI

@Suite(.timeLimit(.minutes(10))) struct SilenceRoutesTests {
    private let books = FakeBooks()

    private func post(_ body: String, to path: String = "/v1/silences") async throws -> TestResponse {
        try await ask(path, books: self.books.books(), method: .post, headers: json, body: body)
    }

    @Test func `a silence is made, listed, shown, ended and noted`() async throws {
        let made = try await self.post(
            #"{"matchers": ["run_id=~\"x.*\"", "severity!=CRITICAL"], "duration_seconds": 3600, "created_by": "ada","#
                + #" "reason": "maintenance", "expire_on_resolve": true}"#
        )
        #expect(made.status == .created)
        #expect(made.headers[.location] == "/v1/silences/sil_1")
        let silence = try made.decode(SilencesResponse.Silence.self)
        #expect(silence.matchers == [#"run_id=~"x.*""#, #"severity!="CRITICAL""#])
        #expect(silence.state == "active")
        #expect(silence.expiresOnResolve)
        let length =
            Timestamp(rfc3339: silence.endsAt).map { $0.microseconds - FakeBooks.now.microseconds }
        #expect(length == 3_600_000_000)

        let list = try await ask("/v1/silences", books: self.books.books()).decode(SilencesResponse.self)
        #expect(list.silences == [silence])
        let one = try await ask("/v1/silences/sil_1", books: self.books.books())
        #expect(try one.decode(SilencesResponse.Silence.self) == silence)

        let fields = HTTPFields([.init(name: .init("X-Actor")!, value: "grace")])
        let ended = try await ask("/v1/silences/sil_1", books: self.books.books(), method: .delete, headers: fields)
        #expect(try ended.decode(SilencesResponse.Silence.self).state == "expired")
        #expect(try await ask("/v1/silences", books: self.books.books()).decode(SilencesResponse.self).silences == [])
        let all = try await ask("/v1/silences?include_expired=true", books: self.books.books())
        #expect(try all.decode(SilencesResponse.self).silences.map(\.id) == ["sil_1"])
        let log = try await ask("/v1/audit", books: self.books.books()).decode(AuditResponse.self).entries
        #expect(log.map(\.action) == ["silence.expired", "silence.created"])
        #expect(log.map(\.actor) == ["grace", "ada"])
    }

    @Test func `a silence that there is not is unknown`() async throws {
        #expect(try await ask("/v1/silences/nope", books: self.books.books()).status == .notFound)
        #expect(try await ask("/v1/silences/nope", books: self.books.books(), method: .delete).status == .notFound)
    }

    @Test(arguments: [
        (#"{}"#, ["#/matchers", "#/created_by", "#/reason", "#/ends_at"]),
        (#"{"matchers": [], "duration_seconds": 1, "created_by": "a", "reason": "b"}"#, ["#/matchers"]),
        (#"{"matchers": ["x"], "duration_seconds": 1, "created_by": "a", "reason": "b"}"#, ["#/matchers/0"]),
        (#"{"matchers": [1], "duration_seconds": 1, "created_by": "a", "reason": "b"}"#, ["#/matchers/0"]),
        (
            #"{"matchers": ["run_id=~\"(\""], "duration_seconds": 1, "created_by": "a", "reason": "b"}"#,
            ["#/matchers/0"]
        ),
        (#"{"matchers": ["run_id=~\".*\""], "duration_seconds": 1, "created_by": "a", "reason": "b"}"#, ["#/matchers"]),
        (
            #"{"matchers": ["run_id=a"], "duration_seconds": 0, "created_by": "a", "reason": "b"}"#,
            ["#/duration_seconds", "#/ends_at"]
        ),
        (
            #"{"matchers": ["run_id=a"], "starts_at": "2027-01-01T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z", "created_by": "a", "reason": "b"}"#,
            ["#/ends_at"]
        ),
        (
            #"{"matchers": ["run_id=a"], "duration_seconds": 5, "ends_at": "2026-12-01T00:00:00Z", "created_by": "a", "reason": "b"}"#,
            ["#/duration_seconds"]
        ),
        (#"{"matchers": ["run_id=a"], "duration_seconds": 5, "created_by": "a", "reason": ""}"#, ["#/reason"]),
    ])
    func `a silence that makes no sense is refused with pointers`(body: String, pointers: [String]) async throws {
        let response = try await self.post(body)
        #expect(response.status == .badRequest, "\(response.text)")
        #expect(try response.decode(Problem.self).errors?.map(\.pointer) == pointers)
        #expect(self.books.content.withLock { $0.silences.isEmpty })
    }

    @Test func `a preview says what a silence would have hidden`() async throws {
        self.books.content.withLock { content in
            content.records = (1...150).reversed().map { .sample($0, run: $0 % 3 == 0 ? "other" : "r1") }
        }
        let body = #"{"matchers": ["run_id=r1", "alertname=RUN_FAILED", "handler=pager", "event_type=run.failed"]}"#
        let preview = try await self.post(body, to: "/v1/silences/preview").decode(SilencePreview.self)
        #expect(preview.examined == 150)
        #expect(preview.matching == 100)
        #expect(preview.receipts.count == 100)
        #expect(preview.receipts.first?.alertID == "a-149")
        #expect(try await self.post(#"{"matchers": ["x"]}"#, to: "/v1/silences/preview").status == .badRequest)
    }

    @Test func `a name that no header should have is refused`() async throws {
        let fields = HTTPFields([.init(name: .init("X-Actor")!, value: String(repeating: "x", count: 129))])
        let response = try await ask("/v1/silences/s", books: self.books.books(), method: .delete, headers: fields)
        #expect(response.status == .badRequest)
    }

    @Test func `pages of other sites can change nothing`() async throws {
        let headers: HTTPFields = [.contentType: "application/json", .origin: "https://evil.example"]
        let body = #"{"matchers": ["run_id=a"], "duration_seconds": 5, "created_by": "a", "reason": "b"}"#
        let response = try await ask(
            "/v1/silences",
            books: self.books.books(),
            method: .post,
            headers: headers,
            body: body
        )
        #expect(response.status == .forbidden)
        #expect(self.books.content.withLock { $0.silences.isEmpty })
    }
}

@Suite(.timeLimit(.minutes(10))) struct DeliveryRoutesTests {
    private let books = FakeBooks { content in
        content.deliveries = [
            .sample("d-4", status: .dead), .sample("d-3", receiver: "chat", status: .retrying),
            .sample("d-2", receiver: "chat", status: .dead, alerts: ["a-2"]), .sample("d-1"),
        ]
        content.payloads["d-4"] = Array(#"{"type":"dev.aos.alert.v1","data":{"n":1}}"#.utf8)
        content.payloads["d-2"] = [0xFF]
    }

    private func ids(_ path: String) async throws -> [String] {
        try await ask(path, books: self.books.books()).decode(DeliveriesResponse.self).deliveries.map(\.id)
    }

    @Test func `deliveries are asked by receiver, status and alert`() async throws {
        #expect(try await self.ids("/v1/deliveries") == ["d-4", "d-3", "d-2", "d-1"])
        #expect(try await self.ids("/v1/deliveries?receiver=chat") == ["d-3", "d-2"])
        #expect(try await self.ids("/v1/deliveries?status=retrying") == ["d-3"])
        #expect(try await self.ids("/v1/deliveries?alert_id=a-2") == ["d-2"])
        #expect(try await self.ids("/v1/dead-letters") == ["d-4", "d-2"])
        #expect(try await self.ids("/v1/dead-letters?receiver=ops&limit=1") == ["d-4"])
        #expect(try await ask("/v1/deliveries?status=lost", books: self.books.books()).status == .badRequest)
        #expect(try await ask("/v1/dead-letters?status=dead", books: self.books.books()).status == .badRequest)
    }

    @Test func `a dead letter is shown whole`() async throws {
        let letter = try await ask("/v1/dead-letters/d-4", books: self.books.books()).decode(DeadLetterResponse.self)
        #expect(letter.delivery.lastReason == "HTTP 500")
        #expect(letter.payload?.value["data"]?["n"] == 1)
        let unreadable = try await ask("/v1/dead-letters/d-2", books: self.books.books())
        #expect(try unreadable.decode(DeadLetterResponse.self).payload == nil)
        for id in ["d-1", "d-9"] {
            #expect(try await ask("/v1/dead-letters/\(id)", books: self.books.books()).status == .notFound)
        }
    }

    @Test func `a dead letter is sent again or forgotten, by whom is noted`() async throws {
        let retried = try await ask(
            "/v1/dead-letters/d-4/retry",
            books: self.books.books(),
            method: .post,
            headers: json,
            body: #"{"actor": "ada"}"#
        )
        #expect(retried.status == .accepted)
        #expect(try retried.decode(DeadLetterChange.self) == DeadLetterChange(id: "d-4", action: "retried"))
        let dropped = try await ask("/v1/dead-letters/d-2", books: self.books.books(), method: .delete)
        #expect(try dropped.decode(DeadLetterChange.self).action == "dropped")
        #expect(try await self.ids("/v1/dead-letters") == ["d-4"])
        let again = try await ask("/v1/dead-letters/d-2", books: self.books.books(), method: .delete)
        #expect(again.status == .notFound)
        let delivered = try await ask(
            "/v1/dead-letters/d-1/retry",
            books: self.books.books(),
            method: .post,
            headers: json,
            body: "{}"
        )
        #expect(delivered.status == .notFound)
        let audit = self.books.content.withLock { $0.audit }
        #expect(audit.map(\.action) == ["dead_letter.dropped", "dead_letter.retried"])
        #expect(audit.map(\.actor) == ["unknown", "ada"])
    }
}

@Suite(.timeLimit(.minutes(10))) struct AnswerSchemaTests {
    private struct Asked: Sendable, CustomStringConvertible {
        var route: AdminRoute
        var method = "get"
        var id = "x"
        var body: String?
        var query = ""
        var status = 200

        var description: String { "\(self.method) \(self.route.path(self.id))\(self.query)" }
    }

    private static let silence =
        #"{"matchers": ["run_id=r1"], "duration_seconds": 60, "created_by": "ada", "reason": "x"}"#

    private static let asked: [Asked] = [
        Asked(route: .health), Asked(route: .ready), Asked(route: .version), Asked(route: .openAPI),
        Asked(route: .status), Asked(route: .handlers), Asked(route: .quarantine), Asked(route: .alerts),
        Asked(route: .alerts, query: "?limit=1"), Asked(route: .alert, id: "a-1"),
        Asked(route: .alert, id: "none", status: 404), Asked(route: .receipts),
        Asked(route: .receipts, query: "?limit=1"),
        Asked(route: .receipts, query: "?limit=x", status: 400), Asked(route: .fatigue, id: "t1"),
        Asked(route: .receivers), Asked(route: .silences), Asked(route: .silence, id: "sil_9"),
        Asked(route: .silence, id: "none", status: 404), Asked(route: .audit), Asked(route: .deliveries),
        Asked(route: .deadLetters), Asked(route: .deadLetter, id: "d-4"),
        Asked(route: .deadLetter, id: "none", status: 404),
        Asked(route: .alertTest, method: "post", body: "{}"),
        Asked(route: .alertTest, method: "post", body: #"{"receiver": "x"}"#, status: 404),
        Asked(route: .alertTest, method: "post", body: "[", status: 400),
        Asked(route: .silences, method: "post", body: Self.silence, status: 201),
        Asked(route: .silencePreview, method: "post", body: #"{"matchers": ["run_id=r1"]}"#),
        Asked(route: .silence, method: "delete", id: "sil_9"),
        Asked(route: .silence, method: "delete", id: "none", status: 404),
        Asked(route: .deadLetterRetry, method: "post", id: "d-4", body: "{}", status: 202),
        Asked(route: .deadLetterRetry, method: "post", id: "none", body: "{}", status: 404),
        Asked(route: .deadLetter, method: "delete", id: "d-4"),
        Asked(route: .runs), Asked(route: .runs, query: "?limit=1"), Asked(route: .runs, query: "?open=x", status: 400),
        Asked(route: .run, id: "r1"), Asked(route: .run, id: "none", status: 404),
        Asked(route: .thresholds), Asked(route: .thresholds, query: "?limit=0", status: 400),
        Asked(route: .heartbeats),
        Asked(route: .runExpectations, method: "post", id: "r1", body: FakeRuns.expectation, status: 202),
        Asked(route: .runExpectations, method: "post", id: "r1", body: "{}", status: 400),
        Asked(route: .runAcks, method: "post", id: "r1", body: FakeRuns.acknowledgement, status: 202),
    ]

    @Test func `every answer is as the document says`() async throws {
        for asked in Self.asked {
            let books = FakeBooks { content in
                content.records = [.sample(2), .sample(1)]
                content.deliveries = [.sample("d-4", status: .dead), .sample("d-3", status: .retrying)]
                content.payloads["d-4"] = Array("{}".utf8)
                content.silences = (try? [.sample("sil_9")]) ?? []
                content.audit = [AuditEntry(at: FakeBooks.now, actor: "a", action: "b", subject: "c", detail: "d")]
            }
            var all = books.books()
            all.history = FakeHistory(
                FakeHistory.rows(run: "r1", startedAt: FakeBooks.now)
                    + FakeHistory.rows(run: "r2", startedAt: FakeBooks.now, ended: true)
            )
            all.runs = FakeRuns(takes: true)
            let response = try await ask(
                asked.route.path(asked.id) + asked.query,
                of: FakeReactor {
                    $0.alerts = [.sample]
                    $0.thresholds = [.sample]
                },
                books: all,
                method: HTTPRequest.Method(rawValue: asked.method.uppercased())!,
                headers: asked.body == nil ? [:] : json,
                body: asked.body
            )
            #expect(Int(response.status.code) == asked.status, "\(asked): \(response.text)")
            let faults = try SchemaCheck.faults(
                of: try JSONValue.parse(response.text),
                asked.route,
                asked.method,
                asked.status,
                mediaType: try #require(response.headers[.contentType])
            )
            #expect(faults == [], "\(asked): \(response.text)")
        }
        let all = AdminRoute.allCases.flatMap { route in route.methods.map { "\($0.lowercased()) \(route.path)" } }
        let tried = Set(Self.asked.filter { $0.status < 300 }.map { "\($0.method) \($0.route.path)" })
        #expect(Set(all).subtracting(tried) == ["get /metrics", "get /v1/tap"])
    }
}

extension ThresholdStatus {
    static let sample = ThresholdStatus(
        handler: "spend",
        kind: .aggregate,
        metric: "cost_usd",
        aggregate: "sum",
        window: .seconds(60),
        limit: 100,
        watched: 2,
        evicted: 1,
        standings: [
            ThresholdStatus.Standing(
                key: "acme",
                tenant: "acme",
                runID: "r1",
                tier: "breach",
                value: 120.5,
                percentage: 120.5
            ),
            ThresholdStatus.Standing(key: "umbrella", tenant: "umbrella", runID: "r2", value: .infinity),
        ]
    )
}
