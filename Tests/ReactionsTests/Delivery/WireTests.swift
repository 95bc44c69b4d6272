import Crypto
import Events
import Reactions
import Testing

/// Notifications made by hand.
enum SampleNotification {
    static func notice(
        _ id: String = "a1",
        type: String = "STALE_RUN",
        severity: Severity = .high,
        run: String = "r1",
        status: AlertStatus = .firing,
        details: JSONValue = ["cost": .number("25.10")]
    ) -> AlertNotice {
        var alert = Alert.sample(severity: severity, id: id)
        alert.type = type
        alert.runID = run
        alert.summary = "Run \(run) has not finished"
        alert.details = details
        alert.raisedAt = Timestamp(seconds: 1_614_265_330)
        let end = status == .resolved ? Timestamp(seconds: 1_614_265_400) : nil
        return AlertNotice(alert, receipt: nil, status: status, endsAt: end, wasTold: true)
    }

    static func group(_ notices: [AlertNotice], reason: NotificationReason = .first) -> AlertGroup {
        AlertGroup(
            key: "{}:{domain=\"incidents\"}",
            routeID: "{}",
            receivers: ["ops"],
            labels: AlertLabels(["domain": "incidents"]),
            notices: notices,
            reason: reason,
            newAlerts: notices.filter { $0.status == .firing }.map(\.alert.id)
        )
    }

    static func make(_ notices: [AlertNotice], message: AlertMessage? = nil) -> AlertNotification {
        AlertNotification(
            deliveryID: "dlv_1",
            receiver: "ops",
            group: Self.group(notices),
            message: message,
            createdAt: Timestamp(seconds: 1_614_265_330),
            instance: "reactor 1"
        )
    }
}

@Suite struct WebhookWireTests {
    private static let key = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    private static let now = Timestamp(seconds: 1_614_265_330.7)

    /// The example of the specification.
    @Test func `a known message has the known signature`() throws {
        let headers = try WebhookKeys([Self.key]).headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            body: Array("{\"test\": 2432232314}".utf8),
            at: Self.now
        )
        #expect(
            headers == [
                .init("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), .init("webhook-timestamp", "1614265330"),
                .init("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
            ]
        )
    }

    @Test func `during a rotation both keys sign`() throws {
        let other = Secret("whsec_" + String(repeating: "AAAA", count: 8))
        let request = WebhookWire.request(
            SampleNotification.make([SampleNotification.notice()]),
            keys: try WebhookKeys([Self.key, other]),
            at: Self.now
        )
        let signatures = try #require(request[header: "Webhook-Signature"]).split(separator: " ").map(String.init)
        #expect(signatures.count == 2)
        let content = Array("dlv_1.1614265330.".utf8) + request.body
        let zeros = SymmetricKey(data: [UInt8](repeating: 0, count: 24))
        let second = Array(HMAC<SHA256>.authenticationCode(for: content, using: zeros))
        #expect(signatures[1] == "v1," + Self.base64(second))
        #expect(signatures[0] != signatures[1])
    }

    /// Written without the code under test: digits of six bits.
    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bits = bytes.flatMap { byte in (0..<8).reversed().map { Int(byte >> $0) & 1 } }
        var text = ""
        for start in stride(from: 0, to: bits.count, by: 6) {
            let chunk = Array(bits[start..<min(start + 6, bits.count)])
            text.append(alphabet[(chunk + [Int](repeating: 0, count: 6 - chunk.count)).reduce(0) { $0 * 2 + $1 }])
        }
        return text + String(repeating: "=", count: (4 - text.count % 4) % 4)
    }

    @Test(arguments: [
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with whsec_"), ("whsec_$$$$", "is not Base64"),
        ("whsec_AAAA", "has 24 to 64 bytes, this one has 3"), ("whsec_A", "is not Base64"),
        ("whsec_" + String(repeating: "AAAA", count: 22), "this one has 66"), ("", "begins with whsec_"),
    ])
    func `a key that is none is refused, and not shown`(text: String, message: String) {
        let error = #expect(throws: WebhookKeys.KeyError.self) { try WebhookKeys([Secret(text)]) }
        #expect(error?.description.contains(message) == true)
        if text.count > 12 { #expect(error?.description.contains(text.dropFirst(6)) == false) }
    }

    @Test func `there is one key, or two`() {
        #expect(throws: WebhookKeys.KeyError.self) { try WebhookKeys([]) }
        #expect(throws: WebhookKeys.KeyError.self) { try WebhookKeys([Self.key, Self.key, Self.key]) }
    }

    @Test func `the plain form has type, timestamp and data`() throws {
        let request = WebhookWire.request(SampleNotification.make([SampleNotification.notice()]), at: Self.now)
        #expect(request.headers == [.init("content-type", "application/json"), .init("webhook-id", "dlv_1")])
        let body = try JSONValue.parse(request.body)
        #expect(body["type"] == "dev.aos.alert.v1")
        #expect(body["timestamp"] == "2021-02-25T15:02:10+00:00")
        let data = try #require(body["data"])
        #expect(data["title"] == "[FIRING] HIGH STALE_RUN: Run r1 has not finished")
        #expect(data["status"] == "firing")
        #expect(data["reason"] == "first_notification")
        let alert = try #require(data["alerts"]?.arrayValue?.first)
        #expect(alert["details"] == ["cost": .number("25.10")])
        #expect(alert["fingerprint"]?.stringValue?.utf8.count == 16)
        #expect(alert["ends_at"] == .null)
        #expect(alert["run_id"] == "r1")
    }

    @Test func `a CloudEvent in one object`() throws {
        let request = WebhookWire.request(
            SampleNotification.make([SampleNotification.notice()]),
            form: .cloudEvents,
            at: Self.now
        )
        #expect(request[header: "content-type"] == "application/cloudevents+json; charset=utf-8")
        let event = try JSONValue.parse(request.body)
        guard case .object(let members) = event else { throw CancellationError() }
        #expect(
            members.map(\.name) == [
                "specversion", "id", "source", "type", "time", "subject", "datacontenttype", "data",
            ]
        )
        #expect(event["id"] == "dlv_1")
        #expect(event["source"] == "/reactor/reactor%201")
        #expect(event["subject"] == "run/r1")
        #expect(event["data"]?["alerts"]?.arrayValue?.count == 1)
    }

    @Test func `a CloudEvent in headers, with nothing that could end one`() throws {
        var notice = SampleNotification.notice()
        notice.alert.runID = "r\u{E9} \"x\"%\r\nx-evil: 1"
        let request = WebhookWire.request(
            SampleNotification.make([notice]),
            form: .cloudEventsBinary,
            at: Self.now
        )
        #expect(request[header: "ce-specversion"] == "1.0")
        #expect(request[header: "ce-type"] == "dev.aos.alert.v1")
        #expect(request[header: "ce-datacontenttype"] == nil)
        #expect(request[header: "content-type"] == "application/json")
        #expect(request[header: "ce-subject"] == "run/r%C3%A9%20%22x%22%25%20%20x-evil:%201")
        for header in request.headers { #expect(header.value.utf8.allSatisfy { (0x20...0x7E).contains($0) }) }
        #expect(try JSONValue.parse(request.body)["delivery_id"] == "dlv_1")
    }

    @Test func `nothing but the signature depends on the attempt's time`() throws {
        let notification = SampleNotification.make([SampleNotification.notice()])
        let first = WebhookWire.request(notification, keys: try WebhookKeys([Self.key]), at: Self.now)
        let second = WebhookWire.request(notification, keys: try WebhookKeys([Self.key]), at: Self.now + .seconds(60))
        #expect(first.body == second.body)
        #expect(first[header: "webhook-id"] == second[header: "webhook-id"])
        #expect(first[header: "webhook-signature"] != second[header: "webhook-signature"])
    }

    @Test func `a payload keeps its bound: details go first, then alerts, then text, and each is told`() throws {
        let big = JSONValue.string(String(repeating: "x", count: 15_000))
        let one = SampleNotification.notice("a1", details: ["big": big])
        let two = AlertPayload.data(SampleNotification.make([one, one]))
        #expect(two.compactBytes.count <= AlertPayload.maxBytes)
        #expect(two["truncated_details"] == true)
        #expect(two["alerts"]?.arrayValue?.count == 2)
        let many = AlertPayload.data(SampleNotification.make((0..<100).map { SampleNotification.notice("a\($0)") }))
        #expect(many.compactBytes.count <= AlertPayload.maxBytes)
        let kept = try #require(many["alerts"]?.arrayValue?.count)
        #expect(kept > 10)
        #expect(many["truncated_alerts"]?.intValue == 100 - kept)
        let wide = AlertMessage(title: "t", body: String(repeating: "\u{1}", count: 10_000))
        let short = AlertPayload.data(SampleNotification.make([one], message: wide))
        #expect(short.compactBytes.count <= AlertPayload.maxBytes)
        #expect(short["truncated_text"] == true)
        #expect(short["alerts"]?.arrayValue?.count == 1)
        #expect(AlertPayload.data(SampleNotification.make([one]))["truncated_details"] == nil)
    }
}

@Suite struct ServiceWireTests {
    private static func body(_ request: DeliveryRequest) throws -> JSONValue { try JSONValue.parse(request.body) }

    @Test func `Slack gets a text and one attachment, and nothing in it calls anybody`() throws {
        var notice = SampleNotification.notice(severity: .critical)
        notice.alert.summary = "<!channel> a & b <https://evil|click>"
        let body = try Self.body(SlackWire.request(SampleNotification.make([notice]), channel: "#ops"))
        #expect(body["channel"] == "#ops")
        #expect(
            body["text"]
                == "[FIRING] CRITICAL STALE_RUN: &lt;!channel&gt; a &amp; b &lt;https://evil|click&gt;"
        )
        let attachment = try #require(body["attachments"]?.arrayValue?.first)
        #expect(attachment["color"] == "#e01e5a")
        #expect(attachment["text"]?.stringValue?.contains("<") == false)
        #expect(attachment["fields"]?.arrayValue?.map { $0["title"] } == ["severity", "tenant_id", "run_id", "domain"])
    }

    @Test func `PagerDuty gets one incident a group, opened and closed under one key`() throws {
        let key = Secret("R0123456789abcdef0123456789abcde")
        #expect(PagerDutyWire.isRoutingKey(key))
        #expect(!PagerDutyWire.isRoutingKey(Secret("too short")))
        let firing = SampleNotification.make([SampleNotification.notice(), SampleNotification.notice(severity: .low)])
        let open = try Self.body(PagerDutyWire.request(firing, routingKey: key))
        #expect(open["routing_key"]?.stringValue == key.exposed)
        #expect(open["event_action"] == "trigger")
        #expect(open["payload"]?["severity"] == "error")
        #expect(open["payload"]?["source"] == "r1")
        #expect(open["payload"]?["class"] == "STALE_RUN")
        #expect(open["payload"]?["custom_details"]?["alerts"]?.arrayValue?.count == 2)
        let resolved = SampleNotification.make([SampleNotification.notice(status: .resolved)])
        let close = try Self.body(PagerDutyWire.request(resolved, routingKey: key))
        #expect(close["event_action"] == "resolve")
        #expect(close["dedup_key"] == open["dedup_key"])
        #expect(close["payload"] == nil)
    }

    @Test func `PagerDuty's limits are kept`() throws {
        let key = Secret("R0123456789abcdef0123456789abcde")
        let title = String(repeating: "\u{1F600}", count: 2_000)
        let details: JSONValue = ["big": .string(String(repeating: "x", count: 600_000))]
        let notification = SampleNotification.make(
            [SampleNotification.notice(details: details)],
            message: AlertMessage(title: title, body: "b")
        )
        let request = PagerDutyWire.request(notification, routingKey: key)
        #expect(request.body.count <= PagerDutyWire.maxEventBytes)
        let summary = try #require(try Self.body(request)["payload"]?["summary"]?.stringValue)
        #expect(summary.unicodeScalars.count == 1_024)
        #expect(summary.hasSuffix("\u{2026}"))
    }

    @Test func `Alertmanager gets valid labels and times in order`() throws {
        var notice = SampleNotification.notice()
        notice.labels = AlertLabels(["run.id": "r1", "alertname": "A"])
        notice.lasts = true
        var ended = SampleNotification.notice("a2", status: .resolved)
        // Clocks of two machines differ.
        ended.endsAt = ended.startsAt - .seconds(10)
        let now = Timestamp(seconds: 1_614_265_500)
        let batches = AlertmanagerWire.batches(
            [notice, ended],
            extra: ["deploy-env": "prod", "alertname": "x"],
            at: now
        )
        #expect(batches.map(\.places) == [[0, 1]])
        let alerts = try #require(try Self.body(batches[0].request).arrayValue)
        #expect(alerts[0]["labels"] == ["alertname": "A", "deploy_env": "prod", "run_id": "r1"])
        #expect(alerts[0]["startsAt"] == "2021-02-25T15:02:10+00:00")
        #expect(alerts[0]["endsAt"]?.stringValue == (now + .seconds(86_400)).iso8601)
        #expect(alerts[1]["endsAt"] == alerts[1]["startsAt"])
        #expect(alerts[0]["annotations"]?["details"] == "{\"cost\":25.10}")
        // The end of others is not known to us either.
        notice.lasts = false
        let plain = AlertmanagerWire.batches([notice], at: now)
        #expect(try Self.body(plain[0].request).arrayValue?.first?["endsAt"] == nil)
        notice.labels = AlertLabels()
        #expect(AlertmanagerWire.labels(notice) == AlertLabels(["alertname": "unnamed"]))
    }

    @Test func `batches are small in alerts and bytes, and nothing is left out`() throws {
        let small = (0..<150).map { SampleNotification.notice("a\($0)") }
        let batches = AlertmanagerWire.batches(small, at: Timestamp(seconds: 0))
        #expect(batches.map(\.places.count) == [64, 64, 22])
        #expect(batches.flatMap(\.places) == Array(0..<150))
        for batch in batches { #expect(try Self.body(batch.request).arrayValue?.count == batch.places.count) }
        let big = JSONValue.string(String(repeating: "x", count: 100_000))
        let large = (0..<5).map { SampleNotification.notice("a\($0)", details: ["big": big]) }
        #expect(AlertmanagerWire.batches(large, at: Timestamp(seconds: 0)).map(\.places.count) == [2, 2, 1])
        #expect(AlertmanagerWire.batches([], at: Timestamp(seconds: 0)).isEmpty)
    }
}
