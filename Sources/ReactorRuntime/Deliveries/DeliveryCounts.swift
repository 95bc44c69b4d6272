import Reactions
import Synchronization
import Telemetry

/// Counts what became of attempts to tell receivers.
package final class DeliveryCounts: Sendable {
    package enum Outcome: String, Sendable, CaseIterable {
        case delivered
        /// The attempt failed and another one will be made.
        case retried
        case dead
    }

    package struct Counts: Sendable {
        package var outcomes: [String: [Outcome: UInt64]] = [:]
        package var planned: UInt64 = 0
        /// Notices that could not be read.
        package var refused: UInt64 = 0
        /// Claims that were taken over from somebody who never told what came of them.
        package var takenOver: UInt64 = 0
    }

    private let counts = Mutex(Counts())
    private let attempts: HistogramHandle
    private let delays: HistogramHandle

    init(_ registry: MetricsRegistry) {
        self.attempts = registry.histogram(MetricCatalog.Deliveries.attemptDuration)
        self.delays = registry.histogram(MetricCatalog.Deliveries.duration)
    }

    package var values: Counts { self.counts.withLock { $0 } }

    func planned(_ deliveries: Int, refused: Int) {
        self.counts.withLock { counts in
            counts.planned += UInt64(deliveries)
            counts.refused += UInt64(refused)
        }
    }

    func tookOver() { self.counts.withLock { $0.takenOver += 1 } }

    func attempted(seconds: Double) { self.attempts.record(seconds) }

    /// - Parameter seconds: from the decision to the arrival.
    func ended(_ receiver: String, _ outcome: Outcome, after seconds: Double) {
        self.counts.withLock { $0.outcomes[receiver, default: [:]][outcome, default: 0] += 1 }
        if outcome == .delivered { self.delays.record(max(0, seconds)) }
    }
}
