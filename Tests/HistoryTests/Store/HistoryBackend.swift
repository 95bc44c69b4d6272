import Events
import FoundationEssentials
import GRDB
import Logging
import PostgresClient
import Reactions
import ReactorTestKit
import Testing

@testable import Stores

/// The databases that history must be the same in.
enum HistoryBackend: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite
    case postgres

    var testDescription: String { self.rawValue }
}

/// One database of a test: what it is, and a folder for what else the test needs.
struct HistoryPlace: Sendable {
    let location: HistorySettings.Location
    let folder: String
    /// The server, when there is one.
    let server: PostgresServer?

    func settings(spill: String = "spill", _ change: (inout HistorySettings) -> Void = { _ in }) -> HistorySettings {
        var settings = HistorySettings(location: self.location, spillFolder: "\(self.folder)/\(spill)")
        settings.retention.age = nil
        change(&settings)
        return settings
    }

    func keeper(
        spill: String = "spill",
        _ change: (inout HistorySettings) -> Void = { _ in }
    ) -> HistoryKeeper {
        HistoryKeeper(self.settings(spill: spill, change), logger: .silent, now: { HistorySample.now })
    }

    func database() -> any HistoryDatabase {
        switch self.location {
        case .sqlite(let path): SQLiteHistory(path: path)
        case .postgres(let endpoint): PostgresHistory(endpoint)
        }
    }

    /// Asks the database itself, past all that is tested; one text a row.
    func ask(_ sql: String) async throws -> [String?] {
        switch self.location {
        case .sqlite(let path):
            let queue = try DatabaseQueue(path: path)
            return try await queue.read { database in
                try Row.fetchAll(database, sql: sql).map { row in
                    switch (row[0] as DatabaseValue).storage {
                    case .null, .blob: nil
                    case .int64(let value): String(value)
                    case .double(let value): String(value)
                    case .string(let text): text
                    }
                }
            }
        case .postgres(let endpoint):
            var settings = PostgresConnection.Settings()
            settings.schema = PostgresHistory.schema
            let connection = PostgresConnection(endpoint, settings: settings)
            return try await connection.run(sql, within: .seconds(30)).rows.map { $0[0] }
        }
    }

    func count(_ table: HistoryTable) async throws -> Int {
        try await self.ask("SELECT count(*) FROM \(table.name)").first.flatMap { $0.flatMap { Int($0) } } ?? -1
    }
}

/// Gives `body` an empty database.
func withHistory<Result: Sendable>(
    _ backend: HistoryBackend,
    _ body: (HistoryPlace) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        switch backend {
        case .sqlite:
            try await body(HistoryPlace(location: .sqlite(path: folder + "/history.db"), folder: folder, server: nil))
        case .postgres:
            try await withPostgresServer { server in
                let endpoint = try PostgresEndpoint(url: server.url())
                return try await body(HistoryPlace(location: .postgres(endpoint), folder: folder, server: server))
            }
        }
    }
}

extension HistoryKeeper {
    /// Lets the keeper work while `body` runs.
    func whileRunning<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.run() }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    /// Waits until all that was recorded is in the database.
    func waitUntilWritten() async {
        await eventually("all rows are in the database") {
            let figures = self.figures
            return figures.buffered == 0 && figures.spillBytes == 0 && figures.trouble == nil
        }
    }
}

extension Logger {
    static let silent = Logger(label: "test.history") { _ in SwiftLogNoOpLogHandler() }
}
