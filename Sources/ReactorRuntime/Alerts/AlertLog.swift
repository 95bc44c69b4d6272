import DequeModule
package import Reactions
import Synchronization

/// The last alerts with what was decided about them, and the counts of all.
package final class AlertLog: Sendable {
    /// How many alerts are kept.
    package static let capacity = 1000

    /// What the metrics of alerts are made of.
    package struct Counts: Sendable {
        package var verdicts: [Verdict: UInt64] = [:]
        /// Audit alerts by type and severity, as the original counts them: each that was raised.
        package var audit: [AuditLabel: UInt64] = [:]
        /// Alerts that could not be decided, because the store failed; they went out unchecked.
        package var undecided: UInt64 = 0
    }

    package struct AuditLabel: Sendable, Hashable {
        package var type: String
        package var severity: Severity
    }

    private struct State {
        var alerts: Deque<DecidedAlert> = []
        var counts = Counts()
    }

    private let state = Mutex(State())

    package init() {}

    package var counts: Counts { self.state.withLock { $0.counts } }

    /// The newest first.
    package func newest(_ limit: Int) -> [DecidedAlert] {
        self.state.withLock { Array($0.alerts.suffix(max(0, limit)).reversed()) }
    }

    package func add(_ decided: DecidedAlert) {
        self.state.withLock { state in
            if state.alerts.count == Self.capacity { state.alerts.removeFirst() }
            state.alerts.append(decided)
            state.counts.verdicts[decided.receipt.verdict, default: 0] += 1
            if decided.alert.domain == BuiltIns.auditDomain {
                let label = AuditLabel(type: decided.alert.type, severity: decided.alert.severity)
                state.counts.audit[label, default: 0] += 1
            }
        }
    }

    func addUndecided() {
        self.state.withLock { $0.counts.undecided += 1 }
    }
}
