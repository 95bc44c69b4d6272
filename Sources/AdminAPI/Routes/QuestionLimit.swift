import Synchronization

/// Questions with a time limit: somebody who is stuck must not make those hang who ask.
final class QuestionLimit: Sendable {
    private let limit: Duration
    private let asked = Atomic<Int>(0)

    /// Most questions that wait for an answer at a time.
    private static let questionLimit = 64

    init(_ limit: Duration) {
        self.limit = limit
    }

    /// The answer; refused as unavailable when it takes too long or too many others wait.
    ///
    /// - Parameter whom: who is asked, for the words of a refusal: "the reactor".
    /// - Throws: `Problem`, or what the question throws.
    func ask<Answer: Sendable>(
        _ whom: String,
        within limit: Duration? = nil,
        _ question: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        let limit = limit ?? self.limit
        let waiting = self.asked.wrappingAdd(1, ordering: .relaxed).newValue
        guard waiting <= Self.questionLimit else {
            self.asked.wrappingSubtract(1, ordering: .relaxed)
            throw Problem.unavailable("too many questions wait for \(whom)")
        }
        let (answers, continuation) = AsyncStream<Result<Answer, any Error>?>.makeStream(
            bufferingPolicy: .bufferingOldest(1)
        )
        // Outside the structure: a task group would wait for the answer that this is about not waiting for.
        let task = Task {
            do {
                continuation.yield(.success(try await question()))
            } catch {
                continuation.yield(.failure(error))
            }
            self.asked.wrappingSubtract(1, ordering: .relaxed)
        }
        let timer = Task {
            try await Task.sleep(for: limit)
            continuation.yield(nil)
        }
        defer { timer.cancel() }
        for await answer in answers {
            guard let answer else { break }
            return try answer.get()
        }
        task.cancel()
        throw Problem.unavailable("\(whom) did not answer within \(limit)")
    }
}
