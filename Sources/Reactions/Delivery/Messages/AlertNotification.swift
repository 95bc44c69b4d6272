package import Events

/// One message to one receiver: the alerts of a group, and how they are put into words. What is sent is made of it,
/// and is the same for all attempts but for the time of a signature.
package struct AlertNotification: Sendable, Hashable {
    /// The same over all attempts and replicas. Letters, digits, `-` and `_`.
    package var deliveryID: String
    package var receiver: String
    package var group: AlertGroup
    package var message: AlertMessage
    package var createdAt: Timestamp
    /// The reactor that made it.
    package var instance: String

    /// - Parameter message: nil for the plain words.
    package init(
        deliveryID: String,
        receiver: String,
        group: AlertGroup,
        message: AlertMessage? = nil,
        createdAt: Timestamp,
        instance: String
    ) {
        self.deliveryID = deliveryID
        self.receiver = receiver
        self.group = group
        self.message = message ?? .plain(group)
        self.createdAt = createdAt
        self.instance = instance
    }

    /// A message of a single alert, outside of any group.
    package init(
        deliveryID: String,
        receiver: String,
        notice: AlertNotice,
        reason: NotificationReason = .first,
        instance: String
    ) {
        let group = AlertGroup(
            key: "alert:\(notice.labels)",
            routeID: "",
            receivers: [receiver],
            labels: notice.labels,
            notices: [notice],
            reason: reason,
            newAlerts: notice.status == .firing ? [notice.alert.id] : []
        )
        self.init(
            deliveryID: deliveryID,
            receiver: receiver,
            group: group,
            createdAt: notice.endsAt ?? notice.startsAt,
            instance: instance
        )
    }

    /// The worst of the alerts that fire; of a resolved message, the worst of all.
    package var severity: Severity {
        let firing = self.group.notices.filter { $0.status == .firing }
        let counted = firing.isEmpty ? self.group.notices : firing
        return counted.map(\.alert.severity).max() ?? .low
    }
}

/// Ids of deliveries that every replica computes alike.
package enum DeliveryID {
    /// - Parameter toldAt: tells apart the tellings of a group in which nothing is new.
    package static func make(_ group: AlertGroup, receiver: String, toldAt: Timestamp) -> String {
        // Lengths in front: no two lists of parts give one text.
        var text = ""
        func add(_ part: String) { text += "\(part.utf8.count):\(part)" }
        add(group.key)
        add(receiver)
        add(group.status.rawValue)
        if group.newAlerts.isEmpty { add(String(toldAt.microseconds)) }
        for alert in group.newAlerts.sorted() { add(alert) }
        return "dlv_" + SHA256Text.hex(of: text).prefix(32)
    }
}
