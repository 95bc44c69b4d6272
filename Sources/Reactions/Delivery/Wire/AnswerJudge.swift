package import Events

/// What an answer means, by the rules of each kind of receiver.
package enum AnswerJudge {
    /// - Parameter parts: how many alerts the request had, for receivers that take several.
    package static func outcome(
        of answer: DeliveryAnswer,
        kind: ReceiverKind,
        parts: Int = 1,
        at now: Timestamp
    ) -> AttemptOutcome {
        switch kind {
        case .slack: Self.slack(answer, now)
        case .pagerDuty: Self.pagerDuty(answer, now)
        case .alertmanager: Self.alertmanager(answer, parts, now)
        case .webhook, .publish, .exec, .file, .log: Self.webhook(answer, now)
        }
    }

    /// 2xx alone is success. What the same bytes will get again is final; what can change while nobody touches the
    /// message (a deployment, a credential, a queue) is tried again.
    private static func webhook(_ answer: DeliveryAnswer, _ now: Timestamp) -> AttemptOutcome {
        let reason = "HTTP \(answer.status)"
        switch answer.status {
        case 200..<300: return .delivered
        case 300..<400: return .dead(reason: reason + ": redirects are not followed")
        case 400, 405, 406, 411, 413, 414, 415, 422, 431: return .dead(reason: reason)
        case 410: return .gone(reason: reason)
        default: return Self.retry(reason, answer, now)
        }
    }

    /// Success is the word `ok`; everything else says in a word what is wrong. Retried is what the service itself has.
    private static func slack(_ answer: DeliveryAnswer, _ now: Timestamp) -> AttemptOutcome {
        let word = Self.word(answer.text)
        let reason = "HTTP \(answer.status)" + (word.map { ": \($0)" } ?? "")
        switch answer.status {
        case 200: return answer.text == "ok" ? .delivered : .dead(reason: reason + ", and not the answer \"ok\"")
        // The channel is archived, or the webhook was removed.
        case 410: return .gone(reason: reason)
        case 408, 429, 500...: return Self.retry(reason, answer, now)
        default: return .dead(reason: reason)
        }
    }

    private static func pagerDuty(_ answer: DeliveryAnswer, _ now: Timestamp) -> AttemptOutcome {
        switch answer.status {
        case 202: return .delivered
        case 408, 429, 500...: return Self.retry("HTTP \(answer.status)", answer, now)
        case 410: return .gone(reason: "HTTP 410")
        default: return .dead(reason: "HTTP \(answer.status)" + Self.told(Self.pagerDutyErrors(answer)))
        }
    }

    /// A batch with one bad alert is refused although the good ones were taken. All are sent again, each alone: taking
    /// one twice does nothing.
    private static func alertmanager(_ answer: DeliveryAnswer, _ parts: Int, _ now: Timestamp) -> AttemptOutcome {
        let reason = "HTTP \(answer.status)"
        switch answer.status {
        case 200..<300: return .delivered
        case 400, 422:
            let told = reason + Self.told(Self.alertmanagerMessage(answer))
            return parts > 1 ? .split(reason: told) : .dead(reason: told)
        case 408, 429, 500...: return Self.retry(reason, answer, now)
        case 413 where parts > 1: return .split(reason: reason)
        case 410: return .gone(reason: reason)
        default: return .dead(reason: reason)
        }
    }

    private static func retry(_ reason: String, _ answer: DeliveryAnswer, _ now: Timestamp) -> AttemptOutcome {
        .retry(
            reason: reason,
            after: answer.retryAfter.flatMap { RetryAfter.duration($0, at: now) },
            slowDown: [429, 502, 503, 504].contains(answer.status)
        )
    }

    // MARK: What they say

    /// An answer is shown only as far as its form is known: a receiver's address may point at what nobody should read.
    private static func word(_ text: String) -> String? {
        let isWord =
            (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_") }
        return isWord ? text : nil
    }

    private static func told(_ message: String?) -> String {
        message.map { ": " + ClippedText.text($0.onOneLine, 300) } ?? ""
    }

    private static func pagerDutyErrors(_ answer: DeliveryAnswer) -> String? {
        guard let errors = try? JSONValue.parse(answer.body)["errors"]?.arrayValue else { return nil }
        return errors.compactMap(\.stringValue).joined(separator: "; ")
    }

    /// A JSON text, or an object with `message`.
    private static func alertmanagerMessage(_ answer: DeliveryAnswer) -> String? {
        guard let value = try? JSONValue.parse(answer.body) else { return nil }
        return value.stringValue ?? value["message"]?.stringValue
    }
}
