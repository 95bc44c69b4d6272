package import Events
package import Logging
package import Reactions
import Synchronization

/// Raises the alerts of the reactor about itself. They go the way of all alerts, fatigue control included.
package final class SelfAlerts: Sendable {
    package struct Counts: Sendable {
        package var overloadEpisodes: UInt64 = 0
        package var isOverloaded = false
        /// When the episode began in which the reactor is unhealthy.
        var unhealthySince: Timestamp?
        var isFinished = false
    }

    private let instance: String
    private let clock: PipelineClock
    private let queueAlert: @Sendable (Alert) -> Void
    private let queueEnd: @Sendable (Resolution) -> Void
    private let logger: Logger
    private let counters = Mutex(Counts())

    package init(
        instance: String,
        clock: PipelineClock,
        logger: Logger,
        submit: @escaping @Sendable (Alert) -> Void,
        resolve: @escaping @Sendable (Resolution) -> Void
    ) {
        self.instance = instance
        self.clock = clock
        self.logger = logger
        self.queueAlert = submit
        self.queueEnd = resolve
    }

    package var counts: Counts { self.counters.withLock { $0 } }

    /// Raises nothing more. What was raised until then is queued; what is found out later, while the reactor stops, would be
    /// decided when nobody is left to send it.
    package func finish() { self.counters.withLock { $0.isFinished = true } }

    /// Queued under the lock, so that nothing is once this has finished.
    private func submit(_ alert: Alert) {
        self.counters.withLock { if !$0.isFinished { self.queueAlert(alert) } }
    }

    private func resolve(_ resolution: Resolution) {
        self.counters.withLock { if !$0.isFinished { self.queueEnd(resolution) } }
    }

    private func makeID(_ now: Timestamp) -> String {
        var generator = SystemRandomNumberGenerator()
        return AlertIdentifiers.make(at: now, using: &generator)
    }

    package func unhealthy(cause: HeartbeatJudge.Cause, misses: Int, since: Timestamp) {
        let now = self.clock.wall()
        self.counters.withLock { $0.unhealthySince = since }
        self.submit(
            SystemAlerts.unhealthy(
                cause: cause,
                misses: misses,
                since: since,
                instance: self.instance,
                id: self.makeID(now),
                now: now
            )
        )
    }

    package func recovered(cause: HeartbeatJudge.Cause, after: Duration) {
        let now = self.clock.wall()
        let id = self.makeID(now)
        if let since = self.counters.withLock({ $0.unhealthySince.take() }) {
            let endID = self.makeID(now)
            self.resolve(SystemAlerts.healthy(since: since, instance: self.instance, id: endID, now: now))
        }
        self.submit(SystemAlerts.recovered(cause: cause, after: after, instance: self.instance, id: id, now: now))
    }

    package func peerLost(_ lost: String, silence: Duration) {
        let now = self.clock.wall()
        let id = self.makeID(now)
        self.submit(SystemAlerts.peerLost(lost, silence: silence, instance: self.instance, id: id, now: now))
    }

    package func peerReturned(_ lost: String) {
        let now = self.clock.wall()
        self.resolve(SystemAlerts.peerReturned(lost, id: self.makeID(now), now: now))
    }

    /// The ring began to drop frames, or has recovered: one alert each an episode.
    package func overload(_ action: OverloadEpisode.Action) {
        let now = self.clock.wall()
        let id = self.makeID(now)
        switch action {
        case .began:
            self.counters.withLock { counts in
                counts.overloadEpisodes += 1
                counts.isOverloaded = true
            }
            self.submit(SystemAlerts.overloaded(instance: self.instance, id: id, now: now))
        case .ended(let events, let bytes, let lasted):
            self.counters.withLock { $0.isOverloaded = false }
            self.submit(
                SystemAlerts.overloadEnded(
                    events: events,
                    bytes: bytes,
                    lasted: lasted,
                    instance: self.instance,
                    id: id,
                    now: now
                )
            )
        }
    }

    /// A producer's numbers show that events are missing.
    package func missed(_ loss: SequenceTracker.Loss) {
        self.logger.warning(
            "events of a producer are missing",
            metadata: ["producer": "\(loss.producer)", "events": "\(loss.events)"]
        )
    }
}
