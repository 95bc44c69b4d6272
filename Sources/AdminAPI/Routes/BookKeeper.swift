import Events
import Hummingbird
import Logging
import Reactions
import ReactorRuntime

/// Questions to the books of alerts, with a time limit, and with answers for those that do not exist or cannot be asked.
struct BookKeeper: Sendable {
    let books: AlertBooks
    private let questions: QuestionLimit
    private let logger: Logger

    init(_ books: AlertBooks, limit: Duration, logger: Logger) {
        self.books = books
        self.questions = QuestionLimit(limit)
        self.logger = logger
    }

    func state<Answer: Sendable>(
        _ question: @escaping @Sendable (any StateStore) async throws -> Answer
    ) async throws -> Answer {
        try await self.ask(self.books.state, "the state store", question)
    }

    func receipts<Answer: Sendable>(
        _ question: @escaping @Sendable (any ReceiptBook) async throws -> Answer
    ) async throws -> Answer {
        try await self.ask(self.books.receipts ?? self.books.state, "the state store", question)
    }

    func history<Answer: Sendable>(
        _ question: @escaping @Sendable (any HistoryStore) async throws -> Answer
    ) async throws -> Answer {
        try await self.ask(self.books.history, "history", question)
    }

    func silences<Answer: Sendable>(
        _ question: @escaping @Sendable (any SilenceBook) async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await self.ask(self.books.silences, "the book of silences", question)
        } catch let error as SilenceError {
            throw Problem(error)
        }
    }

    func deliveries<Answer: Sendable>(
        _ question: @escaping @Sendable (any DeliveryBook) async throws -> Answer
    ) async throws -> Answer {
        try await self.ask(self.books.deliveries, "the book of deliveries", question)
    }

    func runs<Answer: Sendable>(
        _ question: @escaping @Sendable (any RunBook) async throws -> Answer
    ) async throws -> Answer {
        try await self.ask(self.books.runs, "the book of runs", question)
    }

    func tester<Answer: Sendable>(
        within limit: Duration,
        _ question: @escaping @Sendable (any ReceiverTester) async throws -> Answer
    ) async throws -> Answer {
        try await self.ask(self.books.tester, "the receivers", within: limit, question)
    }

    private func ask<Book: Sendable, Answer: Sendable>(
        _ book: Book?,
        _ name: String,
        within limit: Duration? = nil,
        _ question: @escaping @Sendable (Book) async throws -> Answer
    ) async throws -> Answer {
        guard let book else { throw Problem.unavailable("\(name): there is none in this reactor") }
        do {
            return try await self.questions.ask(name, within: limit) { try await question(book) }
        } catch let problem as Problem {
            throw problem
        } catch let error as SilenceError {
            throw error
        } catch {
            // What exactly failed is for the log: it may name addresses.
            self.logger.warning("a book cannot be asked", error: error, metadata: ["book": "\(name)"])
            throw Problem.unavailable("\(name) cannot be asked now")
        }
    }
}

extension Problem {
    init(_ error: SilenceError) {
        switch error.code {
        case .unknown: self = .unknown(error.description)
        case .expired, .tooMany: self = .conflict(error.description)
        case .invalid:
            let pointer = error.field.map { "#/\(Cause.escaped($0))" } ?? "#"
            self = .badBody([Cause(detail: error.description, pointer: pointer)])
        }
    }
}
