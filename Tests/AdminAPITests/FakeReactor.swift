import EventPatterns
import Events
import Reactions
import ReactorRuntime
import Synchronization

/// Answers what it was told to.
final class FakeReactor: ReactorInspecting {
    struct Answers: Sendable {
        var isReady = true
        var isAlive = true
        var alerts: [DecidedAlert] = []
        var quarantine: [QuarantineEntry] = []
        var thresholds: [ThresholdStatus] = []
        var lines: [String] = []
        /// Whether the tap ends after its lines.
        var endsTap = true
        /// Whether questions stay without an answer.
        var isStuck = false
    }

    let answers: Mutex<Answers>
    private let asked = Mutex<[String]>([])
    /// One element for each tap whose consumer has gone.
    let tapsEnded: AsyncStream<Void>
    private let tapEnded: AsyncStream<Void>.Continuation

    init(_ change: (inout Answers) -> Void = { _ in }) {
        var answers = Answers()
        change(&answers)
        self.answers = Mutex(answers)
        (self.tapsEnded, self.tapEnded) = AsyncStream.makeStream()
    }

    /// What was asked, in order.
    var questions: [String] { self.asked.withLock { $0 } }

    private func answer(_ question: String) async -> Answers {
        self.asked.withLock { $0.append(question) }
        let answers = self.answers.withLock { $0 }
        // Ends only with the test: a question that is cancelled is not answered either.
        if answers.isStuck { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
        return answers
    }

    func status() async -> ReactorStatus {
        _ = await self.answer("status")
        var status = ReactorStatus(instance: "host-1", version: "1.2.3", configVersion: "abc")
        status.state = "RUNNING"
        status.startedAt = Timestamp(microseconds: 1_795_221_600_123_456)
        status.uptime = .milliseconds(1_500)
        status.received = 11
        status.matched = 11
        status.handlerCalls = 22
        status.handlersSucceeded = 22
        status.handlersRegistered = 12
        status.peers = ["host-2"]
        return status
    }

    func thresholds(limit: Int) async -> [ThresholdStatus] {
        await self.answer("thresholds \(limit)").thresholds
    }

    func health() async -> ReactorHealth {
        let answers = await self.answer("health")
        return ReactorHealth(
            isReady: answers.isReady,
            isAlive: answers.isAlive,
            status: answers.isReady ? .healthy : .unhealthy,
            components: [
                ComponentHealth(name: "probe", status: .healthy, latency: .microseconds(750), message: "came back"),
                ComponentHealth(name: "ring", status: answers.isReady ? .healthy : .unhealthy, message: "3 % full"),
            ],
            version: "1.2.3",
            uptime: .seconds(90)
        )
    }

    func handlers() async -> [HandlerStatus] {
        _ = await self.answer("handlers")
        return [
            HandlerStatus(
                name: "pager",
                order: 1,
                on: ["run.failed", "audit.*"],
                hasMatch: true,
                priority: 50,
                enabled: true,
                does: "rule: alert, publish",
                location: "handlers/pager.yaml:3:1",
                dispatched: 5,
                succeeded: 3,
                failed: 1,
                timedOut: 1,
                inFlight: 0
            )
        ]
    }

    func alerts(limit: Int) async -> [DecidedAlert] {
        let answers = await self.answer("alerts \(limit)")
        return Array(answers.alerts.prefix(limit))
    }

    func quarantine(limit: Int) async -> [QuarantineEntry] {
        let answers = await self.answer("quarantine \(limit)")
        return Array(answers.quarantine.prefix(limit))
    }

    func metrics() async -> [UInt8] {
        _ = await self.answer("metrics")
        return Array("# HELP up Up.\n# TYPE up gauge\nup 1\n".utf8)
    }

    func tap(on patterns: [TypePattern]) async -> AsyncStream<[UInt8]> {
        let answers = await self.answer("tap \(patterns.map(\.description).joined(separator: " "))")
        let (stream, continuation) = AsyncStream<[UInt8]>.makeStream()
        continuation.onTermination = { _ in self.tapEnded.yield() }
        for line in answers.lines { continuation.yield(Array(line.utf8)) }
        if answers.endsTap { continuation.finish() }
        return stream
    }
}

extension DecidedAlert {
    static var sample: DecidedAlert {
        let event = EventReference(
            arrival: 7,
            eventType: "run.failed",
            timestamp: Timestamp(microseconds: 0),
            arrivedAt: Timestamp(microseconds: 1),
            source: "aos",
            eventID: nil
        )
        let alert = Alert(
            id: "a-1",
            type: "RUN_FAILED",
            severity: .high,
            domain: "orchestrator",
            tenant: "t1",
            runID: "r1",
            key: "run:r1",
            summary: "Run r1 failed",
            details: ["cost": .number("25.10"), "id": .number("9007199254740993"), "list": [1, nil, true, "x"]],
            handler: "pager",
            event: event,
            raisedAt: Timestamp(microseconds: 2)
        )
        let receipt = Receipt(
            alertID: "a-1",
            fingerprint: Fingerprint(key: "k", tenant: "t", domain: "incidents"),
            verdict: .duplicate,
            ground: .duplicate(age: 3_000_000),
            window: .seconds(60),
            count: 1,
            limit: 100,
            nextAllowedAt: Timestamp(microseconds: 57_000_000),
            remainingInWindow: 99,
            heldBackBy: "a-0",
            handler: "pager",
            configVersion: "abc",
            instance: "host-1",
            decidedAt: Timestamp(microseconds: 3)
        )
        return DecidedAlert(alert: alert, receipt: receipt)
    }
}
