package import Events

/// Settings in force, with what does not depend on the alert worked out once.
package struct AlertRules: Sendable {
    package let settings: AlertSettings
    private var memory: RouteMemory
    private let schedules: [String: MuteSchedule]
    /// What the schedules said last; an answer holds for a while.
    private var windows: [String: MuteSchedule.Window] = [:]

    package init(_ settings: AlertSettings) {
        self.settings = settings
        self.memory = RouteMemory(settings.routing)
        self.schedules = settings.muteIntervals.mapValues { MuteSchedule($0) }
    }

    /// The routes by which somebody is told of the alert, muted or not.
    package func routes(of labels: AlertLabels) -> [RouteMatch] { self.settings.routing.tellingRoutes(of: labels) }

    /// What is said of an alert at an instant by silences, inhibition rules, routes and mute intervals.
    package mutating func surroundings(
        of alert: Alert,
        _ silences: SilenceSet,
        at now: Timestamp
    ) -> AlertSurroundings {
        var surroundings = AlertSurroundings(told: self.memory.routes(of: alert))
        guard !silences.isEmpty || !self.settings.inhibition.isEmpty else { return self.muted(surroundings, at: now) }
        let labels = AlertLabels(alert)
        if !silences.isEmpty {
            let answer = silences.answer(for: labels, at: now)
            surroundings.silence = answer.silence
            surroundings.narrow(from: answer.from, until: answer.until)
        }
        if !self.settings.inhibition.isEmpty {
            surroundings.inhibition = InhibitionKeys(labels, self.settings.inhibition)
        }
        return self.muted(surroundings, at: now)
    }

    private mutating func muted(_ routed: AlertSurroundings, at now: Timestamp) -> AlertSurroundings {
        guard !self.schedules.isEmpty, routed.routes.contains(where: { !$0.mute.isEmpty }) else { return routed }
        var surroundings = routed
        var speaking: [RouteMatch] = []
        for route in routed.routes {
            var mutedUntil: Int64?
            for name in route.mute {
                guard let window = self.window(name, at: now) else { continue }
                surroundings.narrow(from: window.from, until: window.until)
                guard window.isMuted else { continue }
                mutedUntil = max(mutedUntil ?? window.until, window.until)
                if !surroundings.mutedBy.contains(name) { surroundings.mutedBy.append(name) }
            }
            guard let mutedUntil else {
                speaking.append(route)
                continue
            }
            surroundings.leftOut.append(route.path.joined(separator: " / "))
            surroundings.mutedUntil = min(surroundings.mutedUntil ?? mutedUntil, mutedUntil)
        }
        if !surroundings.leftOut.isEmpty { surroundings.told = RouteSet(speaking) }
        return surroundings
    }

    private mutating func window(_ name: String, at now: Timestamp) -> MuteSchedule.Window? {
        if let window = self.windows[name], window.contains(now.microseconds) { return window }
        guard let schedule = self.schedules[name] else { return nil }
        let window = schedule.window(at: now)
        self.windows[name] = window
        return window
    }
}

/// What silences, inhibition rules, routes and mute intervals say of an alert, and the time in which they say the same:
/// a store whose clock shows another time has to ask again.
package struct AlertSurroundings: Sendable, Hashable {
    package var silence: Silence?
    package var inhibition: InhibitionKeys?
    /// The routes that are not muted.
    package var told: RouteSet
    /// The muted ones, by their matchers.
    package var leftOut: [String] = []
    /// Names of the intervals that mute them.
    package var mutedBy: [String] = []
    /// When the first of them speaks again.
    package var mutedUntil: Int64?
    /// Microseconds since 1970, the end not included.
    package private(set) var from = Int64.min / 2
    package private(set) var until = Int64.max / 2

    package init(told: RouteSet) {
        self.told = told
    }

    /// Whether there is a time at which something else may be said.
    package var isBounded: Bool { self.from > Int64.min / 2 || self.until < Int64.max / 2 }

    /// Whether every route that names a receiver is silent now.
    package var isMuted: Bool { self.routes.isEmpty && !self.leftOut.isEmpty }

    /// Whether a silence or mute intervals hide the alert.
    var isHidden: Bool { self.silence != nil || self.isMuted }

    package var routes: [RouteMatch] { self.told.routes }

    /// Whoever would be told, each once.
    package var receivers: [String] { self.told.receivers }

    fileprivate mutating func narrow(from: Int64, until: Int64) {
        self.from = max(self.from, from)
        self.until = min(self.until, until)
    }
}
