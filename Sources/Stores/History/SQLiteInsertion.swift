import GRDB
import GRDBSQLite

/// Inserts rows of one table, with their cells bound where they stand: a list of values for each row, checked and copied,
/// would cost more than what SQLite does with them.
struct SQLiteInsertion {
    private let database: Database
    private let statement: Statement
    private let columns: CInt

    init(into table: HistoryTable, _ database: Database) throws {
        let columns = table.columns
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        self.database = database
        self.statement = try database.cachedStatement(
            sql: HistorySQL.insert(into: table, source: "VALUES (\(marks))")
        )
        self.columns = CInt(columns.count)
    }

    func insert(_ row: StoredRow) throws {
        let handle = self.statement.sqliteStatement
        try row.withCells { cells in
            // Nothing that is bound outlives the row.
            defer {
                sqlite3_reset(handle)
                sqlite3_clear_bindings(handle)
            }
            var column: CInt = 0
            // A row that an older version spilled may have fewer cells; the rest is null.
            while column < self.columns, let cell = cells.next() {
                column += 1
                try self.check(Self.bind(cell, to: column, of: handle), SQLITE_OK)
            }
            try self.check(sqlite3_step(handle), SQLITE_DONE)
        }
    }

    private static func bind(_ cell: PlacedCell, to column: CInt, of handle: OpaquePointer) -> CInt {
        switch cell {
        case .null: sqlite3_bind_null(handle, column)
        case .integer(let value): sqlite3_bind_int64(handle, column, value)
        case .real(let value): sqlite3_bind_double(handle, column, value)
        case .text(let text):
            // No destructor: the text stays where it is until it is not bound any more.
            sqlite3_bind_text(
                handle,
                column,
                text.start.assumingMemoryBound(to: CChar.self),
                CInt(text.count),
                nil
            )
        }
    }

    private func check(_ code: CInt, _ expected: CInt) throws {
        guard code != expected else { return }
        throw DatabaseError(resultCode: ResultCode(rawValue: code), message: self.database.lastErrorMessage)
    }
}
