import Events
import Reactions

extension RunResponse.Entry {
    /// Nil for what is known of the run as a whole.
    init?(_ row: HistoryRow) {
        let described: (kind: Kind, summary: String, data: [JSONMember])
        switch row.content {
        case .run: return nil
        case .event(let event): described = Self.event(event)
        case .expectation(let expectation):
            described = (
                .expectation, "\(expectation.domain)/\(expectation.action) is expected",
                Self.members(
                    ("domain", .string(expectation.domain)),
                    ("action", .string(expectation.action)),
                    ("deadline_at", Self.time(expectation.deadlineAt)),
                    ("origin", .string(expectation.origin))
                )
            )
        case .acknowledgement(let ack): described = Self.acknowledgement(ack)
        case .finding(let finding): described = Self.finding(finding)
        case .alert(let alert): described = Self.alert(alert)
        case .receipt(let receipt): described = Self.receipt(receipt)
        case .threshold(let signal): described = Self.threshold(signal)
        case .heartbeat(let flip):
            described = (
                .heartbeat, "\(flip.worker): \(flip.from) to \(flip.to)",
                Self.members(
                    ("worker", .string(flip.worker)),
                    ("from", .string(flip.from)),
                    ("to", .string(flip.to)),
                    ("reason", Self.text(flip.reason))
                )
            )
        case .delivery(let delivery): described = Self.delivery(delivery)
        case .quarantine(let frame):
            described = (
                .quarantine, "\(frame.byteCount) bytes on \(frame.channel): \(frame.reason)",
                Self.members(
                    ("channel", .string(frame.channel)),
                    ("reason", .string(frame.reason)),
                    ("length", .number(frame.byteCount)),
                    ("excerpt", .string(frame.excerpt))
                )
            )
        }
        self.init(
            at: row.at.rfc3339,
            kind: described.kind,
            summary: described.summary,
            data: JSONDetails(.object(described.data))
        )
    }

    private typealias Described = (kind: Kind, summary: String, data: [JSONMember])

    private static func event(_ event: EventHistory) -> Described {
        (
            .event, "\(event.type) from \(event.source)",
            Self.members(
                ("event_type", .string(event.type)),
                ("source", .string(event.source)),
                ("arrived_at", Self.time(event.arrivedAt)),
                ("event_id", Self.text(event.eventID)),
                ("details", event.details)
            )
        )
    }

    private static func acknowledgement(_ ack: AcknowledgementHistory) -> Described {
        let error = ack.error.map { ": \($0)" } ?? ""
        return (
            .acknowledgement, "\(ack.domain)/\(ack.action) \(ack.status)\(error)",
            Self.members(
                ("domain", .string(ack.domain)),
                ("action", .string(ack.action)),
                ("status", .string(ack.status)),
                ("result_id", Self.text(ack.resultID)),
                ("error", Self.text(ack.error))
            )
        )
    }

    private static func delivery(_ delivery: DeliveryHistory) -> Described {
        let reason = delivery.reason.map { ": \($0)" } ?? ""
        let attempt = delivery.attempt == 1 ? "" : " (attempt \(delivery.attempt))"
        return (
            .delivery, "\(delivery.outcome) by \(delivery.receiver)\(attempt)\(reason)",
            Self.members(
                ("alert_id", .string(delivery.alertID)),
                ("delivery_id", .string(delivery.deliveryID)),
                ("receiver", .string(delivery.receiver)),
                ("receiver_kind", .string(delivery.kind)),
                ("outcome", .string(delivery.outcome)),
                ("attempt", .number(delivery.attempt)),
                ("reason", Self.text(delivery.reason)),
                ("title", .string(delivery.title)),
                ("instance", .string(delivery.instance))
            )
        )
    }

    private static func finding(_ finding: FindingHistory) -> Described {
        let times = finding.count > 1 ? " (\(finding.count) times)" : ""
        let doubt = finding.doubt.map { ", which may not be true: \($0)" } ?? ""
        return (
            .finding, "\(finding.kind) \(finding.domain)/\(finding.action)\(times)\(doubt)",
            Self.members(
                ("finding", .string(finding.kind)),
                ("domain", .string(finding.domain)),
                ("action", .string(finding.action)),
                ("severity", .string(finding.severity.rawValue)),
                ("count", .number(finding.count)),
                ("doubt", Self.text(finding.doubt)),
                ("deadline_ms", Self.number(finding.deadlineMilliseconds)),
                ("elapsed_ms", Self.number(finding.elapsedMilliseconds)),
                ("error", Self.text(finding.error))
            )
        )
    }

    private static func alert(_ alert: Alert) -> Described {
        (
            .alert, "\(alert.severity.rawValue) \(alert.type): \(alert.summary)",
            Self.members(
                ("alert_id", .string(alert.id)),
                ("type", .string(alert.type)),
                ("severity", .string(alert.severity.rawValue)),
                ("domain", .string(alert.domain)),
                ("key", .string(alert.key)),
                ("summary", .string(alert.summary)),
                ("handler", .string(alert.handler)),
                ("details", alert.details)
            )
        )
    }

    private static func receipt(_ receipt: ReceiptHistory) -> Described {
        (
            .receipt, "\(receipt.verdict): \(receipt.reason)",
            Self.members(
                ("alert_id", .string(receipt.alertID)),
                ("verdict", .string(receipt.verdict)),
                ("reason", .string(receipt.reason)),
                ("type", .string(receipt.type)),
                ("severity", .string(receipt.severity.rawValue)),
                ("domain", .string(receipt.domain)),
                ("key", .string(receipt.key)),
                ("summary", .string(receipt.summary)),
                ("next_allowed_at", Self.time(receipt.nextAllowedAt)),
                ("held_back_by", Self.text(receipt.heldBackBy)),
                ("handler", .string(receipt.handler)),
                ("instance", .string(receipt.instance))
            )
        )
    }

    private static func threshold(_ signal: ThresholdHistory) -> Described {
        let state = signal.hasRecovered ? "recovered" : signal.tier
        var summary = "\(signal.rule) \(signal.subject): \(state)"
        if let value = signal.value, let limit = signal.limit { summary += ", \(value) of \(limit)" }
        return (
            .threshold, summary,
            Self.members(
                ("rule", .string(signal.rule)),
                ("subject", .string(signal.subject)),
                ("tier", .string(signal.tier)),
                ("recovered", .bool(signal.hasRecovered)),
                ("value", signal.value.map { .number($0) } ?? .null),
                ("limit", signal.limit.map { .number($0) } ?? .null),
                ("details", signal.details)
            )
        )
    }

    // MARK: Values

    /// What is known; nothing stands for null.
    private static func members(_ pairs: (name: String, value: JSONValue)...) -> [JSONMember] {
        pairs.filter { $0.value != .null }.map { JSONMember($0.name, $0.value) }
    }

    private static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    private static func number(_ number: Int64?) -> JSONValue { number.map { .number(String($0)) } ?? .null }
    private static func time(_ time: Timestamp?) -> JSONValue { time.map { .string($0.rfc3339) } ?? .null }
}
