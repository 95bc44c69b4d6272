package import Events

/// Makes one episode out of many dropped events: told when it begins and when it has been over for a while.
package struct OverloadEpisode: Sendable, Hashable {
    package enum Input: Sendable, Hashable {
        /// The ring was full and so much was dropped.
        case dropped(events: UInt64, bytes: UInt64)
        /// Time has passed; how full the ring is, from 0 to 1.
        case tick(fill: Double)
    }

    package enum Action: Sendable, Hashable {
        case began
        /// Nothing was dropped for the quiet time and the ring has room again; what was dropped in all.
        case ended(events: UInt64, bytes: UInt64, lasted: Duration)
    }

    /// An episode does not end while the ring is fuller than this.
    package static let calmFill = 0.5

    private struct Ongoing: Sendable, Hashable {
        var since: Int64
        var lastDrop: Int64
        var events: UInt64
        var bytes: UInt64
    }

    private let quiet: Int64
    private var clock = SteadyClock()
    private var ongoing: Ongoing?

    /// `quiet`: how long nothing may be dropped before the episode is over.
    package init(quiet: Duration = .seconds(10)) {
        self.quiet = max(0, quiet.wholeMicroseconds)
    }

    package var isOngoing: Bool { self.ongoing != nil }

    package mutating func handle(_ input: Input, at now: Timestamp) -> [Action] {
        let instant = self.clock.instant(now)
        switch input {
        case .dropped(0, _):
            return []
        case .dropped(let events, let bytes):
            guard var episode = self.ongoing else {
                self.ongoing = Ongoing(since: instant, lastDrop: instant, events: events, bytes: bytes)
                return [.began]
            }
            episode.lastDrop = instant
            episode.events &+= events
            episode.bytes &+= bytes
            self.ongoing = episode
            return []
        case .tick(let fill):
            guard let episode = self.ongoing, fill <= Self.calmFill, instant &- episode.lastDrop >= self.quiet else {
                return []
            }
            self.ongoing = nil
            let lasted = Duration.microseconds(episode.lastDrop &- episode.since)
            return [.ended(events: episode.events, bytes: episode.bytes, lasted: lasted)]
        }
    }
}
