import Events
import Hummingbird
import HummingbirdTesting
import Reactions
import Synchronization
import Testing

@testable import AdminAPI

@Suite(.timeLimit(.minutes(10))) struct RunRoutesTests {
    private static let start = Timestamp(microseconds: 1_795_200_000_000_000)

    private func books(_ rows: [HistoryRow], records: [DecisionRecord] = []) -> AlertBooks {
        let fakes = FakeBooks { $0.records = records }
        var books = fakes.books()
        let history = FakeHistory(rows)
        books.history = history
        books.receipts = LayeredReceipts(recent: fakes, history: history)
        return books
    }

    @Test func `runs are listed by what is asked, page by page`() async throws {
        var rows: [HistoryRow] = []
        for number in 0..<25 {
            let status = number % 2 == 0 ? "STALE" : "COMPLETE"
            let start: Timestamp = Self.start + .seconds(number)
            rows += FakeHistory.rows(
                run: "run.\(number)/x",
                status: status,
                startedAt: start,
                ended: number % 5 == 0
            )
        }
        let books = self.books(rows)
        func ids(_ query: String) async throws -> [String] {
            var found: [String] = []
            var next: String? = ""
            while let cursor = next {
                let escaped = cursor.split(separator: "/").joined(separator: "%2F")
                let after = cursor.isEmpty ? "" : "&after=\(escaped)"
                let page = try await ask("/v1/runs?limit=4&\(query)\(after)", books: books).decode(RunsResponse.self)
                #expect(page.runs.count <= 4)
                found += page.runs.map(\.runID)
                next = page.next
            }
            return found
        }
        #expect(try await ids("tenant=t1") == (0..<25).reversed().map { "run.\($0)/x" })
        #expect(try await ids("tenant=t2") == [])
        #expect(try await ids("status=STALE").count == 13)
        #expect(try await ids("open=true").count == 20)
        #expect(try await ids("open=false&status=COMPLETE") == ["run.15/x", "run.5/x"])
        let first = try await ask("/v1/runs?limit=1", books: books).decode(RunsResponse.self).runs[0]
        #expect(first.agent == "biller")
        #expect(first.status == "STALE")
        #expect(first.endedAt == nil)
        #expect(first.deadlineAt == (Self.start + .seconds(59)).rfc3339)
        for wrong in ["status=LATE", "open=maybe", "after=x", "limit=0", "state=x", "since=soon"] {
            #expect(try await ask("/v1/runs?\(wrong)", books: books).status == .badRequest, "\(wrong)")
        }
    }

    @Test func `a run is told with its alerts' verdicts, those too that history does not have yet`() async throws {
        let rows = FakeHistory.rows(run: "r1", startedAt: Self.start)
        // The first of them is in history already.
        let recent = [2, 1].map { (number: Int) -> DecisionRecord in
            var record = DecisionRecord.sample(number, run: "r1", verdict: number == 1 ? .sent : .duplicate)
            record.receipt.decidedAt = Self.start + .seconds(40 + number)
            return record
        }
        let books = self.books(rows + [HistoryRow(decision: recent[1])], records: recent)
        let told = try await ask("/v1/runs/r1", books: books).decode(RunResponse.self)
        #expect(told.run?.status == "STALE")
        #expect(
            told.entries.map(\.kind) == [
                .event, .expectation, .acknowledgement, .finding, .threshold, .receipt, .receipt,
            ]
        )
        try #require(told.entries.count == 7)
        #expect(told.entries.map(\.at) == told.entries.map(\.at).sorted())
        #expect(!told.cut)
        #expect(told.entries[2].summary == "logs/start_trace FAILED: no room")
        #expect(
            told.entries[3].summary
                == "STALE orchestrator/finalize_run (2 times), which may not be true: the subscription was blind"
        )
        #expect(told.entries[5].summary.hasPrefix("sent: "))
        #expect(told.entries[6].data.value["verdict"]?.stringValue == "duplicate")
        let cut = try await ask("/v1/runs/r1?limit=3", books: books).decode(RunResponse.self)
        #expect(cut.entries.map(\.summary) == told.entries.prefix(3).map(\.summary))
        #expect(cut.cut)
        #expect(try await ask("/v1/runs/r2", books: books).status == .notFound)
    }

    @Test func `without history, or one that does not answer, it says so`() async throws {
        #expect(try await ask("/v1/runs", books: FakeBooks().books()).status == .serviceUnavailable)
        var books = FakeBooks().books()
        books.history = FakeHistory([], isAway: true)
        #expect(try await ask("/v1/runs", books: books).status == .serviceUnavailable)
        #expect(try await ask("/v1/runs/r1", books: books).status == .serviceUnavailable)
    }

    @Test func `receipts that the store no longer has come from history`() async throws {
        let all = (1...9).reversed().map { DecisionRecord.sample($0, run: "r1") }
        let fakes = FakeBooks { $0.records = Array(all.prefix(4)) }
        var books = fakes.books()
        books.receipts = LayeredReceipts(
            recent: fakes,
            history: FakeHistory(all.dropFirst(2).map { HistoryRow(decision: $0) })
        )
        let answer = try await ask("/v1/receipts?run_id=r1", books: books).decode(ReceiptsResponse.self)
        #expect(answer.receipts.map(\.alertID) == all.map(\.receipt.alertID))
        #expect(answer.receipts.last?.receipt.reason == answer.receipts.first?.receipt.reason)
        let one = try await ask("/v1/alerts/a-1", books: books)
        #expect(one.status == .ok)
        fakes.content.withLock { $0.isAway = true }
        let kept = try await ask("/v1/receipts?run_id=r1", books: books).decode(ReceiptsResponse.self)
        #expect(kept.receipts.map(\.alertID) == all.dropFirst(2).map(\.receipt.alertID))
    }
}
