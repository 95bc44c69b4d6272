import Events
import Reactions
import SeededRandom
import Testing

@Suite struct NotificationTextTests {
    private static func text(using random: inout SplitMix64) -> String {
        let signs = Array("ab\"\\\n\u{0}\u{E9}\u{1F600}{}<>&")
        return String((0..<Int.random(in: 0...8, using: &random)).map { _ in signs.randomElement(using: &random)! })
    }

    private static func notice(using random: inout SplitMix64) -> AlertNotice {
        func text() -> String { Self.text(using: &random) }
        func time() -> Timestamp {
            Timestamp(microseconds: Int64.random(in: -5...2_000_000_000_000_000, using: &random))
        }
        let event = EventReference(
            arrival: UInt64.random(in: .min ... .max, using: &random),
            eventType: text(),
            timestamp: time(),
            arrivedAt: time(),
            source: text(),
            eventID: Bool.random(using: &random) ? text() : nil
        )
        let alert = Alert(
            id: text(),
            type: text(),
            severity: Severity.allCases.randomElement(using: &random)!,
            domain: text(),
            tenant: text(),
            runID: text(),
            key: text(),
            summary: text(),
            details: [.init(stringLiteral: "d"), .number("25.10"), .null],
            handler: text(),
            event: Bool.random(using: &random) ? event : nil,
            raisedAt: time()
        )
        var notice = AlertNotice(
            alert,
            receipt: nil,
            lasts: Bool.random(using: &random),
            wasTold: Bool.random(using: &random)
        )
        notice.alert.lasts = notice.lasts
        if Bool.random(using: &random) {
            notice.status = .resolved
            notice.endsAt = time()
            notice.standsFor = [text(), text()]
            notice.decision = DecisionSummary(verdict: "sent", fingerprint: text(), reason: text(), decidedAt: time())
        }
        return notice
    }

    @Test func `what is written is read back the same, and makes the same messages`() throws {
        var random = SplitMix64(seed: 9)
        for _ in 0..<300 {
            let notices = (0..<Int.random(in: 1...3, using: &random)).map { _ in Self.notice(using: &random) }
            var notification = SampleNotification.make(notices)
            notification.message.notes = [Self.text(using: &random)]
            notification.group.reason = NotificationReason.allCases.randomElement(using: &random)!
            let read = try AlertNotification(text: notification.json.compactText)
            #expect(read == notification)
            #expect(
                WebhookWire.request(read, at: read.createdAt) == WebhookWire.request(notification, at: read.createdAt)
            )
        }
    }

    @Test(arguments: [
        ("", "not valid JSON"), ("[]", "notification: `version` is missing"),
        ("{\"version\":2}", "this version of its form is not known"),
        ("{\"version\":1}", "notification: `message` is missing"),
        ("{\"version\":\"1\"}", "notification: `version` is no whole number"),
    ])
    func `what is no notification is refused with the reason`(text: String, message: String) {
        let error = #expect(throws: AlertNotification.ReadError.self) { try AlertNotification(text: text) }
        #expect(error?.description.contains(message) == true)
    }

    @Test func `every field has to be there`() throws {
        var random = SplitMix64(seed: 10)
        let whole = SampleNotification.make([Self.notice(using: &random)]).json
        guard case .object(let members) = whole else { throw CancellationError() }
        for place in members.indices {
            var fewer = members
            fewer.remove(at: place)
            #expect(throws: AlertNotification.ReadError.self, "\(members[place].name)") {
                try AlertNotification(json: .object(fewer))
            }
        }
    }

    @Test func `a request shows its size and nothing else`() {
        let request = DeliveryRequest(headers: [.init("authorization", "CANARY")], body: Array("CANARY".utf8))
        var shown = "\(request) \(String(reflecting: request))"
        dump(request, to: &shown)
        #expect(shown.hasPrefix("1 headers and 6 bytes"))
        #expect(!shown.contains("CANARY"))
    }
}
