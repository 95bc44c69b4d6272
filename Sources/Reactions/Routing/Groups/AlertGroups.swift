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

    /// When a `tick` has something to do; nil when only another alert can bring that about.
    package private(set) var nextWake: Timestamp?

    package init(limits: Limits = Limits()) {
        self.limits = limits
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
        let key = "\(route.routeID):\(labels)"
        if let group = self.groups[key] {
            guard group.hasRoom(for: notice, within: self.limits.alerts) else {
                return Self.alone(notice, route, labels, key, .full)
            }
        } else if self.groups.count >= self.limits.groups {
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

/// One group: its alerts, and what was told of them.
private struct GroupState: Sendable {
    let key: String
    let labels: AlertLabels
    var route: RouteMatch
    /// By the labels' fingerprint, in the order in which they came.
    private var members: [(fingerprint: UInt64, notice: AlertNotice)] = []
    /// Ids of firing alerts that were not told yet.
    private(set) var untold: [String] = []
    /// Members that are resolved now and were told as firing.
    private(set) var hasUntoldEnds = false
    private var since: Timestamp?
    private var lastTold: Timestamp?

    init(key: String, labels: AlertLabels, route: RouteMatch) {
        self.key = key
        self.labels = labels
        self.route = route
    }

    /// An alert that stands for itself only does not wait for the end of an interval.
    private var interval: Duration { self.route.groupBy == .eachAlert ? .zero : self.route.timing.interval }

    /// Whether the alert can be kept: it may be one of those that are, or there are few enough of them.
    func hasRoom(for notice: AlertNotice, within limit: Int) -> Bool {
        guard self.members.count >= limit else { return true }
        let fingerprint = notice.labels.fingerprint
        return self.members.contains { $0.fingerprint == fingerprint }
    }

    private var firesOn: Bool { self.members.contains { $0.notice.status == .firing && $0.notice.lasts } }

    /// When there is something to tell, or the group is over.
    var due: Timestamp? {
        if !self.untold.isEmpty || self.hasUntoldEnds {
            if let lastTold = self.lastTold { return lastTold + self.interval }
            return self.since.map { $0 + self.route.timing.wait }
        }
        guard let lastTold = self.lastTold else { return nil }
        return lastTold + (self.firesOn ? self.route.timing.repeatInterval : self.interval)
    }

    /// Whether nothing is left that a later alert would have to wait for.
    func isOver(at now: Timestamp) -> Bool {
        guard self.untold.isEmpty, !self.hasUntoldEnds, !self.firesOn else { return false }
        return self.lastTold.map { $0 + self.interval <= now } ?? true
    }

    mutating func add(_ notice: AlertNotice, at now: Timestamp) {
        let fingerprint = notice.labels.fingerprint
        let place = self.members.firstIndex { $0.fingerprint == fingerprint }
        switch notice.status {
        case .firing: self.addFiring(notice, fingerprint, at: place)
        case .resolved: self.addResolved(notice, fingerprint, at: place)
        }
        if self.since == nil { self.since = now }
    }

    private mutating func addFiring(_ notice: AlertNotice, _ fingerprint: UInt64, at place: Int?) {
        self.untold.append(notice.alert.id)
        guard let place else {
            self.members.append((fingerprint, notice))
            return
        }
        var notice = notice
        let earlier = self.members[place].notice
        if self.untold.contains(earlier.alert.id) {
            notice.standsFor = earlier.standsFor + [earlier.alert.id]
            notice.startsAt = earlier.startsAt
        }
        notice.lasts = notice.lasts || earlier.lasts
        self.members[place].notice = notice
    }

    private mutating func addResolved(_ notice: AlertNotice, _ fingerprint: UInt64, at place: Int?) {
        guard let place else {
            guard notice.wasTold else { return }
            self.members.append((fingerprint, notice))
            self.hasUntoldEnds = true
            return
        }
        var notice = notice
        let earlier = self.members[place].notice
        guard earlier.status == .firing else { return }
        // What was not told yet is told with its end: it was decided to be sent.
        notice.alert = earlier.alert
        notice.decision = earlier.decision
        notice.startsAt = earlier.startsAt
        notice.standsFor = earlier.standsFor
        self.members[place].notice = notice
        self.hasUntoldEnds = true
    }

    /// Tells the group if there is something to tell, and forgets what is over.
    mutating func tell(_ forced: NotificationReason?, at now: Timestamp) -> [AlertGroups.Action] {
        guard let reason = self.reason(at: now) else { return [] }
        let notices = self.members.map(\.notice)
        let group = AlertGroup(
            key: self.key,
            routeID: self.route.routeID,
            receivers: self.route.receivers,
            labels: self.labels,
            notices: notices.filter { $0.status == .firing } + notices.filter { $0.status == .resolved },
            reason: forced ?? reason,
            newAlerts: self.untold
        )
        self.untold = []
        self.hasUntoldEnds = false
        self.lastTold = now
        self.members.removeAll { $0.notice.status == .resolved || !$0.notice.lasts }
        for index in self.members.indices { self.members[index].notice.standsFor = [] }
        return [.deliver(group)]
    }

    private func reason(at now: Timestamp) -> NotificationReason? {
        let fires = self.members.contains { $0.notice.status == .firing }
        if self.hasUntoldEnds, !fires { return .allResolved }
        if !self.untold.isEmpty { return self.lastTold == nil ? .first : .newAlerts }
        if self.hasUntoldEnds { return .someResolved }
        guard self.firesOn, let lastTold = self.lastTold else { return nil }
        return lastTold + self.route.timing.repeatInterval <= now ? .repeated : nil
    }
}
