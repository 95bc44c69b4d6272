package import Events
import Logging
package import Reactions
import Synchronization

/// Alerts that the reactor raises about itself. They go the way of all alerts, fatigue control included.
package final class SelfAlerts: Sendable {
    /// The cooldown group of these alerts.
    package static let domain = "reactor"

    package struct Counts: Sendable {
        package var overloadEpisodes: UInt64 = 0
        package var isOverloaded = false
        /// Events that producers numbered and that never came.
        package var missedEvents: UInt64 = 0
    }

    private let instance: String
    private let clock: PipelineClock
    private let submit: @Sendable (Alert) -> Void
    private let logger: Logger
    private let counters = Mutex(Counts())

    package init(
        instance: String,
        clock: PipelineClock,
        logger: Logger,
        submit: @escaping @Sendable (Alert) -> Void
    ) {
        self.instance = instance
        self.clock = clock
        self.logger = logger
        self.submit = submit
    }

    package var counts: Counts { self.counters.withLock { $0 } }

    package func raise(_ type: String, _ severity: Severity, key: String, summary: String, details: JSONValue) {
        let now = self.clock.wall()
        var generator = SystemRandomNumberGenerator()
        self.submit(
            Alert(
                id: AlertIdentifiers.make(at: now, using: &generator),
                type: type,
                severity: severity,
                domain: Self.domain,
                tenant: "",
                runID: RuleHandler.unknownRun,
                key: key,
                summary: summary,
                details: details,
                handler: "reactor",
                event: nil,
                raisedAt: now
            )
        )
    }

    /// The ring began to drop frames, or has recovered: one alert each an episode.
    func overload(_ change: OverloadChange) {
        switch change {
        case .began(let at):
            self.counters.withLock { counts in
                counts.overloadEpisodes += 1
                counts.isOverloaded = true
            }
            self.raise(
                "reactor.overloaded",
                .high,
                key: "overloaded:\(self.instance):\(at.microseconds)",
                summary: "Reactor \(self.instance) drops events: handling is slower than receiving and the ring is full",
                details: ["instance": .string(self.instance), "since": .string(at.iso8601)]
            )
        case .ended(let at, let dropped, let lasted):
            self.counters.withLock { $0.isOverloaded = false }
            self.raise(
                "reactor.overload_ended",
                .high,
                key: "overload_ended:\(self.instance):\(at.microseconds)",
                summary: "Reactor \(self.instance) has caught up; \(dropped) events were dropped",
                details: [
                    "instance": .string(self.instance), "dropped": .number(String(dropped)),
                    "lasted_s": .number(lasted.inSeconds),
                ]
            )
        }
    }

    /// A producer's numbers show that events are missing.
    func missed(_ gap: ProducerGap) {
        self.counters.withLock { $0.missedEvents += gap.missing }
        self.logger.warning(
            "events of a producer are missing",
            metadata: ["producer": "\(gap.producer)", "missing": "\(gap.missing)"]
        )
    }
}
