import AsyncHTTPClient
import Delivery
import Events
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Reactions
import ReactorTestKit
import RedisServer
import Testing

extension RealAlertmanager {
    static func labels(_ value: JSONValue?) -> AlertLabels {
        guard case .object(let members) = value else { return AlertLabels() }
        return AlertLabels(Dictionary(members.map { ($0.name, $0.value.stringValue ?? "") }) { $1 })
    }
}

@Suite(.enabled(if: RealAlertmanager.path != nil, "needs prometheus-alertmanager: scripts/setup --tests"))
struct AlertmanagerTests {
    @Test func `an alert fires and ends there, under our fingerprint`() async throws {
        try await SinkServer.with { _, _ in
            .status(200)
        } _: { server in
            let receiver = "    webhook_configs: [ { url: 'http://127.0.0.1:\(server.port)/', send_resolved: true } ]"
            try await RealAlertmanager.with(receiver: receiver) { address in
                let sink = try AlertmanagerSink(name: "am", target: try Sample.target(address))
                var notice = Sample.notice()
                notice.lasts = true
                notice.startsAt = Timestamp(seconds: Date.now.timeIntervalSince1970 - 60)
                #expect(try await sink.attempt(Sample.notification([notice]), at: notice.startsAt) == .delivered)
                func told(_ status: String) -> JSONValue? {
                    server.requests.compactMap { try? JSONValue.parse($0.body) }.first {
                        $0["status"]?.stringValue == status
                    }
                }
                await eventually(within: .seconds(60), "the firing alert is told") { told("firing") != nil }
                let firing = try #require(told("firing")?["alerts"]?.arrayValue?.first)
                #expect(firing["fingerprint"]?.stringValue == notice.labels.fingerprintText)
                #expect(RealAlertmanager.labels(firing["labels"]) == notice.labels)
                #expect(firing["annotations"]?["summary"] == "Run r1 has not finished")
                let kept = try await RealAlertmanager.alerts(address)
                #expect(kept.count == 1)
                // It is over when we say so, and not five minutes after it was told.
                let end = try #require(kept.first?["endsAt"]?.stringValue.flatMap { Timestamp.parse(iso8601: $0) })
                #expect(end.timestamp.microseconds / 1_000_000 > Int64(Date.now.timeIntervalSince1970) + 23 * 3_600)

                notice.status = .resolved
                notice.endsAt = Timestamp(seconds: Date.now.timeIntervalSince1970 - 1)
                let now = Timestamp(seconds: Date.now.timeIntervalSince1970)
                #expect(try await sink.attempt(Sample.notification([notice]), at: now) == .delivered)
                await eventually(within: .seconds(60), "the end is told") { told("resolved") != nil }
                let over = try #require(told("resolved")?["alerts"]?.arrayValue?.first)
                #expect(over["fingerprint"]?.stringValue == notice.labels.fingerprintText)
            }
        }
    }

    @Test func `10,000 random label sets have our fingerprints there`() async throws {
        var random = SystemRandomNumberGenerator()
        let letters = Array("abcxyzABC_019")
        let signs = Array("ab \"\\\n\t{}=,~\u{E9}\u{4E2D}\u{1F600}\u{0}\u{301}%&<>0/")
        var notices: [AlertNotice] = []
        var sets: Set<String> = []
        while notices.count < 10_000 {
            var labels = AlertLabels()
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let length = Int.random(in: 1...10, using: &random)
                let name = String((0..<length).map { _ in letters.randomElement(using: &random)! })
                labels[AlertLabels.validName(name)] = String(
                    (0..<Int.random(in: 0...20, using: &random)).map { _ in signs.randomElement(using: &random)! }
                )
            }
            guard !labels.isEmpty, sets.insert(labels.fingerprintText).inserted else { continue }
            var notice = Sample.notice("a\(notices.count)")
            notice.labels = labels
            notices.append(notice)
        }
        try await RealAlertmanager.with { address in
            let sink = try AlertmanagerSink(name: "am", target: try Sample.target(address))
            let now = Timestamp(seconds: Date.now.timeIntervalSince1970)
            for index in notices.indices { notices[index].startsAt = now }
            #expect(try await sink.attempt(Sample.notification(notices), at: now) == .delivered)
            let kept = try await RealAlertmanager.alerts(address)
            #expect(kept.count == 10_000)
            #expect(Set(kept.compactMap { $0["fingerprint"]?.stringValue }) == sets)
            for alert in kept {
                #expect(RealAlertmanager.labels(alert["labels"]).fingerprintText == alert["fingerprint"]?.stringValue)
            }
        }
    }

    @Test func `of a batch with one bad alert the good ones are taken, and its answer is understood`() async throws {
        try await RealAlertmanager.with { address in
            let good = "{\"labels\":{\"alertname\":\"good\"}}"
            let bad = "{\"labels\":{\"alertname\":\"bad\",\"run.id\":\"r1\"}}"
            func outcome(_ alerts: [String]) async throws -> AttemptOutcome {
                let request = DeliveryRequest(
                    headers: [.init("content-type", "application/json")],
                    body: Array("[\(alerts.joined(separator: ","))]".utf8)
                )
                let url = try TargetURL(address).appending(path: AlertmanagerWire.path)
                let attempt = try await HTTPSender(settings: Sample.settings())
                    .post(request, to: url, policy: TargetPolicy(allowPrivate: true))
                guard case .answered(let answer) = attempt else { throw CancellationError() }
                return AnswerJudge.outcome(of: answer, kind: .alertmanager, parts: alerts.count, at: Sample.now)
            }
            let reason = "HTTP 400: invalid label set: invalid name \"run.id\""
            #expect(try await outcome([good, bad]) == .split(reason: reason))
            let names = try await RealAlertmanager.alerts(address).map { $0["labels"]?["alertname"]?.stringValue }
            #expect(names == ["good"])
            #expect(try await outcome([bad]) == .dead(reason: reason))
            #expect(try await outcome([good]) == .delivered)
            // No labels at all are refused by the schema, and say where.
            #expect(try await outcome(["{}"]) == .dead(reason: "HTTP 422: 0.labels in body is required"))
        }
    }

    /// The tool says which receivers Alertmanager's own tree tells.
    @Test(.enabled(if: RealAlertmanager.tool != nil)) func `random routing trees decide as Alertmanager's do`()
        async throws
    {
        let tool = try #require(RealAlertmanager.tool)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<40 {
            var names: [String] = []
            var root = try Self.randomRoute(depth: 3, names: &names, using: &random)
            root.matchers = []
            root.continues = false
            let tree = try RoutingTree(root)
            let configuration =
                "route:\n" + Self.yaml(root, indent: 2) + "receivers:\n" + names.map { "  - name: \($0)\n" }.joined()
            try await withTemporaryFolder { folder in
                try Data(configuration.utf8).write(to: URL(filePath: folder + "/c.yml"))
                let labels = AlertLabels([
                    "a": ["1", "2", "12"].randomElement(using: &random)!,
                    "b": ["", "1", "2"].randomElement(using: &random)!,
                ])
                let arguments =
                    [tool, "config", "routes", "test", "--config.file=\(folder)/c.yml"]
                    + labels.all.map { "\($0.name)=\($0.value)" }
                let said = try await withTestProgram(arguments) { program in
                    try await program.waitForExit()
                    return program.output.split(whereSeparator: \.isNewline).joined()
                }
                let ours = tree.routes(of: labels).flatMap(\.receivers)
                #expect(ours.joined(separator: ",") == said, "\(labels) in\n\(configuration)")
            }
        }
    }

    private static func randomRoute(
        depth: Int,
        names: inout [String],
        using random: inout some RandomNumberGenerator
    ) throws -> RouteDefinition {
        names.append("r\(names.count)")
        var route = RouteDefinition(receivers: [names.last!], continues: Bool.random(using: &random))
        let operation = LabelMatcher.Operation.allCases.randomElement(using: &random)!
        let value = operation.isPattern ? ["1|2", "1", ".*", ".+", "1."].randomElement(using: &random)! : "1"
        route.matchers = [try LabelMatcher(Bool.random(using: &random) ? "a" : "b", operation, value)]
        guard depth > 0 else { return route }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            route.routes.append(try Self.randomRoute(depth: depth - 1, names: &names, using: &random))
        }
        return route
    }

    private static func yaml(_ route: RouteDefinition, indent: Int) -> String {
        let space = String(repeating: " ", count: indent)
        var text = "\(space)receiver: \(route.receivers[0])\n"
        if route.continues { text += "\(space)continue: true\n" }
        if !route.matchers.isEmpty {
            text += "\(space)matchers: [\(route.matchers.map { "'\($0)'" }.joined(separator: ", "))]\n"
        }
        if !route.routes.isEmpty {
            text += "\(space)routes:\n"
            for child in route.routes {
                let lines = Self.yaml(child, indent: indent + 4)
                text += "\(space)  - " + lines.dropFirst(indent + 4)
            }
        }
        return text
    }
}
