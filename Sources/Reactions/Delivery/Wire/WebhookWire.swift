package import Events

/// The form in which a webhook wants its messages.
package enum WebhookForm: String, Sendable, Hashable, CaseIterable {
    /// `{"type", "timestamp", "data"}`, as Standard Webhooks proposes.
    case standard
    /// A CloudEvent 1.0 in structured mode: attributes and data in one JSON object.
    case cloudEvents = "cloudevents"
    /// A CloudEvent 1.0 in binary mode: attributes as headers, the data alone as body.
    case cloudEventsBinary = "cloudevents-binary"
}

/// Messages for webhooks.
package enum WebhookWire {
    /// - Parameters:
    ///   - keys: nil for a receiver that checks no signatures.
    ///   - now: the time of this attempt; nothing but the signature depends on it.
    package static func request(
        _ notification: AlertNotification,
        form: WebhookForm = .standard,
        keys: WebhookKeys? = nil,
        at now: Timestamp
    ) -> DeliveryRequest {
        let data = AlertPayload.data(notification)
        var request: DeliveryRequest
        switch form {
        case .standard:
            let body: JSONValue = [
                "type": .string(AlertPayload.type), "timestamp": .string(notification.createdAt.iso8601), "data": data,
            ]
            request = DeliveryRequest(headers: [.init("content-type", "application/json")], body: body.compactBytes)
        case .cloudEvents:
            let attributes = Self.attributes(notification).map { JSONMember($0.name, .string($0.value)) }
            let members = attributes + [JSONMember("datacontenttype", "application/json"), JSONMember("data", data)]
            request = DeliveryRequest(
                headers: [.init("content-type", "application/cloudevents+json; charset=utf-8")],
                body: JSONValue.object(members).compactBytes
            )
        case .cloudEventsBinary:
            let attributes = Self.attributes(notification).map { attribute in
                DeliveryRequest.Header("ce-\(attribute.name)", Self.headerText(attribute.value))
            }
            request = DeliveryRequest(
                headers: attributes + [.init("content-type", "application/json")],
                body: data.compactBytes
            )
        }
        if let keys {
            request.headers += keys.headers(id: notification.deliveryID, body: request.body, at: now)
        } else {
            // The id is what makes repeated attempts harmless, signed or not.
            request.headers.append(.init("webhook-id", notification.deliveryID))
        }
        return request
    }

    private static func attributes(_ notification: AlertNotification) -> [(name: String, value: String)] {
        var attributes = [
            (name: "specversion", value: "1.0"), (name: "id", value: notification.deliveryID),
            (name: "source", value: "/reactor/" + Self.uriText(notification.instance)),
            (name: "type", value: AlertPayload.type), (name: "time", value: notification.createdAt.iso8601),
        ]
        let runs = Set(notification.group.notices.map(\.alert.runID))
        if let run = runs.first, runs.count == 1, run != "unknown", !run.isEmpty {
            attributes.append((name: "subject", value: "run/" + run.onOneLine))
        }
        return attributes
    }

    /// Percent-encoded but for the characters that a URI takes everywhere.
    static func uriText(_ text: String) -> String {
        Self.encode(text) { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
            default: false
            }
        }
    }

    /// As the HTTP binding of CloudEvents asks: blanks, quotes, percent signs and all but printable ASCII encoded.
    static func headerText(_ text: String) -> String {
        Self.encode(text) { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "%") }
    }

    private static func encode(_ text: String, isKept: (UInt8) -> Bool) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isKept(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
