/// Keeps what happened, for longer than the state that decisions depend on.
///
/// How it is wired: the runtime records rows where they come to be (the desk its decisions, the audit contract its runs,
/// expectations, acknowledgements and findings, the intake what it quarantines) and does not wait; the composition root
/// makes the store from the key `history` (`sqlite:PATH` or `postgres://...`) and runs it as a service that is started
/// before and stopped after those that record: first `flush`, then its task is cancelled. The admin interface asks it
/// for runs and time lines.
package protocol HistoryStore: ReceiptBook {
    /// Takes rows to be stored soon. Never waits, not even for a lock that is held long.
    ///
    /// - Returns: How many were taken, from the first on. Those that were not are counted as lost; that happens only when
    ///   the buffer is full, which means that neither database nor disk keeps up.
    @discardableResult
    func record(_ rows: [HistoryRow]) -> Int

    /// Returns once everything recorded before the call survives the death of this process: it is in the database, or on
    /// disk from where it will be written to the database.
    ///
    /// - Throws: `HistoryError` when that is not so within the limit.
    func flush(within limit: Duration) async throws

    /// - Throws: `HistoryError` when the database does not answer in time.
    func runs(_ query: RunQuery) async throws -> RunPage

    /// What is known of a run, the earliest first; nil when nothing is.
    ///
    /// - Parameter limit: of rows, 1...100,000.
    func timeline(of runID: String, limit: Int) async throws -> RunTimeline?

    /// What became of the messages about these alerts, the newest first; of their alerts only these are named.
    func deliveries(ofAlerts ids: [String], limit: Int) async throws -> [DeliveryRecord]

    var figures: HistoryFigures { get }
}

/// What metrics and health tell of a history store. Counts are of rows since the start.
package struct HistoryFigures: Sendable, Hashable {
    /// Rows in memory, and how many there is room for.
    package var buffered = 0
    package var bufferLimit = 0
    package var recorded = 0
    /// Rows of runs that took the place of one that waited.
    package var merged = 0
    /// Rows that the database has taken, be it from memory or from disk.
    package var written = 0
    package var spilled = 0
    /// Bytes on disk that wait for the database.
    package var spillBytes: Int64 = 0
    /// Rows for which there was no room.
    package var lost = 0
    /// Rows that the database refuses for what they are.
    package var refused = 0
    /// Bytes of spilled rows that could not be read back.
    package var damagedBytes: Int64 = 0
    /// Rows removed because of their age, or to keep the database small.
    package var retired = 0
    /// Why the database cannot be written to now; nil while it can.
    package var trouble: String?

    package init() {}
}

/// Why history cannot be kept or read.
package struct HistoryError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The database cannot be used now: away, locked, full, read-only.
        case unavailable
        /// The database refuses the rows themselves.
        case refused
        /// The database was written by a newer version.
        case newerSchema = "newer_schema"
        /// The folder for spilled rows cannot be used.
        case spill
        /// Not done within the limit.
        case timedOut = "timed_out"
        case cancelled
    }

    package let code: Code
    /// One sentence; never holds a password.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(self.code.rawValue): \(self.message)" }
}
