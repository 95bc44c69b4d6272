package import Events

/// When a worker is expected to beat.
package enum HeartbeatSchedule: Sendable {
    /// So long after its last beat.
    case every(Duration)
    /// At these times.
    case cron(CronSchedule, CronZone)

    /// When the next beat is expected after one at that instant, in microseconds.
    func next(after instant: Int64) -> Int64 {
        switch self {
        case .every(let period): instant &+ max(1, period.wholeMicroseconds)
        case .cron(let schedule, let zone):
            schedule.next(after: Timestamp(microseconds: instant), in: zone).microseconds
        }
    }
}

/// How one worker, or every worker that nobody named, is watched.
package struct HeartbeatTerms: Sendable {
    package var schedule: HeartbeatSchedule
    /// How much later than expected a beat may come.
    package var grace: Duration
    /// Whether gaps between beats that grow are told.
    package var watchesGaps = true

    package init(schedule: HeartbeatSchedule, grace: Duration) {
        self.schedule = schedule
        self.grace = grace
    }
}

/// How it stands with a worker.
package enum WorkerState: String, Sendable, Hashable, CaseIterable {
    /// Expected, and never heard of.
    case new
    case up
    /// A beat is late, but not too late.
    case grace
    /// It did not beat in time, or said that it failed.
    case down
    /// Nobody is to be told.
    case paused
}

/// A worker, as it is shown to people.
package struct WorkerView: Sendable, Hashable {
    package var key: String
    package var state: WorkerState
    package var lastBeat: Timestamp?
    /// When the next beat is expected; nil for one that is down or paused.
    package var expectedAt: Timestamp?
    /// When it is down unless it beats.
    package var downAt: Timestamp?
    /// Since when it is down.
    package var downSince: Timestamp?
    /// The gaps between its last beats, the newest last.
    package var gaps: [Duration]

    package init(
        key: String,
        state: WorkerState,
        lastBeat: Timestamp? = nil,
        expectedAt: Timestamp? = nil,
        downAt: Timestamp? = nil,
        downSince: Timestamp? = nil,
        gaps: [Duration] = []
    ) {
        self.key = key
        self.state = state
        self.lastBeat = lastBeat
        self.expectedAt = expectedAt
        self.downAt = downAt
        self.downSince = downSince
        self.gaps = gaps
    }
}

/// A change from one state to another, at the time at which it came true, however late it was noticed.
package struct WorkerFlip: Sendable, Hashable {
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        case beat
        /// No beat came in time.
        case timeout
        /// It said that it failed.
        case failure = "fail"
        case paused
        case resumed
    }

    package var key: String
    package var from: WorkerState
    package var to: WorkerState
    package var at: Timestamp
    package var reason: Reason
    package var lastBeat: Timestamp?
}

/// The gaps between the beats of one worker, as far as they are looked at.
struct BeatGaps: Sendable, Hashable {
    /// Gaps that have to grow in a row before it is told.
    static let watched = 4
    /// Each of them by a quarter at least, and the last one is twice the first.
    static let growth = 1.25
    static let total = 2.0

    private(set) var gaps: [Int64] = []
    private var isTold = false

    init() {}

    /// True when the gaps have grown and that was not told since they last shrank.
    mutating func add(_ gap: Int64) -> Bool {
        if let last = self.gaps.last, gap <= last { self.isTold = false }
        self.gaps.append(max(0, gap))
        if self.gaps.count > Self.watched { self.gaps.removeFirst() }
        guard !self.isTold, self.gaps.count == Self.watched, let first = self.gaps.first, first > 0, gap > 0 else {
            return false
        }
        let grows = zip(self.gaps, self.gaps.dropFirst()).allSatisfy { Double($1) >= Double($0) * Self.growth }
        self.isTold = grows && Double(gap) >= Double(first) * Self.total
        return self.isTold
    }

    /// A gap in which beats may have been missed says nothing.
    mutating func clear() { self.gaps = [] }
}
