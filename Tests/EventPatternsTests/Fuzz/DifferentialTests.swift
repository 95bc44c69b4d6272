import Dispatch
import Testing

/// The automaton against the oracle, on random rules and events. `make fuzz` compares ten times as many, in a release
/// build and with another seed each time.
@Suite(.serialized) struct `The automaton and the naive matcher agree` {
    /// How many pairs of a pattern and an event: as many as a debug build compares in a minute.
    static let pairs = 1_000_000

    @Test(.timeLimit(.minutes(60)), arguments: RandomPatterns.Theme.allCases)
    func `on every random pair of a pattern and an event`(theme: RandomPatterns.Theme) async throws {
        let share = DifferentialRound.share(of: Self.pairs, theme)
        let outcome = try await Self.onThreadOfItsOwn {
            Result { try DifferentialRound.run(pairs: share, seed: 1, theme: theme) }
        }.get()
        // Pairs that never match would test little.
        #expect(outcome.matched * 100 > outcome.tested)
    }

    /// Work that takes minutes would keep one of the few threads of the other tests from them.
    private static func onThreadOfItsOwn<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "differential").async { continuation.resume(returning: work()) }
        }
    }

    @Test func `the shares of the themes are a million pairs and more`() {
        #expect(
            RandomPatterns.Theme.allCases.map { DifferentialRound.share(of: Self.pairs, $0) }.reduce(0, +) > 999_990
        )
    }
}
