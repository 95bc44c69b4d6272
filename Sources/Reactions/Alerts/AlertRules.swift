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
        let routes = self.memory.routes(of: alert)
        let hasMore = !silences.isEmpty || !self.settings.inhibition.isEmpty || !self.schedules.isEmpty
        guard hasMore else { return AlertSurroundings(told: routes) }
        var limits = AlertLimits()
        if !silences.isEmpty || !self.settings.inhibition.isEmpty {
            let labels = AlertLabels(alert)
            if !silences.isEmpty {
                let answer = silences.answer(for: labels, at: now)
                limits.silence = answer.silence
                limits.narrow(from: answer.from, until: answer.until)
            }
            if !self.settings.inhibition.isEmpty {
                limits.inhibition = InhibitionKeys(labels, self.settings.inhibition)
            }
        }
        return AlertSurroundings(told: self.unmuted(routes, &limits, at: now), limits)
    }

    /// The routes that are not muted.
    private mutating func unmuted(_ routes: RouteSet, _ limits: inout AlertLimits, at now: Timestamp) -> RouteSet {
        guard !self.schedules.isEmpty, routes.routes.contains(where: { !$0.mute.isEmpty }) else { return routes }
        var speaking: [RouteMatch] = []
        for route in routes.routes {
            var mutedUntil: Int64?
            for name in route.mute {
                guard let window = self.window(name, at: now) else { continue }
                limits.narrow(from: window.from, until: window.until)
                guard window.isMuted else { continue }
                mutedUntil = max(mutedUntil ?? window.until, window.until)
                if !limits.mutedBy.contains(name) { limits.mutedBy.append(name) }
            }
            guard let mutedUntil else {
                speaking.append(route)
                continue
            }
            limits.leftOut.append(route.path.joined(separator: " / "))
            limits.mutedUntil = min(limits.mutedUntil ?? mutedUntil, mutedUntil)
        }
        return limits.leftOut.isEmpty ? routes : RouteSet(speaking)
    }

    private mutating func window(_ name: String, at now: Timestamp) -> MuteSchedule.Window? {
        if let window = self.windows[name], window.contains(now.microseconds) { return window }
        guard let schedule = self.schedules[name] else { return nil }
        let window = schedule.window(at: now)
        self.windows[name] = window
        return window
    }
}
