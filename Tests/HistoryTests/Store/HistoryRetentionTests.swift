import Events
import Reactions
import ReactorTestKit
import Testing

@testable import Stores

@Suite struct HistoryRetentionTests {
    private static let day = Duration.seconds(86400)

    @Test(arguments: HistoryBackend.allCases)
    func whatIsOldGoesInSmallStepsAndOpenRunsStay(backend: HistoryBackend) async throws {
        try await withHistory(backend) { place in
            let keeper = place.keeper {
                $0.retention.age = Self.day * 30
                $0.retention.interval = .milliseconds(50)
                $0.retention.step = 7
                $0.retention.pause = .zero
            }
            let old = HistorySample.now - Self.day * 31
            let young = HistorySample.now - Self.day * 29
            let kept = [
                HistorySample.run("open", startedAt: old),
                HistorySample.run("young", startedAt: young, endedAt: young),
            ]
            try await place.database().prepare(version: HistoryMigrations.newest)
            let rows =
                (0..<100).map { HistorySample.event($0, at: old) } + [HistorySample.event(100, at: young)] + kept
                + [HistorySample.run("old", startedAt: old, endedAt: old + .seconds(60))]
            try await place.database().insert(rows.map(StoredRow.init))
            try await keeper.whileRunning {
                _ = await eventually { keeper.figures.retired >= 101 }
            }
            #expect(keeper.figures.retired == 101)
            #expect(try await place.count(.events) == 1)
            #expect(Set(try await keeper.runs(RunQuery()).runs) == Set(kept))
        }
    }

    @Test(arguments: HistoryBackend.allCases)
    func aDatabaseThatIsTooLargeLosesItsOldestRows(backend: HistoryBackend) async throws {
        try await withHistory(backend) { place in
            try await place.database().prepare(version: HistoryMigrations.newest)
            let rows = (0..<6000).map { number in
                let event = EventHistory(
                    type: "run.progress",
                    source: "worker",
                    arrivedAt: HistorySample.now,
                    details: ["text": .string(String(repeating: "\(number % 10)", count: 500))]
                )
                let at = HistorySample.now + .seconds(number)
                return HistoryRow(
                    id: "\(number)",
                    runID: "run-\(number % 40)",
                    tenant: "",
                    at: at,
                    content: .event(event)
                )
            }
            try await place.database().insert(rows.map(StoredRow.init))
            // The rows alone have 3 MB of text.
            let limit: Int64 = 2_000_000
            let keeper = place.keeper {
                $0.retention.bytes = limit
                $0.retention.interval = .milliseconds(100)
                $0.retention.pause = .zero
            }
            try await keeper.whileRunning {
                _ = try await eventually { try await place.database().usage(above: limit) == nil }
            }
            let left = try await place.count(.events)
            #expect(left == rows.count - keeper.figures.retired)
            #expect((1000..<4500).contains(left))
            // The youngest are left, without a gap.
            let oldest = try await place.ask("SELECT min(at) FROM run_events").first.flatMap {
                $0.flatMap { Int64($0) }
            }
            #expect(oldest == (HistorySample.now + .seconds(rows.count - left)).microseconds)
        }
    }
}
