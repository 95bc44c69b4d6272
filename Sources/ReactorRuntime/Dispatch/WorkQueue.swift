import DequeModule
import Synchronization

/// A queue between the event loop, which must never wait, and one task that may.
///
/// `push` always takes the element and says how full the queue is afterwards; what to do about it (pause, refuse, drop) is
/// the producer's policy, so that the bound is kept where the loss would happen and is counted there.
package final class WorkQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: Deque<Element> = []
        var consumer: CheckedContinuation<Void, Never>?
        /// Elements handed out and not yet reported as done.
        var inHand = 0
        var isFinished = false
    }

    private let state = Mutex(State())

    package init() {}

    /// Elements waiting or in hand.
    package var depth: Int {
        self.state.withLock { $0.elements.count + $0.inHand }
    }

    /// Elements that nobody has taken yet.
    package var waiting: Int {
        self.state.withLock { $0.elements.count }
    }

    /// Elements that nobody has taken yet and that meet a condition.
    package func waiting(where condition: (Element) -> Bool) -> Int {
        self.state.withLock { $0.elements.count(where: condition) }
    }

    /// Adds an element.
    ///
    /// - Returns: Elements waiting or in hand, this one included; nil when the queue is finished and refused it.
    @discardableResult
    package func push(_ element: Element) -> Int? {
        let (depth, consumer) = self.state.withLock { state -> (Int?, CheckedContinuation<Void, Never>?) in
            guard !state.isFinished else { return (nil, nil) }
            state.elements.append(element)
            return (state.elements.count + state.inHand, state.consumer.take())
        }
        consumer?.resume()
        return depth
    }

    /// Takes up to `limit` elements, waiting until there is one; only one task may take.
    ///
    /// The elements count as in hand until the next call. A task that is cancelled gets no more; what is queued stays.
    ///
    /// - Returns: No elements when the queue is finished and empty, or the task is cancelled.
    package func take(upTo limit: Int) async -> [Element] {
        self.state.withLock { $0.inHand = 0 }
        while !Task.isCancelled {
            let taken = self.state.withLock { state -> [Element]? in
                guard !state.elements.isEmpty else { return state.isFinished ? [] : nil }
                let count = min(limit, state.elements.count)
                let taken = Array(state.elements.prefix(count))
                state.elements.removeFirst(count)
                state.inHand = count
                return taken
            }
            if let taken { return taken }
            await self.waitForElement()
        }
        return []
    }

    /// Takes likewise, but lets few elements wait for others until an instant. One that comes later waits for none, and
    /// neither does what is left in a finished queue; a wait that has begun is not cut short by either.
    ///
    /// - Parameter worth: so many wait for no others.
    package func take(
        upTo limit: Int,
        gathering worth: Int,
        until instant: ContinuousClock.Instant
    ) async -> [Element] {
        self.state.withLock { $0.inHand = 0 }
        await self.waitForElement()
        if self.state.withLock({ $0.elements.count < worth && !$0.isFinished }), .now < instant {
            try? await Task.sleep(until: instant)
        }
        return await self.take(upTo: limit)
    }

    /// Takes, beside those in hand, the waiting elements that meet a condition, and leaves the others in their order. For
    /// the task that takes.
    package func takeOutOfTurn(_ condition: (Element) -> Bool) -> [Element] {
        self.state.withLock { state in
            let taken = state.elements.filter(condition)
            guard !taken.isEmpty else { return [] }
            state.elements.removeAll(where: condition)
            state.inHand += taken.count
            return Array(taken)
        }
    }

    /// Puts elements back that were taken last and not worked on, so that they count as left undone.
    package func giveBack(_ elements: [Element]) {
        self.state.withLock { state in
            state.inHand = 0
            state.elements.prepend(contentsOf: elements)
        }
    }

    /// Refuses further elements; what is queued is still handed out.
    package func finish() {
        let consumer = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.isFinished = true
            return state.consumer.take()
        }
        consumer?.resume()
    }

    /// Returns when nothing is queued or in hand, or the task is cancelled. For stopping: it looks every 2 ms.
    package func waitUntilIdle() async {
        while self.depth > 0, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    private func waitForElement() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goOn = self.state.withLock { state in
                    // Something may have come, or the task been cancelled, before the continuation was made.
                    guard state.elements.isEmpty, !state.isFinished, !Task.isCancelled else { return true }
                    precondition(state.consumer == nil, "two tasks take from one queue")
                    state.consumer = continuation
                    return false
                }
                if goOn { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.consumer.take() }?.resume()
        }
    }
}
