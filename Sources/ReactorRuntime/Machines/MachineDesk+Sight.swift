import Events
import NIOCore
import Reactions
import RedisClient

/// What machines are told of times in which events may have been missed.
extension MachineDesk {
    package func handle(_ change: SightChange) {
        switch change {
        case .gained:
            self.queue.push(.listening(since: self.clock.now))
        case .suspected(let cause, let since):
            // What is due before that is known to be unfounded may be a page about nothing.
            let from = self.clock.time(atNanoseconds: since.uptimeNanoseconds)
            self.blindnessBegan(at: from, reason: "the subscription may not deliver any more (\(cause))")
        case .cleared: self.tell(.blindnessDismissed)
        case .replaced:
            let now = self.clock.now
            self.tell(.blindnessEnded(from: now, to: now, reason: "the subscription was replaced"))
        case .lost(let cause):
            self.blindnessBegan(at: self.clock.now, reason: "the subscription was lost (\(cause))")
        case .regained(let window):
            // Nothing that was published is missing.
            if case .atMost(0) = window.missed { return self.tell(.blindnessDismissed) }
            let isLongDeaf = window.cause == .deaf || window.cause == .blackHole
            let start = isLongDeaf ? window.provenUntil ?? window.start : window.start
            let from = self.clock.time(atNanoseconds: min(start, window.end).uptimeNanoseconds)
            let to = self.clock.time(atNanoseconds: window.end.uptimeNanoseconds)
            let reason = "events may have been missed while the subscription was blind (\(window.cause.rawValue))"
            self.tell(.blindnessEnded(from: from, to: to, reason: reason))
        }
    }

    package func blindnessBegan(reason: String) {
        self.blindnessBegan(at: self.clock.now - Self.longestQueue, reason: reason)
    }

    private func blindnessBegan(at: Timestamp, reason: String) {
        self.tell(.blindnessBegan(at: at, reason: reason))
    }

    package func blindnessEnded(for length: Duration, reason: String) {
        let now = self.clock.now
        self.tell(.blindnessEnded(from: now - length - Self.longestQueue, to: now, reason: reason))
    }

    private func tell(_ notice: MachineNotice) { self.queue.push(.notice(notice)) }
}
