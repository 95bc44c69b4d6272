import Synchronization

/// A clock that stands still until a test moves it.
///
/// A test waits for the code under test to go to sleep (`sleeper()`), then moves the time to where it should wake.
package final class ManualClock: Clock, Sendable {
    /// Time since the clock was made.
    package struct Instant: InstantProtocol, CustomStringConvertible {
        package var offset: Swift.Duration

        package init(_ offset: Swift.Duration = .zero) { self.offset = offset }

        package func advanced(by duration: Swift.Duration) -> Instant { Instant(self.offset + duration) }
        package func duration(to other: Instant) -> Swift.Duration { other.offset - self.offset }
        package static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.offset < rhs.offset }
        package var description: String { "\(self.offset)" }
    }

    private struct Sleeper {
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant()
        var nextID = 0
        var sleepers: [Int: Sleeper] = [:]
        /// Whose task was cancelled before they lay down.
        var cancelledEarly: Set<Int> = []
        /// Deadlines that no `sleeper()` has reported yet, and those who wait for one.
        var unreported: [Instant] = []
        var watchers: [CheckedContinuation<Instant, Never>] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Instant { self.state.withLock { $0.now } }

    package var minimumResolution: Swift.Duration { .zero }

    /// How many tasks are asleep.
    package var sleeperCount: Int { self.state.withLock { $0.sleepers.count } }

    package func sleep(until deadline: Instant, tolerance: Swift.Duration? = nil) async throws {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { self.lieDown(id, until: deadline, $0) }
        } onCancel: {
            let sleeper = self.state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelledEarly.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// The deadline of the next task that goes to sleep; each is reported once, in the order of lying down. A sleep
    /// whose deadline has passed already counts too.
    package func sleeper() async -> Instant {
        await withCheckedContinuation { continuation in
            let ready = self.state.withLock { state -> Instant? in
                guard state.unreported.isEmpty else { return state.unreported.removeFirst() }
                state.watchers.append(continuation)
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    /// Moves the time forward and wakes, earliest first, everyone who is due.
    package func advance(by duration: Swift.Duration) {
        self.advance(to: self.now.advanced(by: duration))
    }

    /// Moves the time; never backwards.
    package func advance(to instant: Instant) {
        let due = self.state.withLock { state in
            state.now = max(state.now, instant)
            let now = state.now
            let due = state.sleepers.filter { $0.value.deadline <= now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }
        }
        for (_, sleeper) in due { sleeper.continuation.resume() }
    }

    private enum Fate {
        case asleep
        case awake
        case cancelled
    }

    private func lieDown(_ id: Int, until deadline: Instant, _ continuation: CheckedContinuation<Void, any Error>) {
        let (fate, watcher) = self.state.withLock { state -> (Fate, CheckedContinuation<Instant, Never>?) in
            guard state.cancelledEarly.remove(id) == nil else { return (.cancelled, nil) }
            var watcher: CheckedContinuation<Instant, Never>?
            if state.watchers.isEmpty {
                state.unreported.append(deadline)
            } else {
                watcher = state.watchers.removeFirst()
            }
            guard deadline > state.now else { return (.awake, watcher) }
            state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
            return (.asleep, watcher)
        }
        watcher?.resume(returning: deadline)
        switch fate {
        case .asleep: break
        case .awake: continuation.resume()
        case .cancelled: continuation.resume(throwing: CancellationError())
        }
    }
}
