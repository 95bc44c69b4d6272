import Crypto
import Delivery
import Events
import NIOHTTP1
import Reactions
import ReactorTestKit
import Testing

@Suite struct HTTPSinkTests {
    private static let key = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    @Test func `a webhook's attempts have one id and one body, and each its own signature`() async throws {
        try await SinkServer.with { _, number in
            .status(number == 0 ? 503 : 200)
        } _: { server in
            let sink = WebhookSink(
                name: "ops",
                target: try Sample.target("http://127.0.0.1:\(server.port)/hook"),
                keys: try WebhookKeys([Self.key])
            )
            let first = try await sink.attempt(Sample.notification(), at: Sample.now)
            #expect(first == .retry(reason: "HTTP 503", slowDown: true))
            #expect(try await sink.attempt(Sample.notification(), at: Sample.now + .seconds(7)) == .delivered)
            let requests = server.requests
            try #require(requests.count == 2)
            #expect(requests[0].body == requests[1].body)
            #expect(requests.map { $0["webhook-id"] } == ["dlv_1", "dlv_1"])
            #expect(requests.map { $0["webhook-timestamp"] } == ["1795221600", "1795221607"])
            for request in requests { #expect(try Self.isSigned(request)) }
            #expect(requests[0]["webhook-signature"] != requests[1]["webhook-signature"])
            #expect(try JSONValue.parse(requests[0].body)["data"]?["alerts"]?.arrayValue?.count == 1)
        }
    }

    /// As a receiver checks it.
    private static func isSigned(_ request: SinkServer.Request) throws -> Bool {
        let id = try #require(request["webhook-id"])
        let time = try #require(request["webhook-timestamp"])
        let signature = try #require(request["webhook-signature"])
        // The key of the specification's example, decoded.
        let key: [UInt8] = [
            0x31, 0xF2, 0x90, 0xF6, 0xBF, 0x06, 0x29, 0x8A, 0xAB, 0x4F, 0x08, 0xD4, 0x3C, 0x3F, 0x08, 0x2C, 0xF6, 0x48,
            0xA3, 0x62, 0xDA, 0x2D, 0xA4, 0xB0,
        ]
        let content = Array("\(id).\(time).".utf8) + request.body
        let code = HMAC<SHA256>.authenticationCode(for: content, using: SymmetricKey(data: key))
        return signature == "v1," + Data64.encode(Array(code))
    }

    @Test func `CloudEvents go out in both modes`() async throws {
        try await SinkServer.with { _, _ in
            .status(202)
        } _: { server in
            for form in [WebhookForm.cloudEvents, .cloudEventsBinary] {
                let sink = WebhookSink(
                    name: "ops",
                    target: try Sample.target("http://127.0.0.1:\(server.port)/"),
                    form: form
                )
                #expect(try await sink.attempt(Sample.notification(), at: Sample.now) == .delivered)
            }
            let requests = server.requests
            try #require(requests.count == 2)
            #expect(requests[0]["content-type"] == "application/cloudevents+json; charset=utf-8")
            #expect(try JSONValue.parse(requests[0].body)["id"] == "dlv_1")
            #expect(requests[1]["ce-id"] == "dlv_1")
            #expect(requests[1]["ce-subject"] == "run/r1")
            #expect(try JSONValue.parse(requests[1].body)["delivery_id"] == "dlv_1")
        }
    }

    @Test(arguments: [
        (200, AttemptOutcome.delivered), (400, .dead(reason: "HTTP 400")), (410, .gone(reason: "HTTP 410")),
        (302, .dead(reason: "HTTP 302: redirects are not followed")),
    ])
    func `answers are judged`(status: Int, outcome: AttemptOutcome) async throws {
        try await SinkServer.with { _, _ in
            .status(status, headers: ["Location": "http://127.0.0.1/"])
        } _: { server in
            let sink = WebhookSink(name: "ops", target: try Sample.target("http://127.0.0.1:\(server.port)/"))
            #expect(try await sink.attempt(Sample.notification(), at: Sample.now) == outcome)
        }
    }

    @Test func `Slack has to say ok`() async throws {
        try await SinkServer.with { _, number in
            .status(200, body: number == 0 ? "ok" : "no_text")
        } _: { server in
            let sink = SlackSink(
                name: "chat",
                target: try Sample.target("http://127.0.0.1:\(server.port)/services/T/B/x")
            )
            #expect(try await sink.attempt(Sample.notification(), at: Sample.now) == .delivered)
            let second = try await sink.attempt(Sample.notification(), at: Sample.now)
            #expect(second == .dead(reason: "HTTP 200: no_text, and not the answer \"ok\""))
            #expect(server.requests.first?.head.uri == "/services/T/B/x")
            #expect(server.requests.first?.text.contains("[FIRING] HIGH STALE_RUN") == true)
        }
    }

    @Test func `PagerDuty accepts with 202`() async throws {
        try await SinkServer.with { _, number in
            number == 0
                ? .status(202, body: "{\"status\":\"success\"}") : .status(400, body: "{\"errors\":[\"bad key\"]}")
        } _: { server in
            let sink = PagerDutySink(
                name: "pager",
                target: try Sample.target("http://127.0.0.1:\(server.port)/v2/enqueue"),
                routingKey: Secret("R0123456789abcdef0123456789abcde")
            )
            #expect(try await sink.attempt(Sample.notification(), at: Sample.now) == .delivered)
            #expect(try await sink.attempt(Sample.notification(), at: Sample.now) == .dead(reason: "HTTP 400: bad key"))
            let event = try JSONValue.parse(try #require(server.requests.first).body)
            #expect(event["event_action"] == "trigger")
        }
    }

    @Test func `a batch that is refused is sent again one by one, and the bad alerts are named`() async throws {
        try await SinkServer.with { request, _ in
            request.text.contains("\"id-bad") ? .status(400, body: "\"invalid label set\"") : .status(200)
        } _: { server in
            let sink = try AlertmanagerSink(
                name: "am",
                target: try Sample.target("http://127.0.0.1:\(server.port)/prefix"),
                labels: ["cluster": "test"]
            )
            let notices = [
                Sample.notice("id-1", run: "r1"), Sample.notice("id-bad", run: "r2"), Sample.notice("id-3", run: "r3"),
            ]
            let outcome = try await sink.attempt(Sample.notification(notices), at: Sample.now)
            #expect(outcome == .dead(reason: "1 of 3 alerts refused: alert id-bad: HTTP 400: invalid label set"))
            #expect(server.requests.count == 4)
            #expect(
                server.requests.allSatisfy {
                    $0.head.uri == "/prefix/api/v2/alerts" && $0.text.contains("\"cluster\":\"test\"")
                }
            )
            let good = try await sink.attempt(Sample.notification([notices[0], notices[2]]), at: Sample.now)
            #expect(good == .delivered)
            #expect(server.requests.count == 5)
        }
    }

    @Test func `addresses inside are refused when the receiver is made, and nothing is ever sent there`() async throws {
        let error = #expect(throws: TargetRefusal.self) { try HTTPTarget(url: Secret("http://127.0.0.1/hook")) }
        #expect(error?.code == .forbiddenAddress)
        try await SinkServer.with { _, _ in
            .status(200)
        } _: { server in
            let sender = HTTPSender(resolver: FakeResolver([["127.0.0.1"], []]))
            let target = try HTTPTarget(
                url: Secret("http://hooks.example.com:\(server.port)/"),
                policy: TargetPolicy(ports: [server.port]),
                sender: sender
            )
            let sink = WebhookSink(name: "ops", target: target)
            guard case .dead(let reason) = try await sink.attempt(Sample.notification(), at: Sample.now) else {
                Issue.record("not refused")
                return
            }
            #expect(reason.hasPrefix("\"hooks.example.com\" leads to 127.0.0.1, an address for"), "\(reason)")
            // No address at all may be a bad day of the name servers.
            let second = try await sink.attempt(Sample.notification(), at: Sample.now)
            #expect(second.retryReason == "\"hooks.example.com\" has no address")
            #expect(server.connections == 0)
        }
    }

    @Test func `what a receiver holds in secret is sent where it belongs and shown nowhere`() async throws {
        try await SinkServer.with { _, _ in
            .status(500, body: "CANARY")
        } _: { server in
            let target = try Sample.target(
                "http://127.0.0.1:\(server.port)/CANARY?token=CANARY",
                authorization: Secret("Bearer CANARY@:/?#%")
            )
            let pager = PagerDutySink(name: "pager", target: target, routingKey: Secret("CANARY"))
            let hook = WebhookSink(name: "hook", target: target, keys: try WebhookKeys([Self.key]))
            var shown = ""
            for sink in [pager, hook] as [any AlertSink] {
                let outcome = try await sink.attempt(Sample.notification(), at: Sample.now)
                dump(sink, to: &shown)
                shown += "\(sink) \(String(reflecting: sink)) \(outcome)"
            }
            #expect(server.requests.first?["authorization"] == "Bearer CANARY@:/?#%")
            #expect(server.requests.first?.head.uri == "/CANARY?token=CANARY")
            #expect(!shown.contains("CANARY"))
            #expect(!shown.contains("MfKQ9r8"))
            #expect(shown.contains("***"))
        }
    }
}

/// Base64 of a few bytes, for checks that do not lean on the code under test.
enum Data64 {
    static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bits = bytes.flatMap { byte in (0..<8).reversed().map { Int(byte >> $0) & 1 } }
        var text = ""
        for start in stride(from: 0, to: bits.count, by: 6) {
            var value = 0
            for offset in 0..<6 { value = value * 2 + (start + offset < bits.count ? bits[start + offset] : 0) }
            text.append(alphabet[value])
        }
        return text + String(repeating: "=", count: (4 - text.count % 4) % 4)
    }
}
