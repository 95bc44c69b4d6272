import Events
import Hummingbird
import HummingbirdTesting
import Reactions
import ReactorRuntime
import Synchronization
import Testing

@testable import AdminAPI

let json: HTTPFields = [.contentType: "application/json"]

@Suite(.timeLimit(.minutes(10))) struct AlertRoutesTests {
    private let books = FakeBooks { content in
        content.records = [
            .sample(5), .sample(4, verdict: .cooldown), .sample(3, run: "r2", severity: .low),
            .sample(2, tenant: "t2", verdict: .duplicate), .sample(1),
        ]
        content.deliveries = [.sample("d-1"), .sample("d-2", receiver: "chat", alerts: ["a-9"])]
    }

    private func ids(_ query: String) async throws -> [String] {
        let response = try await ask("/v1/receipts\(query)", books: self.books.books())
        #expect(response.status == .ok, "\(response.text)")
        return try response.decode(ReceiptsResponse.self).receipts.map(\.alertID)
    }

    @Test func `receipts are asked by run, tenant, verdict, severity and time`() async throws {
        #expect(try await self.ids("") == ["a-5", "a-4", "a-3", "a-2", "a-1"])
        #expect(try await self.ids("?run_id=r2") == ["a-3"])
        #expect(try await self.ids("?tenant=t2") == ["a-2"])
        #expect(try await self.ids("?verdict=cooldown") == ["a-4"])
        #expect(try await self.ids("?severity=LOW") == ["a-3"])
        #expect(try await self.ids("?since=1970-01-01T00:00:04Z") == ["a-5", "a-4"])
        #expect(try await self.ids("?since=1970-01-01T02:00:04%2B02:00&verdict=sent") == ["a-5"])
        #expect(try await self.ids("?run_id=r1&tenant=t1&limit=2") == ["a-5", "a-4"])
    }

    @Test func `pages follow each other without a gap and without a repetition`() async throws {
        for path in ["/v1/receipts", "/v1/alerts"] {
            var seen: [String] = []
            var next: String? = ""
            var pages = 0
            while let cursor = next {
                let before = cursor.isEmpty ? "" : "&before=\(cursor)"
                let response = try await ask("\(path)?limit=2\(before)", books: self.books.books())
                if path == "/v1/receipts" {
                    let page = try response.decode(ReceiptsResponse.self)
                    seen += page.receipts.map(\.alertID)
                    next = page.next
                } else {
                    let page = try response.decode(AlertsResponse.self)
                    seen += page.alerts.map(\.id)
                    next = page.next
                }
                pages += 1
            }
            #expect(seen == ["a-5", "a-4", "a-3", "a-2", "a-1"])
            #expect(pages == 3)
        }
    }

    @Test(arguments: [
        ("verdict=held", "verdict"), ("severity=high", "severity"), ("since=yesterday", "since"),
        ("since=2026-11-21", "since"), ("since=9999-12-31T23:59:59Z", "since"), ("before=--", "before"),
        ("before=1-2-3", "before"), ("before=", "before"), ("run_id=", "run_id"), ("run_id=a&run_id=b", "run_id"),
        ("limit=0", "limit"), ("runid=x", "runid"),
    ])
    func `a query that cannot be meant is refused with a pointer`(query: String, name: String) async throws {
        for path in ["/v1/receipts", "/v1/alerts"] {
            let response = try await ask("\(path)?\(query)", books: self.books.books())
            #expect(response.status == .badRequest)
            #expect(try response.decode(Problem.self).errors?.map(\.pointer) == ["#/query/\(name)"])
        }
    }

    @Test(arguments: ["0", "0-0", "00-000"])
    func `nothing is before the first place, and the store is not asked`(before: String) async throws {
        for path in ["/v1/receipts", "/v1/alerts"] {
            let response = try await ask("\(path)?before=\(before)", books: self.books.books())
            #expect(response.status == .ok)
            #expect(response.text.contains("[]"))
        }
        #expect(self.books.content.withLock { $0.limitsAsked.isEmpty })
    }

    @Test func `alerts come from the store, and with the details that this reactor remembers`() async throws {
        let reactor = FakeReactor { $0.alerts = [.sample] }
        let answer = try await ask("/v1/alerts", of: reactor, books: self.books.books()).decode(AlertsResponse.self)
        #expect(answer.source == .store)
        #expect(answer.alerts.map(\.id) == ["a-5", "a-4", "a-3", "a-2", "a-1"])
        #expect(answer.alerts.map { $0.details != nil } == [false, false, false, false, true])
    }

    @Test func `while the store is away the reactor tells what it remembers, and says so`() async throws {
        self.books.content.withLock { $0.isAway = true }
        let reactor = FakeReactor { $0.alerts = [.sample] }
        let all = try await ask("/v1/alerts", of: reactor, books: self.books.books()).decode(AlertsResponse.self)
        #expect(all.source == .memory)
        #expect(all.alerts.map(\.id) == ["a-1"])
        let none = try await ask("/v1/alerts?tenant=t2", of: reactor, books: self.books.books())
        #expect(try none.decode(AlertsResponse.self).alerts.isEmpty)
        let receipts = try await ask("/v1/receipts", books: self.books.books())
        #expect(receipts.status == .serviceUnavailable)
        #expect(try receipts.decode(Problem.self).detail == "the state store cannot be asked now")
    }

    @Test func `one alert is told with its receipt and who was told of it`() async throws {
        let answer = try await ask("/v1/alerts/a-1", books: self.books.books()).decode(AlertResponse.self)
        #expect(answer.alert.id == "a-1")
        #expect(answer.alert.receipt.verdict == .sent)
        #expect(answer.deliveries?.map(\.id) == ["d-1"])
        let unknown = try await ask("/v1/alerts/a-77", books: self.books.books())
        #expect(unknown.status == .notFound)
        #expect(try await ask("/v1/alerts/%zz", books: self.books.books()).status == .badRequest)
    }

    @Test func `a tenant's hour is told with the rules in force`() async throws {
        var settings = AlertSettings()
        settings.fatigue.tenants["t1"] = TenantFatigueSettings()
        settings.fatigue.tenants["t1"]?.maxAlertsPerHour = 7
        settings.fatigue.tenants["t1"]?.cooldowns = ["logs": .seconds(5)]
        let response = try await ask("/v1/tenants/t1/fatigue", books: self.books.books(settings: settings))
        let answer = try response.decode(FatigueResponse.self)
        #expect(answer.alertsInLastHour == 4)
        #expect(answer.alertsByDomain == ["orchestrator": 4])
        #expect(answer.settings.maxPerHour == 7)
        #expect(answer.settings.cooldownSeconds["logs"] == 5)
        #expect(answer.settings.cooldownSeconds["incidents"] == 300)
    }

    @Test func `receivers are told without their secrets`() async throws {
        var settings = AlertSettings()
        let url = Secret("https://hooks.slack.com/services/T1/B1/CANARY")
        settings.receivers.append(ReceiverDefinition(name: "chat", target: .slack(url: url, channel: "#ops")))
        let response = try await ask("/v1/receivers", books: self.books.books(settings: settings))
        #expect(!response.text.contains("CANARY"))
        let receivers = try response.decode(ReceiversResponse.self).receivers
        #expect(receivers.map(\.name) == ["log", "chat"])
        #expect(receivers[1].target == "https://hooks.slack.com:443/*** #ops")
    }

    @Test func `what does not exist in this reactor is unavailable`() async throws {
        for path in ["/v1/receipts", "/v1/silences", "/v1/audit", "/v1/deliveries", "/v1/dead-letters"] {
            #expect(try await ask(path).status == .serviceUnavailable, "\(path)")
        }
        #expect(try await ask("/v1/alerts").status == .ok)
    }

    // MARK: POST /v1/alerts/test

    private func settings() throws -> AlertSettings {
        var settings = AlertSettings()
        settings.receivers = ["ops", "chat"].map { ReceiverDefinition(name: $0, target: .log) }
        let inner = RouteDefinition(matchers: [try LabelMatcher.read("severity=HIGH")], receivers: ["ops", "chat"])
        settings.routing = try RoutingTree(RouteDefinition(receivers: ["chat"], routes: [inner]))
        return settings
    }

    @Test func `a made-up alert goes through the routes to its receivers, and says what it is`() async throws {
        self.books.content.withLock { $0.outcomes["chat"] = .retry(reason: "HTTP 503") }
        let response = try await ask(
            "/v1/alerts/test",
            books: self.books.books(settings: try self.settings()),
            method: .post,
            headers: json,
            body: #"{"severity": "HIGH", "tenant_id": "acme", "summary": "hello"}"#
        )
        #expect(response.status == .ok)
        let answer = try response.decode(AlertTestResponse.self)
        #expect(answer.routes == [["{}", #"{severity="HIGH"}"#]])
        #expect(answer.results.map(\.receiver) == ["ops", "chat"])
        #expect(answer.results.map(\.outcome) == ["delivered", "retry"])
        #expect(answer.results.last?.reason == "HTTP 503")
        #expect(answer.results.first?.seconds == 0.25)
        let told = try #require(self.books.content.withLock { $0.told.first })
        #expect(told.notice.alert.summary == "[TEST] hello")
        #expect(told.notice.alert.tenant == "acme")
        #expect(told.notice.decision == nil)
    }

    @Test func `a receiver can be named, and one that there is not is unknown`() async throws {
        let books = self.books.books(settings: try self.settings())
        let named = try await ask(
            "/v1/alerts/test",
            books: books,
            method: .post,
            headers: json,
            body: #"{"receiver": "ops"}"#
        )
        #expect(try named.decode(AlertTestResponse.self).results.map(\.receiver) == ["ops"])
        let unknown = try await ask(
            "/v1/alerts/test",
            books: books,
            method: .post,
            headers: json,
            body: #"{"receiver": "opps"}"#
        )
        #expect(unknown.status == .notFound)
        #expect(try unknown.decode(Problem.self).detail == "no receiver \"opps\"; there is ops, chat")
    }

    @Test(arguments: [
        ("{", "#"), ("[]", "#"), ("", "#"), (#"{"severity": "high"}"#, "#/severity"), (#"{"sverity": 1}"#, "#/sverity"),
        (#"{"type": 5}"#, "#/type"), (#"{"type": ""}"#, "#/type"), ("{\"summary\": \"a\\nb\"}", "#/summary"),
        (#"{"run_id": "a", "run_id": "b"}"#, "#/run_id"),
    ])
    func `a body that cannot be meant is refused with a pointer`(body: String, pointer: String) async throws {
        let response = try await ask(
            "/v1/alerts/test",
            books: self.books.books(),
            method: .post,
            headers: json,
            body: body
        )
        #expect(response.status == .badRequest)
        #expect(try response.decode(Problem.self).errors?.map(\.pointer) == [pointer])
        #expect(self.books.content.withLock { $0.told.isEmpty })
    }

    @Test func `a body must say that it is JSON, and be short`() async throws {
        let books = self.books.books()
        let form = try await ask("/v1/alerts/test", books: books, method: .post, body: "{}")
        #expect(form.status == .unsupportedMediaType)
        let long = #"{"summary": ""# + String(repeating: "x", count: 20_000) + #""}"#
        let large = try await ask("/v1/alerts/test", books: books, method: .post, headers: json, body: long)
        #expect(large.status == .contentTooLarge)
        #expect(self.books.content.withLock { $0.told.isEmpty })
    }

    @Test func `methods that a path does not take are told`() async throws {
        let response = try await ask("/v1/alerts/test")
        #expect(response.status == .methodNotAllowed)
        #expect(response.headers[.allow] == "POST")
        let silences = try await ask("/v1/silences", method: .delete)
        #expect(silences.headers[.allow] == "GET, HEAD, POST")
        #expect(try silences.decode(Problem.self).detail == "this path takes GET, HEAD, POST only")
    }
}

@Suite(.timeLimit(.minutes(10))) struct TokenTests {
    private static let token = "0123456789abcdef"

    private func status(_ path: String, _ authorization: String?) async throws -> Int {
        let headers: HTTPFields = authorization.map { [.authorization: $0] } ?? [:]
        return Int(
            try await ask(path, headers: headers) { $0.token = Secret(Self.token) }.status.code
        )
    }

    @Test func `everything but health wants the token`() async throws {
        for route in AdminRoute.allCases where route != .tap {
            let isOpen = route == .health || route == .ready
            let response = try await ask(
                route.path("x"),
                method: route.methods.contains("GET") ? .get : .post
            ) { $0.token = Secret(Self.token) }
            #expect((response.status == .unauthorized) != isOpen, "\(route)")
            guard !isOpen else { continue }
            #expect(response.headers[.wwwAuthenticate] == #"Bearer realm="aos-reactor""#)
        }
        #expect(try await self.status("/nothing", nil) == 401)
    }

    @Test func `only the very token opens`() async throws {
        #expect(try await self.status("/v1/status", "Bearer \(Self.token)") == 200)
        #expect(try await self.status("/v1/status", "bearer \(Self.token)") == 200)
        for wrong in [
            "", "Bearer", "Bearer ", "Bearer \(Self.token)x", "Bearer 0123456789abcde", "Bearer 0123456789abcdeF",
            "Basic \(Self.token)", Self.token, "Bearer  \(Self.token)",
        ] {
            #expect(try await self.status("/v1/status", wrong) == 401, "\(wrong)")
        }
    }
}
