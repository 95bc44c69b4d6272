import Events
import GRDB
import Reactions
import Synchronization

/// History in a file, the default that needs no server. Readers do not wait for the writer (write-ahead log).
final class SQLiteHistory: HistoryDatabase {
    private let path: String
    private let pool = Mutex<DatabasePool?>(nil)
    /// How long a lock that another program holds is waited for.
    private static let lockLimit = 5.0

    init(path: String) {
        self.path = path
    }

    var name: String { "sqlite:\(self.path)" }

    func prepare(version: Int) async throws(HistoryError) {
        let pool = try self.open()
        try await Self.translating {
            try await pool.write { database in
                try database.execute(sql: "CREATE TABLE IF NOT EXISTS history_schema (version BIGINT PRIMARY KEY)")
                let sql = "SELECT coalesce(max(version), 0) FROM history_schema"
                let present = try Int.fetchOne(database, sql: sql) ?? 0
                guard present <= HistoryMigrations.newest else { throw HistoryError.newerSchema(present, self.name) }
                for step in stride(from: present + 1, through: version, by: 1) {
                    for statement in HistoryMigrations.statements(to: step, .sqlite) {
                        try database.execute(sql: statement)
                    }
                    try database.execute(sql: "INSERT INTO history_schema VALUES (?)", arguments: [step])
                }
            }
        }
    }

    func insert(_ rows: [StoredRow]) async throws(HistoryError) {
        let pool = try self.open()
        try await Self.translating {
            try await pool.write { database in
                for (table, rows) in StoredRow.byTable(rows) {
                    let insertion = try SQLiteInsertion(into: table, database)
                    for row in rows { try insertion.insert(row) }
                }
            }
        }
    }

    func select(_ selection: HistorySelection) async throws(HistoryError) -> [StoredRow] {
        let pool = try self.open()
        return try await Self.translating {
            try await pool.read { database in
                try Row.fetchAll(
                    database,
                    sql: HistorySQL.select(selection),
                    arguments: StatementArguments(selection.parameters.map(Self.value))
                ).map { row in
                    StoredRow(
                        table: selection.table,
                        cells: row.databaseValues.map { value in
                            switch value.storage {
                            case .null, .blob: .null
                            case .int64(let value): .integer(value)
                            case .double(let value): .real(value)
                            case .string(let text): .text(text)
                            }
                        }
                    )
                }
            }
        }
    }

    func remove(from table: HistoryTable, before: Timestamp, limit: Int) async throws(HistoryError) -> Int {
        let pool = try self.open()
        return try await Self.translating {
            try await pool.write { database in
                let arguments: StatementArguments = [before.microseconds, limit]
                try database.execute(sql: HistorySQL.remove(from: table), arguments: arguments)
                return database.changesCount
            }
        }
    }

    func usage(above bytes: Int64) async throws(HistoryError) -> HistoryUsage? {
        let pool = try self.open()
        return try await Self.translating {
            try await pool.read { database in
                let sizes =
                    "SELECT (page_count - freelist_count) * page_size"
                    + " FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()"
                let used = try Int64.fetchOne(database, sql: sizes) ?? 0
                guard used > bytes else { return nil }
                var rows = 0
                for table in HistoryTable.allCases {
                    rows += try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table.name)") ?? 0
                }
                return HistoryUsage(rows: rows, bytes: used)
            }
        }
    }

    /// Gives free pages back to the file system, a mebibyte or so at a time.
    func reclaim() async throws(HistoryError) {
        let pool = try self.open()
        try await Self.translating {
            var hasMore = true
            while hasMore, !Task.isCancelled {
                hasMore = try await pool.writeWithoutTransaction { database in
                    // The statement frees one page for each row that is asked of it.
                    _ = try Row.fetchAll(database, sql: "PRAGMA incremental_vacuum(256)")
                    return try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0 > 0
                }
            }
        }
    }

    private func open() throws(HistoryError) -> DatabasePool {
        try self.pool.withLock { pool throws(HistoryError) in
            if let pool { return pool }
            var configuration = Configuration()
            configuration.busyMode = .timeout(Self.lockLimit)
            configuration.prepareDatabase { database in
                // Readers write nothing, not even a setting.
                guard !database.configuration.readonly else { return }
                // Before the first table, or the file never shrinks again.
                try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
                // A batch costs one sync; without it, acknowledged rows could go with the power.
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
            do {
                let opened = try DatabasePool(path: self.path, configuration: configuration)
                pool = opened
                return opened
            } catch {
                throw Self.translated(error)
            }
        }
    }

    private static func value(_ cell: HistoryCell) -> DatabaseValue {
        switch cell {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .real(let value): value.databaseValue
        case .text(let text): text.databaseValue
        }
    }

    private static func translating<Result>(
        _ body: () async throws -> Result
    ) async throws(HistoryError) -> Result {
        do {
            return try await body()
        } catch {
            throw Self.translated(error)
        }
    }

    private static func translated(_ error: any Error) -> HistoryError {
        switch error {
        case let error as HistoryError: return error
        case is CancellationError: return HistoryError(.cancelled, "the call was given up")
        case let error as DatabaseError:
            // The message alone: the description would repeat what was to be stored.
            let message = "SQLite: \(error.message ?? "error \(error.resultCode.rawValue)")"
            switch error.resultCode {
            case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG: return HistoryError(.refused, message)
            case .SQLITE_INTERRUPT, .SQLITE_ABORT: return HistoryError(.cancelled, message)
            default: return HistoryError(.unavailable, message)
            }
        default: return HistoryError(.unavailable, "SQLite: \(type(of: error))")
        }
    }
}

extension HistoryError {
    static func newerSchema(_ version: Int, _ name: String) -> HistoryError {
        HistoryError(
            .newerSchema,
            "\(name) has version \(version) of the tables, and this program knows up to \(HistoryMigrations.newest)"
        )
    }
}
