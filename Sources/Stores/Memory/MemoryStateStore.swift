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

    struct State {
        var gate: FatigueGate
        var rules: AlertRules
        var silences = MemorySilences()
        var receipts: NewestReceipts
    }

    let state: Mutex<State>
    let clock: @Sendable () -> Timestamp
    private let notices: (@Sendable ([RoutedNotice]) -> Void)?

    /// - Parameters:
    ///   - instance: written into every receipt.
    ///   - receiptCapacity: the newest so many receipts are kept.
    ///   - clock: the store's own clock; callers' clocks never count.
    ///   - notices: Gets what goes out, in the order of decisions and before the receipts are answered. Must neither wait
    ///     nor ask the store. Without it nothing is put into words.
    package init(
        settings: AlertSettings = AlertSettings(),
        configVersion: String = "",
        instance: String,
        receiptCapacity: Int = MemoryStateStore.defaultReceiptCapacity,
        bounds: FatigueBounds = FatigueBounds(),
        clock: @escaping @Sendable () -> Timestamp,
        notices: (@Sendable ([RoutedNotice]) -> Void)? = nil
    ) {
        let gate = FatigueGate(
            settings: settings,
            configVersion: configVersion,
            instance: instance,
            bounds: bounds
        )
        self.state = Mutex(
            State(gate: gate, rules: AlertRules(settings), receipts: NewestReceipts(capacity: receiptCapacity))
        )
        self.clock = clock
        self.notices = notices
    }

    // MARK: Deciding

    package func decide(_ alerts: [Alert]) async throws -> [Receipt] {
        self.decideNow(alerts)
    }

    package func reconcile(_ alerts: [Alert]) async throws -> [Receipt] {
        self.state.withLock { state in
            let now = self.clock()
            let receipts = alerts.map { alert in
                let surroundings = state.rules.surroundings(of: alert, state.silences.set, at: now)
                return state.gate.record(alert, surroundings, at: now)
            }
            state.receipts.append(receipts, alerts.map(\.subject))
            return receipts
        }
    }

    /// `decide` without waiting: in memory there is nothing to wait for.
    package func decideNow(_ alerts: [Alert]) -> [Receipt] {
        self.state.withLock { state in
            // Read under the lock, so that the order of readings is the order of decisions.
            let now = self.clock()
            var told: [RoutedNotice] = []
            var receipts: [Receipt] = []
            receipts.reserveCapacity(alerts.count)
            for alert in alerts {
                let surroundings = state.rules.surroundings(of: alert, state.silences.set, at: now)
                let receipt = state.gate.decide(alert, surroundings, at: now)
                if self.notices != nil, receipt.verdict.isSent {
                    told.append(RoutedNotice(alert, receipt, routes: surroundings.routes))
                }
                receipts.append(receipt)
            }
            state.receipts.append(receipts, alerts.map(\.subject))
            if !told.isEmpty { self.notices?(told) }
            return receipts
        }
    }

    package func resolve(_ resolutions: [Resolution]) async throws -> [Telling] {
        self.state.withLock { state in
            let now = self.clock()
            var all: [Telling] = []
            for resolution in resolutions {
                let (stood, tellings) = state.gate.resolve(resolution, at: now)
                state.silences.endOnResolve(of: stood, at: now)
                self.tell(tellings, endsAt: resolution.raisedAt, event: resolution.event, &state)
                all += tellings
            }
            return all
        }
    }

    package func settle() async throws -> [Telling] {
        self.state.withLock { state in
            let now = self.clock()
            let tellings = state.gate.settle(at: now)
            self.tell(tellings, endsAt: now, event: nil, &state)
            return tellings
        }
    }

    /// When `settle` may have something to tell; nil when nothing waits.
    package var nextSettling: Timestamp? { self.state.withLock { $0.gate.nextSettling } }

    private func tell(_ tellings: [Telling], endsAt: Timestamp, event: EventReference?, _ state: inout State) {
        var told: [RoutedNotice] = []
        for telling in tellings {
            var subject = telling.alert.subject
            if let event { subject.event = event }
            state.receipts.append([telling.receipt], [subject])
            guard telling.receipt.verdict.isSent else { continue }
            let routes = telling.route.map { [$0] } ?? state.rules.routes(of: AlertLabels(telling.alert))
            guard !routes.isEmpty else { continue }
            told.append(
                RoutedNotice(
                    telling.alert,
                    telling.receipt,
                    status: telling.status,
                    endsAt: telling.status == .resolved ? endsAt : nil,
                    routes: routes
                )
            )
        }
        if !told.isEmpty { self.notices?(told) }
    }

    // MARK: Settings

    package func update(_ settings: AlertSettings, configVersion: String) async {
        let rules = AlertRules(settings)
        self.state.withLock { state in
            state.gate.update(settings, configVersion: configVersion)
            state.rules = rules
        }
    }

    // MARK: Asking

    package func receipts(_ query: ReceiptQuery) async throws -> [DecisionRecord] {
        let before = query.before.flatMap { DecisionPlace($0) }
        return self.state.withLock { state in
            var found: [DecisionRecord] = []
            let older = 0..<(before.map { state.receipts.count(before: $0) } ?? state.receipts.count)
            for number in older.reversed() where found.count < query.limit {
                let record = state.receipts[number]
                if query.accepts(record) { found.append(record) }
            }
            return found
        }
    }

    package func decisions(after cursor: String?, limit: Int) async throws -> DecisionTail {
        let place = cursor.flatMap { DecisionPlace($0) }
        return self.state.withLock { state in
            let first = place.map {
                state.receipts.count(before: DecisionPlace(milliseconds: $0.milliseconds, number: $0.number + 1))
            }
            let behind = (first ?? 0)..<state.receipts.count
            let found = behind.prefix(max(1, limit)).map { state.receipts[$0] }
            let hasGap = state.receipts.forgotten.map { forgotten in place.map { $0 < forgotten } ?? true }
            return DecisionTail(
                records: found,
                end: found.last?.cursor ?? cursor,
                hasMore: behind.count > found.count,
                hasGap: hasGap ?? false
            )
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
