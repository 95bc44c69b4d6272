package import Events

/// A notification as JSON that it can be read back from: what lies in an outbox until it is delivered, and in the dead
/// letters when it is not. Any replica can read it and send the very same message.
extension AlertNotification {
    /// Why a text is no notification.
    package struct ReadError: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    package var json: JSONValue {
        [
            "version": 1, "delivery_id": .string(self.deliveryID), "receiver": .string(self.receiver),
            "created_at": Self.number(self.createdAt), "instance": .string(self.instance),
            "message": [
                "title": .string(self.message.title), "body": .string(self.message.body),
                "notes": .array(self.message.notes.map { .string($0) }),
            ],
            "group": Self.object(self.group),
        ]
    }

    package init(json: JSONValue) throws(ReadError) {
        let fields = Fields(json, "notification")
        guard try fields.integer("version") == 1 else {
            throw ReadError(description: "notification: this version of its form is not known here")
        }
        let message = try fields.fields("message")
        self.init(
            deliveryID: try fields.text("delivery_id"),
            receiver: try fields.text("receiver"),
            group: try Self.group(try fields.fields("group")),
            message: AlertMessage(
                title: try message.text("title"),
                body: try message.text("body"),
                notes: try message.texts("notes")
            ),
            createdAt: try fields.timestamp("created_at"),
            instance: try fields.text("instance")
        )
    }

    package init(text: String) throws(ReadError) {
        let value: JSONValue
        do {
            value = try JSONValue.parse(text)
        } catch {
            throw ReadError(description: "notification: \(error)")
        }
        try self.init(json: value)
    }

    // MARK: Writing

    private static func number(_ timestamp: Timestamp) -> JSONValue { .number(String(timestamp.microseconds)) }

    private static func object(_ group: AlertGroup) -> JSONValue {
        [
            "key": .string(group.key), "route": .string(group.routeID),
            "receivers": .array(group.receivers.map { .string($0) }), "labels": group.labels.json,
            "reason": .string(group.reason.rawValue), "new": .array(group.newAlerts.map { .string($0) }),
            "notices": .array(group.notices.map { Self.object($0) }),
        ]
    }

    fileprivate static func object(_ notice: AlertNotice) -> JSONValue {
        let alert = notice.alert
        let decision: JSONValue =
            notice.decision.map { decision in
                [
                    "verdict": .string(decision.verdict), "fingerprint": .string(decision.fingerprint),
                    "reason": .string(decision.reason), "decided_at": Self.number(decision.decidedAt),
                ]
            } ?? .null
        return [
            "id": .string(alert.id), "type": .string(alert.type), "severity": .string(alert.severity.rawValue),
            "domain": .string(alert.domain), "tenant": .string(alert.tenant), "run": .string(alert.runID),
            "key": .string(alert.key), "summary": .string(alert.summary), "details": alert.details,
            "handler": .string(alert.handler), "raised_at": Self.number(alert.raisedAt),
            "event": alert.event.map { Self.object($0) } ?? .null, "decision": decision, "labels": notice.labels.json,
            "status": .string(notice.status.rawValue), "starts_at": Self.number(notice.startsAt),
            "ends_at": notice.endsAt.map { Self.number($0) } ?? .null, "lasts": .bool(notice.lasts),
            "was_told": .bool(notice.wasTold), "stands_for": .array(notice.standsFor.map { .string($0) }),
        ]
    }

    private static func object(_ event: EventReference) -> JSONValue {
        [
            "arrival": .number(String(event.arrival)), "type": .string(event.eventType),
            "timestamp": Self.number(event.timestamp), "arrived_at": Self.number(event.arrivedAt),
            "source": .string(event.source), "id": event.eventID.map { .string($0) } ?? .null,
        ]
    }

    // MARK: Reading

    private static func group(_ fields: Fields) throws(ReadError) -> AlertGroup {
        guard let reason = NotificationReason(rawValue: try fields.text("reason")) else {
            throw fields.error("reason", "is none of the known ones")
        }
        var notices: [AlertNotice] = []
        for value in try fields.array("notices") { notices.append(try Self.notice(Fields(value, "notice"))) }
        return AlertGroup(
            key: try fields.text("key"),
            routeID: try fields.text("route"),
            receivers: try fields.texts("receivers"),
            labels: try fields.labels("labels"),
            notices: notices,
            reason: reason,
            newAlerts: try fields.texts("new")
        )
    }

    fileprivate static func notice(_ fields: Fields) throws(ReadError) -> AlertNotice {
        guard let status = AlertStatus(rawValue: try fields.text("status")) else {
            throw fields.error("status", "is neither firing nor resolved")
        }
        var notice = AlertNotice(
            try Self.alert(fields),
            receipt: nil,
            labels: try fields.labels("labels"),
            status: status,
            endsAt: fields.isNull("ends_at") ? nil : try fields.timestamp("ends_at"),
            lasts: try fields.flag("lasts"),
            wasTold: try fields.flag("was_told")
        )
        notice.startsAt = try fields.timestamp("starts_at")
        notice.standsFor = try fields.texts("stands_for")
        if !fields.isNull("decision") {
            let decision = try fields.fields("decision")
            notice.decision = DecisionSummary(
                verdict: try decision.text("verdict"),
                fingerprint: try decision.text("fingerprint"),
                reason: try decision.text("reason"),
                decidedAt: try decision.timestamp("decided_at")
            )
        }
        return notice
    }

    private static func alert(_ fields: Fields) throws(ReadError) -> Alert {
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

    private static func event(_ fields: Fields) throws(ReadError) -> EventReference {
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

extension AlertNotice {
    /// One alert of a notification, in the form that it has there.
    var json: JSONValue { AlertNotification.object(self) }

    init(json: JSONValue) throws(AlertNotification.ReadError) {
        self = try AlertNotification.notice(Fields(json, "notice"))
    }
}

/// The members of an object, which all have to be there.
private struct Fields {
    private let object: JSONValue
    private let name: String

    init(_ object: JSONValue, _ name: String) {
        self.object = object
        self.name = name
    }

    func error(_ field: String, _ message: String) -> AlertNotification.ReadError {
        AlertNotification.ReadError(description: "\(self.name): `\(field)` \(message)")
    }

    func isNull(_ field: String) -> Bool { self.object[field] == .null }

    func value(_ field: String) throws(AlertNotification.ReadError) -> JSONValue {
        guard let value = self.object[field] else { throw self.error(field, "is missing") }
        return value
    }

    func text(_ field: String) throws(AlertNotification.ReadError) -> String {
        guard let text = try self.value(field).stringValue else { throw self.error(field, "is no text") }
        return text
    }

    func integer(_ field: String) throws(AlertNotification.ReadError) -> Int {
        guard let number = try self.value(field).intValue else { throw self.error(field, "is no whole number") }
        return number
    }

    func timestamp(_ field: String) throws(AlertNotification.ReadError) -> Timestamp {
        Timestamp(microseconds: Int64(try self.integer(field)))
    }

    func flag(_ field: String) throws(AlertNotification.ReadError) -> Bool {
        guard case .bool(let flag) = try self.value(field) else { throw self.error(field, "is neither true nor false") }
        return flag
    }

    func array(_ field: String) throws(AlertNotification.ReadError) -> [JSONValue] {
        guard let values = try self.value(field).arrayValue else { throw self.error(field, "is no list") }
        return values
    }

    func texts(_ field: String) throws(AlertNotification.ReadError) -> [String] {
        let values = try self.array(field)
        let texts = values.compactMap(\.stringValue)
        guard texts.count == values.count else { throw self.error(field, "is no list of texts") }
        return texts
    }

    func fields(_ field: String) throws(AlertNotification.ReadError) -> Fields {
        guard case .object = try self.value(field) else { throw self.error(field, "is no object") }
        return Fields(try self.value(field), field)
    }

    func labels(_ field: String) throws(AlertNotification.ReadError) -> AlertLabels {
        guard case .object(let members) = try self.value(field) else { throw self.error(field, "is no object") }
        var labels = AlertLabels()
        for member in members {
            guard let value = member.value.stringValue else { throw self.error(field, "has a label that is no text") }
            labels[member.name] = value
        }
        return labels
    }
}
