import Events
import Reactions
import ReactorRuntime
import Synchronization

/// Keeps what the pipeline wants done until the engine does it.
final class ScenarioPort: ReactionPort {
    /// What waits for its decision; the order counts.
    enum Decision: Sendable {
        case alert(Alert)
        case end(Resolution)
    }

    /// An event for a built-in that remembers.
    struct Feed: Sendable {
        var event: Event
        var machine: Int
    }

    struct LogLine: Sendable {
        var level: LogAction.Level
        var message: String
        var handler: String
    }

    struct FailedCall: Sendable {
        var handler: String
        var reason: String
    }

    /// All that came since somebody took it.
    struct Wishes: Sendable {
        var feeds: [Feed] = []
        var decisions: [Decision] = []
        var published: [OutgoingEvent] = []
        var logs: [LogLine] = []
        var failedCalls: [FailedCall] = []

        var isEmpty: Bool {
            self.feeds.isEmpty && self.decisions.isEmpty && self.published.isEmpty && self.logs.isEmpty
                && self.failedCalls.isEmpty
        }
    }

    private let wishes = Mutex(Wishes())

    func take() -> Wishes {
        self.wishes.withLock { wishes in
            defer { wishes = Wishes() }
            return wishes
        }
    }

    func feed(_ event: Event, machine: Int) -> Bool {
        self.wishes.withLock { $0.feeds.append(Feed(event: event, machine: machine)) }
        return true
    }

    func raise(_ alert: Alert) -> Bool {
        self.wishes.withLock { $0.decisions.append(.alert(alert)) }
        return true
    }

    func resolve(_ resolution: Resolution) -> Bool {
        self.wishes.withLock { $0.decisions.append(.end(resolution)) }
        return true
    }

    func publish(_ event: OutgoingEvent) { self.wishes.withLock { $0.published.append(event) } }

    func log(_ level: LogAction.Level, _ message: String, handler: String) {
        self.wishes.withLock { $0.logs.append(LogLine(level: level, message: message, handler: handler)) }
    }

    func failed(handler: String, _ reason: String) {
        self.wishes.withLock { $0.failedCalls.append(FailedCall(handler: handler, reason: reason)) }
    }

    func cut(_ event: OutgoingEvent) {
        let reason = "\(event.eventType) was not published: reactors answer each other in a loop"
        self.failed(handler: event.handler, reason)
    }

    /// Every line is of interest.
    var logRank: Int { 0 }

    // Closures, other reactors, the load of the ring and the history of what was no event have no part in a scenario.
    func quarantined(_ entry: QuarantineEntry) {}
    func enqueue(_ event: Event, lane: Int, type: String) {}
    func sighted(_ sighting: PeerSighting) {}
    func overload(_ action: OverloadEpisode.Action) {}
    func missed(_ loss: SequenceTracker.Loss) {}
}
