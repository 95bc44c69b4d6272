import ChildProcesses
import Crypto
import Events
import FoundationEssentials
import Glibc
import NIOHTTP1
import ReactorTestKit
import RedisServer
import Testing

/// The way of an alert through the whole program, from the event to the receiver.
@Suite(.timeLimit(.minutes(10))) struct AlertDeliveryTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// A run that fails, in a tenant of its own, so that no window holds its alert back.
    private static func failedRun(_ run: String) -> String {
        #"{"event_type": "run.failed", "payload": {"run_id": "\#(run)", "tenant_id": "tenant-\#(run)"}}"#
    }

    private static func webhook(_ name: String, _ port: Int, _ more: String = "") -> String {
        "    - { name: \(name), webhook: { url: \"http://127.0.0.1:\(port)/\(name)\", secret: { env: HOOK_SECRET } }, "
            + "allow_private: true\(more) }\n"
    }

    private static func config(_ name: String, _ receivers: [String], to names: [String]) -> String {
        "instance: \(name)\nalerts:\n  default_to: [\(names.joined(separator: ", "))]\n  receivers:\n"
            + receivers.joined()
    }

    private static func withReactor<Result: Sendable>(
        _ server: RedisServerProcess,
        config: String,
        environment: [String: String] = [:],
        _ body: (RunningReactor) async throws -> Result
    ) async throws -> Result {
        var variables = ["HOOK_SECRET": Self.secret]
        variables.merge(environment) { $1 }
        return try await withRunningReactor(
            redis: server.url,
            handlers: SampleHandlers.failedRuns,
            config: config,
            environment: variables
        ) { reactor in
            let isReady = await eventually(within: .seconds(60), "ready") { await reactor.isReady }
            try #require(isReady, "\(reactor.program.errorOutput)")
            return try await body(reactor)
        }
    }

    /// Signed as Standard Webhooks says, with the key of this suite.
    private static func isSigned(_ request: SinkServer.Request) -> Bool {
        guard let id = request["webhook-id"], let time = request["webhook-timestamp"],
            let key = Data(base64Encoded: String(Self.secret.dropFirst(6)))
        else { return false }
        let signed = Data("\(id).\(time).".utf8) + Data(request.body)
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key))
        return request["webhook-signature"] == "v1," + Data(code).base64EncodedString()
    }

    private static func run(of request: SinkServer.Request) -> String {
        let body = try? JSONValue.parse(request.body)
        return body?["data"]?["alerts"]?.arrayValue?.first?["run_id"]?.stringValue ?? "?"
    }

    private static func deliveries(_ reactor: RunningReactor, _ query: String = "") async throws -> [JSONValue] {
        try await reactor.json("/v1/deliveries\(query)")["deliveries"]?.arrayValue ?? []
    }

    @Test func `receivers get signed messages, each by its own rules, and none waits for another`() async throws {
        let names = ["fine", "busy", "gone", "slow", "moved", "picky"]
        try await SinkServer.with { request, _ in
            switch request.head.uri {
            case "/busy":
                // The first attempt of each message.
                return Self.attempts.next(request["webhook-id"] ?? "") == 1
                    ? .status(503, headers: ["Retry-After": "1"]) : .status(200)
            case "/gone": return .status(410)
            case "/slow": return .silence
            case "/moved": return .status(302, headers: ["Location": "/elsewhere"])
            case "/picky": return Self.isMended.value ? .status(200) : .status(400, body: "no")
            default: return .status(204)
            }
        } _: { sink in
            func requests(_ name: String) -> [SinkServer.Request] { sink.requests.filter { $0.head.uri == "/" + name } }
            try await withRedisServer { server in
                let receivers = names.map { name in
                    Self.webhook(name, sink.port, name == "slow" ? ", timeout: 20s, concurrency: 1" : "")
                }
                let config = Self.config("alfa", receivers, to: names)
                try await Self.withReactor(server, config: config) { reactor in
                    let clock = ContinuousClock()
                    let start = clock.now
                    _ = try await server.publish((1...3).map { Self.failedRun("r\($0)") }, on: "aos.events")
                    await eventually("all at the fine one") { requests("fine").count == 3 }
                    let took = clock.now - start
                    print("from publishing three events to the last webhook: \(took)")
                    #expect(took < .seconds(15), "a slow receiver delays nobody")
                    #expect(requests("fine").allSatisfy(Self.isSigned))
                    #expect(Set(requests("fine").map(Self.run)) == ["r1", "r2", "r3"])

                    await eventually("again after 503") { requests("busy").count == 6 }
                    let attempts = Dictionary(grouping: requests("busy")) { $0["webhook-id"] ?? "" }
                    #expect(attempts.count == 3)
                    for (_, same) in attempts {
                        #expect(same.count == 2 && same[0].body == same[1].body && same.allSatisfy(Self.isSigned))
                        let times = same.compactMap { Int($0["webhook-timestamp"] ?? "") }
                        #expect(times.count == 2 && times[1] > times[0], "no sooner than Retry-After says")
                    }

                    await eventually("disabled") { (try? await reactor.metric("aos_receiver_disabled")) == 1 }
                    let posts = requests("gone").count
                    #expect((1...3).contains(posts))
                    _ = try await server.publish([Self.failedRun("r4")], on: "aos.events")
                    await eventually("another alert") { requests("fine").count == 4 }
                    await eventually("dead letters") {
                        let dead = (try? await Self.deliveries(reactor, "?status=dead&receiver=gone")) ?? []
                        return dead.count == 4
                    }
                    #expect(requests("gone").count == posts, "nothing is sent to a receiver that is gone")
                    #expect(!sink.requests.contains { $0.head.uri == "/elsewhere" }, "redirects are not followed")
                    #expect(requests("slow").count == 1)

                    // A dead letter goes out again, under its id, when a person says so.
                    await eventually("refused") {
                        ((try? await Self.deliveries(reactor, "?status=dead&receiver=picky")) ?? []).count == 4
                    }
                    Self.isMended.set(true)
                    let letter = try #require(
                        try await Self.deliveries(reactor, "?status=dead&receiver=picky").first?["id"]?.stringValue
                    )
                    let answer = try await reactor.post("/v1/dead-letters/\(letter)/retry", "{\"actor\":\"ann\"}")
                    #expect((200..<300).contains(answer.status), "\(answer.body)")
                    await eventually("delivered after all") {
                        let found = (try? await Self.deliveries(reactor, "?receiver=picky")) ?? []
                        return found.contains { $0["id"]?.stringValue == letter && $0["status"] == "delivered" }
                    }
                    #expect(requests("picky").filter { $0["webhook-id"] == letter }.count == 2)
                    reactor.program.send(SIGTERM)
                    let end = try await reactor.program.waitForExit()
                    #expect(end == .exited(code: 0), "what is left is others' work")
                }
            }
        }
    }

    @Test func `a message whose sender is killed is sent by another reactor under the same id`() async throws {
        try await SinkServer.with { _, number in
            number == 0 ? .silence : .status(200)
        } _: { sink in
            try await withRedisServer(appendOnly: true) { server in
                func config(_ name: String) -> String {
                    Self.config(name, [Self.webhook("ops", sink.port, ", timeout: 60s")], to: ["ops"])
                }
                try await Self.withReactor(server, config: config("alfa")) { alfa in
                    _ = try await server.publish([Self.failedRun("r1")], on: "aos.events")
                    await eventually("the message is on its way") { sink.requests.count == 1 }
                    alfa.program.send(SIGKILL)
                    try await alfa.program.waitForExit()
                }
                try await Self.withReactor(server, config: config("bravo")) { bravo in
                    let clock = ContinuousClock()
                    let start = clock.now
                    await eventually("taken over") { sink.requests.count == 2 }
                    print("taken over after \(clock.now - start) of a lease of 10 s")
                    #expect(Set(sink.requests.compactMap { $0["webhook-id"] }).count == 1)
                    #expect(sink.requests[0].body == sink.requests[1].body)
                    await eventually("on record") {
                        let record = try? await Self.deliveries(bravo).first
                        return record?["status"] == "delivered" && record?["attempts"]?.intValue == 2
                    }
                    let takenOver = try await bravo.metric("aos_deliveries_taken_over_total")
                    #expect(takenOver == 1)
                }
            }
        }
    }

    @Test func `no secret is shown: not in logs, metrics, answers, receipts, dead letters, nor in what Redis keeps`()
        async throws
    {
        let canary = "C4n4ryN0b0dyM4ySee"
        let key = Data((canary + canary).utf8.prefix(32)).base64EncodedString()
        try await SinkServer.with { _, number in
            [.status(500, body: "\(canary)"), .status(400, body: "denied"), .close][number % 3]
        } _: { sink in
            try await withRedisServer(directives: ["rdbcompression no"]) { server in
                let url = "http://127.0.0.1:\(sink.port)/\(canary)"
                let receivers = [
                    "    - { name: ops, webhook: { url: { env: HOOK_URL }, secret: { env: HOOK_KEY }, "
                        + "authorization: { env: HOOK_TOKEN } }, allow_private: true }\n",
                    "    - { name: chat, slack: { url: { env: HOOK_URL } }, allow_private: true }\n",
                ]
                let environment = ["HOOK_URL": url, "HOOK_KEY": "whsec_\(key)", "HOOK_TOKEN": "Bearer \(canary)"]
                let config = "log: { level: debug }\n" + Self.config("alfa", receivers, to: ["ops", "chat"])
                try await Self.withReactor(server, config: config, environment: environment) { reactor in
                    for number in 1...3 {
                        _ = try await server.publish([Self.failedRun("r\(number)")], on: "aos.events")
                        await eventually("told") { sink.requests.count >= 2 * number }
                    }
                    #expect(sink.requests.contains { $0["authorization"] == "Bearer \(canary)" })
                    await eventually("a dead letter") {
                        ((try? await Self.deliveries(reactor, "?status=dead")) ?? []).count >= 1
                    }
                    var shown = reactor.program.errorOutput + reactor.program.output
                    for path in [
                        "/metrics", "/v1/status", "/v1/alerts", "/v1/receipts", "/v1/deliveries", "/v1/dead-letters",
                        "/readyz", "/v1/handlers", "/openapi.json",
                    ] {
                        shown += try await reactor.get(path).body
                    }
                    for letter in try await Self.deliveries(reactor, "?status=dead") {
                        shown += try await reactor.get("/v1/dead-letters/\(letter["id"]?.stringValue ?? "")").body
                    }
                    #expect(shown.contains("r1") && shown.contains("chat"))
                    #expect(!shown.contains(canary) && !shown.contains(key))
                    _ = try await server.command("SAVE")
                    guard case .array(let folder) = try await server.command("CONFIG", "GET", "dir") else {
                        throw CancellationError()
                    }
                    let path = "\(folder[1].text ?? "")/dump.rdb"
                    let kept = try #require(FileManager.default.contents(atPath: path))
                    #expect(kept.firstRange(of: Data("tenant-r1".utf8)) != nil)
                    #expect(kept.firstRange(of: Data(canary.utf8)) == nil)
                    #expect(kept.firstRange(of: Data(key.utf8)) == nil)
                }
            }
        }
    }

    @Test func `alerts of a group are told in one message, after a reload to whom it names`() async throws {
        try await SinkServer.with { _, _ in
            .status(200)
        } _: { sink in
            func requests(_ name: String) -> [SinkServer.Request] { sink.requests.filter { $0.head.uri == "/" + name } }
            func config(_ name: String, _ grouping: String) -> String {
                Self.config("alfa", [Self.webhook(name, sink.port)], to: ["log"])
                    + "  routes: [ { match: { domain: orchestrator }, to: [\(name)], \(grouping) } ]\n"
            }
            try await withRedisServer { server in
                let grouped = config("before", "group_by: [domain], group_wait: 2s")
                try await Self.withReactor(server, config: grouped) { reactor in
                    _ = try await server.publish((1...5).map { Self.failedRun("r\($0)") }, on: "aos.events")
                    await eventually("told") { requests("before").count == 1 }
                    let body = try JSONValue.parse(requests("before")[0].body)
                    let runs = (body["data"]?["alerts"]?.arrayValue ?? []).compactMap { $0["run_id"]?.stringValue }
                    #expect(runs.sorted() == (1...5).map { "r\($0)" })
                    #expect(body["data"]?["reason"] == "first_notification")

                    let changed = "version: 1\nembedded: { demo: false }\n" + config("after", "group_by: [\"...\"]")
                    try Data(changed.utf8).write(to: URL(filePath: reactor.folder + "/reactor.yaml"))
                    reactor.program.send(SIGHUP)
                    await eventually("in force") {
                        reactor.program.errorOutput.contains("configuration is in force")
                    }
                    _ = try await server.publish([Self.failedRun("r6"), Self.failedRun("r7")], on: "aos.events")
                    await eventually("told to the new one") { requests("after").count == 2 }
                    #expect(Set(requests("after").map(Self.run)) == ["r6", "r7"])
                    #expect(requests("before").count == 1)
                }
            }
        }
    }

    @Test func `programs, files and channels are told, too`() async throws {
        try await withTemporaryFolder { folder in
            let receivers = [
                "    - { name: bus, publish: { event_type: alert.told, channel: told } }\n",
                "    - { name: disk, file: { path: \"\(folder)/alerts.jsonl\" } }\n",
                "    - { name: script, exec: { command: [/usr/bin/tee, \"\(folder)/stdin\"] } }\n",
            ]
            try await withRedisServer { server in
                let config = Self.config("alfa", receivers, to: ["bus", "disk", "script"])
                try await Self.withReactor(server, config: config) { reactor in
                    _ = try await server.publish([Self.failedRun("r1")], on: "aos.events")
                    for file in ["alerts.jsonl", "stdin"] {
                        await eventually("\(file) is written") {
                            let text = FileManager.default.contents(atPath: folder + "/" + file) ?? Data()
                            return (try? JSONValue.parse(Array(text)))?["data"]?["alerts"]?.arrayValue?.count == 1
                        }
                    }
                    await eventually("all are on record") {
                        let found = (try? await Self.deliveries(reactor, "?status=delivered")) ?? []
                        return found.compactMap { $0["receiver"]?.stringValue }.sorted() == ["bus", "disk", "script"]
                    }
                }
            }
        }
    }

    @Test func `of equal alerts that three reactors raise many times at once one message comes`() async throws {
        try await SinkServer.with { _, _ in
            .status(200)
        } _: { sink in
            let port = sink.port
            try await withRedisServer { server in
                try await ReactorCrew.run(
                    ["alfa", "bravo", "charlie"],
                    redis: server.url,
                    handlers: SampleHandlers.failedRuns,
                    environment: ["HOOK_SECRET": Self.secret],
                    config: { Self.config($0, [Self.webhook("ops", port)], to: ["ops"]) },
                    { crew in
                        let events = Array(repeating: Self.failedRun("r1"), count: 50)
                        _ = try await server.publish(events, on: "aos.events")
                        for name in crew.names {
                            let reactor = try #require(crew.reactor(name))
                            await eventually("all are decided") {
                                (try? await reactor.metric("aos_alert_decisions_total")) ?? 0 >= 50
                            }
                        }
                        await eventually("told") { !sink.requests.isEmpty }
                        await eventually("nothing waits to be planned") {
                            (try? await server.command("XLEN", "aos:{aos}:notices")) == .integer(0)
                        }
                        let alfa = try #require(crew.reactor("alfa"))
                        await eventually("nothing waits to be sent") {
                            (try? await Self.deliveries(alfa).map { $0["status"]?.stringValue }) == ["delivered"]
                        }
                        #expect(sink.requests.count == 1)
                        print("3 reactors x 50 equal alerts: \(sink.requests.count) message")
                    }
                )
            }
        }
    }

    @Test func `while Redis is away what must not wait is told to its receivers, as undecided`() async throws {
        try await SinkServer.with { _, _ in
            .status(200)
        } _: { sink in
            try await withRedisServer { server in
                let config =
                    "heartbeat: { interval: 1s, miss_threshold: 2 }\n"
                    + Self.config("alfa", [Self.webhook("ops", sink.port)], to: ["ops"])
                try await Self.withReactor(server, config: config) { _ in
                    try await server.takeDown()
                    await eventually("told without Redis") {
                        sink.requests.contains { $0.text.contains("reactor.unhealthy") }
                    }
                    let request = try #require(sink.requests.first { $0.text.contains("reactor.unhealthy") })
                    #expect(Self.isSigned(request))
                    #expect(request.text.contains("sent undecided: the state store could not be asked"))
                    try await server.bringUp()
                    await eventually("well again") { sink.requests.contains { $0.text.contains("reactor.recovered") } }
                    let told = sink.requests.filter {
                        $0.text.contains("\"type\":\"reactor.unhealthy\"") && $0.text.contains("\"status\":\"firing\"")
                    }
                    #expect(told.count == 1, "what went out undecided is not told again")
                }
            }
        }
    }

    /// What the answers of the first test depend on.
    private static let attempts = Counters()
    private static let isMended = Flag()
}
