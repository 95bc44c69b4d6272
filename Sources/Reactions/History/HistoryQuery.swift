package import Events

/// Which runs, the newest first; nil means any.
package struct RunQuery: Sendable, Hashable {
    package var tenant: String?
    /// True: those that have not ended.
    package var isOpen: Bool?
    /// `STALE`, for example.
    package var status: String?
    package var startedSince: Timestamp?
    /// What the page before ended with.
    package var after: RunCursor?
    /// 1...1000.
    package var limit = 100

    package init() {}
}

/// A place in the order of runs: by start, then by id, both descending.
package struct RunCursor: Sendable, Hashable {
    package var startedAt: Timestamp
    package var runID: String

    package init(startedAt: Timestamp, runID: String) {
        self.startedAt = startedAt
        self.runID = runID
    }

    /// As an address carries it: microseconds, a point, the id.
    package var text: String { "\(self.startedAt.microseconds).\(self.runID)" }

    /// Nil for what is no cursor.
    package init?(text: String) {
        guard let point = text.firstIndex(of: "."), let microseconds = Int64(text[..<point]) else { return nil }
        self.init(startedAt: Timestamp(microseconds: microseconds), runID: String(text[text.index(after: point)...]))
    }
}

/// A page of runs, and where the next one begins; nil after the last.
package struct RunPage: Sendable, Hashable {
    package var runs: [HistoryRow]
    package var next: RunCursor?

    package init(runs: [HistoryRow], next: RunCursor?) {
        self.runs = runs
        self.next = next
    }
}

/// All that happened to a run, in the order of time.
package struct RunTimeline: Sendable, Hashable {
    /// Nil when only parts of it are known.
    package var run: HistoryRow?
    package var rows: [HistoryRow]
    /// Whether there are more rows than were asked for.
    package var isCut: Bool

    package init(run: HistoryRow?, rows: [HistoryRow], isCut: Bool) {
        self.run = run
        self.rows = rows
        self.isCut = isCut
    }
}
