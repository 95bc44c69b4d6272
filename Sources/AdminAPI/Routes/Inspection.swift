import ReactorRuntime

/// Questions to the reactor, with a time limit: a reactor that is stuck must not make its health check hang.
struct Inspection: Sendable {
    let inspector: any ReactorInspecting
    private let questions: QuestionLimit

    init(_ inspector: any ReactorInspecting, limit: Duration) {
        self.inspector = inspector
        self.questions = QuestionLimit(limit)
    }

    /// The answer; refused as unavailable when it takes too long or too many others wait.
    func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (any ReactorInspecting) async -> Answer
    ) async throws -> Answer {
        try await self.questions.ask("the reactor") { [inspector = self.inspector] in await question(inspector) }
    }
}
