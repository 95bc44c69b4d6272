import Events
import Reactions

/// Rows to be kept.
enum HistorySample {
    static let now = Timestamp(microseconds: 1_767_225_600_000_000)

    /// One row of each kind, about one run, a second apart.
    static func all(run runID: String, tenant: String = "acme") -> [HistoryRow] {
        let contents: [HistoryContent] = [
            .event(EventHistory(type: "run.started", source: "worker", arrivedAt: Self.now, eventID: "e-1")),
            .expectation(
                ExpectationHistory(domain: "logs", action: "start_trace", deadlineAt: Self.now, origin: "contract")
            ),
            .expectation(ExpectationHistory(domain: "logs", action: "none", deadlineAt: nil, origin: "http")),
            .acknowledgement(
                AcknowledgementHistory(domain: "logs", action: "start_trace", status: "FAILED", error: "disk full")
            ),
            .finding(
                FindingHistory(
                    kind: "DRIFT",
                    domain: "logs",
                    action: "start_trace",
                    severity: .medium,
                    count: 2,
                    doubt: "events may have been missed",
                    deadlineMilliseconds: 5000
                )
            ),
            .alert(Self.alert(run: runID, tenant: tenant)),
            .receipt(ReceiptHistory(Self.decision(run: runID, tenant: tenant))),
            .threshold(
                ThresholdHistory(
                    rule: "cost",
                    subject: tenant,
                    tier: "breach",
                    hasRecovered: true,
                    value: 25.125,
                    limit: 1e-300,
                    details: ["unit": "USD"]
                )
            ),
            .heartbeat(HeartbeatHistory(worker: "w-1", from: "up", to: "down", reason: "no beat for 90 s")),
            .quarantine(
                QuarantineHistory(channel: "aos.events", reason: "not_json", byteCount: 12, excerpt: "{\"a\":")
            ),
            .delivery(Self.delivery(run: runID, attempt: 1, .retrying, reason: "HTTP 503")),
            .delivery(Self.delivery(run: runID, attempt: 2, .delivered)),
        ]
        return contents.enumerated().map { index, content in
            let isAlert = if case .alert = content { true } else { false }
            return HistoryRow(
                id: isAlert ? "alert-of-\(runID)" : "id-\(index)",
                runID: runID,
                tenant: tenant,
                at: Self.now + .seconds(index),
                content: content
            )
        }
    }

    static func run(
        _ runID: String,
        tenant: String = "acme",
        startedAt: Timestamp = HistorySample.now,
        revision: Int64 = 1,
        status: String = "PENDING",
        endedAt: Timestamp? = nil
    ) -> HistoryRow {
        let run = RunHistory(
            revision: revision,
            status: status,
            agent: "agent-7",
            outcome: endedAt == nil ? nil : "completed",
            endedAt: endedAt,
            deadlineAt: startedAt + .seconds(35),
            details: ["attempt": 2]
        )
        return HistoryRow(run: run, runID: runID, tenant: tenant, startedAt: startedAt)
    }

    /// A small row whose id is its number.
    static func event(_ number: Int, run runID: String = "run", at: Timestamp = HistorySample.now) -> HistoryRow {
        let event = EventHistory(type: "run.step.completed", source: "worker", arrivedAt: at)
        return HistoryRow(id: "event-\(number)", runID: runID, tenant: "acme", at: at, content: .event(event))
    }

    static func alert(run runID: String, tenant: String) -> Alert {
        Alert(
            id: "alert-of-\(runID)",
            type: "MISSING_ACK",
            severity: .high,
            domain: "audit",
            tenant: tenant,
            runID: runID,
            key: "missing:\(runID)",
            summary: "Nothing was acknowledged",
            details: ["missing": ["logs/start_trace"], "count": 1],
            handler: "audit",
            event: EventReference(
                arrival: 7,
                eventType: "run.started",
                timestamp: Self.now,
                arrivedAt: Self.now + .milliseconds(3),
                source: "worker"
            ),
            raisedAt: Self.now + .seconds(5)
        )
    }

    static func delivery(
        run runID: String,
        attempt: Int,
        _ outcome: DeliveryRecord.Status,
        reason: String? = nil
    ) -> DeliveryHistory {
        DeliveryHistory(
            alertID: "alert-of-\(runID)",
            deliveryID: "dlv_of-\(runID)",
            receiver: "ops",
            kind: ReceiverKind.webhook.rawValue,
            outcome: outcome.rawValue,
            attempt: attempt,
            reason: reason,
            title: "[FIRING] HIGH MISSING_ACK: Nothing was acknowledged",
            createdAt: Self.now + .seconds(6),
            instance: "reactor-1"
        )
    }

    static func decision(run runID: String, tenant: String) -> DecisionRecord {
        let alert = Self.alert(run: runID, tenant: tenant)
        return DecisionRecord(
            cursor: "1767225600000-0",
            subject: alert.subject,
            receipt: Receipt(
                alertID: alert.id,
                fingerprint: Fingerprint(key: "k", tenant: "t", domain: "incidents"),
                verdict: .duplicate,
                ground: .duplicate(age: 1_500_000),
                window: .seconds(60),
                count: 3,
                limit: 100,
                nextAllowedAt: Self.now + .seconds(60),
                remainingInWindow: 97,
                heldBackBy: "alert-0",
                isRepetition: true,
                handler: "audit",
                configVersion: "c1",
                instance: "reactor-1",
                decidedAt: Self.now + .seconds(6)
            )
        )
    }
}
