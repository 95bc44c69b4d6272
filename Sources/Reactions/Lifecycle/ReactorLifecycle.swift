package import Events

/// STOPPED -> STARTING -> RUNNING -> STOPPING -> STOPPED: what a reactor may do when.
///
/// The runtime tells what happened and performs the actions. Everything that a start sets going carries that start's
/// number; what comes late from an earlier start changes nothing.
package struct ReactorLifecycle: Sendable, Hashable {
    package enum State: String, Sendable, Hashable, CaseIterable {
        case stopped = "STOPPED"
        case starting = "STARTING"
        case running = "RUNNING"
        case stopping = "STOPPING"
    }

    package enum Input: Sendable, Hashable {
        /// Somebody wants it to run.
        case start
        /// Everything that start number needs is there.
        case started(run: UInt64)
        /// Start number failed, or what it started ended by itself.
        case failed(run: UInt64, reason: String)
        /// Somebody wants it to stop; work that was received may take `grace` to be finished.
        case stop(grace: Duration)
        /// Everything of that start has ended; so many events were left undone.
        case stopped(run: UInt64, left: Int)
        /// Time has passed.
        case tick
    }

    package enum Action: Sendable, Hashable {
        /// Connect, subscribe, load handlers; answer with `started` or `failed`.
        case begin(run: UInt64)
        /// Nothing is done, and why.
        case refuse(String)
        /// Ready from now on.
        case announceRunning
        /// Not ready any more; take no more events, finish those received until the deadline, then answer `stopped`.
        case drain(run: UInt64, deadline: Timestamp)
        /// End everything now, finished or not, then answer `stopped`.
        case abandon(run: UInt64)
        /// It is over.
        case finished(Outcome)
    }

    package enum Outcome: Sendable, Hashable {
        case clean
        /// Stopped with events undone.
        case workLeft(Int)
        /// Did not start, or ended by itself.
        case failed(String)
    }

    package private(set) var state: State = .stopped
    /// The number of the current start, or of the last one; 0 before the first.
    package private(set) var run: UInt64 = 0
    /// How the last run ended.
    package private(set) var lastOutcome: Outcome?

    private var clock = SteadyClock()
    private var deadline: Int64?
    private var failure: String?

    package init() {}

    package mutating func handle(_ input: Input, at now: Timestamp) -> [Action] {
        let instant = self.clock.instant(now)
        switch input {
        case .start: return self.start()
        case .started(let run): return run == self.run ? self.started() : []
        case .failed(let run, let reason): return run == self.run ? self.failed(reason) : []
        case .stop(let grace): return self.stop(grace, instant)
        case .stopped(let run, let left): return run == self.run ? self.stopped(left) : []
        case .tick: return self.tick(instant)
        }
    }

    private mutating func start() -> [Action] {
        switch self.state {
        case .stopped:
            self.run += 1
            self.state = .starting
            self.failure = nil
            return [.begin(run: self.run)]
        case .starting, .running, .stopping:
            return [.refuse("the reactor is \(self.state.rawValue), it can be started when it is STOPPED")]
        }
    }

    private mutating func started() -> [Action] {
        switch self.state {
        case .starting:
            self.state = .running
            return [.announceRunning]
        // A stop came between; it will be answered by `stopped`.
        case .stopping, .stopped, .running:
            return []
        }
    }

    private mutating func failed(_ reason: String) -> [Action] {
        switch self.state {
        case .starting, .running:
            self.failure = reason
            self.state = .stopping
            self.deadline = nil
            return [.abandon(run: self.run)]
        case .stopping:
            self.failure = self.failure ?? reason
            return []
        case .stopped:
            return []
        }
    }

    private mutating func stop(_ grace: Duration, _ now: Int64) -> [Action] {
        switch self.state {
        case .stopped:
            return [.finished(self.lastOutcome ?? .clean)]
        case .starting, .running:
            self.state = .stopping
            let deadline = now &+ max(0, grace.wholeMicroseconds)
            self.deadline = deadline
            return [.drain(run: self.run, deadline: self.clock.reading(deadline))]
        case .stopping:
            // The second demand does not wait.
            self.deadline = nil
            return [.abandon(run: self.run)]
        }
    }

    private mutating func stopped(_ left: Int) -> [Action] {
        switch self.state {
        case .stopping:
            return self.end(self.failure.map { .failed($0) } ?? (left > 0 ? .workLeft(left) : .clean))
        case .starting, .running:
            return self.end(.failed("the reactor ended by itself"))
        case .stopped:
            return []
        }
    }

    private mutating func end(_ outcome: Outcome) -> [Action] {
        self.state = .stopped
        self.deadline = nil
        self.lastOutcome = outcome
        return [.finished(outcome)]
    }

    private mutating func tick(_ now: Int64) -> [Action] {
        guard self.state == .stopping, let deadline, now >= deadline else { return [] }
        self.deadline = nil
        return [.abandon(run: self.run)]
    }
}
