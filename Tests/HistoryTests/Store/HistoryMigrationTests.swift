import GRDB
import Reactions
import Testing

@testable import Stores

@Suite struct HistoryMigrationTests {
    /// Version by version, since rows of a version must fit its tables.
    private static let cases = HistoryBackend.allCases.flatMap { backend in
        (1..<HistoryMigrations.newest).map { (backend, $0) }
    }

    @Test(arguments: Self.cases)
    func tablesOfEveryVersionAreBroughtUpToDateWithTheirRows(backend: HistoryBackend, version: Int) async throws {
        let catalogue = try await withHistory(backend) { place in
            try await place.database().prepare(version: HistoryMigrations.newest)
            return try await Self.catalogue(place)
        }
        try await withHistory(backend) { place in
            try await place.database().prepare(version: version)
            #expect(try await Self.catalogue(place) != catalogue)
            let old = [HistorySample.run("run"), HistorySample.event(1)].map(StoredRow.init)
            try await place.database().insert(old)
            // By several at once, as replicas do that are started together.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await place.database().prepare(version: HistoryMigrations.newest) }
                }
                try await group.waitForAll()
            }
            #expect(try await Self.catalogue(place) == catalogue)
            try await place.database().insert(HistorySample.all(run: "later").map(StoredRow.init))
            let timeline = try await place.keeper().timeline(of: "run", limit: 10)
            #expect(timeline?.run == HistorySample.run("run"))
            #expect(timeline?.rows == [HistorySample.event(1)])
        }
    }

    @Test(arguments: HistoryBackend.allCases)
    func tablesOfALaterVersionAreLeftAlone(backend: HistoryBackend) async throws {
        try await withHistory(backend) { place in
            let database = place.database()
            try await database.prepare(version: HistoryMigrations.newest)
            try await Self.claim(version: 99, place)
            let error = await #expect(throws: HistoryError.self) {
                try await database.prepare(version: HistoryMigrations.newest)
            }
            #expect(error?.code == .newerSchema)
            #expect(error?.message.contains("99") == true)
        }
    }

    private static func claim(version: Int, _ place: HistoryPlace) async throws {
        switch place.location {
        case .sqlite(let path):
            let queue = try DatabaseQueue(path: path)
            try await queue.write { try $0.execute(sql: "INSERT INTO history_schema VALUES (\(version))") }
        case .postgres:
            _ = try await place.ask("INSERT INTO history_schema VALUES (\(version)) RETURNING version::text")
        }
    }

    /// Tables, columns and indexes, as the database describes them.
    private static func catalogue(_ place: HistoryPlace) async throws -> [String?] {
        switch place.location {
        case .sqlite:
            try await place.ask("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name")
        case .postgres:
            try await place.ask(
                """
                SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
                    || coalesce(collation_name, '')
                FROM information_schema.columns WHERE table_schema = 'aos_reactor' ORDER BY 1
                """
            ) + place.ask("SELECT indexdef FROM pg_indexes WHERE schemaname = 'aos_reactor' ORDER BY 1")
        }
    }
}
