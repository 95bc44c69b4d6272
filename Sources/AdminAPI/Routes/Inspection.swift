import ReactorRuntime
import Synchronization

/// Questions to the reactor, with a time limit: a reactor that is stuck must not make its health check hang.
final class Inspection: Sendable {
    let inspector: any ReactorInspecting
    private let limit: Duration
    private let asked = Atomic<Int>(0)

    /// Most questions that wait for an answer at a time.
    private static let questionLimit = 64

    init(_ inspector: any ReactorInspecting, limit: Duration) {
        self.inspector = inspector
        self.limit = limit
    }

    /// The answer; refused as unavailable when it takes too long or too many others wait.
    func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (any ReactorInspecting) async -> Answer
    ) async throws(Problem) -> Answer {
        let waiting = self.asked.wrappingAdd(1, ordering: .relaxed).newValue
        guard waiting <= Self.questionLimit else {
            self.asked.wrappingSubtract(1, ordering: .relaxed)
            throw .unavailable("too many questions wait for the reactor")
        }
        let (answers, continuation) = AsyncStream<Answer?>.makeStream(bufferingPolicy: .bufferingOldest(1))
        // Outside the structure: a task group would wait for the answer that this is about not waiting for.
        Task {
            continuation.yield(await question(self.inspector))
            self.asked.wrappingSubtract(1, ordering: .relaxed)
        }
        let timer = Task { [limit = self.limit] in
            try await Task.sleep(for: limit)
            continuation.yield(nil)
        }
        defer { timer.cancel() }
        for await answer in answers {
            guard let answer else { break }
            return answer
        }
        throw .unavailable("the reactor did not answer within \(self.limit)")
    }
}
