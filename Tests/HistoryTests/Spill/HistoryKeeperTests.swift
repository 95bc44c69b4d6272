import Reactions
import ReactorTestKit
import Synchronization
import Testing

@testable import Stores

@Suite struct HistoryKeeperTests {
    private static func withKeeper(
        _ change: (inout HistorySettings) -> Void = { _ in },
        _ body: (HistoryKeeper, FakeDatabase) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            var settings = HistorySettings(location: .sqlite(path: ""), spillFolder: folder + "/spill")
            settings.retention.age = nil
            settings.longestPause = .milliseconds(100)
            change(&settings)
            let database = FakeDatabase()
            let keeper = HistoryKeeper(settings, database: database, logger: .silent, now: { HistorySample.now })
            try await body(keeper, database)
        }
    }

    @Test func aDatabaseThatTakesLongFillsTheDiskAndNotTheMemory() async throws {
        let change: (inout HistorySettings) -> Void = {
            $0.bufferedRows = 1000
            $0.batchRows = 100
        }
        try await Self.withKeeper(change) { keeper, database in
            database.gate.close()
            try await keeper.whileRunning {
                // Opened whatever happens: the keeper's end waits for the insertion.
                defer { database.gate.open() }
                for number in 0..<20_000 {
                    // As long as there is room in the buffer, nothing is lost at any speed.
                    await eventually { keeper.figures.buffered < 900 }
                    keeper.record([HistorySample.event(number)])
                }
                await eventually { keeper.figures.spilled > 15_000 }
                #expect(keeper.figures.buffered <= 1000)
                database.gate.open()
                await keeper.waitUntilWritten()
            }
            #expect(database.rowCount == 20_000)
            #expect(keeper.figures.lost == 0)
        }
    }

    @Test func aTrickleIsWrittenInFewBatchesAndARunOnceInEach() async throws {
        let linger = Duration.milliseconds(200)
        let change: (inout HistorySettings) -> Void = { $0.linger = linger }
        try await Self.withKeeper(change) { keeper, database in
            try await keeper.whileRunning {
                let begin = ContinuousClock.now
                for number in 1...60 {
                    keeper.record([HistorySample.run("a", revision: Int64(number)), HistorySample.event(number)])
                    try await Task.sleep(for: .milliseconds(5))
                }
                try await keeper.flush(within: .seconds(60))
                let batches = database.state.withLock { $0.inserts }
                #expect(Double(batches) <= (ContinuousClock.now - begin) / linger + 2)
                #expect(database.rowCount <= 60 + batches)
            }
            #expect(database.state.withLock { $0.rows.contains(StoredRow(HistorySample.run("a", revision: 60))) })
            #expect(keeper.figures.lost == 0)
        }
    }

    @Test func oneRowThatIsRefusedKeepsNoOtherBackAndNoneIsTakenAfterTheEnd() async throws {
        try await Self.withKeeper { keeper, database in
            database.state.withLock { $0.refusesID = "event-137" }
            try await keeper.whileRunning {
                keeper.record((0..<1000).map { HistorySample.event($0) })
                try await keeper.flush(within: .seconds(60))
                await keeper.waitUntilWritten()
            }
            #expect(database.rowCount == 999)
            #expect(keeper.record([HistorySample.event(1000)]) == 0)
            #expect(keeper.figures.lost == 1)
            #expect(keeper.figures.refused == 1)
            #expect(keeper.figures.spilled == 0)
        }
    }

    @Test func whatFindsRoomNowhereIsCountedAsLostAndNothingElseIs() async throws {
        let change: (inout HistorySettings) -> Void = {
            $0.bufferedRows = 500
            $0.spillBytes = 0
        }
        try await Self.withKeeper(change) { keeper, database in
            database.state.withLock { $0.failure = HistoryError(.unavailable, "away") }
            try await keeper.whileRunning {
                #expect(keeper.record((0..<800).map { HistorySample.event($0) }) == 500)
                #expect(keeper.figures.lost == 300)
                await eventually { keeper.figures.trouble != nil }
                let error = await #expect(throws: HistoryError.self) {
                    try await keeper.flush(within: .milliseconds(200))
                }
                #expect(error?.code == .timedOut)
                database.state.withLock { $0.failure = nil }
                await keeper.waitUntilWritten()
                try await keeper.flush(within: .seconds(60))
            }
            #expect(database.rowCount == 500)
            #expect(keeper.figures.lost == 300)
        }
    }

    @Test func aFolderThatIsInUseIsRefusedAtTheStart() async throws {
        try await Self.withKeeper { first, database in
            try await first.check()
            let second = HistoryKeeper(first.settings, database: database, logger: .silent, now: { HistorySample.now })
            let error = await #expect(throws: HistoryError.self) { try await second.check() }
            #expect(error?.code == .spill)
        }
    }
}
