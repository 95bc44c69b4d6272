import Synchronization

/// Those who are asking a life something: its event loop must not end under a question, or nobody would answer it.
final class Visits: Sendable {
    private struct State {
        var open = 0
        var isClosing = false
    }

    private let state = Mutex(State())
    private let none = Gate()

    init() {}

    func enter() { self.state.withLock { $0.open += 1 } }

    func leave() {
        let isLast = self.state.withLock { state in
            state.open -= 1
            return state.isClosing && state.open == 0
        }
        if isLast { self.none.open() }
    }

    /// Returns when nobody asks any more. New visitors must have been kept out before.
    func waitUntilNone() async {
        let isNone = self.state.withLock { state in
            state.isClosing = true
            return state.open == 0
        }
        if isNone { self.none.open() }
        // Not cancelled with the task: the questions are short, and the loop that answers them turns.
        while !self.none.isOpen {
            await self.none.wait()
            await Task.yield()
        }
    }
}
