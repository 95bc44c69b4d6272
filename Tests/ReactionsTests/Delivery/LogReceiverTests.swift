import Delivery
import Events
import Logging
import Reactions
import Synchronization
import Testing

@Suite struct LogReceiverTests {
    /// Keeps what is logged.
    private final class Recorder: LogHandler, Sendable {
        struct Line: Sendable {
            var level: Logger.Level
            var message: String
            var metadata: [String: String]
        }

        private let recorded = Mutex<[Line]>([])

        var lines: [Line] { self.recorded.withLock { $0 } }
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
            let line = Line(
                level: event.level,
                message: event.message.description,
                metadata: (event.metadata ?? [:]).mapValues { $0.description }
            )
            self.recorded.withLock { $0.append(line) }
        }
    }

    @Test(arguments: [
        (Severity.low, Logger.Level.notice), (.medium, .warning), (.high, .error), (.critical, .critical),
    ])
    func `each alert is one line with a constant message`(severity: Severity, level: Logger.Level) async throws {
        let recorder = Recorder()
        let receiver = LogReceiver(logger: Logger(label: "test") { _ in recorder })
        var gate = FatigueGate(settings: AlertSettings(), configVersion: "v1", instance: "i")
        let alert = Alert.sample(severity: severity, id: "a-1")
        try await receiver.deliver(alert, gate.decide(alert, at: Timestamp(seconds: 0)))
        #expect(receiver.name == "log")
        let line = try #require(recorder.lines.first)
        #expect(recorder.lines.count == 1)
        #expect(line.level == level)
        #expect(line.message == "alert")
        #expect(
            line.metadata == [
                "alert_id": "a-1", "type": "T", "severity": severity.rawValue, "domain": "incidents", "tenant": "t",
                "run_id": "r", "summary": "s", "fingerprint": "2f419c51842c1e32", "handler": "h", "verdict": "sent",
            ]
        )
    }
}
