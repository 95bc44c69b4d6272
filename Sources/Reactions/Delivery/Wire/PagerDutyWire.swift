import Events

/// Messages for the Events API v2 of PagerDuty.
package enum PagerDutyWire {
    package static let address = "https://events.pagerduty.com/v2/enqueue"
    /// What PagerDuty cuts or refuses: characters of a summary, bytes of an event.
    package static let maxSummaryCharacters = 1_024
    package static let maxEventBytes = 512_000
    private static let maxDetailsBytes = 400_000

    /// - Parameter routingKey: of the integration, 32 characters. It is in the body: requests are not to be logged.
    package static func request(_ notification: AlertNotification, routingKey: Secret) -> DeliveryRequest {
        let whole = Self.event(notification, routingKey, details: true)
        let body = whole.compactBytes
        return DeliveryRequest(
            headers: [.init("content-type", "application/json")],
            body: body.count <= Self.maxEventBytes
                ? body : Self.event(notification, routingKey, details: false).compactBytes
        )
    }

    /// Whether a text can be a routing key.
    package static func isRoutingKey(_ key: Secret) -> Bool {
        key.exposed.utf8.count == 32
            && key.exposed.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: false
                }
            }
    }

    private static func event(_ notification: AlertNotification, _ routingKey: Secret, details: Bool) -> JSONValue {
        let group = notification.group
        let isFiring = group.status == .firing
        var members = [
            JSONMember("routing_key", .string(routingKey.exposed)),
            JSONMember("event_action", isFiring ? "trigger" : "resolve"),
            // One incident a group; of any length, where PagerDuty takes 255 characters.
            JSONMember("dedup_key", .string(SHA256Text.hex(of: group.key))), JSONMember("client", "aos-reactor"),
        ]
        if isFiring { members.append(JSONMember("payload", Self.payload(notification, details: details))) }
        return .object(members)
    }

    private static func payload(_ notification: AlertNotification, details: Bool) -> JSONValue {
        let common = AlertLabels.common(to: notification.group.notices.map(\.labels))
        var members = [
            JSONMember("summary", .string(Self.summary(notification.message.title))),
            JSONMember("source", .string(common[.run].isEmpty ? notification.instance : common[.run])),
            JSONMember("severity", .string(Self.severity(notification.severity))),
            JSONMember("timestamp", .string(notification.createdAt.iso8601)),
        ]
        for (name, label) in [("component", AlertLabels.Name.handler), ("group", .domain), ("class", .alertName)]
        where !common[label].isEmpty {
            members.append(JSONMember(name, .string(common[label])))
        }
        if details {
            members.append(
                JSONMember("custom_details", AlertPayload.data(notification, maxBytes: Self.maxDetailsBytes))
            )
        }
        return .object(members)
    }

    private static func summary(_ title: String) -> String {
        guard title.unicodeScalars.count > Self.maxSummaryCharacters else { return title }
        return String(String.UnicodeScalarView(title.unicodeScalars.prefix(Self.maxSummaryCharacters - 1))) + "\u{2026}"
    }

    private static func severity(_ severity: Severity) -> String {
        switch severity {
        case .low: "info"
        case .medium: "warning"
        case .high: "error"
        case .critical: "critical"
        }
    }
}
