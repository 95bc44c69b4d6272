package import Events

/// Messages for Alertmanager's API v2: `POST /api/v2/alerts`.
package enum AlertmanagerWire {
    package static let path = "/api/v2/alerts"
    /// Alerts of one request. One bad alert makes it refuse a batch (and take the good ones all the same), so batches
    /// are small.
    package static let maxAlerts = 64
    package static let maxBytes = 256 * 1024
    /// For how long Alertmanager is told that an alert fires whose end will be told. Without a word on it, it would take it
    /// to be over after its `resolve_timeout` (5 min by default) and tell people so. Repetitions move it further on.
    package static let longestSilence = Duration.seconds(24 * 3_600)

    /// One request, and which of the notices are in it.
    package struct Batch: Sendable, Hashable {
        package let request: DeliveryRequest
        package let places: [Int]
    }

    /// - Parameters:
    ///   - extra: labels on top of the alerts' own.
    ///   - now: the time of this attempt.
    package static func batches(
        _ notices: [AlertNotice],
        extra: [String: String] = [:],
        maxAlerts: Int = Self.maxAlerts,
        at now: Timestamp
    ) -> [Batch] {
        var batches: [Batch] = []
        var places: [Int] = []
        var body: [UInt8] = []
        func close() {
            guard !places.isEmpty else { return }
            let request = DeliveryRequest(
                headers: [.init("content-type", "application/json")],
                body: body + [UInt8(ascii: "]")]
            )
            batches.append(Batch(request: request, places: places))
            places = []
            body = []
        }
        for (place, notice) in notices.enumerated() {
            let alert = Self.alert(notice, extra, now).compactBytes
            if places.count >= maxAlerts || (!places.isEmpty && body.count + alert.count + 2 > Self.maxBytes) {
                close()
            }
            body.append(UInt8(ascii: places.isEmpty ? "[" : ","))
            body += alert
            places.append(place)
        }
        close()
        return batches
    }

    /// The labels as they are sent: with valid names, and never without any.
    package static func labels(_ notice: AlertNotice, extra: [String: String] = [:]) -> AlertLabels {
        var labels = AlertLabels()
        for (name, value) in extra.sorted(by: { $0.key < $1.key }) { labels[AlertLabels.validName(name)] = value }
        for label in notice.labels.all { labels[AlertLabels.validName(label.name)] = label.value }
        if labels.isEmpty { labels[.alertName] = "unnamed" }
        return labels
    }

    private static func alert(
        _ notice: AlertNotice,
        _ extra: [String: String],
        _ now: Timestamp
    ) -> JSONValue {
        var members = [
            JSONMember("labels", Self.labels(notice, extra: extra).json),
            JSONMember("annotations", Self.annotations(notice)),
            JSONMember("startsAt", .string(notice.startsAt.iso8601)),
        ]
        if notice.status == .resolved {
            // An end before the start is refused, and one in the future is none.
            let end = min(max(notice.endsAt ?? now, notice.startsAt), max(now, notice.startsAt))
            members.append(JSONMember("endsAt", .string(end.iso8601)))
        } else if notice.lasts {
            let end = max(now, notice.startsAt) + Self.longestSilence
            members.append(JSONMember("endsAt", .string(end.iso8601)))
        }
        return .object(members)
    }

    private static func annotations(_ notice: AlertNotice) -> JSONValue {
        var members = [
            JSONMember("summary", .string(notice.alert.summary)), JSONMember("alert_id", .string(notice.alert.id)),
        ]
        if notice.alert.details != .object([]) {
            members.append(JSONMember("details", .string(notice.alert.details.compactText)))
        }
        if let decision = notice.decision { members.append(JSONMember("verdict", .string(decision.verdict))) }
        return .object(members)
    }
}
