import Delivery
import Events
import Reactions
import ReactorConfig
import Synchronization

/// The receivers of a scenario: they answer what they were told to, and otherwise take everything.
final class ScriptedReceivers: Sendable {
    private let scripts = Mutex<[String: [ScriptedAnswer]]>([:])

    /// What a receiver answers from now on; the last answer is given again and again.
    func script(_ name: String, _ answers: [ScriptedAnswer]) { self.scripts.withLock { $0[name] = answers } }

    func sink(for definition: ReceiverDefinition) -> any AlertSink {
        Sink(name: definition.name, kind: definition.kind, receivers: self)
    }

    private func next(_ name: String) -> ScriptedAnswer {
        self.scripts.withLock { scripts in
            guard var answers = scripts[name], let answer = answers.first else { return .taken }
            if answers.count > 1 {
                answers.removeFirst()
                scripts[name] = answers
            }
            return answer
        }
    }

    private struct Sink: AlertSink {
        let name: String
        let kind: ReceiverKind
        let receivers: ScriptedReceivers

        func attempt(
            _ notification: AlertNotification,
            at now: Timestamp
        ) async throws(CancellationError) -> AttemptOutcome {
            switch self.receivers.next(self.name) {
            case .taken: return .delivered
            case .timeout: return .retry(reason: "no answer in time")
            case .refused: return .retry(reason: "the connection was refused")
            case .status(let status, let retryAfter):
                let answer = DeliveryAnswer(
                    status: self.status(status),
                    retryAfter: retryAfter.map { "\(($0.wholeMicroseconds + 999_999) / 1_000_000)" },
                    body: self.kind == .slack && status == 200 ? Array("ok".utf8) : []
                )
                return AnswerJudge.outcome(of: answer, kind: self.kind, at: now)
            }
        }

        /// PagerDuty says 202 when it takes a message; who writes 200 means that.
        private func status(_ status: Int) -> Int { self.kind == .pagerDuty && status == 200 ? 202 : status }
    }
}
