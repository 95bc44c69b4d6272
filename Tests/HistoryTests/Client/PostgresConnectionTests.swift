import PostgresClient
import ReactorTestKit
import Testing

@Suite struct PostgresConnectionTests {
    private static let limit = Duration.seconds(30)

    private static func connection(to server: PostgresServer) throws -> PostgresConnection {
        PostgresConnection(try PostgresEndpoint(url: server.url()))
    }

    @Test func valuesOfAllTypesArriveAsTheyAre() async throws {
        try await withPostgresServer { server in
            let connection = try Self.connection(to: server)
            let answer = try await connection.run(
                "SELECT $1, $2, $3, $4::text, $5",
                [.text("ünï \u{10FFFF} '\"\\{},"), .integer(.min), .double(-0.1), .null, .text("")],
                within: Self.limit
            )
            #expect(answer.rows == [["ünï \u{10FFFF} '\"\\{},", "-9223372036854775808", "-0.1", nil, ""]])
            var integers = PostgresArray(of: .integer)
            integers.append(Int64(1))
            integers.appendNull()
            integers.append(Int64.max)
            var doubles = PostgresArray(of: .double)
            doubles.append(0.5)
            doubles.appendNull()
            doubles.append(1e300)
            let unnested = try await connection.run(
                "SELECT * FROM unnest($1, $2, $3)",
                [.texts(["a,b", nil, ""]), .array(integers), .array(doubles)],
                within: Self.limit
            )
            #expect(
                unnested.rows == [["a,b", "1", "0.5"], [nil, nil, nil], ["", "9223372036854775807", "1e+300"]]
            )
            let empty = try await connection.run("SELECT * FROM unnest($1)", [.texts([])], within: Self.limit)
            #expect(empty.rows.isEmpty)
        }
    }

    @Test func statementsOfOneCallHaveEffectTogetherOrNotAtAll() async throws {
        try await withPostgresServer { server in
            let connection = try Self.connection(to: server)
            _ = try await connection.run("CREATE TABLE t (n int PRIMARY KEY)", within: Self.limit)
            let insert = PostgresStatement("INSERT INTO t VALUES (1)")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run([insert, insert, PostgresStatement("SELECT 1")], within: Self.limit)
            }
            #expect(error?.sqlState == "23505")
            #expect(error?.blamesData == true)
            #expect(try await connection.run("SELECT count(*) FROM t", within: Self.limit).first == "0")
            #expect(try await connection.run([insert], within: Self.limit)[0].affected == 1)
        }
    }

    @Test func aStoppedServerKeepsNobodyBeyondTheDeadline() async throws {
        try await withPostgresServer { server in
            let connection = try Self.connection(to: server)
            _ = try await connection.run("SELECT 1", within: Self.limit)
            server.suspend()
            defer { server.resume() }
            let clock = ContinuousClock()
            // The first finds a connection that does not answer, the second cannot make one.
            for _ in 0..<2 {
                let start = clock.now
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.run("SELECT 1", within: .milliseconds(300))
                }
                #expect(error?.code == .timedOut || error?.code == .connectFailed)
                // 350 ms on a quiet machine; the bound leaves room for a busy one and is far below the server's stop.
                #expect(clock.now - start < .seconds(10))
                print("a stopped server kept a caller for \(clock.now - start), allowed 300 ms")
            }
            server.resume()
            await eventually { (try? await connection.run("SELECT 1", within: Self.limit))?.first == "1" }
        }
    }

    @Test func aCancelledCallIsLeftAtOnceAndTheConnectionServesTheNext() async throws {
        try await withPostgresServer { server in
            let connection = try Self.connection(to: server)
            _ = try await connection.run("SELECT 1", within: Self.limit)
            let start = ContinuousClock.now
            await withTaskGroup(of: PostgresError.Code?.self) { group in
                group.addTask {
                    do throws(PostgresError) {
                        _ = try await connection.run("SELECT pg_sleep(600)", within: .seconds(600))
                        return nil
                    } catch {
                        return error.code
                    }
                }
                await Self.waitForSleep(server)
                group.cancelAll()
                #expect(await group.next() == .cancelled)
            }
            #expect(ContinuousClock.now - start < .seconds(60))
            #expect(try await connection.run("SELECT 2", within: Self.limit).first == "2")
            // The server notices by itself that nobody waits for the statement any more.
            await eventually { await Self.sleepers(server) == "0" }
        }
    }

    @Test func aServerThatWasKilledIsFoundAgain() async throws {
        try await withPostgresServer { server in
            let connection = try Self.connection(to: server)
            let first = try await connection.run("SELECT pg_backend_pid()", within: Self.limit).first
            server.killBackends()
            await eventually {
                let next = try? await connection.run("SELECT pg_backend_pid()", within: Self.limit).first
                return next != nil && next != first
            }
            await server.kill()
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run("SELECT 1", within: Self.limit)
            }
            #expect(error?.code == .connectFailed || error?.code == .connectionLost)
            try await server.start()
            await eventually { (try? await connection.run("SELECT 1", within: Self.limit))?.first == "1" }
        }
    }

    @Test func rowsAreOnDiskBeforeTheyAreAnsweredWhateverTheServerDefaultsTo() async throws {
        try await withPostgresServer(settings: ["synchronous_commit=off"]) { server in
            let connection = try Self.connection(to: server)
            #expect(try await connection.run("SHOW synchronous_commit", within: Self.limit).first == "on")
        }
    }

    private static func sleepers(_ server: PostgresServer) async -> String? {
        guard let connection = try? Self.connection(to: server) else { return nil }
        let count =
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600%' AND pid <> pg_backend_pid()"
            + " AND state = 'active'"
        return try? await connection.run(count, within: Self.limit).first
    }

    private static func waitForSleep(_ server: PostgresServer) async {
        await eventually { await Self.sleepers(server) == "1" }
    }
}
