import Events
import Reactions
import Testing

@Suite struct AnswerJudgeTests {
    private enum Class: String {
        case delivered, retry, slow, dead, gone, split

        init(_ outcome: AttemptOutcome) {
            switch outcome {
            case .delivered: self = .delivered
            case .retry(_, _, let slowDown): self = slowDown ? .slow : .retry
            case .dead: self = .dead
            case .gone: self = .gone
            case .split: self = .split
            }
        }
    }

    private static func outcome(
        _ kind: ReceiverKind,
        _ status: Int,
        _ body: String = "",
        parts: Int = 1,
        retryAfter: String? = nil
    ) -> AttemptOutcome {
        AnswerJudge.outcome(
            of: DeliveryAnswer(status: status, retryAfter: retryAfter, body: Array(body.utf8)),
            kind: kind,
            parts: parts,
            at: Timestamp(seconds: 0)
        )
    }

    @Test(arguments: [
        (ReceiverKind.webhook, 200, "delivered"), (.webhook, 204, "delivered"), (.webhook, 202, "delivered"),
        (.webhook, 301, "dead"), (.webhook, 307, "dead"), (.webhook, 400, "dead"), (.webhook, 401, "retry"),
        (.webhook, 404, "retry"), (.webhook, 408, "retry"), (.webhook, 410, "gone"), (.webhook, 413, "dead"),
        (.webhook, 422, "dead"), (.webhook, 429, "slow"), (.webhook, 500, "retry"), (.webhook, 502, "slow"),
        (.webhook, 504, "slow"), (.slack, 400, "dead"), (.slack, 403, "dead"), (.slack, 404, "dead"),
        (.slack, 410, "gone"), (.slack, 429, "slow"), (.slack, 500, "retry"), (.slack, 302, "dead"),
        (.pagerDuty, 202, "delivered"), (.pagerDuty, 200, "dead"), (.pagerDuty, 400, "dead"), (.pagerDuty, 429, "slow"),
        (.pagerDuty, 500, "retry"), (.pagerDuty, 403, "dead"), (.alertmanager, 200, "delivered"),
        (.alertmanager, 400, "dead"), (.alertmanager, 422, "dead"), (.alertmanager, 503, "slow"),
        (.alertmanager, 500, "retry"), (.alertmanager, 404, "dead"),
    ])
    func `each kind has its own classes`(kind: ReceiverKind, status: Int, expected: String) {
        #expect(Class(Self.outcome(kind, status)).rawValue == expected)
    }

    @Test func `Slack says ok, or it did not work`() {
        #expect(Self.outcome(.slack, 200, "ok") == .delivered)
        #expect(Self.outcome(.slack, 200, "ok\n") == .delivered)
        #expect(Self.outcome(.slack, 200, "") == .dead(reason: "HTTP 200, and not the answer \"ok\""))
        #expect(Self.outcome(.slack, 400, "invalid_payload") == .dead(reason: "HTTP 400: invalid_payload"))
    }

    @Test func `an answer of unknown form is not shown`() {
        #expect(Self.outcome(.webhook, 500, "root:x:0:0") == .retry(reason: "HTTP 500"))
        #expect(Self.outcome(.slack, 500, "<html>secret</html>") == .retry(reason: "HTTP 500"))
        #expect(Self.outcome(.alertmanager, 400, "<html>secret</html>") == .dead(reason: "HTTP 400"))
    }

    @Test func `a batch that was refused for one of its alerts is split`() {
        let body = "\"invalid label set: invalid name \\\"run.id\\\"\""
        let reason = "HTTP 400: invalid label set: invalid name \"run.id\""
        #expect(Self.outcome(.alertmanager, 400, body, parts: 3) == .split(reason: reason))
        #expect(Self.outcome(.alertmanager, 400, body, parts: 1) == .dead(reason: reason))
        #expect(
            Self.outcome(.alertmanager, 422, "{\"code\":602,\"message\":\"0.labels in body is required\"}")
                == .dead(reason: "HTTP 422: 0.labels in body is required")
        )
    }

    @Test func `Retry-After comes along`() {
        #expect(
            Self.outcome(.webhook, 429, retryAfter: "30")
                == .retry(reason: "HTTP 429", after: .seconds(30), slowDown: true)
        )
        #expect(Self.outcome(.webhook, 429, retryAfter: "x") == .retry(reason: "HTTP 429", slowDown: true))
    }

    @Test func `PagerDuty's errors are told`() {
        let body = "{\"status\":\"invalid event\",\"errors\":[\"Length of 'routing_key' is incorrect\",\"a\\u0007b\"]}"
        #expect(
            Self.outcome(.pagerDuty, 400, body)
                == .dead(reason: "HTTP 400: Length of 'routing_key' is incorrect; a b")
        )
    }
}
