package import Events

/// Whether something is wrong, or no longer.
package enum AlertStatus: String, Sendable, Hashable, Codable, CaseIterable {
    case firing
    case resolved
}

/// What receivers are told of a decision; the receipt itself stays here.
package struct DecisionSummary: Sendable, Hashable {
    package var verdict: String
    /// The receipt's fingerprint of the alert.
    package var fingerprint: String
    package var reason: String
    package var decidedAt: Timestamp

    package init(verdict: String, fingerprint: String, reason: String, decidedAt: Timestamp) {
        self.verdict = verdict
        self.fingerprint = fingerprint
        self.reason = reason
        self.decidedAt = decidedAt
    }

    package init(_ receipt: Receipt) {
        self.init(
            verdict: receipt.verdict.rawValue,
            fingerprint: receipt.fingerprint.description,
            reason: receipt.reason,
            decidedAt: receipt.decidedAt
        )
    }
}

/// An alert that was decided to go out, as it is told to receivers.
package struct AlertNotice: Sendable, Hashable {
    package var alert: Alert
    /// The decision; nil for alerts that nobody decided about, as those of `receivers test`.
    package var decision: DecisionSummary?
    package var labels: AlertLabels
    package var status: AlertStatus
    package var startsAt: Timestamp
    /// When it was over; nil while it fires.
    package var endsAt: Timestamp?
    /// Whether an end will be told: something that resolves it exists. All others are told once and forgotten.
    package var lasts: Bool {
        get { self.alert.lasts }
        set { self.alert.lasts = newValue }
    }
    /// For a resolved one: whether receivers were told that it fired. Nobody is told of the end of what they never
    /// heard of.
    package var wasTold: Bool
    /// Ids of alerts with the same labels that came while this one waited, and that it stands for.
    package var standsFor: [String]

    package init(
        _ alert: Alert,
        receipt: Receipt?,
        labels: AlertLabels? = nil,
        status: AlertStatus = .firing,
        endsAt: Timestamp? = nil,
        lasts: Bool = false,
        wasTold: Bool = false
    ) {
        self.alert = alert
        self.decision = receipt.map { DecisionSummary($0) }
        self.labels = labels ?? AlertLabels(alert)
        self.status = status
        self.startsAt = alert.raisedAt
        self.endsAt = endsAt
        if lasts { self.alert.lasts = true }
        self.wasTold = wasTold
        self.standsFor = []
    }
}

/// Why receivers are told of a group now.
package enum NotificationReason: String, Sendable, Hashable, CaseIterable {
    case first = "first_notification"
    case newAlerts = "new_alerts"
    case someResolved = "some_resolved"
    case allResolved = "all_resolved"
    case repeated = "repeat_interval"
    /// The group has no room for more, so it does not wait.
    case full = "group_full"
    /// There are as many groups as there may be, so this alert is told alone.
    case tooManyGroups = "too_many_groups"
    /// The reactor stops, and what waits is told now.
    case stopping
    /// A person wants to know whether the receiver works.
    case test
}

/// Alerts that are told together.
package struct AlertGroup: Sendable, Hashable {
    /// The route and what its alerts have in common; the same for all tellings of one group.
    package var key: String
    package var routeID: String
    package var receivers: [String]
    /// The labels that the alerts were put together by.
    package var labels: AlertLabels
    /// Firing ones first, each kind in the order in which they came.
    package var notices: [AlertNotice]
    package var reason: NotificationReason
    /// Ids of the alerts that are told for the first time.
    package var newAlerts: [String]

    package init(
        key: String,
        routeID: String,
        receivers: [String],
        labels: AlertLabels,
        notices: [AlertNotice],
        reason: NotificationReason,
        newAlerts: [String]
    ) {
        self.key = key
        self.routeID = routeID
        self.receivers = receivers
        self.labels = labels
        self.notices = notices
        self.reason = reason
        self.newAlerts = newAlerts
    }

    /// Resolved when every alert of it is.
    package var status: AlertStatus { self.notices.contains { $0.status == .firing } ? .firing : .resolved }
}
