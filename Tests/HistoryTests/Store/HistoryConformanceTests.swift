import Events
import Reactions
import ReactorTestKit
import Testing

@testable import Stores

/// What holds in every database.
@Suite struct HistoryConformanceTests {
    private static let limit = Duration.seconds(60)

    @Test(arguments: HistoryBackend.allCases)
    func everyRowIsReadBackAsItWasRecorded(backend: HistoryBackend) async throws {
        try await withHistory(backend) { place in
            let keeper = place.keeper()
            let rows = HistorySample.all(run: "run-1")
            let run = HistorySample.run("run-1", status: "INCOMPLETE", endedAt: HistorySample.now + .seconds(9))
            try await keeper.whileRunning {
                #expect(keeper.record(rows.shuffled() + [run]) == rows.count + 1)
                keeper.record(HistorySample.all(run: "run-2"))
                try await keeper.flush(within: Self.limit)
                await keeper.waitUntilWritten()
                let timeline = try await keeper.timeline(of: "run-1", limit: 100)
                #expect(timeline == RunTimeline(run: run, rows: rows, isCut: false))
                let cut = try await keeper.timeline(of: "run-1", limit: 3)
                #expect(cut == RunTimeline(run: run, rows: Array(rows[..<3]), isCut: true))
                var query = ReceiptQuery()
                query.runID = "run-1"
                #expect(try await keeper.receipts(query) == rows.compactMap { DecisionRecord($0) })
                #expect(try await keeper.timeline(of: "run-3", limit: 10) == nil)
                // Who got it when: of one alert, of several, of none.
                let told = try await keeper.deliveries(ofAlerts: ["alert-of-run-1"], limit: 10)
                #expect(told.map(\.id) == ["dlv_of-run-1"] && told.first?.status == .delivered)
                #expect(told.first?.ended.map(\.outcome) == [.retrying, .delivered])
                #expect(told.first?.ended.map(\.reason) == ["HTTP 503", nil])
                #expect(told.first?.updatedAt == rows.last?.at && told.first?.attempts == 2)
                let both = try await keeper.deliveries(ofAlerts: ["alert-of-run-2", "alert-of-run-1", "?"], limit: 10)
                #expect(Set(both.map(\.id)) == ["dlv_of-run-1", "dlv_of-run-2"])
                #expect(try await keeper.deliveries(ofAlerts: [], limit: 10).isEmpty)
            }
            #expect(keeper.figures.written == 2 * rows.count + 1)
            #expect(keeper.figures.lost == 0)
        }
    }

    @Test(arguments: HistoryBackend.allCases)
    func aRowThatIsRecordedAgainIsThereOnce(backend: HistoryBackend) async throws {
        try await withHistory(backend) { place in
            let keeper = place.keeper()
            let rows = HistorySample.all(run: "run-1")
            try await keeper.whileRunning {
                for _ in 0..<3 {
                    keeper.record(rows + rows)
                    try await keeper.flush(within: Self.limit)
                }
                await keeper.waitUntilWritten()
                #expect(try await keeper.timeline(of: "run-1", limit: 100)?.rows == rows)
            }
        }
    }

    @Test(arguments: HistoryBackend.allCases)
    func aRowOfAnOlderVersionIsStoredWithoutTheColumnsThatItDoesNotKnow(backend: HistoryBackend) async throws {
        try await withHistory(backend) { place in
            let database = place.database()
            try await database.prepare(version: HistoryMigrations.newest)
            let (whole, later) = (StoredRow(HistorySample.event(1)), StoredRow(HistorySample.event(2)))
            let old = StoredRow(table: .events, cells: [.text("old")] + later.cells.dropFirst().dropLast())
            // Behind a row that has them.
            try await database.insert([whole, old, later])
            #expect(try await place.count(.events) == 3)
            #expect(try await place.ask("SELECT details FROM run_events WHERE run_id = 'old'") == [nil])
            #expect(try await place.ask("SELECT source FROM run_events").allSatisfy { $0 != nil })
        }
    }

    @Test(arguments: HistoryBackend.allCases)
    func theHighestRevisionOfARunCountsInWhateverOrderTheyCome(backend: HistoryBackend) async throws {
        try await withHistory(backend) { place in
            let keeper = place.keeper()
            let revisions = (1...5).map { HistorySample.run("run", revision: Int64($0), status: "S\($0)") }
            try await keeper.whileRunning {
                for row in [revisions[1], revisions[4], revisions[0]] {
                    keeper.record([row])
                    try await keeper.flush(within: Self.limit)
                    await keeper.waitUntilWritten()
                }
                keeper.record(revisions.shuffled())
                try await keeper.flush(within: Self.limit)
                await keeper.waitUntilWritten()
                #expect(try await keeper.runs(RunQuery()).runs == [revisions[4]])
            }
        }
    }

    @Test(arguments: HistoryBackend.allCases)
    func pagesOfRunsAreCompleteAndInOrder(backend: HistoryBackend) async throws {
        try await withHistory(backend) { place in
            let keeper = place.keeper()
            // Many start in one instant, so that the order needs the id.
            let runs = (0..<100).map { number in
                HistorySample.run(
                    "run-\(number)",
                    tenant: number % 3 == 0 ? "acme" : "other",
                    startedAt: HistorySample.now + .seconds(number / 10),
                    status: number % 4 == 0 ? "STALE" : "COMPLETE",
                    endedAt: number % 2 == 0 ? nil : HistorySample.now + .seconds(60)
                )
            }
            let ordered = runs.sorted { ($0.at, $0.runID) > ($1.at, $1.runID) }
            try await keeper.whileRunning {
                keeper.record(runs.shuffled())
                try await keeper.flush(within: Self.limit)
                await keeper.waitUntilWritten()
                var query = RunQuery()
                query.limit = 7
                #expect(try await Self.pages(keeper, query) == ordered)
                query.tenant = "acme"
                query.status = "STALE"
                let stale = try await Self.pages(keeper, query)
                #expect(stale == ordered.filter { Int($0.runID.dropFirst(4)).map { $0 % 12 == 0 } == true })
                query = RunQuery()
                query.isOpen = true
                query.startedSince = HistorySample.now + .seconds(5)
                let open = try await Self.pages(keeper, query)
                #expect(open.count == 25)
                #expect(open.allSatisfy { if case .run(let run) = $0.content { run.endedAt == nil } else { false } })
            }
        }
    }

    private static func pages(_ keeper: HistoryKeeper, _ query: RunQuery) async throws -> [HistoryRow] {
        var query = query
        var found: [HistoryRow] = []
        while true {
            let page = try await keeper.runs(query)
            found += page.runs
            guard let next = page.next else { return found }
            query.after = RunCursor(text: next.text)
        }
    }

    @Test(arguments: HistoryBackend.allCases)
    func hostileTextBreaksNoBatchAndNoTwoTextsBecomeOne(backend: HistoryBackend) async throws {
        let fromJSON = try JSONValue.parse(
            #"{"zero": "a\u0000b", "quote": "\"'\\", "deep": {"\u0000": [null, 1e300]}}"#
        )
        let ids = [
            "", "\0", "\0\0", "\u{1A}0", "\u{1A}", "a\0b", "a\u{2400}b", "é", "e\u{301}", "'; DROP TABLE runs; --",
            "{\"}\\N",
            "\u{FFFD}\u{10FFFF}\u{202E}", String(decoding: [0xED, 0xA0, 0x80, 0xFF] as [UInt8], as: UTF8.self),
            String(repeating: "x", count: 100_000), String(repeating: "x", count: 100_001), "?", "$1", "NULL",
        ]
        try await withHistory(backend) { place in
            let keeper = place.keeper()
            try await keeper.whileRunning {
                for (number, id) in ids.enumerated() {
                    let event = EventHistory(
                        type: id,
                        source: String(repeating: id, count: 3),
                        arrivedAt: HistorySample.now,
                        details: fromJSON
                    )
                    let at = HistorySample.now + .seconds(number)
                    keeper.record([HistoryRow(id: id, runID: id, tenant: id, at: at, content: .event(event))])
                }
                try await keeper.flush(within: Self.limit)
                await keeper.waitUntilWritten()
                #expect(try await place.count(.events) == ids.count)
                #expect(keeper.figures.refused == 0)
                for (number, id) in ids.enumerated() {
                    let row = try #require(try await keeper.timeline(of: id, limit: 10)?.rows.first)
                    #expect(row.at == HistorySample.now + .seconds(number))
                    guard case .event(let event) = row.content else { continue }
                    #expect(event.details == fromJSON)
                    if id.utf8.count < 1000 { #expect(Array(event.type.utf8) == Array(id.utf8)) }
                }
            }
        }
    }

    @Test(arguments: HistoryBackend.allCases)
    func noSecretIsStored(backend: HistoryBackend) async throws {
        try await withHistory(backend) { place in
            let keeper = place.keeper()
            var alert = HistorySample.alert(run: "run", tenant: "acme")
            alert.summary = "sent by c4nary@example.com with Bearer c4nary.token.value"
            alert.details = [
                "headers": ["X-Api-Key": "c4nary", "nested": ["db_password": ["c4nary"]]], "kept": "visible",
            ]
            let frame = QuarantineHistory(
                channel: "aos.events",
                reason: "not_json",
                byteCount: 60,
                excerpt: #"{"user": "u", "password" : "c4nary\" more c4nary", "x": tru"#
            )
            try await keeper.whileRunning {
                keeper.record([
                    HistoryRow(alert: alert),
                    HistoryRow(id: "q", runID: "", tenant: "", at: HistorySample.now, content: .quarantine(frame)),
                ])
                try await keeper.flush(within: Self.limit)
                await keeper.waitUntilWritten()
            }
            let alerts = try await place.ask("SELECT summary || details FROM alerts")
            let frames = try await place.ask("SELECT excerpt FROM quarantine")
            for text in alerts + frames {
                #expect(text?.contains("c4nary") == false)
                #expect(text?.contains("REDACTED") == true)
            }
            #expect(alerts.first??.contains("visible") == true)
        }
    }

    @Test(arguments: HistoryBackend.allCases)
    func replicasThatWriteTheSameRowsAtOnceDoNotHinderEachOther(backend: HistoryBackend) async throws {
        try await withHistory(backend) { place in
            let rows = (0..<3000).map { HistorySample.event($0, run: "run-\($0 % 50)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for replica in 0..<3 {
                    group.addTask {
                        let keeper = place.keeper(spill: "spill-\(replica)") { $0.batchRows = 200 }
                        try await keeper.whileRunning {
                            for row in rows.shuffled() { keeper.record([row]) }
                            try await keeper.flush(within: Self.limit)
                            await keeper.waitUntilWritten()
                        }
                        #expect(keeper.figures.lost + keeper.figures.refused == 0)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await place.count(.events) == rows.count)
        }
    }
}
