import DequeModule
import Events
package import Logging
package import NIOCore
package import RedisClient
import Synchronization

/// Whether events can be heard.
package enum SightChange: Sendable {
    /// There is a subscription.
    case gained
    /// The subscription may not deliver any more; it was last read from then.
    case suspected(cause: String, since: NIODeadline)
    /// It was replaced, and nothing is missing.
    case cleared
    /// It was replaced, and what may be missing is not known yet; if anything is, a window follows.
    case replaced
    /// The subscription is gone.
    case lost(cause: String)
    /// It is back, or was replaced; what may have been missed lies in the window.
    case regained(BlindWindow)
}

/// What the subscription has reported about itself: the facts behind readiness, the metrics of gaps, and the log of both.
///
/// Fed on the subscription's event loop, read from anywhere.
package final class LinkMonitor: Sendable {
    /// Blind windows that are kept for those who ask.
    package static let keptWindows = 100

    package struct Facts: Sendable {
        package var isSubscribed = false
        package var suspect: SuspectCause?
        /// When a probe last came back, in nanoseconds of the clock that only grows, and how long it took.
        package var lastProbeAt: UInt64?
        package var roundTrip: Duration?
        package var lastEnd: LinkEnd?
        package var reconnects: UInt64 = 0
        package var replacements: UInt64 = 0
        package var probesOverdue: UInt64 = 0
        package var probesFailed: UInt64 = 0
        package var gapsByCause: [BlindCause: UInt64] = [:]
        package var blindTime: Duration = .zero
        package var missedBound: UInt64 = 0
        package var unmeasuredGaps: UInt64 = 0
        package var oversize: UInt64 = 0
        package var ownStalls: UInt64 = 0
        package var errors: [String: UInt64] = [:]

        /// How long ago a probe came back; nil when none has. Whatever becomes of the wall clock.
        package func probeAge(_ clock: PipelineClock) -> Duration? {
            self.lastProbeAt.map { .nanoseconds(Int64(truncatingIfNeeded: clock.monotonic() &- $0)) }
        }

        package var gaps: UInt64 { self.gapsByCause.values.reduce(0, +) }
    }

    private struct State {
        var facts = Facts()
        var windows: Deque<BlindWindow> = []
        var probeTimes = 0
        var hasEverSubscribed = false
    }

    private let state = Mutex(State())
    private let clock: PipelineClock
    private let logger: Logger
    private let onProbe: @Sendable (Duration) -> Void
    private let onSight: @Sendable (SightChange) -> Void

    /// - Parameters:
    ///   - onProbe: told the round trip of every probe that came back.
    ///   - onSight: told when events may be missed, and when that is over.
    package init(
        clock: PipelineClock,
        logger: Logger,
        onProbe: @escaping @Sendable (Duration) -> Void,
        onSight: @escaping @Sendable (SightChange) -> Void
    ) {
        self.clock = clock
        self.logger = logger
        self.onProbe = onProbe
        self.onSight = onSight
    }

    package var facts: Facts { self.state.withLock { $0.facts } }

    /// The newest first.
    package var windows: [BlindWindow] { self.state.withLock { $0.windows.reversed() } }

    package func handle(_ event: SubscriptionEvent) {
        let now = self.clock.monotonic()
        self.state.withLock { Self.note(event, in: &$0, at: now) }
        switch event {
        case .ready(let roundTrip), .probe(let roundTrip): self.onProbe(roundTrip)
        case .subscribed: self.onSight(.gained)
        case .suspect(let cause, let lastByte):
            self.onSight(.suspected(cause: cause.rawValue, since: lastByte))
        case .replaced(let replacement): self.onSight(replacement.cut == .exact ? .cleared : .replaced)
        case .lost(let end): self.onSight(.lost(cause: end.label))
        case .blindWindow(let window): self.onSight(.regained(window))
        default: break
        }
        self.report(event)
    }

    private static func note(_ event: SubscriptionEvent, in state: inout State, at now: UInt64) {
        switch event {
        case .subscribed:
            if state.hasEverSubscribed, !state.facts.isSubscribed { state.facts.reconnects += 1 }
            state.hasEverSubscribed = true
            state.facts.isSubscribed = true
            state.facts.lastEnd = nil
        case .ready(let roundTrip), .probe(let roundTrip):
            state.facts.lastProbeAt = now
            state.facts.roundTrip = roundTrip
        case .probeOverdue:
            state.facts.probesOverdue += 1
        case .probeFailed(let error):
            state.facts.probesFailed += 1
            state.facts.errors[error.metricLabel, default: 0] += 1
        case .suspect(let cause, lastByte: _):
            state.facts.suspect = cause
        case .recovered:
            state.facts.suspect = nil
        case .replaced:
            state.facts.suspect = nil
            state.facts.replacements += 1
        case .lost(let end):
            state.facts.isSubscribed = false
            state.facts.suspect = nil
            state.facts.lastEnd = end
            // What proved the old subscription proves nothing about the next one.
            state.facts.lastProbeAt = nil
        case .blindWindow(let window):
            Self.note(window, in: &state)
        case .ownStall:
            state.facts.ownStalls += 1
        case .oversize:
            state.facts.oversize += 1
        case .attemptFailed(let end):
            state.facts.lastEnd = end
            state.facts.errors[end.label, default: 0] += 1
        case .stopped:
            state.facts.isSubscribed = false
            state.facts.lastProbeAt = nil
        }
    }

    private static func note(_ window: BlindWindow, in state: inout State) {
        state.facts.gapsByCause[window.cause, default: 0] += 1
        state.facts.blindTime += window.length
        switch window.missed {
        case .atMost(let count): state.facts.missedBound += count
        case .unknown: state.facts.unmeasuredGaps += 1
        }
        if state.windows.count == Self.keptWindows { state.windows.removeFirst() }
        state.windows.append(window)
    }

    private func report(_ event: SubscriptionEvent) {
        switch event {
        case .subscribed:
            self.logger.info("subscribed")
        case .ready(let roundTrip):
            self.logger.info("subscription proven by a probe", metadata: ["round_trip_ms": "\(roundTrip.milliseconds)"])
        case .probe:
            break
        case .probeOverdue(let age):
            self.logger.warning("probe did not come back", metadata: ["age_s": "\(age.inSeconds)"])
        case .probeFailed(let error):
            self.logger.warning("probe could not be published", metadata: ["reason": "\(error.metricLabel)"])
        case .suspect(let cause, lastByte: _):
            self.logger.warning(
                "subscription is suspect, opening a second one",
                metadata: ["cause": "\(cause.rawValue)"]
            )
        case .recovered(let after):
            self.logger.info("suspect subscription gave a sign of life", metadata: ["after_s": "\(after.inSeconds)"])
        case .replaced(let replacement):
            self.logger.notice(
                "subscription was replaced",
                metadata: [
                    "cause": "\(replacement.cause.rawValue)", "exact": "\(replacement.cut == .exact)",
                    "after_s": "\(replacement.duration.inSeconds)",
                ]
            )
        case .lost(let end):
            self.logger.warning("subscription lost, connecting again", metadata: ["cause": "\(end.label)"])
        case .blindWindow(let window):
            self.logger.warning("blind window", metadata: self.metadata(of: window))
        case .ownStall(let length):
            self.logger.warning("event loop stood still", metadata: ["seconds": "\(length.inSeconds)"])
        case .oversize(let message):
            self.logger.warning("message above the limit was skipped", metadata: ["bytes": "\(message.length)"])
        case .attemptFailed(let end):
            self.logger.warning("could not subscribe, trying again", metadata: ["cause": "\(end.label)"])
        case .stopped:
            self.logger.info("subscription closed")
        }
    }

    private func metadata(of window: BlindWindow) -> Logger.Metadata {
        // The window's times are of the monotonic clock; people look at the wall.
        let (now, wall) = (NIODeadline.uptimeNanoseconds(self.clock.monotonic()), self.clock.wall())
        func time(_ instant: NIODeadline) -> String { (wall - Duration(now - instant)).iso8601 }
        var metadata: Logger.Metadata = [
            "cause": "\(window.cause.rawValue)", "start": "\(time(window.start))", "end": "\(time(window.end))",
            "seconds": "\(window.length.inSeconds)", "missed": "\(window.missed.label)",
        ]
        if case .atMost(let count) = window.missed { metadata["missed_at_most"] = "\(count)" }
        return metadata
    }
}

extension Duration {
    /// In milliseconds, to the microsecond.
    var milliseconds: Double { Double(self.wholeMicroseconds) / 1000 }
}
