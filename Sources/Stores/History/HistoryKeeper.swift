package import Events
package import Logging
package import Reactions
import Synchronization

/// History in a database that may be away: rows go into a bounded buffer, from there to the database in batches, and to
/// disk while the database is away or too slow; what is on disk follows as soon as it is back.
///
/// Nothing that was taken is given up for a failure of the database: each batch is in the database or on disk before it
/// leaves memory, and one whose outcome is not known is written again, which its keys make harmless.
package final class HistoryKeeper: HistoryStore {
    struct State {
        var buffer: HistoryBuffer
        var figures = HistoryFigures()
        /// Rows are not written now but spilled.
        var isAway = false
        /// Nobody works any more: what is recorded now would be forgotten.
        var isClosed = false
        var waiters: [UInt64: Waiter] = [:]
        var nextWaiter: UInt64 = 0
    }

    struct Waiter {
        let target: UInt64
        let continuation: CheckedContinuation<Void, Never>
    }

    let settings: HistorySettings
    let database: any HistoryDatabase
    let spill: SpillFolder
    let logger: Logger
    let now: @Sendable () -> Timestamp
    let state: Mutex<State>
    let writeBell = Bell()
    let spillBell = Bell()
    /// Rows in line from which on some go to disk. Above the half at which events are left out: rows that are read back
    /// from disk cost twice, and a database that is only slow catches up when it gets fewer of them.
    private let highWater: Int

    /// - Parameter now: the wall clock, by which rows grow old.
    package convenience init(_ settings: HistorySettings, logger: Logger, now: @escaping @Sendable () -> Timestamp) {
        let database: any HistoryDatabase
        switch settings.location {
        case .sqlite(let path): database = SQLiteHistory(path: path)
        case .postgres(let endpoint):
            var limits = PostgresHistory.Limits()
            limits.write = settings.writeLimit
            limits.read = settings.readLimit
            database = PostgresHistory(endpoint, limits: limits)
        }
        self.init(settings, database: database, logger: logger, now: now)
    }

    init(
        _ settings: HistorySettings,
        database: any HistoryDatabase,
        logger: Logger,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.settings = settings
        self.database = database
        self.logger = logger
        self.now = now
        let fileLimit = max(1 << 20, min(64 << 20, settings.spillBytes / 8))
        self.spill = SpillFolder(path: settings.spillFolder, limit: settings.spillBytes, fileLimit: fileLimit)
        self.state = Mutex(State(buffer: HistoryBuffer(limit: settings.bufferedRows)))
        self.highWater = settings.bufferedRows / 4 * 3
    }

    /// Where the database is, without secrets.
    package var name: String { self.database.name }

    /// Connects, brings the tables up to date and takes the folder for spilled rows: for a start that is to fail early.
    package func check() async throws(HistoryError) {
        try await self.spill.open()
        try await self.database.prepare(version: HistoryMigrations.newest)
    }

    /// Takes the folder for spilled rows for this process alone.
    package func takeSpillFolder() async throws(HistoryError) { try await self.spill.open() }

    /// Works until the task is cancelled; then puts on disk what is not in the database, and returns. Call once: rows
    /// that are recorded afterwards are lost, and counted so.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.write() }
            group.addTask { await self.spillOver() }
            group.addTask { await self.retire() }
        }
        self.state.withLock { $0.isClosed = true }
        await self.spillRest()
    }

    @discardableResult
    package func record(_ rows: [HistoryRow]) -> Int {
        let (taken, waiting, isAway) = self.state.withLock { state in
            let taken = state.isClosed ? 0 : state.buffer.append(rows)
            state.figures.recorded += taken
            state.figures.lost += rows.count - taken
            return (taken, state.buffer.waiting, state.isAway)
        }
        self.writeBell.ring()
        if isAway || waiting > self.highWater { self.spillBell.ring() }
        return taken
    }

    package func flush(within limit: Duration) async throws {
        let target = self.state.withLock { $0.buffer.end }
        self.writeBell.ring()
        self.spillBell.ring()
        let isStored = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.waitUntilStored(target)
                return true
            }
            group.addTask {
                try? await ContinuousClock().sleep(for: limit)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() == true
        }
        guard !isStored || self.state.withLock({ $0.buffer.storedUpTo }) < target else { return }
        try Task.checkCancellation()
        throw HistoryError(.timedOut, "rows are neither in the database nor on disk after \(limit)")
    }

    package var figures: HistoryFigures {
        self.state.withLock { state in
            var figures = state.figures
            figures.buffered = state.buffer.count
            figures.bufferLimit = state.buffer.limit
            figures.merged = state.buffer.merged
            return figures
        }
    }

    // MARK: What the workers share

    func take() -> HistoryBuffer.Chunk? {
        self.state.withLock { $0.buffer.take(self.settings.batchRows) }
    }

    /// Whether so many rows are in line that waiting makes no batch larger, or the line too long.
    var hasBatch: Bool {
        self.state.withLock { $0.buffer.waiting >= min(self.settings.batchRows, self.settings.bufferedRows / 4) }
    }

    /// Whether rows should go to disk although they wait for the database.
    var mustSpill: Bool {
        self.state.withLock { $0.buffer.waiting > 0 && ($0.isAway || $0.buffer.waiting > self.highWater) }
    }

    /// The chunk is in the database or on disk.
    func settle(_ chunk: HistoryBuffer.Chunk) {
        let ready = self.state.withLock { state in
            state.buffer.settle(chunk)
            let stored = state.buffer.storedUpTo
            let ready = state.waiters.filter { $0.value.target <= stored }
            for key in ready.keys { state.waiters[key] = nil }
            return ready.values.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    func putBack(_ chunk: HistoryBuffer.Chunk) {
        self.state.withLock { $0.buffer.putBack(chunk) }
    }

    func count(_ change: (inout HistoryFigures) -> Void) {
        self.state.withLock { change(&$0.figures) }
    }

    /// Puts rows on disk.
    ///
    /// - Returns: Whether they are there.
    func spill(_ rows: [StoredRow]) async -> Bool {
        do throws(HistoryError) {
            guard try await self.spill.append(rows) else {
                self.logger.error("history: the folder for spilled rows is full", metadata: ["rows": "\(rows.count)"])
                return false
            }
        } catch {
            self.logger.error("history: rows cannot be spilled", metadata: ["error": "\(error)"])
            return false
        }
        let bytes = await self.spill.bytes
        self.count {
            $0.spilled += rows.count
            $0.spillBytes = bytes
        }
        return true
    }

    private func waitUntilStored(_ target: UInt64) async {
        let id = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = self.state.withLock { state in
                    guard state.buffer.storedUpTo < target, !Task.isCancelled else { return true }
                    state.waiters[id] = Waiter(target: target, continuation: continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let waiter = self.state.withLock { $0.waiters.removeValue(forKey: id) }
            waiter?.continuation.resume()
        }
    }
}
