import Events
import Reactions

extension StoredRow {
    /// The row as it was recorded, less what was redacted.
    var row: HistoryRow {
        var reader = CellReader(self.cells)
        let (runID, id, tenant, at) = (reader.text(), reader.text(), reader.text(), reader.time())
        // A struct's members are read in the order in which they are written here, which is that of the columns.
        let content: HistoryContent =
            switch self.table {
            case .runs: .run(Self.run(&reader))
            case .events:
                .event(
                    EventHistory(
                        type: reader.text(),
                        source: reader.text(),
                        arrivedAt: reader.time(),
                        eventID: reader.optionalText(),
                        details: reader.json()
                    )
                )
            case .expectations:
                .expectation(
                    ExpectationHistory(
                        domain: reader.text(),
                        action: reader.text(),
                        deadlineAt: reader.optionalTime(),
                        origin: reader.text()
                    )
                )
            case .acknowledgements:
                .acknowledgement(
                    AcknowledgementHistory(
                        domain: reader.text(),
                        action: reader.text(),
                        status: reader.text(),
                        resultID: reader.optionalText(),
                        error: reader.optionalText()
                    )
                )
            case .findings: .finding(Self.finding(&reader))
            case .alerts: .alert(Self.alert(&reader, id: id, runID: runID, tenant: tenant, at: at))
            case .receipts: .receipt(Self.receipt(&reader))
            case .deliveries:
                .delivery(
                    DeliveryHistory(
                        alertID: reader.text(),
                        deliveryID: reader.text(),
                        receiver: reader.text(),
                        kind: reader.text(),
                        outcome: reader.text(),
                        attempt: Int(reader.integer()),
                        reason: reader.optionalText(),
                        title: reader.text(),
                        createdAt: reader.time(),
                        instance: reader.text()
                    )
                )
            case .thresholds:
                .threshold(Self.threshold(&reader))
            case .heartbeats:
                .heartbeat(
                    HeartbeatHistory(
                        worker: reader.text(),
                        from: reader.text(),
                        to: reader.text(),
                        reason: reader.optionalText()
                    )
                )
            case .quarantine:
                .quarantine(
                    QuarantineHistory(
                        channel: reader.text(),
                        reason: reader.text(),
                        byteCount: Int(reader.integer()),
                        excerpt: reader.text()
                    )
                )
            }
        return HistoryRow(id: id, runID: runID, tenant: tenant, at: at, content: content)
    }

    private static func run(_ reader: inout CellReader) -> RunHistory {
        RunHistory(
            revision: reader.integer(),
            status: reader.text(),
            agent: reader.optionalText(),
            outcome: reader.optionalText(),
            endedAt: reader.optionalTime(),
            deadlineAt: reader.optionalTime(),
            details: reader.json()
        )
    }

    private static func finding(_ reader: inout CellReader) -> FindingHistory {
        FindingHistory(
            kind: reader.text(),
            domain: reader.text(),
            action: reader.text(),
            severity: reader.severity(),
            count: Int(reader.integer()),
            doubt: reader.optionalText(),
            deadlineMilliseconds: reader.optionalInteger(),
            elapsedMilliseconds: reader.optionalInteger(),
            error: reader.optionalText()
        )
    }

    private static func threshold(_ reader: inout CellReader) -> ThresholdHistory {
        let (rule, subject, tier) = (reader.text(), reader.text(), reader.text())
        let hasRecovered = reader.integer() != 0
        let (value, limit, details) = (reader.real(), reader.real(), reader.json())
        // One that was left out is stored as zero; the details, which are the signal as it was published, tell the two apart.
        func said(_ number: Double, _ member: String) -> Double? {
            guard number == 0, case .object = details else { return number }
            return details[member]?.doubleValue == nil ? nil : number
        }
        return ThresholdHistory(
            rule: rule,
            subject: subject,
            tier: tier,
            hasRecovered: hasRecovered,
            value: said(value, "current_value"),
            limit: said(limit, "threshold_value"),
            details: details
        )
    }

    private static func alert(
        _ reader: inout CellReader,
        id: String,
        runID: String,
        tenant: String,
        at: Timestamp
    ) -> Alert {
        let (type, severity, domain) = (reader.text(), reader.severity(), reader.text())
        let (key, summary, handler) = (reader.text(), reader.text(), reader.text())
        return Alert(
            id: id,
            type: type,
            severity: severity,
            domain: domain,
            tenant: tenant,
            runID: runID,
            key: key,
            summary: summary,
            details: reader.json(),
            handler: handler,
            event: EventReference(record: reader.json()),
            raisedAt: at
        )
    }

    private static func receipt(_ reader: inout CellReader) -> ReceiptHistory {
        var receipt = ReceiptHistory(
            alertID: reader.text(),
            verdict: reader.text(),
            reason: reader.text(),
            type: reader.text(),
            severity: reader.severity(),
            domain: reader.text(),
            key: reader.text(),
            summary: reader.text(),
            fingerprint: reader.text(),
            window: reader.optionalInteger().map { .microseconds($0) },
            count: Int(reader.integer()),
            limit: Int(reader.integer()),
            nextAllowedAt: reader.optionalTime(),
            remainingInWindow: reader.optionalInteger().map { Int($0) },
            heldBackBy: reader.optionalText(),
            isRepetition: reader.integer() != 0,
            handler: reader.text(),
            configVersion: reader.text(),
            instance: reader.text(),
            cursor: reader.text()
        )
        // Its place, which the cursor says.
        _ = reader.optionalInteger()
        receipt.event = EventReference(record: reader.json())
        return receipt
    }
}
