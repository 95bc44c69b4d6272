import Synchronization

/// What a server is doing, what is wanted of it, and who waits for a change.
final class StatusBoard: Sendable {
    enum Phase: Sendable {
        case starting
        case serving(processID: Int32)
        /// Stopped on request, may be brought up again.
        case down
        case failed(RedisServerError)
        case ended

        var processID: Int32? {
            guard case .serving(let processID) = self else { return nil }
            return processID
        }
    }

    enum Wish: Sendable {
        case up
        case down
        case end
    }

    /// What conditions look at.
    struct Status: Sendable {
        var phase = Phase.starting
        var wish = Wish.up
    }

    typealias Condition = @Sendable (Status) throws -> Bool

    private struct Waiter {
        let condition: Condition
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var status = Status()
        var address: RedisServerAddress?
        var guardian: Guardian?
        var waiters: [Int: Waiter] = [:]
        /// Whose task was cancelled before they began to wait.
        var cancelledEarly: Set<Int> = []
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    var phase: Phase { self.state.withLock { $0.status.phase } }
    var wanted: Wish { self.state.withLock { $0.status.wish } }
    var address: RedisServerAddress? { self.state.withLock { $0.address } }

    /// Changes what is wanted; a running server is asked to stop when it is not wanted any more. `end` is final.
    func want(_ wish: Wish) {
        let unwanted = self.change { state -> Guardian? in
            guard state.status.wish != .end else { return nil }
            state.status.wish = wish
            return wish == .up ? nil : state.guardian
        }
        unwanted?.release()
    }

    /// Notes the guardian of the server that was just started.
    func started(_ guardian: Guardian) {
        let unwanted = self.change { state in
            state.status.phase = .starting
            state.guardian = guardian
            return state.status.wish != .up
        }
        if unwanted { guardian.release() }
    }

    /// The server answers; false when it has ended since.
    func serves(processID: Int32, address: RedisServerAddress) -> Bool {
        self.change { state in
            guard state.guardian != nil else { return false }
            state.address = address
            state.status.phase = .serving(processID: processID)
            return true
        }
    }

    /// The server has ended; returns whether it had answered before.
    func lifeEnded() -> Bool {
        self.change { state in
            let served = state.status.phase.processID != nil
            state.guardian = nil
            state.status.phase = .starting
            return served
        }
    }

    func move(to phase: Phase) {
        self.change { $0.status.phase = phase }
    }

    /// Waits while the server is to stay down; false when it is to end.
    func maySpawn() async -> Bool {
        self.change { if $0.status.wish == .down { $0.status.phase = .down } }
        // Cancellation of the task that runs the server also sets the wish to `end`.
        try? await self.wait { $0.wish != .down }
        return self.wanted == .up
    }

    /// Returns when the condition holds; it is looked at now and after each change.
    /// - Throws: what the condition throws, or `CancellationError`.
    func wait(until condition: @escaping Condition) async throws {
        let id = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let cancelled = self.change { state in
                    guard state.cancelledEarly.remove(id) == nil else { return true }
                    state.waiters[id] = Waiter(condition: condition, continuation: continuation)
                    return false
                }
                if cancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let waiter = self.state.withLock { state in
                let waiter = state.waiters.removeValue(forKey: id)
                if waiter == nil { state.cancelledEarly.insert(id) }
                return waiter
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Changes the state and then, outside the lock, resumes everyone whose condition holds now.
    @discardableResult
    private func change<Result>(_ body: (inout State) -> Result) -> Result {
        let (result, resumed) = self.state.withLock { state in
            let result = body(&state)
            let status = state.status
            var resumed: [(CheckedContinuation<Void, any Error>, Swift.Result<Void, any Error>)] = []
            for (id, waiter) in state.waiters {
                let verdict = Swift.Result { try waiter.condition(status) }
                if case .success(false) = verdict { continue }
                state.waiters[id] = nil
                resumed.append((waiter.continuation, verdict.map { _ in }))
            }
            return (result, resumed)
        }
        for (continuation, verdict) in resumed { continuation.resume(with: verdict) }
        return result
    }
}
