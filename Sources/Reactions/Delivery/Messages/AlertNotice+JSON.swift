package import Events

/// Notices and groups of them as JSON that they can be read back from.
extension AlertNotice {
    var json: JSONValue {
        let alert = self.alert
        let decision: JSONValue =
            self.decision.map { decision in
                [
                    "verdict": .string(decision.verdict), "fingerprint": .string(decision.fingerprint),
                    "reason": .string(decision.reason), "decided_at": .timestamp(decision.decidedAt),
                ]
            } ?? .null
        return [
            "id": .string(alert.id), "type": .string(alert.type), "severity": .string(alert.severity.rawValue),
            "domain": .string(alert.domain), "tenant": .string(alert.tenant), "run": .string(alert.runID),
            "key": .string(alert.key), "summary": .string(alert.summary), "details": alert.details,
            "handler": .string(alert.handler), "raised_at": .timestamp(alert.raisedAt),
            "event": alert.event.map { Self.object($0) } ?? .null, "decision": decision, "labels": self.labels.json,
            "status": .string(self.status.rawValue), "starts_at": .timestamp(self.startsAt),
            "ends_at": self.endsAt.map { .timestamp($0) } ?? .null, "lasts": .bool(self.lasts),
            "was_told": .bool(self.wasTold), "stands_for": .array(self.standsFor.map { .string($0) }),
        ]
    }

    /// The members of `json` that differ between alerts that fire and that nothing is decided about yet, without those that
    /// receipts have as well: written for every alert, most of which nobody is told of.
    package static func writeRest(of alert: Alert, into text: inout JSONObjectText) {
        text.add("id", alert.id)
        text.add("tenant", alert.tenant)
        text.add("run", alert.runID)
        text.add("details", alert.details)
        text.add("raised_at", alert.raisedAt.microseconds)
        text.add("starts_at", alert.raisedAt.microseconds)
        if alert.event == nil { text.add("event", JSONValue.null) }
        text.add("labels") { text in
            for label in AlertLabels(alert).all { text.add(name: label.name, label.value) }
        }
        text.add("lasts", alert.lasts)
    }

    init(_ fields: RecordFields) throws(AlertNotification.ReadError) {
        guard let status = AlertStatus(rawValue: try fields.text("status")) else {
            throw fields.error("status", "is neither firing nor resolved")
        }
        self.init(
            try Self.alert(fields),
            receipt: nil,
            labels: try fields.labels("labels"),
            status: status,
            endsAt: fields.isNull("ends_at") ? nil : try fields.timestamp("ends_at"),
            lasts: try fields.flag("lasts"),
            wasTold: try fields.flag("was_told")
        )
        self.alert.lasts = self.lasts
        self.startsAt = try fields.timestamp("starts_at")
        self.standsFor = try fields.texts("stands_for")
        if !fields.isNull("decision") {
            let decision = try fields.fields("decision")
            self.decision = DecisionSummary(
                verdict: try decision.text("verdict"),
                fingerprint: try decision.text("fingerprint"),
                reason: try decision.text("reason"),
                decidedAt: try decision.timestamp("decided_at")
            )
        }
    }

    private static func alert(_ fields: RecordFields) throws(AlertNotification.ReadError) -> Alert {
        guard let severity = Severity(rawValue: try fields.text("severity")) else {
            throw fields.error("severity", "is none of the known ones")
        }
        return Alert(
            id: try fields.text("id"),
            type: try fields.text("type"),
            severity: severity,
            domain: try fields.text("domain"),
            tenant: try fields.text("tenant"),
            runID: try fields.text("run"),
            key: try fields.text("key"),
            summary: try fields.text("summary"),
            details: try fields.value("details"),
            handler: try fields.text("handler"),
            event: fields.isNull("event") ? nil : try Self.event(try fields.fields("event")),
            raisedAt: try fields.timestamp("raised_at")
        )
    }

    static func object(_ event: EventReference) -> JSONValue {
        [
            "arrival": .number(String(event.arrival)), "type": .string(event.eventType),
            "timestamp": .timestamp(event.timestamp), "arrived_at": .timestamp(event.arrivedAt),
            "source": .string(event.source), "id": event.eventID.map { .string($0) } ?? .null,
        ]
    }

    static func event(_ fields: RecordFields) throws(AlertNotification.ReadError) -> EventReference {
        guard case .number(let digits) = try fields.value("arrival"), let arrival = UInt64(digits) else {
            throw fields.error("arrival", "is no whole number")
        }
        return EventReference(
            arrival: arrival,
            eventType: try fields.text("type"),
            timestamp: try fields.timestamp("timestamp"),
            arrivedAt: try fields.timestamp("arrived_at"),
            source: try fields.text("source"),
            eventID: fields.isNull("id") ? nil : try fields.text("id")
        )
    }
}

extension AlertGroup {
    var json: JSONValue {
        [
            "key": .string(self.key), "route": .string(self.routeID),
            "receivers": .array(self.receivers.map { .string($0) }), "labels": self.labels.json,
            "reason": .string(self.reason.rawValue), "new": .array(self.newAlerts.map { .string($0) }),
            "notices": .array(self.notices.map(\.json)),
        ]
    }

    init(_ fields: RecordFields) throws(AlertNotification.ReadError) {
        guard let reason = NotificationReason(rawValue: try fields.text("reason")) else {
            throw fields.error("reason", "is none of the known ones")
        }
        self.init(
            key: try fields.text("key"),
            routeID: try fields.text("route"),
            receivers: try fields.texts("receivers"),
            labels: try fields.labels("labels"),
            notices: try fields.notices("notices"),
            reason: reason,
            newAlerts: try fields.texts("new")
        )
    }
}

extension RecordFields {
    func notices(_ field: String) throws(AlertNotification.ReadError) -> [AlertNotice] {
        var notices: [AlertNotice] = []
        for value in try self.array(field) { notices.append(try AlertNotice(RecordFields(value, "notice"))) }
        return notices
    }
}
