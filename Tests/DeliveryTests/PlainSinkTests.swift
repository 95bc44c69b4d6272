import Delivery
import Events
import Logging
import Reactions
import Synchronization
import Testing

@Suite struct PlainSinkTests {
    /// Keeps what is logged.
    private final class Recorder: LogHandler, Sendable {
        let lines = Mutex<[(level: Logger.Level, message: String, metadata: [String: String])]>([])

        var metadata: Logger.Metadata {
            get { [:] }
            set {}
        }
        var logLevel: Logger.Level {
            get { .trace }
            set {}
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { nil }
            set {}
        }

        func log(event: LogEvent) {
            let metadata = (event.metadata ?? [:]).mapValues { $0.description }
            self.lines.withLock { $0.append((event.level, event.message.description, metadata)) }
        }
    }

    @Test func `the log has a line for each alert`() async throws {
        let recorder = Recorder()
        let sink = LogSink(logger: Logger(label: "test") { _ in recorder })
        let notices = [
            Sample.notice("a1"), Sample.notice("a2", severity: .critical), Sample.notice("a3", status: .resolved),
        ]
        #expect(try await sink.attempt(Sample.notification(notices), at: Sample.now) == .delivered)
        let lines = recorder.lines.withLock { $0 }
        #expect(lines.map(\.level) == [.error, .critical, .notice])
        #expect(lines.map(\.message) == ["alert", "alert", "alert"])
        #expect(lines.map { $0.metadata["alert_id"] } == ["a1", "a2", "a3"])
        #expect(lines.last?.metadata["status"] == "resolved")
        #expect(
            lines.first?.metadata == [
                "delivery_id": "dlv_1", "alert_id": "a1", "type": "STALE_RUN", "status": "firing", "severity": "HIGH",
                "domain": "incidents", "tenant": "t1", "run_id": "r1", "summary": "Run r1 has not finished",
                "handler": "stale-runs", "notification_reason": "first_notification",
            ]
        )
    }

    @Test func `a notification is published as an event under its own id`() async throws {
        struct Refused: Error {}
        let events = Mutex<[[UInt8]]>([])
        let sink = PublishSink(name: "bus") { bytes in
            let count = events.withLock { events in
                events.append(bytes)
                return events.count
            }
            if count == 1 { throw Refused() }
        }
        let first = try await sink.attempt(Sample.notification(), at: Sample.now)
        #expect(first.retryReason == "not published: Refused")
        #expect(try await sink.attempt(Sample.notification(), at: Sample.now) == .delivered)
        let published = events.withLock { $0 }
        #expect(published.count == 2)
        let event = try JSONValue.parse(published[1])
        #expect(event["event_type"] == "alert.notification")
        #expect(event["event_id"] == "dlv_1")
        #expect(event["tenant_id"] == "t1")
        #expect(event["aos_hops"]?.intValue == 1)
        #expect(event["payload"]?["alerts"]?.arrayValue?.count == 1)
    }
}
