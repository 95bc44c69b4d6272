import Synchronization

/// Wakes one task that waits. A ring while nobody waits is kept, several are one.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var isOver = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() { self.resume { $0.isRung = true } }

    /// Returns after a ring, or at once when the task was cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayGo = self.state.withLock { state in
                    if state.isRung || state.isOver {
                        state.isRung = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if mayGo { continuation.resume() }
            }
        } onCancel: {
            self.resume { $0.isOver = true }
        }
    }

    private func resume(_ change: (inout State) -> Void) {
        let waiter = self.state.withLock { state in
            change(&state)
            defer { state.waiter = nil }
            if state.waiter != nil { state.isRung = false }
            return state.waiter
        }
        waiter?.resume()
    }
}
