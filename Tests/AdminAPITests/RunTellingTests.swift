import Events
import Hummingbird
import HummingbirdTesting
import Reactions
import ReactorRuntime
import Synchronization
import Testing

@testable import AdminAPI

/// Takes note of what it is told.
final class FakeRuns: RunBook {
    static let expectation = #"{"id": "e1", "domain": "billing", "action": "charge", "deadline_ms": 60000}"#
    static let acknowledgement = #"{"id": "a1", "domain": "billing", "action": "charge", "result_id": "ch_1"}"#

    private let takes: Bool
    private let kept = Mutex<[(type: String, payload: JSONValue)]>([])

    var told: [(type: String, payload: JSONValue)] { self.kept.withLock { $0 } }

    init(takes: Bool) { self.takes = takes }

    func tell(_ type: String, runID: String, _ payload: JSONValue) async throws -> ContractStatus? {
        self.kept.withLock { $0.append((type, payload)) }
        return self.takes ? .pending : nil
    }

    func workers() async -> [WorkerStatus] {
        let worker = WorkerView(key: "mailer", state: .down, downSince: FakeBooks.now, gaps: [.seconds(30)])
        return [WorkerStatus(handler: "workers", worker: worker)]
    }
}

@Suite struct RunTellingTests {
    private func post(_ path: String, _ body: String, to runs: FakeRuns) async throws -> TestResponse {
        var books = FakeBooks().books()
        books.runs = runs
        return try await ask(path, books: books, method: .post, headers: json, body: body)
    }

    @Test func `an expectation and an acknowledgement are told as events would tell them`() async throws {
        let runs = FakeRuns(takes: true)
        let declared = try await self.post("/v1/runs/r1/expectations", FakeRuns.expectation, to: runs)
        #expect(declared.status == .accepted)
        #expect(try declared.decode(RunToldResponse.self) == RunToldResponse(runID: "r1", status: "PENDING"))
        #expect(try await self.post("/v1/runs/r1/acks", FakeRuns.acknowledgement, to: runs).status == .accepted)
        #expect(runs.told.map(\.type) == ["audit.expectation.declared", "audit.ack"])
        #expect(runs.told.allSatisfy { $0.payload["run_id"] == "r1" })
        #expect(runs.told.first?.payload["deadline_ms"]?.intValue == 60_000)
        #expect(runs.told.last?.payload["status"] == "SUCCESS" && runs.told.last?.payload["result_id"] == "ch_1")
    }

    @Test(arguments: [
        #"{"id": "e1", "domain": "d", "action": "a"}"#,
        #"{"id": "e1", "domain": "d", "action": "a", "deadline_ms": 0}"#,
        #"{"id": "", "domain": "d", "action": "a", "deadline_ms": 5}"#, "[]", "{",
    ])
    func `what is no expectation is refused and told to nobody`(body: String) async throws {
        let runs = FakeRuns(takes: true)
        #expect(try await self.post("/v1/runs/r1/expectations", body, to: runs).status == .badRequest)
        #expect(runs.told.isEmpty)
    }

    @Test func `where no handler keeps contracts it is a conflict`() async throws {
        let runs = FakeRuns(takes: false)
        #expect(try await self.post("/v1/runs/r1/acks", FakeRuns.acknowledgement, to: runs).status == .conflict)
    }

    @Test func `workers are listed as they stand`() async throws {
        var books = FakeBooks().books()
        books.runs = FakeRuns(takes: true)
        let answer = try await ask("/v1/heartbeats", books: books).decode(HeartbeatsResponse.self)
        #expect(answer.heartbeats.map(\.worker) == ["mailer"] && answer.heartbeats.map(\.state) == ["down"])
        #expect(answer.heartbeats.first?.gapsSeconds == [30])
    }
}
