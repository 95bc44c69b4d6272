import Events
import Logging
import ReactorRuntime
import Synchronization

/// Loggers that say nothing.
extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

extension Event {
    static func made(_ type: String, run: String? = nil, number: Int = 0, padding: Int = 0) throws -> Event {
        let id = run.map { #""run_id": "\#($0)", "# } ?? ""
        let text = String(repeating: "x", count: padding)
        let frame = PipelineBox.event(type, payload: #"{\#(id)"number": \#(number), "text": "\#(text)"}"#)
        return try Event(frame: frame, arrivedAt: Timestamp(seconds: 1_795_221_600), arrival: UInt64(number))
    }
}

/// Runs lanes while `body` runs, and cancels them then.
func withLanes<Result: Sendable>(
    lanes: Int = 8,
    queued: Int = 1000,
    timeout: Duration = .seconds(600),
    _ body: (LaneExecutor) async throws -> Result
) async throws -> Result {
    let executor = LaneExecutor(lanes: lanes, queued: queued, timeout: timeout, clock: .system, logger: .silent)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await executor.run() }
        defer { group.cancelAll() }
        return try await body(executor)
    }
}

extension LaneExecutor {
    /// The counts of all types of one closure.
    func sum(lane: Int) -> (dispatched: UInt64, succeeded: UInt64, failed: UInt64, timedOut: UInt64, inFlight: UInt64) {
        self.counts(lane: lane).values.reduce(into: (0, 0, 0, 0, 0)) { sum, counts in
            sum.0 += counts.dispatched
            sum.1 += counts.succeeded
            sum.2 += counts.failed
            sum.3 += counts.timedOut
            sum.4 += counts.inFlight
        }
    }
}
