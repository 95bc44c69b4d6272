import DequeModule
package import Events
package import Reactions
import Synchronization

/// Decides and remembers in this process: nothing survives a restart, nothing is shared between reactors.
///
/// Checking and recording happen under one lock, so that of any number of equal alerts at one time exactly one is
/// sent.
package final class MemoryStateStore: StateStore {
    /// Receipts kept when nothing else is said; a receipt takes about half a KiB.
    package static let defaultReceiptCapacity = 4096

    private struct State {
        var gate: FatigueGate
        var rules: AlertRules
        var records: Deque<DecisionRecord> = []
        var written: UInt64 = 0

        mutating func keep(_ receipt: Receipt, _ alert: Alert, _ capacity: Int) -> Receipt {
            self.written += 1
            self.records.append(
                DecisionRecord(cursor: String(self.written), subject: AlertSubject(alert), receipt: receipt)
            )
            if self.records.count > capacity { self.records.removeFirst() }
            return receipt
        }
    }

    private let state: Mutex<State>
    private let receiptCapacity: Int
    private let clock: @Sendable () -> Timestamp
    private let notices: @Sendable ([RoutedNotice]) -> Void

    /// - Parameters:
    ///   - instance: written into every receipt.
    ///   - receiptCapacity: the newest so many receipts are kept.
    ///   - clock: the store's own clock; callers' clocks never count.
    ///   - notices: Gets what goes out, in the order of decisions and before the receipts are answered. Must neither wait
    ///     nor ask the store.
    package init(
        settings: AlertSettings = AlertSettings(),
        configVersion: String = "",
        instance: String,
        receiptCapacity: Int = MemoryStateStore.defaultReceiptCapacity,
        bounds: FatigueBounds = FatigueBounds(),
        clock: @escaping @Sendable () -> Timestamp,
        notices: @escaping @Sendable ([RoutedNotice]) -> Void = { _ in }
    ) {
        let gate = FatigueGate(
            settings: settings.fatigue,
            configVersion: configVersion,
            instance: instance,
            bounds: bounds
        )
        self.state = Mutex(State(gate: gate, rules: AlertRules(settings)))
        self.receiptCapacity = max(0, receiptCapacity)
        self.clock = clock
        self.notices = notices
    }

    package func decide(_ alerts: [Alert]) async throws -> [Receipt] {
        self.decideNow(alerts)
    }

    package func reconcile(_ alerts: [Alert]) async throws -> [Receipt] {
        self.state.withLock { state in
            let now = self.clock()
            return alerts.map { alert in state.keep(state.gate.record(alert, at: now), alert, self.receiptCapacity) }
        }
    }

    /// `decide` without waiting: in memory there is nothing to wait for.
    package func decideNow(_ alerts: [Alert]) -> [Receipt] {
        self.state.withLock { state in
            // Read under the lock, so that the order of readings is the order of decisions.
            let now = self.clock()
            var told: [RoutedNotice] = []
            let receipts = alerts.map { alert in
                let routes = state.rules.routes(of: alert)
                let receipt = state.gate.decide(alert, isRouted: !routes.isEmpty, at: now)
                if receipt.verdict.isSent {
                    let notice = AlertNotice(alert, receipt: receipt, lasts: alert.lasts)
                    told.append(RoutedNotice(notice: notice, routes: routes))
                }
                return state.keep(receipt, alert, self.receiptCapacity)
            }
            if !told.isEmpty { self.notices(told) }
            return receipts
        }
    }

    package func update(_ settings: AlertSettings, configVersion: String) async {
        let rules = AlertRules(settings)
        self.state.withLock { state in
            state.gate.update(settings.fatigue, configVersion: configVersion)
            state.rules = rules
        }
    }

    package func receipts(_ query: ReceiptQuery) async throws -> [DecisionRecord] {
        let before = query.before.flatMap { UInt64($0) } ?? .max
        return self.state.withLock { state in
            let older = state.records.reversed().lazy.filter { (UInt64($0.cursor) ?? 0) < before }
            return Array(older.filter { query.accepts($0) }.prefix(max(0, query.limit)))
        }
    }

    package func statistics(tenant: String) async throws -> TenantFatigueStatistics {
        self.state.withLock { $0.gate.statistics(tenant: tenant, at: self.clock()) }
    }

    /// What was decided so far, and how much is remembered.
    package var statistics: FatigueStatistics {
        self.state.withLock { $0.gate.statistics }
    }
}
