import Events
import Reactions

/// What history needs of a database. All calls may be made at any time from anywhere; none waits for ever.
protocol HistoryDatabase: Sendable {
    /// Where it is, for people; without secrets.
    var name: String { get }

    /// Connects, and brings the tables to the given version.
    func prepare(version: Int) async throws(HistoryError)

    /// Stores rows, all of them or none. Those that are there already are left as they are.
    func insert(_ rows: [StoredRow]) async throws(HistoryError)

    func select(_ selection: HistorySelection) async throws(HistoryError) -> [StoredRow]

    /// Removes the oldest rows before an instant, at most `limit` of them; returns how many those were.
    func remove(from table: HistoryTable, before: Timestamp, limit: Int) async throws(HistoryError) -> Int

    /// How much there is, if it may be more than so many bytes; an estimate.
    func usage(above bytes: Int64) async throws(HistoryError) -> HistoryUsage?

    /// Gives the room of removed rows back, or makes it ready to be used again.
    func reclaim() async throws(HistoryError)
}

struct HistoryUsage: Sendable, Hashable {
    var rows: Int
    var bytes: Int64
}

/// A question: which rows of a table, in which order.
struct HistorySelection: Sendable {
    var table: HistoryTable
    /// Conditions that all must hold, with `?` for each parameter.
    var conditions: [String] = []
    var parameters: [HistoryCell] = []
    var order: String
    var limit: Int
    var offset = 0

    init(_ table: HistoryTable, order: String, limit: Int) {
        self.table = table
        self.order = order
        self.limit = limit
    }

    mutating func require(_ condition: String, _ parameters: HistoryCell...) {
        self.conditions.append(condition)
        self.parameters += parameters
    }
}

/// The statements, with `?` for parameters.
enum HistorySQL {
    static func select(_ selection: HistorySelection) -> String {
        let columns = selection.table.columns.map(\.name).joined(separator: ", ")
        let condition = selection.conditions.isEmpty ? "" : " WHERE " + selection.conditions.joined(separator: " AND ")
        return "SELECT \(columns) FROM \(selection.table.name)\(condition) ORDER BY \(selection.order)"
            + " LIMIT \(selection.limit) OFFSET \(selection.offset)"
    }

    /// - Parameter source: what gives the values of all columns: `VALUES (?, ...)`, or `SELECT * FROM unnest(...)`.
    static func insert(into table: HistoryTable, source: String) -> String {
        let columns = table.columns.map(\.name)
        return "INSERT INTO \(table.name) (\(columns.joined(separator: ", "))) \(source) ON CONFLICT (run_id, id) DO "
            + (table == .runs ? Self.update(columns) : "NOTHING")
    }

    static func remove(from table: HistoryTable) -> String {
        let condition = table.removable.map { " AND \($0)" } ?? ""
        return "DELETE FROM \(table.name) WHERE (run_id, id) IN"
            + " (SELECT run_id, id FROM \(table.name) WHERE at < ?\(condition) ORDER BY at LIMIT ?)"
    }

    /// The higher revision counts; of equal ones the row that was recorded later.
    private static func update(_ columns: [String]) -> String {
        // Whoever writes later may know less of these.
        let kept = ["agent", "outcome", "ended_at"]
        let changes = columns.dropFirst(2).map { name in
            kept.contains(name) ? "\(name) = coalesce(excluded.\(name), runs.\(name))" : "\(name) = excluded.\(name)"
        }.joined(separator: ", ")
        return "UPDATE SET \(changes) WHERE excluded.revision >= runs.revision"
    }
}
