import Events

/// One group: its alerts, and what was told of them.
struct GroupState: Sendable {
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

// MARK: - As a record

extension GroupState {
    var json: JSONValue {
        [
            "version": 1, "key": .string(self.key), "labels": self.labels.json, "route": self.route.json,
            "members": .array(self.members.map(\.notice.json)), "untold": .array(self.untold.map { .string($0) }),
            "ends": .bool(self.hasUntoldEnds), "since": self.since.map { .timestamp($0) } ?? .null,
            "told": self.lastTold.map { .timestamp($0) } ?? .null,
        ]
    }

    init(_ fields: RecordFields) throws(AlertNotification.ReadError) {
        guard try fields.integer("version") == 1 else {
            throw AlertNotification.ReadError(description: "group: this version of its form is not known here")
        }
        self.init(
            key: try fields.text("key"),
            labels: try fields.labels("labels"),
            route: try RouteMatch(try fields.fields("route"))
        )
        self.members = try fields.notices("members").map { ($0.labels.fingerprint, $0) }
        self.untold = try fields.texts("untold")
        self.hasUntoldEnds = try fields.flag("ends")
        self.since = fields.isNull("since") ? nil : try fields.timestamp("since")
        self.lastTold = fields.isNull("told") ? nil : try fields.timestamp("told")
    }
}
