import Events
import PostgresClient
import Reactions

/// History in a PostgreSQL server. Writing and reading have a connection each, so that nobody who asks waits for a batch.
final class PostgresHistory: HistoryDatabase {
    struct Limits: Sendable {
        /// How long a batch may take until it is taken for lost, and written again.
        var write = Duration.seconds(5)
        var read = Duration.seconds(5)
        /// How long a step of a migration may take.
        var migration = Duration.seconds(60)
    }

    /// Where the tables are: not among those of an application that the database may belong to, which has its own
    /// `runs` and `alerts`.
    static let schema = "aos_reactor"

    private let writer: PostgresConnection
    private let reader: PostgresConnection
    private let limits: Limits
    /// Whoever changes the tables holds this lock until the end of its transaction; an arbitrary number of ours.
    private static let lock = PostgresStatement("SELECT pg_advisory_xact_lock(7309454031870225271)")

    init(_ endpoint: PostgresEndpoint, limits: Limits = Limits()) {
        var settings = PostgresConnection.Settings()
        settings.statementLimit = max(limits.write, limits.read)
        settings.schema = Self.schema
        self.writer = PostgresConnection(endpoint, settings: settings)
        self.reader = PostgresConnection(endpoint, settings: settings)
        self.limits = limits
    }

    var name: String { self.writer.endpoint.displayName }

    func prepare(version: Int) async throws(HistoryError) {
        try await self.makeSchema()
        let create = PostgresStatement("CREATE TABLE IF NOT EXISTS history_schema (version BIGINT PRIMARY KEY)")
        let look = PostgresStatement("SELECT coalesce(max(version), 0) FROM history_schema")
        let limit = self.limits.migration
        let answers = try await Self.translating { () async throws(PostgresError) in
            try await self.writer.run([Self.lock, create, look], within: limit)
        }
        let present = answers[2].first.flatMap { Int($0) } ?? 0
        guard present <= HistoryMigrations.newest else { throw .newerSchema(present, self.name) }
        for step in stride(from: present + 1, through: version, by: 1) {
            // Two replicas may come here at once: the second one to get the lock finds the version taken, and nothing of
            // its transaction has effect.
            let take = PostgresStatement("INSERT INTO history_schema VALUES ($1)", [.integer(Int64(step))])
            let changes = HistoryMigrations.statements(to: step, .postgres).map { PostgresStatement($0) }
            do throws(PostgresError) {
                _ = try await self.writer.run([Self.lock, take] + changes, within: limit)
            } catch {
                guard error.sqlState == "23505" else { throw Self.translated(error) }
            }
        }
    }

    /// Asked for only when it is missing: to make one takes a right that the user may not have and need not have.
    private func makeSchema() async throws(HistoryError) {
        let limit = self.limits.migration
        let look = PostgresStatement("SELECT 1 FROM pg_namespace WHERE nspname = $1", [.text(Self.schema)])
        let create = PostgresStatement("CREATE SCHEMA IF NOT EXISTS \(Self.schema)")
        try await Self.translating { () async throws(PostgresError) in
            guard try await self.writer.run([look], within: limit)[0].first == nil else { return }
            _ = try await self.writer.run([Self.lock, create], within: limit)
        }
    }

    /// One statement a table, all in one transaction and one round trip.
    func insert(_ rows: [StoredRow]) async throws(HistoryError) {
        let limit = self.limits.write
        let statements = StoredRow.byTable(rows).map { Self.insertion(of: StoredRow.merged($0.rows), into: $0.table) }
        _ = try await Self.translating { () async throws(PostgresError) in
            try await self.writer.run(statements, within: limit)
        }
    }

    func select(_ selection: HistorySelection) async throws(HistoryError) -> [StoredRow] {
        let limit = self.limits.read
        let statement = PostgresStatement(
            Self.numbered(HistorySQL.select(selection)),
            selection.parameters.map(Self.value)
        )
        let answer = try await Self.translating { () async throws(PostgresError) in
            try await self.reader.run([statement], within: limit)[0]
        }
        let columns = selection.table.columns
        return answer.rows.map { row in
            StoredRow(table: selection.table, cells: zip(row, columns).map { Self.cell($0, $1.kind) })
        }
    }

    func remove(from table: HistoryTable, before: Timestamp, limit: Int) async throws(HistoryError) -> Int {
        let timeLimit = self.limits.write
        let statement = PostgresStatement(
            Self.numbered(HistorySQL.remove(from: table)),
            [.integer(before.microseconds), .integer(Int64(limit))]
        )
        return try await Self.translating { () async throws(PostgresError) in
            try await self.writer.run([statement], within: timeLimit)[0].affected
        }
    }

    /// What tables and indexes take on disk is an upper bound, because removed rows leave room in them. When that is too
    /// much, the rows are counted and weighed by the server's own samples.
    func usage(above bytes: Int64) async throws(HistoryError) -> HistoryUsage? {
        let limit = self.limits.migration
        let names = PostgresValue.texts(HistoryTable.allCases.map(\.name))
        let onDisk =
            "SELECT coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::bigint FROM unnest($1) AS name"
        // 28 bytes are a row's header and pointer; an index entry has about as much beside its columns, which weigh
        // again about as much as the key.
        let living = """
            SELECT coalesce(sum(rows), 0)::bigint, coalesce(sum(rows * (width + 28 + indexes * 64)), 0)::bigint FROM (
                SELECT greatest(c.reltuples, 0) AS rows,
                    (SELECT coalesce(sum(s.avg_width), 0) FROM pg_stats s
                        WHERE s.schemaname = n.nspname AND s.tablename = c.relname) AS width,
                    (SELECT count(*) FROM pg_index i WHERE i.indrelid = c.oid) AS indexes
                FROM unnest($1) AS name JOIN pg_class c ON c.oid = to_regclass(name)
                    JOIN pg_namespace n ON n.oid = c.relnamespace
            ) AS t
            """
        let analyze = HistoryTable.allCases.map { PostgresStatement("ANALYZE \($0.name)") }
        let answer = try await Self.translating { () async throws(PostgresError) -> PostgresAnswer? in
            let size = try await self.writer.run(onDisk, [names], within: limit).first.flatMap { Int64($0) } ?? 0
            guard size > bytes else { return nil }
            _ = try await self.writer.run(analyze, within: limit)
            return try await self.writer.run(living, [names], within: limit)
        }
        guard let row = answer?.rows.first, let rows = row[0].flatMap({ Int($0) }),
            let live = row[1].flatMap({ Int64($0) }), live > bytes
        else { return nil }
        return HistoryUsage(rows: rows, bytes: live)
    }

    /// Makes the room of removed rows usable again now, without waiting for the server to think of it.
    func reclaim() async throws(HistoryError) {
        let limit = self.limits.migration
        for table in HistoryTable.allCases {
            _ = try await Self.translating { () async throws(PostgresError) in
                try await self.writer.run("VACUUM \(table.name)", within: limit)
            }
        }
    }

    /// The rows as one array a column: one statement and one plan for any number of rows.
    private static func insertion(of rows: [StoredRow], into table: HistoryTable) -> PostgresStatement {
        let columns = table.columns
        let marks = columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        var arrays = columns.map { PostgresArray(of: $0.kind.elementType) }
        for row in rows {
            row.withCells { cells in
                // A row that an older version spilled may have fewer cells; the rest is null.
                for index in arrays.indices {
                    switch (cells.next() ?? .null, columns[index].kind) {
                    case (.text(let text), .text): arrays[index].append(text.bytes)
                    case (.integer(let value), .integer): arrays[index].append(value)
                    case (.real(let value), .real): arrays[index].append(value)
                    default: arrays[index].appendNull()
                    }
                }
            }
        }
        let sql = HistorySQL.insert(into: table, source: "SELECT * FROM unnest(\(marks))")
        return PostgresStatement(sql, arrays.map(PostgresValue.array))
    }

    /// `$1`, `$2`, ... for the question marks, which our statements have nowhere else.
    private static func numbered(_ sql: String) -> String {
        var number = 0
        return sql.split(separator: "?", omittingEmptySubsequences: false).reduce(into: "") { text, part in
            if number > 0 { text += "$\(number)" }
            text += part
            number += 1
        }
    }

    private static func value(_ cell: HistoryCell) -> PostgresValue {
        switch cell {
        case .null: .null
        case .integer(let value): .integer(value)
        case .real(let value): .double(value)
        case .text(let text): .text(text)
        }
    }

    private static func cell(_ text: String?, _ kind: HistoryColumn.Kind) -> HistoryCell {
        guard let text else { return .null }
        switch kind {
        case .text: return .text(text)
        case .integer: return Int64(text).map { .integer($0) } ?? .null
        case .real: return Double(text).map { .real($0) } ?? .null
        }
    }

    private static func translating<Result>(
        _ body: () async throws(PostgresError) -> Result
    ) async throws(HistoryError) -> Result {
        do throws(PostgresError) {
            return try await body()
        } catch {
            throw Self.translated(error)
        }
    }

    private static func translated(_ error: PostgresError) -> HistoryError {
        let code: HistoryError.Code =
            switch error.code {
            case .cancelled: .cancelled
            case .server where error.blamesData: .refused
            case .invalidURL, .connectFailed, .connectionLost, .timedOut, .server: .unavailable
            }
        return HistoryError(code, "PostgreSQL: \(error.message)" + (error.sqlState.map { " (\($0))" } ?? ""))
    }
}

extension HistoryColumn.Kind {
    fileprivate var elementType: PostgresArray.ElementType {
        switch self {
        case .text: .text
        case .integer: .integer
        case .real: .double
        }
    }
}
