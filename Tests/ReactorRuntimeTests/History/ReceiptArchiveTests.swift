import Events
import FoundationEssentials
import Logging
import Reactions
import ReactorTestKit
import Stores
import Synchronization
import Testing

@testable import ReactorRuntime

/// A history that keeps rows in memory, and has room for as many as a test says.
final class RowList: HistoryStore {
    private let state = Mutex<(rows: [HistoryRow], room: Int)>(([], .max))

    var rows: [HistoryRow] { self.state.withLock { $0.rows } }
    func setRoom(_ room: Int) { self.state.withLock { $0.room = room } }

    func record(_ rows: [HistoryRow]) -> Int {
        self.state.withLock { state in
            let taken = rows.prefix(state.room)
            state.rows += taken
            if state.room != .max { state.room -= taken.count }
            return taken.count
        }
    }

    func flush(within limit: Duration) async throws {}
    func runs(_ query: RunQuery) async throws -> RunPage { RunPage(runs: [], next: nil) }
    func timeline(of runID: String, limit: Int) async throws -> RunTimeline? { nil }
    func receipts(_ query: ReceiptQuery) async throws -> [DecisionRecord] { [] }

    func deliveries(ofAlerts ids: [String], limit: Int) async throws -> [DeliveryRecord] { [] }
    var figures: HistoryFigures {
        self.state.withLock { state in
            var figures = HistoryFigures()
            figures.bufferLimit = state.room
            return figures
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct ReceiptArchiveTests {
    private static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private static func store(capacity: Int = 100_000) -> MemoryStateStore {
        MemoryStateStore(instance: "test", receiptCapacity: capacity) { Timestamp(seconds: 1_795_000_000) }
    }

    private static func alerts(_ numbers: Range<Int>) -> [Alert] {
        numbers.map { number in
            Alert(
                id: "alert-\(number)",
                type: "TEST",
                severity: .high,
                domain: "tests",
                tenant: "tenant-\(number)",
                runID: "run-\(number)",
                key: "key-\(number)",
                summary: "something",
                details: .null,
                handler: "test",
                event: nil,
                raisedAt: Timestamp(seconds: 1_795_000_000)
            )
        }
    }

    @Test func `all decisions are taken over in their order, once`() async throws {
        let store = Self.store()
        let history = RowList()
        let archive = ReceiptArchive(store: store, history: history, bookmark: nil, logger: Self.logger)
        _ = try await store.decide(Self.alerts(0..<1200))
        await archive.catchUp()
        _ = try await store.decide(Self.alerts(1200..<1300))
        await archive.catchUp()
        await archive.catchUp()
        #expect(history.rows.map(\.runID) == (0..<1300).map { "run-\($0)" })
        #expect(Set(history.rows.map(\.id)).count == 1300)
        #expect(archive.counts == ReceiptArchive.Counts(archived: 1300, gaps: 0))
    }

    @Test func `what history has no room for is taken over later`() async throws {
        let store = Self.store()
        let history = RowList()
        let archive = ReceiptArchive(store: store, history: history, bookmark: nil, logger: Self.logger)
        _ = try await store.decide(Self.alerts(0..<900))
        history.setRoom(600)
        await archive.catchUp()
        #expect(history.rows.count == 500)
        history.setRoom(.max)
        await archive.catchUp()
        #expect(history.rows.map(\.runID) == (0..<900).map { "run-\($0)" })
    }

    @Test func `what the store let go of is told as a gap`() async throws {
        let store = Self.store(capacity: 50)
        let history = RowList()
        let archive = ReceiptArchive(store: store, history: history, bookmark: nil, logger: Self.logger)
        _ = try await store.decide(Self.alerts(0..<40))
        await archive.catchUp()
        #expect(archive.counts.gaps == 0)
        _ = try await store.decide(Self.alerts(40..<90))
        await archive.catchUp()
        #expect(archive.counts.gaps == 0)
        _ = try await store.decide(Self.alerts(90..<200))
        await archive.catchUp()
        #expect(archive.counts.gaps == 1)
        #expect(history.rows.count == 140)
    }

    @Test func `it goes on from its bookmark, and from the start where that speaks of others`() async throws {
        try await withTemporaryFolder { folder in
            let store = Self.store()
            func archive(_ history: RowList, _ subject: String) -> ReceiptArchive {
                let bookmark = ArchiveBookmark(path: folder + "/place", subject: subject)
                return ReceiptArchive(store: store, history: history, bookmark: bookmark, logger: Self.logger)
            }
            _ = try await store.decide(Self.alerts(0..<10))
            let (first, second, other) = (RowList(), RowList(), RowList())
            await archive(first, "a").finish()
            _ = try await store.decide(Self.alerts(10..<15))
            await archive(second, "a").finish()
            #expect(second.rows.map(\.runID) == (10..<15).map { "run-\($0)" })
            await archive(other, "b").finish()
            #expect(other.rows.count == 15)
        }
    }
}
