import Events
import PostgresClient
import Reactions
import ReactorTestKit
import Testing

@testable import Stores

/// What a database does to its clients.
@Suite struct HistoryFaultTests {
    private static let limit = Duration.seconds(60)

    @Test func aServerKilledUnderLoadLosesNothingThatWasTaken() async throws {
        try await withHistory(.postgres) { place in
            let server = try #require(place.server)
            let keeper = place.keeper { $0.batchRows = 100 }
            let rounds = 4
            let taken = try await keeper.whileRunning {
                var taken = 0
                for round in 0..<rounds {
                    let written = keeper.figures.written
                    async let load = Self.load(keeper, from: taken, rows: 4000)
                    // In the middle of it.
                    await eventually { keeper.figures.written > written }
                    // Backends first: the server recovers by itself. Then all of it, as when a machine is lost.
                    if round % 2 == 0 {
                        server.killBackends()
                    } else {
                        await server.kill()
                    }
                    taken += await load
                    try await keeper.flush(within: Self.limit)
                    if round % 2 == 1 { try await server.start() }
                }
                await keeper.waitUntilWritten()
                return taken
            }
            #expect(taken == rounds * 4000)
            #expect(try await place.count(.events) == taken)
            #expect(keeper.figures.lost + keeper.figures.refused == 0)
            print("history: \(taken) rows, \(keeper.figures.spilled) of them by way of the disk")
        }
    }

    @Test func aCommitWhoseAnswerIsLostDuplicatesNothing() async throws {
        try await withHistory(.postgres) { place in
            let server = try #require(place.server)
            try await withTCPProxy(to: .unix(server.socket)) { proxy in
                let endpoint = try PostgresEndpoint(
                    url: "postgres://aos@127.0.0.1:\(proxy.port)/postgres?sslmode=disable"
                )
                let remote = HistoryPlace(location: .postgres(endpoint), folder: place.folder, server: server)
                let keeper = remote.keeper { $0.writeLimit = .seconds(2) }
                let cuts = 10
                try await keeper.whileRunning {
                    keeper.record([HistorySample.event(cuts)])
                    await eventually { keeper.figures.written == 1 }
                    for number in 0..<cuts {
                        await keeper.waitUntilWritten()
                        // The server gets the batch and commits it; its answer is cut off.
                        try await proxy.blackHole([.toClient])
                        keeper.record([HistorySample.event(number)])
                        try await eventually { try await place.count(.events) == number + 2 }
                        try await proxy.cutAll()
                        try await proxy.heal()
                    }
                    await keeper.waitUntilWritten()
                }
                #expect(try await place.count(.events) == cuts + 1)
                // The batches really were written again.
                #expect(keeper.figures.spilled == cuts)
                #expect(keeper.figures.lost == 0)
            }
        }
    }

    @Test func aStoppedServerBlocksNobody() async throws {
        try await withHistory(.postgres) { place in
            let server = try #require(place.server)
            let keeper = place.keeper { $0.writeLimit = .milliseconds(500) }
            try await keeper.whileRunning {
                keeper.record([HistorySample.event(0)])
                await keeper.waitUntilWritten()
                server.suspend()
                defer { server.resume() }
                let clock = ContinuousClock()
                var longest = Duration.zero
                for number in 1...20_000 {
                    let start = clock.now
                    keeper.record([HistorySample.event(number)])
                    longest = max(longest, clock.now - start)
                }
                print("history: the longest of 20,000 calls while the server was stopped took \(longest)")
                // What was taken is on disk although the server answers nothing.
                try await keeper.flush(within: Self.limit)
                #expect(keeper.figures.trouble != nil)
                #expect(keeper.figures.spillBytes > 0)
                let asked = clock.now
                await #expect(throws: HistoryError.self) { try await keeper.runs(RunQuery()) }
                #expect(clock.now - asked < .seconds(30))
                server.resume()
                await keeper.waitUntilWritten()
            }
            #expect(try await place.count(.events) == 20_001)
            #expect(keeper.figures.lost == 0)
        }
    }

    @Test(arguments: HistoryBackend.allCases)
    func rowsOfADatabaseThatNeverCameAreWrittenByTheNextProcess(backend: HistoryBackend) async throws {
        try await withHistory(backend) { place in
            let nowhere = HistorySettings.Location.sqlite(path: place.folder + "/missing/history.db")
            let absent = HistoryPlace(location: nowhere, folder: place.folder, server: nil)
            let first = absent.keeper()
            try await first.whileRunning {
                first.record((0..<5000).map { HistorySample.event($0) })
                try await first.flush(within: Self.limit)
                // Recorded and at once stopped: the end puts them on disk.
                first.record((5000..<6000).map { HistorySample.event($0) })
            }
            #expect(first.figures.buffered == 0)
            #expect(first.figures.spilled == 6000)
            try await Self.release(first)
            let second = place.keeper()
            try await second.whileRunning {
                await eventually { second.figures.written == 6000 }
                await second.waitUntilWritten()
            }
            #expect(try await place.count(.events) == 6000)
        }
    }

    /// A folder belongs to its process until that ends; here both keepers live in one.
    private static func release(_ keeper: HistoryKeeper) async throws {
        await keeper.spill.close()
    }

    /// Records rows one by one; returns how many were taken.
    private static func load(_ keeper: HistoryKeeper, from first: Int, rows: Int) async -> Int {
        var taken = 0
        for number in first..<(first + rows) {
            taken += keeper.record([HistorySample.event(number, run: "run-\(number % 97)")])
            if number % 100 == 0 { try? await Task.sleep(for: .milliseconds(1)) }
        }
        return taken
    }
}
