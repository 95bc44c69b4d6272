package import Events

/// A notification as JSON: what webhooks, programs and files are given. `details` goes out as the producer wrote it,
/// within the alert's own bound.
package enum AlertPayload {
    /// The name of the payload's form; a change that readers have to know of gets a new number.
    package static let type = "dev.aos.alert.v1"

    /// Bytes that a payload may have. Standard Webhooks advises less than 20 kB.
    package static let maxBytes = 20_000

    /// What of a payload is left out.
    private struct Extent {
        var hasDetails = true
        var hasText = true
        var alerts = Int.max
    }

    /// The whole payload within the bound: first details go, then alerts, then the long text, and each is told.
    package static func data(_ notification: AlertNotification, maxBytes: Int = Self.maxBytes) -> JSONValue {
        func fits(_ extent: Extent) -> Bool { Self.object(notification, extent).compactBytes.count <= maxBytes }
        var extent = Extent()
        if fits(extent) { return Self.object(notification, extent) }
        extent.hasDetails = false
        if fits(extent) { return Self.object(notification, extent) }
        extent.alerts = 0
        if !fits(extent) { extent.hasText = false }
        // The largest number that fits, or none.
        var high = notification.group.notices.count
        while extent.alerts < high {
            var middle = extent
            middle.alerts = (extent.alerts + high + 1) / 2
            if fits(middle) {
                extent = middle
            } else {
                high = middle.alerts - 1
            }
        }
        return Self.object(notification, extent)
    }

    private static func object(_ notification: AlertNotification, _ extent: Extent) -> JSONValue {
        let group = notification.group
        let notices = group.notices.prefix(extent.alerts)
        var members = [
            JSONMember("delivery_id", .string(notification.deliveryID)),
            JSONMember("receiver", .string(notification.receiver)),
            JSONMember("status", .string(group.status.rawValue)),
            JSONMember("reason", .string(group.reason.rawValue)),
            JSONMember("severity", .string(notification.severity.rawValue)),
            JSONMember("title", .string(notification.message.title)),
            // A group's key may hold all labels of an alert; receivers need only tell groups apart.
            JSONMember("group_key", .string(SHA256Text.hex(of: group.key))),
            JSONMember("instance", .string(notification.instance)),
        ]
        if extent.hasText {
            members.append(JSONMember("text", .string(notification.message.body)))
            members.append(JSONMember("group_labels", group.labels.json))
        }
        members.append(JSONMember("alerts", .array(notices.map { Self.object($0, details: extent.hasDetails) })))
        if notices.count < group.notices.count {
            members.append(JSONMember("truncated_alerts", .number(group.notices.count - notices.count)))
        }
        if !extent.hasDetails { members.append(JSONMember("truncated_details", true)) }
        if !extent.hasText { members.append(JSONMember("truncated_text", true)) }
        if !notification.message.notes.isEmpty {
            members.append(JSONMember("notes", .array(notification.message.notes.map { .string($0) })))
        }
        return .object(members)
    }

    /// One alert.
    package static func object(_ notice: AlertNotice, details: Bool = true) -> JSONValue {
        let alert = notice.alert
        var members = [
            JSONMember("id", .string(alert.id)), JSONMember("status", .string(notice.status.rawValue)),
            JSONMember("type", .string(alert.type)), JSONMember("severity", .string(alert.severity.rawValue)),
            JSONMember("domain", .string(alert.domain)), JSONMember("tenant_id", .string(alert.tenant)),
            JSONMember("run_id", .string(alert.runID)), JSONMember("key", .string(alert.key)),
            JSONMember("summary", .string(alert.summary)), JSONMember("handler", .string(alert.handler)),
            JSONMember("starts_at", .string(notice.startsAt.iso8601)),
            JSONMember("ends_at", notice.endsAt.map { .string($0.iso8601) } ?? .null),
            JSONMember("labels", notice.labels.json),
            JSONMember("fingerprint", .string(notice.labels.fingerprintText)),
        ]
        if details { members.append(JSONMember("details", alert.details.withoutRepeatedMembers)) }
        if !notice.standsFor.isEmpty {
            members.append(JSONMember("stands_for", .array(notice.standsFor.map { .string($0) })))
        }
        if let event = alert.event { members.append(JSONMember("event", Self.object(event))) }
        if let decision = notice.decision {
            let receipt: JSONValue = [
                "verdict": .string(decision.verdict), "fingerprint": .string(decision.fingerprint),
                "reason": .string(decision.reason), "decided_at": .string(decision.decidedAt.iso8601),
            ]
            members.append(JSONMember("receipt", receipt))
        }
        return .object(members)
    }

    private static func object(_ event: EventReference) -> JSONValue {
        var members = [
            JSONMember("event_type", .string(event.eventType)), JSONMember("source", .string(event.source)),
            JSONMember("timestamp", .string(event.timestamp.iso8601)),
        ]
        if let id = event.eventID { members.append(JSONMember("event_id", .string(id))) }
        return .object(members)
    }

    /// What templates are filled from: the group, its alerts, and the first alert's own fields beside them.
    static func templateValues(_ group: AlertGroup, receiver: String) -> JSONValue {
        let firing = group.notices.count { $0.status == .firing }
        var members = [
            JSONMember("status", .string(group.status.rawValue)), JSONMember("reason", .string(group.reason.rawValue)),
            JSONMember("receiver", .string(receiver)), JSONMember("count", .number(group.notices.count)),
            JSONMember("firing", .number(firing)), JSONMember("resolved", .number(group.notices.count - firing)),
            JSONMember("group_labels", group.labels.json),
            JSONMember("common_labels", AlertLabels.common(to: group.notices.map(\.labels)).json),
            JSONMember("alerts", .array(group.notices.map { Self.object($0) })),
        ]
        if let first = group.notices.first, case .object(let own) = Self.object(first) {
            let names = [
                "type", "severity", "domain", "tenant_id", "run_id", "key", "summary", "details", "handler", "labels",
            ]
            members += own.filter { names.contains($0.name) }
        }
        return .object(members)
    }
}

extension AlertLabels {
    package var json: JSONValue { .object(self.all.map { JSONMember($0.name, .string($0.value)) }) }
}
