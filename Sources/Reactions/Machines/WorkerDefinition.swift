package import EventPatterns

/// Workers and producers that are to beat: `uses: heartbeat-monitor`.
package struct WorkerDefinition: Sendable, Hashable {
    package enum Schedule: Sendable, Hashable {
        /// So long after the last beat.
        case every(Duration)
        /// At these times, in that zone.
        case cron(CronSchedule, zone: String, TimeZoneRules)
    }

    /// A worker that is expected whether it has been heard of or not.
    package struct Expected: Sendable, Hashable {
        package var key: String
        /// Nil for what holds for all.
        package var schedule: Schedule?
        package var grace: Duration?

        package init(key: String, schedule: Schedule? = nil, grace: Duration? = nil) {
            self.key = key
            self.schedule = schedule
            self.grace = grace
        }
    }

    package var name: String
    package var beats: [TypePattern] = [.exact("worker.heartbeat")]
    /// Events by which a worker says that it failed.
    package var failures: [TypePattern] = []
    /// Events after which nobody is told of a worker, and those that end that.
    package var paused: [TypePattern] = [.exact("worker.paused")]
    package var resumed: [TypePattern] = [.exact("worker.resumed")]
    /// The member of the payload that names the worker.
    package var key = "worker_id"
    package var schedule = Schedule.every(.seconds(30))
    package var grace: Duration = .seconds(60)
    package var expected: [Expected] = []
    /// Whether gaps between beats that grow are told.
    package var watchesGaps = true
    package var severity = Severity.high
    /// The cooldown group of its alerts.
    package var domain = "workers"
    package var maxWorkers = HeartbeatMonitor.defaultMaxWorkers

    package init(name: String = "heartbeat-monitor") { self.name = name }

    package var on: [TypePattern] {
        var seen: Set<TypePattern> = []
        return (self.beats + self.failures + self.paused + self.resumed).filter { seen.insert($0).inserted }
    }

    func terms(of expected: Expected? = nil) -> HeartbeatTerms {
        var terms = HeartbeatTerms(
            schedule: (expected?.schedule ?? self.schedule).schedule,
            grace: expected?.grace ?? self.grace
        )
        terms.watchesGaps = self.watchesGaps
        return terms
    }
}

extension WorkerDefinition.Schedule {
    fileprivate var schedule: HeartbeatSchedule {
        switch self {
        case .every(let period): .every(period)
        case .cron(let schedule, let zone, let rules):
            .cron(schedule, CronZone(name: zone) { rules.segment(at: $0).offset })
        }
    }
}
