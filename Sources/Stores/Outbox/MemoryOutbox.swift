import DequeModule
package import Events
package import Reactions
import Synchronization

/// The outbox in this process: nothing survives a restart, nothing is shared between reactors.
package final class MemoryOutbox: Outbox {
    struct Entry {
        var record: DeliveryRecord
        let notification: AlertNotification
        /// Of the claim that holds, and until when it does.
        var token = ""
        var claimedUntil: Timestamp?
        /// Attempts that came to nothing.
        var failures = 0
        var isForced = false
    }

    struct State {
        var notices: Deque<(id: String, routed: RoutedNotice)> = []
        /// Taken, and when they fall to the next planner.
        var taken: [String: (routed: RoutedNotice, until: Timestamp)] = [:]
        var groups: [String: GroupShelf.Kept] = [:]
        var dueGroups: [String: Timestamp] = [:]
        /// The earliest of these.
        var nextGroup: Timestamp?
        var entries: [String: Entry] = [:]
        /// All of them, in the order in which they were made.
        var order: Deque<String> = []
        /// Those that are not finished, by receiver, in the order in which they are to be sent.
        var open: [String: [String]] = [:]
        var dead: Deque<String> = []
        var disabled: [String: (fingerprint: String, reason: String)] = [:]
        var audit: Deque<AuditEntry> = []
        var serial: UInt64 = 0

        mutating func nextSerial() -> UInt64 {
            self.serial += 1
            return self.serial
        }
    }

    let state = Mutex(State())
    let bounds: OutboxBounds
    let clock: @Sendable () -> Timestamp
    private let instance: String
    private let arrival = WakeSignal()

    package var isLasting: Bool { false }

    package init(
        instance: String,
        bounds: OutboxBounds = OutboxBounds(),
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.instance = instance
        self.bounds = bounds
        self.clock = clock
    }

    /// Notices of what was decided to go out. Does not wait.
    package func add(_ notices: [RoutedNotice]) {
        self.state.withLock { state in
            for notice in notices { state.notices.append(("\(state.nextSerial())", notice)) }
        }
        self.arrival.ring()
    }

    // MARK: Planning

    package func takeNotices(upTo limit: Int, patience: Duration) async throws -> [ClaimedNotice] {
        let first = self.takeNow(limit)
        guard first.isEmpty, patience > .zero else { return first }
        await self.arrival.wait(atMost: patience)
        return self.takeNow(limit)
    }

    private func takeNow(_ limit: Int) -> [ClaimedNotice] {
        let now = self.clock()
        return self.state.withLock { state in
            var found = state.taken.filter { $0.value.until <= now }.sorted { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }
                .prefix(limit).map { (id: $0.key, routed: $0.value.routed) }
            while found.count < limit, let next = state.notices.popFirst() { found.append(next) }
            for notice in found { state.taken[notice.id] = (notice.routed, now + self.bounds.planningTime) }
            return found.map { ClaimedNotice(id: $0.id, routed: $0.routed) }
        }
    }

    package func shelf(of keys: [String]) async throws -> GroupShelf {
        let now = self.clock()
        return self.state.withLock { state in
            var groups: [String: GroupShelf.Kept] = [:]
            for key in keys { groups[key] = state.groups[key] }
            return GroupShelf(now: now, groups: groups, count: state.groups.count)
        }
    }

    package func dueShelf(upTo limit: Int, everything: Bool) async throws -> GroupShelf {
        let now = self.clock()
        return self.state.withLock { state in
            guard everything || state.nextGroup.map({ $0 <= now }) ?? false else {
                return GroupShelf(now: now, groups: [:], count: state.groups.count)
            }
            let due = state.dueGroups.filter { everything || $0.value <= now }.sorted { $0.value < $1.value }
            var groups: [String: GroupShelf.Kept] = [:]
            for (key, _) in due.prefix(limit) { groups[key] = state.groups[key] }
            return GroupShelf(now: now, groups: groups, count: state.groups.count)
        }
    }

    package func apply(_ plan: DeliveryPlan) async throws -> PlanOutcome {
        let now = self.clock()
        return self.state.withLock { state in
            for id in plan.notices + plan.refused where state.taken[id] == nil { return .gone(notice: id) }
            for change in plan.groups where (state.groups[change.key]?.version ?? 0) != change.version {
                return .changed
            }
            for change in plan.groups {
                state.groups[change.key] = change.record.map { .init(version: change.version + 1, record: $0) }
                state.dueGroups[change.key] = change.record == nil ? nil : change.due
            }
            if !plan.groups.isEmpty { state.nextGroup = state.dueGroups.values.min() }
            for delivery in plan.deliveries { self.add(delivery, now, &state) }
            for id in plan.notices + plan.refused { state.taken[id] = nil }
            return .done
        }
    }

    private func add(_ delivery: DeliveryPlan.Delivery, _ now: Timestamp, _ state: inout State) {
        let notification = delivery.notification
        let id = notification.deliveryID
        guard state.entries[id] == nil else { return }
        var record = DeliveryRecord(
            id: id,
            receiver: notification.receiver,
            kind: delivery.kind,
            status: .pending,
            alertIDs: notification.alertIDs,
            tenant: delivery.tenant,
            title: notification.message.title,
            attempts: 0,
            nextAttemptAt: now,
            lastReason: nil,
            createdAt: now,
            updatedAt: now,
            instance: notification.instance
        )
        let waiting = state.open[record.receiver]?.count ?? 0
        if waiting < self.bounds.waitingPerReceiver {
            state.open[record.receiver, default: []].append(id)
        } else {
            record.status = .dead
            record.nextAttemptAt = nil
            record.lastReason = "the outbox is full: \(waiting) messages wait for this receiver"
            state.dead.append(id)
        }
        state.entries[id] = Entry(record: record, notification: notification)
        state.order.append(id)
        self.forgetOldest(&state)
    }

    private func forgetOldest(_ state: inout State) {
        while state.order.count > self.bounds.remembered, let oldest = state.order.first {
            guard let status = state.entries[oldest]?.record.status else {
                state.order.removeFirst()
                continue
            }
            guard status == .delivered else { return }
            state.entries[oldest] = nil
            state.order.removeFirst()
        }
    }

    // MARK: Sending

    package func claim(_ requests: [ClaimRequest]) async throws -> ClaimAnswer {
        let now = self.clock()
        return self.state.withLock { state in
            var claims: [DeliveryClaim] = []
            var next: Duration?
            for request in requests {
                var room = request.limit
                for id in state.open[request.receiver] ?? [] {
                    guard room > 0 else { break }
                    guard let entry = state.entries[id] else { continue }
                    if let until = entry.claimedUntil ?? entry.record.nextAttemptAt, until > now {
                        if entry.claimedUntil == nil { next = min(next ?? (until - now), until - now) }
                        continue
                    }
                    guard entry.record.createdAt + request.minimumAge <= now else { continue }
                    claims.append(self.claim(id, now, &state))
                    room -= 1
                }
            }
            return ClaimAnswer(claims: claims, disabled: state.disabled.mapValues(\.reason), nextDueIn: next)
        }
    }

    private func claim(_ id: String, _ now: Timestamp, _ state: inout State) -> DeliveryClaim {
        var entry = state.entries[id]!
        let isTakenOver = entry.record.status == .sending
        entry.token = "\(state.nextSerial())"
        entry.claimedUntil = now + self.bounds.lease
        entry.record.attempts += 1
        entry.record.status = .sending
        entry.record.nextAttemptAt = nil
        entry.record.updatedAt = now
        entry.record.instance = self.instance
        state.entries[id] = entry
        return DeliveryClaim(
            token: entry.token,
            deliveryID: id,
            receiver: entry.record.receiver,
            attempt: entry.record.attempts,
            failures: entry.failures,
            isTakenOver: isTakenOver,
            isForced: entry.isForced,
            lastReason: entry.record.lastReason,
            notification: entry.notification,
            createdAt: entry.record.createdAt
        )
    }

    package func renew(_ claims: [DeliveryClaim]) async throws {
        let now = self.clock()
        self.state.withLock { state in
            for claim in claims where state.entries[claim.deliveryID]?.token == claim.token {
                guard state.entries[claim.deliveryID]?.claimedUntil != nil else { continue }
                state.entries[claim.deliveryID]?.claimedUntil = now + self.bounds.lease
            }
        }
    }

    package func finish(_ claim: DeliveryClaim, _ ending: DeliveryEnding) async throws {
        let now = self.clock()
        self.state.withLock { state in
            guard var entry = state.entries[claim.deliveryID], entry.record.status != .delivered else { return }
            let isMine = entry.record.status == .sending && entry.token == claim.token
            guard isMine || ending == .delivered else { return }
            let wasForced = entry.isForced
            entry.claimedUntil = nil
            entry.record.updatedAt = now
            entry.record.instance = self.instance
            entry.record.nextAttemptAt = nil
            state.dead.removeAll { $0 == claim.deliveryID }
            switch ending {
            case .retry(let reason, let after):
                entry.record.status = .retrying
                entry.failures += 1
                entry.record.nextAttemptAt = now + after
                entry.record.lastReason = reason
            case .delivered:
                entry.record.status = .delivered
                entry.isForced = false
                if wasForced { state.disabled[claim.receiver] = nil }
            case .dead(let reason, let fingerprint):
                entry.record.status = .dead
                entry.record.lastReason = reason
                entry.isForced = false
                state.dead.append(claim.deliveryID)
                if let fingerprint { state.disabled[claim.receiver] = (fingerprint, reason) }
            }
            entry.record.note(claim.attempt, ending, self.instance, at: now)
            state.entries[claim.deliveryID] = entry
            if entry.record.status != .retrying { state.open[claim.receiver]?.removeAll { $0 == claim.deliveryID } }
            while state.dead.count > self.bounds.deadLetters { state.entries[state.dead.removeFirst()] = nil }
        }
    }

    package func enable(_ fingerprints: [String: String]) async throws {
        self.state.withLock { state in
            for (name, fingerprint) in fingerprints where state.disabled[name]?.fingerprint != fingerprint {
                state.disabled[name] = nil
            }
        }
    }

    // MARK: Looking after it

    /// When something becomes due by time alone: the next group, and for each receiver the next message that is not being
    /// sent.
    package var nextDue: (group: Timestamp?, messages: [String: Timestamp]) {
        self.state.withLock { state in
            var messages: [String: Timestamp] = [:]
            for (receiver, ids) in state.open {
                messages[receiver] = ids.compactMap { state.entries[$0]?.record.nextAttemptAt }.min()
            }
            return (state.nextGroup, messages)
        }
    }

    /// Whether there is anything to plan, to tell or to send now.
    package var hasWork: Bool {
        let now = self.clock()
        return self.state.withLock { state in
            if !state.notices.isEmpty || state.nextGroup.map({ $0 <= now }) ?? false { return true }
            if state.taken.values.contains(where: { $0.until <= now }) { return true }
            return state.open.values.contains { ids in
                ids.contains { id in
                    guard let entry = state.entries[id] else { return false }
                    return (entry.claimedUntil ?? entry.record.nextAttemptAt).map { $0 <= now } ?? true
                }
            }
        }
    }

    package func figures() async throws -> OutboxFigures {
        self.state.withLock { state in
            var figures = OutboxFigures()
            figures.notices = state.notices.count + state.taken.count
            figures.groups = state.groups.count
            figures.waiting = state.open.mapValues(\.count)
            figures.deadLetters = state.dead.count
            figures.disabled = state.disabled.mapValues(\.reason)
            return figures
        }
    }

    package func tidy() async throws {
        self.state.withLock { self.forgetOldest(&$0) }
    }
}

extension DeliveryRecord {
    /// Takes note of an attempt that has ended.
    fileprivate mutating func note(_ number: Int, _ ending: DeliveryEnding, _ instance: String, at now: Timestamp) {
        let reason: String? =
            switch ending {
            case .delivered: nil
            case .retry(let reason, _), .dead(let reason, _): reason
            }
        self.ended.append(
            Attempt(number: number, at: now, outcome: self.status, instance: instance, reason: reason)
        )
        if self.ended.count > Attempt.kept { self.ended.removeFirst() }
    }
}
