import Events
import Reactions
import Testing

@Suite struct MessageTests {
    private static let two = SampleNotification.group([
        SampleNotification.notice("a1", severity: .medium), SampleNotification.notice("a2", severity: .high, run: "r2"),
    ])

    @Test func `plain words say how many, how bad and what`() {
        let message = AlertMessage.plain(Self.two)
        #expect(message.title == "[FIRING: 2] HIGH STALE_RUN: Run r2 has not finished")
        #expect(
            message.body == """
                MEDIUM STALE_RUN, run r1, tenant t: Run r1 has not finished
                HIGH STALE_RUN, run r2, tenant t: Run r2 has not finished
                """
        )
        #expect(message.bodyWithNotes == message.body)
        let over = AlertMessage.plain(SampleNotification.group([SampleNotification.notice(status: .resolved)]))
        #expect(over.title == "[RESOLVED] HIGH STALE_RUN: Run r1 has not finished")
        #expect(over.body.hasPrefix("resolved: HIGH STALE_RUN"))
        let test = AlertMessage.plain(SampleNotification.group([SampleNotification.notice()], reason: .test))
        #expect(test.title.hasPrefix("[TEST] "))
    }

    @Test func `what fires comes before what is worse and over`() {
        let group = SampleNotification.group([
            SampleNotification.notice("a1", severity: .low),
            SampleNotification.notice("a2", severity: .critical, status: .resolved),
        ])
        #expect(AlertMessage.plain(group).title.hasPrefix("[FIRING] LOW STALE_RUN"))
        #expect(SampleNotification.make(group.notices).severity == .low)
    }

    @Test func `a long list is cut and counted, and a title is one line`() {
        var notices = (0..<30).map { SampleNotification.notice("a\($0)") }
        notices[0].alert.summary = "line one\nline two\u{1B}[31m"
        let message = AlertMessage.plain(SampleNotification.group(notices))
        #expect(message.body.split(separator: "\n").count == 21)
        #expect(message.body.hasSuffix("and 10 more"))
        #expect(message.title.hasSuffix("line one line two [31m"))
    }

    @Test func `templates know the group, its alerts and the first alert's fields`() {
        let templates = MessageTemplates(
            title: "{{severity}} {{type}} x{{count}} for {{receiver}} & {{group_labels.domain}}",
            body: "{{#alerts}}{{run_id}}={{details.cost}};{{/alerts}} {{status}} {{missing}}{{^resolved}}{{/resolved}}"
        )
        // `missing` is no name that there is.
        #expect(templates.errors.map(\.name) == ["body"])
        let good = MessageTemplates(
            title: "{{severity}} {{type}} x{{count}} for {{receiver}} & {{group_labels.domain}}",
            body: "{{#alerts}}{{run_id}}={{details.cost}};{{/alerts}} {{status}} {{details.nothing}}!"
        )
        #expect(good.errors.isEmpty)
        let message = good.message(for: Self.two, receiver: "ops")
        #expect(message.title == "MEDIUM STALE_RUN x2 for ops & incidents")
        #expect(message.body == "r1=25.10;r2=25.10; firing !")
        #expect(message.notes == [])
    }

    @Test func `a template that cannot be used gives the plain words, and the message says so`() {
        let templates = MessageTemplates(title: "{{nobody}}", body: "{{#alerts}}")
        let message = templates.message(for: Self.two, receiver: "ops")
        let plain = AlertMessage.plain(Self.two)
        #expect(message.title == plain.title)
        #expect(message.body == plain.body)
        #expect(message.notes.count == 2)
        #expect(
            message.notes.first?.hasPrefix(
                "the template of the title cannot be used, 1:1: unknown name \"nobody\"; an alert has"
            ) == true
        )
        #expect(message.bodyWithNotes.contains("\n(the template of the body cannot be used, 1:"))
        let payload = AlertPayload.data(SampleNotification.make(Self.two.notices, message: message))
        #expect(payload["notes"]?.arrayValue?.count == 2)
    }

    @Test func `a template that gives too much or nothing gives the plain words`() {
        let big = SampleNotification.group([
            SampleNotification.notice(details: ["list": .array(Array(repeating: "xxxxxxxxxx", count: 5_000))])
        ])
        let templates = MessageTemplates(
            title: "{{#details.list}}{{.}}{{/details.list}}",
            body: "{{#details.nothing}}text{{/details.nothing}} "
        )
        let message = templates.message(for: big, receiver: "ops")
        #expect(
            message.notes == [
                "the template of the title gives more than 1024 bytes", "the template of the body gives no text",
            ]
        )
        #expect(message.title == AlertMessage.plain(big).title)
    }

    @Test func `ids of deliveries are the same everywhere, and differ where they must`() {
        let now = Timestamp(seconds: 1)
        let later = Timestamp(seconds: 2)
        let id = DeliveryID.make(Self.two, receiver: "ops", toldAt: now)
        #expect(id.hasPrefix("dlv_"))
        #expect(id.utf8.count == 36)
        #expect(id == DeliveryID.make(Self.two, receiver: "ops", toldAt: later))
        #expect(id != DeliveryID.make(Self.two, receiver: "db", toldAt: now))
        var again = Self.two
        again.newAlerts = []
        #expect(
            DeliveryID.make(again, receiver: "ops", toldAt: now)
                != DeliveryID.make(again, receiver: "ops", toldAt: later)
        )
    }
}
