package import Events

/// Judges whether this reactor is well, from four signs that are looked at apart: its loop makes progress, its own
/// heartbeat comes back through the server, its connection is up, its output buffer at the server does not grow.
///
/// Judged beat by beat: right before the next heartbeat is sent, the one before it has come back or is missed. So a miss
/// is a whole interval, and `missThreshold` of them are that many intervals. How much traffic there is plays no part: a
/// quiet channel is not an ill reactor. Heartbeats of other reactors play none either; only a nonce that this one sent
/// counts.
package struct HeartbeatJudge: Sendable, Hashable {
    /// What is wrong. Listed from the one that explains the others to the one that others explain.
    package enum Cause: String, Sendable, Hashable, CaseIterable {
        case loopStalled = "loop_stalled"
        case connectionDown = "connection_down"
        case outputBufferGrowing = "output_buffer_growing"
        case roundTripMissing = "round_trip_missing"
    }

    package enum Input: Sendable, Hashable {
        /// A heartbeat with that nonce was handed to the connection.
        case sent(nonce: String)
        /// An own heartbeat was received on the own subscription.
        case cameBack(nonce: String)
        /// Rounds that the loop has made so far. Only whether the number changes counts.
        case loopProgress(rounds: UInt64)
        case connection(isUp: Bool)
        /// What the server holds for us, and at how much it cuts us off (0: never).
        case outputBuffer(bytes: Int, limit: Int)
        /// The next heartbeat is due: the interval since the last one is judged. Nobody tells this for intervals in which
        /// the process was suspended, so these are judged as one.
        case beatDue
    }

    package enum Action: Sendable, Hashable {
        /// The heartbeat of this interval did not come back; the number of such intervals in a row.
        case missed(inARow: Int, cause: Cause)
        /// Ill for as many intervals in a row as the threshold says; told once for each episode.
        case becameUnhealthy(cause: Cause, misses: Int, since: Timestamp)
        /// Well again; told once for each episode.
        case recovered(cause: Cause, after: Duration)
    }

    /// A buffer smaller than this is never called growing.
    package static let smallBuffer = 1024 * 1024

    private struct Episode: Sendable, Hashable {
        var cause: Cause
        var since: Int64
    }

    private let interval: Int64
    private let missThreshold: Int
    private var clock = SteadyClock()

    private var outstanding: Set<String> = []
    /// Whether a heartbeat was sent in this interval: before the first one none can be missing.
    private var hasSent = false
    private var cameBack = false
    private var rounds: UInt64 = 0
    /// A loop that never made a round is stalled from the first interval on.
    private var roundsAtJudgement: UInt64 = 0
    private var isConnected = true
    private var buffer = 0
    private var bufferLimit = 0
    private var bufferAtJudgement = 0

    private var missesInARow = 0
    private var illInARow = 0
    private var illSince: Int64?
    private var episode: Episode?

    /// - Parameters:
    ///   - interval: `REACTOR_HEARTBEAT_INTERVAL_SECONDS`, 30 s in the original.
    ///   - missThreshold: `REACTOR_HEARTBEAT_MISS_THRESHOLD`, 3 in the original.
    package init(interval: Duration = .seconds(30), missThreshold: Int = 3) {
        self.interval = max(1, interval.wholeMicroseconds)
        self.missThreshold = max(1, missThreshold)
    }

    /// Whether an episode is going on, and its cause.
    package var unhealthyCause: Cause? { self.episode?.cause }

    /// Intervals in a row without an own heartbeat.
    package var consecutiveMisses: Int { self.missesInARow }

    package mutating func handle(_ input: Input, at now: Timestamp) -> [Action] {
        let instant = self.clock.instant(now)
        switch input {
        case .sent(let nonce):
            self.hasSent = true
            self.outstanding.insert(nonce)
            // Lost ones stay; they are few, and there is no use in more than a handful.
            if self.outstanding.count > 64 { self.outstanding = [nonce] }
            return []
        case .cameBack(let nonce):
            guard self.outstanding.remove(nonce) != nil else { return [] }
            self.cameBack = true
            return self.recoverEarly(instant)
        case .loopProgress(let rounds):
            self.rounds = rounds
            return []
        case .connection(let isUp):
            self.isConnected = isUp
            return []
        case .outputBuffer(let bytes, let limit):
            self.buffer = bytes
            self.bufferLimit = limit
            return []
        case .beatDue:
            return self.judgeInterval(instant)
        }
    }

    private mutating func judgeInterval(_ now: Int64) -> [Action] {
        let causes = self.causes()
        self.roundsAtJudgement = self.rounds
        self.bufferAtJudgement = self.buffer
        defer {
            self.hasSent = false
            self.cameBack = false
        }
        return self.isMissing(causes) + self.judge(causes.first, now)
    }

    private func causes() -> [Cause] {
        var causes: [Cause] = []
        if self.rounds == self.roundsAtJudgement { causes.append(.loopStalled) }
        if !self.isConnected { causes.append(.connectionDown) }
        if self.isBufferGrowing { causes.append(.outputBufferGrowing) }
        if self.hasSent, !self.cameBack { causes.append(.roundTripMissing) }
        return causes
    }

    private var isBufferGrowing: Bool {
        if self.bufferLimit > 0, self.buffer >= self.bufferLimit / 2 { return true }
        return self.buffer >= Self.smallBuffer && self.buffer > self.bufferAtJudgement
    }

    private mutating func isMissing(_ causes: [Cause]) -> [Action] {
        guard causes.contains(.roundTripMissing), let cause = causes.first else {
            self.missesInARow = 0
            return []
        }
        self.missesInARow += 1
        return [.missed(inARow: self.missesInARow, cause: cause)]
    }

    private mutating func judge(_ cause: Cause?, _ now: Int64) -> [Action] {
        guard let cause else {
            self.illInARow = 0
            self.illSince = nil
            return self.endEpisode(now)
        }
        self.illInARow += 1
        let since = self.illSince ?? now &- self.interval
        self.illSince = since
        guard self.illInARow >= self.missThreshold, self.episode == nil else { return [] }
        self.episode = Episode(cause: cause, since: since)
        return [
            .becameUnhealthy(cause: cause, misses: self.missesInARow, since: self.clock.reading(since))
        ]
    }

    /// A heartbeat that comes back ends an episode at once when nothing else is wrong, without waiting for the interval.
    private mutating func recoverEarly(_ now: Int64) -> [Action] {
        guard self.episode != nil, self.isConnected, !self.isBufferGrowing else { return [] }
        self.illInARow = 0
        self.missesInARow = 0
        self.illSince = nil
        return self.endEpisode(now)
    }

    private mutating func endEpisode(_ now: Int64) -> [Action] {
        guard let episode else { return [] }
        self.episode = nil
        return [.recovered(cause: episode.cause, after: .microseconds(now &- episode.since))]
    }
}
