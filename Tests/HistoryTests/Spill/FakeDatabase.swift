import Events
import Reactions
import Synchronization

@testable import Stores

/// A database in memory that does what it is told to.
final class FakeDatabase: HistoryDatabase {
    struct State {
        var rows: Set<StoredRow> = []
        var inserts = 0
        /// Thrown by every insertion.
        var failure: HistoryError?
        /// Rows that are refused for what they are.
        var refusesID: String?
    }

    let name = "fake"
    let state = Mutex(State())
    /// Held, an insertion does not end.
    let gate = Gate()

    var rowCount: Int { self.state.withLock { $0.rows.count } }

    func prepare(version: Int) async throws(HistoryError) {
        if let failure = self.state.withLock({ $0.failure }) { throw failure }
    }

    func insert(_ rows: [StoredRow]) async throws(HistoryError) {
        await self.gate.pass()
        let failure = self.state.withLock { state -> HistoryError? in
            state.inserts += 1
            if let failure = state.failure { return failure }
            if let id = state.refusesID, rows.contains(where: { $0.cells[1] == .text(id) }) {
                return HistoryError(.refused, "no")
            }
            state.rows.formUnion(rows)
            return nil
        }
        if let failure { throw failure }
    }

    func select(_ selection: HistorySelection) async throws(HistoryError) -> [StoredRow] { [] }

    func remove(from table: HistoryTable, before: Timestamp, limit: Int) async throws(HistoryError) -> Int { 0 }

    func usage(above bytes: Int64) async throws(HistoryError) -> HistoryUsage? { nil }

    func reclaim() async throws(HistoryError) {}
}

/// Lets everybody through, or nobody.
final class Gate: Sendable {
    private struct State {
        var isClosed = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func close() { self.state.withLock { $0.isClosed = true } }

    func open() {
        let waiters = self.state.withLock { state in
            state.isClosed = false
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func pass() async {
        await withCheckedContinuation { continuation in
            let mayPass = self.state.withLock { state in
                if state.isClosed { state.waiters.append(continuation) }
                return !state.isClosed
            }
            if mayPass { continuation.resume() }
        }
    }
}
