import Events
import Reactions
import ReactorRuntime
import Synchronization

/// Keeps what a pipeline wants done, and has room for as many alerts as a test says.
final class RecordingPort: ReactionPort {
    struct Record: Sendable {
        var alerts: [Alert] = []
        var resolutions: [Resolution] = []
        var published: [OutgoingEvent] = []
        var enqueued: [(event: Event, lane: Int, type: String)] = []
        var fed: [(event: Event, machine: Int)] = []
        var sightings: [PeerSighting] = []
        var overload: [OverloadEpisode.Action] = []
        var losses: [SequenceTracker.Loss] = []
        var lines: [String] = []
        var cut: [OutgoingEvent] = []
        var failures: [String] = []
        var quarantined: [QuarantineEntry] = []
        var hasRoom = true
    }

    private let state = Mutex(Record())

    var record: Record { self.state.withLock { $0 } }

    func setRoom(_ hasRoom: Bool) { self.state.withLock { $0.hasRoom = hasRoom } }

    func raise(_ alert: Alert) -> Bool {
        self.state.withLock { record in
            record.alerts.append(alert)
            return record.hasRoom
        }
    }

    func resolve(_ resolution: Resolution) -> Bool {
        self.state.withLock { record in
            record.resolutions.append(resolution)
            return record.hasRoom
        }
    }

    func publish(_ event: OutgoingEvent) { self.state.withLock { $0.published.append(event) } }

    func enqueue(_ event: Event, lane: Int, type: String) {
        self.state.withLock { $0.enqueued.append((event, lane, type)) }
    }

    func quarantined(_ entry: QuarantineEntry) { self.state.withLock { $0.quarantined.append(entry) } }

    func feed(_ event: Event, machine: Int) -> Bool {
        self.state.withLock { record in
            record.fed.append((event, machine))
            return record.hasRoom
        }
    }

    func sighted(_ sighting: PeerSighting) { self.state.withLock { $0.sightings.append(sighting) } }

    func overload(_ action: OverloadEpisode.Action) { self.state.withLock { $0.overload.append(action) } }

    func missed(_ loss: SequenceTracker.Loss) { self.state.withLock { $0.losses.append(loss) } }

    var logRank: Int { 0 }

    func log(_ level: LogAction.Level, _ message: String, handler: String) {
        self.state.withLock { $0.lines.append("\(handler): \(message)") }
    }

    func cut(_ event: OutgoingEvent) { self.state.withLock { $0.cut.append(event) } }

    func failed(handler: String, _ reason: String) {
        self.state.withLock { $0.failures.append("\(handler): \(reason)") }
    }
}
