package import Events

/// Puts alerts of one route together and says when they are told: a group waits a little for others, is then told at
/// most every `group_interval`, and again every `repeat_interval` while it fires.
///
/// Every alert that goes in comes out exactly once as a new one, soon or late: what came in was decided to be sent, so
/// nothing here holds it back for good. Both bounds are kept by telling early.
package struct AlertGroups: Sendable {
    package enum Input: Sendable {
        case alert(AlertNotice, RouteMatch)
        /// Time has passed.
        case tick
        /// The reactor stops: nothing may go on waiting.
        case stop
    }

    package enum Action: Sendable, Hashable {
        case deliver(AlertGroup)
    }

    package struct Limits: Sendable, Hashable {
        /// Groups kept at once; further alerts are told alone.
        package var groups: Int
        /// Alerts that one group may hold. When so many wait it is told at once; when so many last, further ones are
        /// told alone.
        package var alerts: Int

        package init(groups: Int = 10_000, alerts: Int = 500) {
            self.groups = groups
            self.alerts = alerts
        }
    }

    private let limits: Limits
    private var groups: [String: GroupState] = [:]
    /// Groups that are kept elsewhere and were not put in here; they count against the limit.
    private let elsewhere: Int

    /// When a `tick` has something to do; nil when only another alert can bring that about.
    package private(set) var nextWake: Timestamp?

    package init(limits: Limits = Limits(), elsewhere: Int = 0) {
        self.limits = limits
        self.elsewhere = elsewhere
    }

    package var groupCount: Int { self.groups.count }

    /// Alerts that are in a group and were not told yet.
    package var waitingCount: Int { self.groups.values.reduce(0) { $0 + $1.untold.count } }

    package mutating func handle(_ input: Input, at now: Timestamp) -> [Action] {
        switch input {
        case .alert(let notice, let route): self.take(notice, route, at: now)
        case .tick: self.tellDue(at: now)
        case .stop: self.tellAll(at: now)
        }
    }

    private mutating func take(_ notice: AlertNotice, _ route: RouteMatch, at now: Timestamp) -> [Action] {
        let labels = Self.groupLabels(notice.labels, route.groupBy)
        let key = Self.key(notice, route)
        if let group = self.groups[key] {
            guard group.hasRoom(for: notice, within: self.limits.alerts) else {
                return Self.alone(notice, route, labels, key, .full)
            }
        } else if self.groups.count + self.elsewhere >= self.limits.groups {
            return Self.alone(notice, route, labels, key, .tooManyGroups)
        }
        var group = self.groups.removeValue(forKey: key) ?? GroupState(key: key, labels: labels, route: route)
        group.route = route
        group.add(notice, at: now)
        var actions: [Action] = []
        if group.untold.count >= self.limits.alerts {
            actions += group.tell(.full, at: now)
        } else if let due = group.due, due <= now {
            actions += group.tell(nil, at: now)
        }
        self.keep(group, at: now)
        return actions
    }

    private mutating func tellDue(at now: Timestamp) -> [Action] {
        guard let wake = self.nextWake, wake <= now else { return [] }
        return self.tell(self.groups.values.filter { $0.due.map { $0 <= now } ?? false }, nil, at: now)
    }

    private mutating func tellAll(at now: Timestamp) -> [Action] {
        self.tell(self.groups.values.filter { !$0.untold.isEmpty || $0.hasUntoldEnds }, .stopping, at: now)
    }

    private mutating func tell(
        _ due: [GroupState],
        _ reason: NotificationReason?,
        at now: Timestamp
    ) -> [Action] {
        var actions: [Action] = []
        // By time, then by name: the same inputs give the same order on every replica.
        for var group in due.sorted(by: { ($0.due ?? now, $0.key) < ($1.due ?? now, $1.key) }) {
            actions += group.tell(reason, at: now)
            self.groups[group.key] = group.isOver(at: now) ? nil : group
        }
        self.nextWake = self.groups.values.compactMap(\.due).min()
        return actions
    }

    private mutating func keep(_ group: GroupState, at now: Timestamp) {
        guard !group.isOver(at: now) else { return }
        self.groups[group.key] = group
        if let due = group.due { self.nextWake = self.nextWake.map { min($0, due) } ?? due }
    }

    /// The group that an alert belongs to in a route.
    package static func key(_ notice: AlertNotice, _ route: RouteMatch) -> String {
        "\(route.routeID):\(Self.groupLabels(notice.labels, route.groupBy))"
    }

    private static func groupLabels(_ labels: AlertLabels, _ groupBy: GroupBy) -> AlertLabels {
        switch groupBy {
        case .eachAlert: labels
        case .labels(let names): labels.only(names)
        }
    }

    private static func alone(
        _ notice: AlertNotice,
        _ route: RouteMatch,
        _ labels: AlertLabels,
        _ key: String,
        _ reason: NotificationReason
    ) -> [Action] {
        guard notice.status == .firing || notice.wasTold else { return [] }
        let group = AlertGroup(
            key: key,
            routeID: route.routeID,
            receivers: route.receivers,
            labels: labels,
            notices: [notice],
            reason: reason,
            newAlerts: notice.status == .firing ? [notice.alert.id] : []
        )
        return [.deliver(group)]
    }
}

// MARK: - Kept elsewhere

extension AlertGroups {
    /// A group as it can be written down; nil when it is over.
    package func record(of key: String) -> GroupRecord? { self.groups[key].map { GroupRecord($0) } }

    /// When the group has something to tell; nil when only another alert can bring that about.
    package func due(of key: String) -> Timestamp? { self.groups[key]?.due }

    /// Goes on with a group that was written down.
    package mutating func restore(_ record: GroupRecord) throws(AlertNotification.ReadError) {
        let group = try record.state()
        self.groups[group.key] = group
        if let due = group.due { self.nextWake = self.nextWake.map { min($0, due) } ?? due }
    }
}
