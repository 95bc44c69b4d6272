import Events
package import Logging
package import Reactions
import Synchronization

/// Takes receipts from the state store, which keeps the newest of all reactors, to history, which keeps them longer.
///
/// It follows the store's order from where it was, so what was decided is in history however the reactor that decided
/// it ended, and recording it twice is harmless. Nobody waits for it: while history or the store is away, it stays
/// behind, and the receipts wait in the store.
package final class ReceiptArchive: Sendable {
    package struct Counts: Sendable, Hashable {
        package var archived: UInt64 = 0
        /// Times that the store had let go of receipts before they were taken over.
        package var gaps: UInt64 = 0
    }

    private struct State {
        var cursor: String?
        var counts = Counts()
        /// What was recorded since the place was written down.
        var isNoted = true
        /// Whether somebody takes receipts over now.
        var isBusy = false
    }

    /// Receipts of one step.
    private static let batchSize = 500
    /// Between two looks when nobody rings: other reactors decide as well.
    private static let interval = Duration.seconds(1)
    /// How long history may take to make what it took survive, before its place is written down.
    private static let flushLimit = Duration.seconds(5)

    private let store: any StateStore
    private let history: any HistoryStore
    private let bookmark: ArchiveBookmark?
    private let logger: Logger
    private let signal = WakeSignal()
    private let state: Mutex<State>

    /// - Parameter bookmark: where the place is kept over restarts; nil for a store that forgets as well.
    package init(
        store: any StateStore,
        history: any HistoryStore,
        bookmark: ArchiveBookmark?,
        logger: Logger
    ) {
        self.store = store
        self.history = history
        self.bookmark = bookmark
        self.logger = logger
        self.state = Mutex(State(cursor: bookmark?.read()))
    }

    package var counts: Counts { self.state.withLock { $0.counts } }

    /// Says that something was decided.
    package func ring() { self.signal.ring() }

    /// Follows until the task is cancelled.
    package func run() async {
        var notedAt = ContinuousClock.now
        while !Task.isCancelled {
            await self.signal.wait(atMost: Self.interval)
            guard !Task.isCancelled else { return }
            await self.catchUp()
            if ContinuousClock.now - notedAt >= Self.interval {
                notedAt = .now
                await self.note()
            }
        }
    }

    /// Takes over all that was decided until now, and writes the place down.
    package func finish() async {
        await self.catchUp()
        await self.note()
    }

    /// Takes over all that was decided until now; stops early when the store or history cannot.
    package func catchUp() async {
        // One at a time, or they would be taken over twice.
        while !self.begin() {
            guard (try? await Task.sleep(for: .milliseconds(2))) != nil else { return }
        }
        defer { self.state.withLock { $0.isBusy = false } }
        do {
            var hasMore = true
            while hasMore, !Task.isCancelled {
                let cursor = self.state.withLock { $0.cursor }
                let tail = try await self.store.decisions(after: cursor, limit: Self.batchSize)
                let rows = tail.records.map { HistoryRow(decision: $0) }
                // What does not fit is asked for again; the store still has it.
                guard rows.isEmpty || self.history.hasRoom(for: rows.count) else { return }
                let taken = self.history.record(rows)
                guard taken == rows.count else { return }
                self.advance(to: tail, taken)
                hasMore = tail.hasMore
            }
        } catch {
            self.logger.debug("receipts cannot be taken to history now", error: error, metadata: [:])
        }
    }

    private func begin() -> Bool {
        self.state.withLock { state in
            guard !state.isBusy else { return false }
            state.isBusy = true
            return true
        }
    }

    private func advance(to tail: DecisionTail, _ taken: Int) {
        let isGap = self.state.withLock { state in
            // Of a store that was emptied nothing is known.
            if tail.end != state.cursor { state.isNoted = false }
            state.cursor = tail.end
            state.counts.archived += UInt64(taken)
            let isGap = tail.hasGap && !tail.records.isEmpty
            if isGap { state.counts.gaps += 1 }
            return isGap
        }
        if isGap {
            self.logger.warning("the state store let go of receipts before history had them", metadata: [:])
        }
    }

    private func note() async {
        guard let bookmark else { return }
        let cursor: String? = self.state.withLock { $0.isNoted ? nil : $0.cursor }
        guard let cursor else { return }
        do {
            try await self.history.flush(within: Self.flushLimit)
            try bookmark.write(cursor)
            self.state.withLock { if $0.cursor == cursor { $0.isNoted = true } }
        } catch {
            self.logger.debug("the place in the receipts is not written down", error: error, metadata: [:])
        }
    }
}

extension HistoryStore {
    fileprivate func hasRoom(for rows: Int) -> Bool {
        let figures = self.figures
        return figures.bufferLimit - figures.buffered >= rows
    }
}
