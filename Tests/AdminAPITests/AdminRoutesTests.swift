import Events
import FoundationEssentials
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import NIOPosix
import Reactions
import ReactorRuntime
import Telemetry
import Testing

@testable import AdminAPI

/// Asks a path of a router over a fake reactor, without a socket.
func ask(
    _ path: String,
    of reactor: FakeReactor = FakeReactor(),
    books: AlertBooks = AlertBooks(),
    method: HTTPRequest.Method = .get,
    headers: HTTPFields = [:],
    body: String? = nil,
    registry: MetricsRegistry = MetricsRegistry(),
    change: (inout AdminSettings) -> Void = { _ in }
) async throws -> TestResponse {
    var settings = AdminSettings(version: "1.2.3")
    // What is asked here answers at once; a machine that is busy elsewhere must not make it late.
    settings.answerLimit = .seconds(60)
    change(&settings)
    let server = AdminServer(
        inspector: reactor,
        books: books,
        settings: settings,
        registry: registry,
        group: MultiThreadedEventLoopGroup.singleton,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    // A tap watches for the end of its connection, and a router alone has none.
    if path.hasPrefix(AdminRoute.tap.path) {
        return try await server.application.test(.live) { client in
            try await client.execute(uri: path, method: method, headers: headers)
        }
    }
    return try await server.application.test(.router) { client in
        try await client.execute(uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
    }
}

extension TestResponse {
    var text: String { String(buffer: self.body) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try AdminJSON.decode(type, from: Data(self.text.utf8))
    }
}

@Suite(.timeLimit(.minutes(10))) struct AdminRoutesTests {
    @Test func `a reactor that makes progress is alive`() async throws {
        let response = try await ask("/healthz")
        #expect(response.status == .ok)
        let answer = try response.decode(LivenessResponse.self)
        #expect(answer.isAlive && answer.state == "RUNNING")
        let stopped = try await ask("/healthz", of: FakeReactor { $0.isAlive = false })
        #expect(stopped.status == .serviceUnavailable)
        #expect(try stopped.decode(LivenessResponse.self).status == .unhealthy)
    }

    @Test func `readiness names each part with its status, latency and message`() async throws {
        let response = try await ask("/readyz")
        #expect(response.status == .ok)
        #expect(
            response.text == """
                {"components":[{"latency_ms":0.75,"message":"came back","name":"probe","status":"Healthy"},\
                {"message":"3 % full","name":"ring","status":"Healthy"}],"ready":true,"status":"Healthy",\
                "uptime_seconds":90,"version":"1.2.3"}
                """
        )
    }

    @Test func `a reactor that is not ready says so with 503`() async throws {
        let response = try await ask("/readyz", of: FakeReactor { $0.isReady = false })
        #expect(response.status == .serviceUnavailable)
        #expect(response.headers[.contentType] == "application/json")
        let readiness = try response.decode(ReadinessResponse.self)
        #expect(!readiness.isReady)
        #expect(readiness.components.map(\.status) == [.healthy, .unhealthy])
    }

    @Test func `metrics are the reactor's own text`() async throws {
        let response = try await ask("/metrics")
        #expect(response.status == .ok)
        #expect(response.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(response.text.hasSuffix("\nup 1\n"))
    }

    @Test func `the version is told without asking the reactor`() async throws {
        let reactor = FakeReactor { $0.isStuck = true }
        let response = try await ask("/version", of: reactor)
        #expect(response.text == #"{"name":"aos-reactor","version":"1.2.3"}"#)
        #expect(reactor.questions.isEmpty)
    }

    @Test func `the status is the reactor in numbers`() async throws {
        let response = try await ask("/v1/status")
        #expect(response.text.contains(#""started_at":"2026-11-21T00:40:00.123456Z""#))
        let status = try response.decode(StatusResponse.self)
        #expect(status.state == "RUNNING")
        #expect(status.uptimeSeconds == 1.5)
        #expect(status.events.received == 11 && status.events.matched == 11)
        #expect(status.handlers.calls == 22 && status.handlers.registered == 12)
        #expect(status.peers == ["host-2"])
        #expect(status.configError == nil && status.events.lastAt == nil)
    }

    @Test func `handlers are told in the order of dispatch`() async throws {
        let handlers = try await ask("/v1/handlers").decode(HandlersResponse.self).handlers
        #expect(handlers.map(\.name) == ["pager"])
        #expect(handlers[0].on == ["run.failed", "audit.*"])
        #expect(handlers[0].timedOut == 1)
    }

    @Test func `alerts are told with their receipts, and details keep their numbers`() async throws {
        let reactor = FakeReactor { $0.alerts = [.sample, .sample] }
        let response = try await ask("/v1/alerts?limit=1", of: reactor)
        #expect(reactor.questions == ["alerts 1"])
        #expect(response.text.contains(#""details":{"cost":25.1,"id":9007199254740993,"list":[1,null,true,"x"]}"#))
        let alerts = try response.decode(AlertsResponse.self)
        #expect(alerts.alerts.count == 1)
        #expect(alerts.alerts[0].receipt.verdict == .duplicate)
        #expect(alerts.alerts[0].receipt.nextAllowedAt == "1970-01-01T00:00:57.000000Z")
        #expect(alerts.alerts[0].event?.eventID == nil)
        #expect(alerts.alerts[0].details?.value["id"] == .number("9007199254740993"))
        #expect(alerts.alerts[0].details?.value["list"] == [1, nil, true, "x"])
    }

    @Test func `quarantined bytes are told escaped and exactly`() async throws {
        let bytes: [UInt8] = Array("{\"a\\\"\n\u{1B}[31m".utf8) + [0xFF, 0x00]
        let reactor = FakeReactor { answers in
            answers.quarantine = [
                QuarantineEntry(
                    reason: "not_json",
                    arrivedAt: Timestamp(microseconds: 0),
                    channel: "aos.events",
                    length: 5_000,
                    prefix: bytes
                )
            ]
        }
        let response = try await ask("/v1/quarantine", of: reactor)
        #expect(reactor.questions == ["quarantine 100"])
        let entry = try #require(try response.decode(QuarantineResponse.self).entries.first)
        #expect(entry.prefix == #"{"a\\"\n\x1b[31m\xff\x00"#)
        #expect(Data(base64Encoded: entry.prefixBase64) == Data(bytes))
        #expect(entry.length == 5_000)
    }

    @Test func `a tap gives each event as a line`() async throws {
        let reactor = FakeReactor { $0.lines = [#"{"n":1}"#, #"{"n":2}"#] }
        let response = try await ask("/v1/tap?on=run.*,cost.recorded&on=audit.*", of: reactor)
        #expect(response.headers[.contentType] == "application/x-ndjson")
        #expect(response.text == "{\"n\":1}\n{\"n\":2}\n")
        #expect(reactor.questions == ["tap run.* cost.recorded audit.*"])
        let all = FakeReactor()
        _ = try await ask("/v1/tap", of: all)
        #expect(all.questions == ["tap *"])
    }

    @Test func `a tap is refused when all places are taken`() async throws {
        let response = try await ask("/v1/tap") { $0.tapLimit = 0 }
        #expect(response.status == .serviceUnavailable)
        #expect(try response.decode(Problem.self).detail == "all 0 places for taps are taken")
    }

    @Test(arguments: AdminRoute.allCases.filter { $0.methods.contains("GET") })
    func `HEAD answers as GET without a body`(route: AdminRoute) async throws {
        let reactor = FakeReactor()
        let head = try await ask(route.path, of: reactor, method: .head)
        let get = try await ask(route.path)
        #expect(head.status == get.status)
        #expect(head.headers[.contentType] == get.headers[.contentType])
        // A stream has no length that HEAD could tell.
        #expect(route == .tap || head.headers[.contentLength] == get.headers[.contentLength])
        #expect(head.body.readableBytes == 0)
        // Nobody is subscribed for an answer that has no body.
        #expect(route != .tap || reactor.questions.isEmpty)
    }

    @Test func `requests are counted by route and status`() async throws {
        let registry = MetricsRegistry()
        _ = try await ask("/healthz", registry: registry)
        _ = try await ask("/nothing/\(String(repeating: "x", count: 100))", registry: registry)
        let text = String(decoding: registry.render(), as: UTF8.self)
        #expect(text.contains(#"aos_http_requests_total{route="/healthz",status="200"} 1"#))
        #expect(text.contains(#"aos_http_requests_total{route="other",status="404"} 1"#))
    }
}
