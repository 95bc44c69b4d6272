import Events
import Reactions

extension StoredRow {
    init(_ row: HistoryRow) {
        var writer = CellWriter()
        writer.identifier(row.runID)
        writer.identifier(row.id)
        writer.identifier(row.tenant)
        writer.time(row.at)
        let table = Self.write(row.content, &writer)
        self.init(table: table, cellCount: writer.count, bytes: writer.bytes)
    }

    private static func write(_ content: HistoryContent, _ writer: inout CellWriter) -> HistoryTable {
        switch content {
        case .run(let run): Self.write(run, &writer)
        case .event(let event): Self.write(event, &writer)
        case .expectation(let expectation): Self.write(expectation, &writer)
        case .acknowledgement(let acknowledgement): Self.write(acknowledgement, &writer)
        case .finding(let finding): Self.write(finding, &writer)
        case .alert(let alert): Self.write(alert, &writer)
        case .receipt(let receipt): Self.write(receipt, &writer)
        case .threshold(let signal): Self.write(signal, &writer)
        case .heartbeat(let flip): Self.write(flip, &writer)
        case .quarantine(let frame): Self.write(frame, &writer)
        case .delivery(let delivery): Self.write(delivery, &writer)
        }
    }

    private static func write(_ run: RunHistory, _ writer: inout CellWriter) -> HistoryTable {
        writer.integer(run.revision)
        writer.identifier(run.status)
        writer.text(run.agent)
        writer.text(run.outcome)
        writer.time(run.endedAt)
        writer.time(run.deadlineAt)
        writer.json(run.details)
        return .runs
    }

    private static func write(_ event: EventHistory, _ writer: inout CellWriter) -> HistoryTable {
        writer.text(event.type)
        writer.text(event.source)
        writer.time(event.arrivedAt)
        writer.text(event.eventID)
        writer.json(event.details)
        return .events
    }

    private static func write(_ expectation: ExpectationHistory, _ writer: inout CellWriter) -> HistoryTable {
        writer.text(expectation.domain)
        writer.text(expectation.action)
        writer.time(expectation.deadlineAt)
        writer.text(expectation.origin)
        return .expectations
    }

    private static func write(_ acknowledgement: AcknowledgementHistory, _ writer: inout CellWriter) -> HistoryTable {
        writer.text(acknowledgement.domain)
        writer.text(acknowledgement.action)
        writer.text(acknowledgement.status)
        writer.text(acknowledgement.resultID)
        writer.text(acknowledgement.error)
        return .acknowledgements
    }

    private static func write(_ finding: FindingHistory, _ writer: inout CellWriter) -> HistoryTable {
        writer.text(finding.kind)
        writer.text(finding.domain)
        writer.text(finding.action)
        writer.text(finding.severity.rawValue)
        writer.integer(finding.count)
        writer.text(finding.doubt)
        writer.integer(finding.deadlineMilliseconds)
        writer.integer(finding.elapsedMilliseconds)
        writer.text(finding.error)
        return .findings
    }

    private static func write(_ alert: Alert, _ writer: inout CellWriter) -> HistoryTable {
        writer.text(alert.type)
        writer.text(alert.severity.rawValue)
        writer.text(alert.domain)
        writer.text(alert.key)
        writer.text(alert.summary)
        writer.text(alert.handler)
        writer.json(alert.details)
        writer.json(alert.event?.record ?? .null)
        return .alerts
    }

    private static func write(_ receipt: ReceiptHistory, _ writer: inout CellWriter) -> HistoryTable {
        writer.identifier(receipt.alertID)
        writer.identifier(receipt.verdict)
        writer.text(receipt.reason)
        writer.text(receipt.type)
        writer.text(receipt.severity.rawValue)
        writer.text(receipt.domain)
        writer.text(receipt.key)
        writer.text(receipt.summary)
        writer.text(receipt.fingerprint)
        writer.integer(receipt.window?.wholeMicroseconds)
        writer.integer(receipt.count)
        writer.integer(receipt.limit)
        writer.time(receipt.nextAllowedAt)
        writer.integer(receipt.remainingInWindow)
        writer.text(receipt.heldBackBy)
        writer.flag(receipt.isRepetition)
        writer.text(receipt.handler)
        writer.text(receipt.configVersion)
        writer.text(receipt.instance)
        writer.identifier(receipt.cursor)
        writer.integer(DecisionPlace(receipt.cursor)?.order)
        writer.json(receipt.event.map(\.record) ?? .null)
        return .receipts
    }

    private static func write(_ signal: ThresholdHistory, _ writer: inout CellWriter) -> HistoryTable {
        writer.text(signal.rule)
        writer.text(signal.subject)
        writer.text(signal.tier)
        writer.flag(signal.hasRecovered)
        // The columns take no null; the details say which of the two is no number.
        writer.real(signal.value ?? 0)
        writer.real(signal.limit ?? 0)
        writer.json(signal.details)
        return .thresholds
    }

    private static func write(_ flip: HeartbeatHistory, _ writer: inout CellWriter) -> HistoryTable {
        writer.text(flip.worker)
        writer.text(flip.from)
        writer.text(flip.to)
        writer.text(flip.reason)
        return .heartbeats
    }

    private static func write(_ frame: QuarantineHistory, _ writer: inout CellWriter) -> HistoryTable {
        writer.text(frame.channel)
        writer.text(frame.reason)
        writer.integer(frame.byteCount)
        writer.excerpt(frame.excerpt)
        return .quarantine
    }

    private static func write(_ delivery: DeliveryHistory, _ writer: inout CellWriter) -> HistoryTable {
        writer.identifier(delivery.alertID)
        writer.identifier(delivery.deliveryID)
        writer.identifier(delivery.receiver)
        writer.identifier(delivery.kind)
        writer.identifier(delivery.outcome)
        writer.integer(delivery.attempt)
        writer.text(delivery.reason)
        writer.text(delivery.title)
        writer.time(delivery.createdAt)
        writer.text(delivery.instance)
        return .deliveries
    }
}
