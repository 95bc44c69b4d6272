import Events

/// Messages for a Slack incoming webhook.
package enum SlackWire {
    /// Characters that Slack shows of a text.
    private static let maxTextBytes = 3_000
    /// Fields of the first alert that are shown beside the text.
    private static let shown: [AlertLabels.Name] = [.severity, .tenant, .run, .domain]

    /// - Parameter channel: for webhooks that may choose one; nil for the webhook's own.
    package static func request(_ notification: AlertNotification, channel: String? = nil) -> DeliveryRequest {
        let group = notification.group
        let common = AlertLabels.common(to: group.notices.map(\.labels))
        let fields = Self.shown.compactMap { name -> JSONValue? in
            guard !common[name].isEmpty else { return nil }
            return ["title": .string(name.rawValue), "value": .string(Self.escaped(common[name])), "short": true]
        }
        let title = Self.escaped(notification.message.title)
        let attachment: JSONValue = [
            "color": .string(Self.colour(notification)), "fallback": .string(title),
            "text": .string(Self.escaped(ClippedText.text(notification.message.bodyWithNotes, Self.maxTextBytes))),
            "fields": .array(fields), "footer": .string("aos-reactor \(notification.deliveryID)"),
            "ts": .number(Int(notification.createdAt.seconds.rounded(.down))),
        ]
        var members = [JSONMember("text", .string(title)), JSONMember("attachments", .array([attachment]))]
        if let channel { members.append(JSONMember("channel", .string(channel))) }
        return DeliveryRequest(
            headers: [.init("content-type", "application/json; charset=utf-8")],
            body: JSONValue.object(members).compactBytes
        )
    }

    /// The three characters that have a meaning in Slack's text: `<!channel>` in a producer's text wakes nobody.
    static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static func colour(_ notification: AlertNotification) -> String {
        guard notification.group.status == .firing else { return "#2eb67d" }
        return switch notification.severity {
        case .low: "#36c5f0"
        case .medium: "#ecb22e"
        case .high: "#e8730c"
        case .critical: "#e01e5a"
        }
    }
}
