import Events
import PostgresClient
import ReactorTestKit
import Testing

/// Looks into the databases of history, past the program.
enum StoredHistory {
    /// The first column of each row.
    static func rows(_ sql: String, inFile path: String) async throws -> [String] {
        let script = """
            import sqlite3, sys
            for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(row[0])
            """
        let finished = try await finish(["/usr/bin/python3", "-c", script, path, sql])
        #expect(finished.exitCode == 0, "\(finished.errorOutput)")
        return finished.output.split(separator: "\n").map(String.init)
    }

    static func rows(_ sql: String, in server: PostgresServer) async throws -> [String] {
        let connection = PostgresConnection(try PostgresEndpoint(url: server.url()))
        return try await connection.run(sql, within: .seconds(30)).rows.compactMap(\.[0])
    }
}
