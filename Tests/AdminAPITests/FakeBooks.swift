import EventPatterns
import Events
import Reactions
import ReactorRuntime
import Synchronization

@testable import AdminAPI

/// What a store, a book of silences, one of deliveries and receivers hold and were asked.
final class FakeBooks: StateStore, SilenceBook, DeliveryBook, ReceiverTester {
    struct Content: Sendable {
        var records: [DecisionRecord] = []
        var silences: [Silence] = []
        var audit: [AuditEntry] = []
        var deliveries: [DeliveryRecord] = []
        var payloads: [String: [UInt8]] = [:]
        var outcomes: [String: AttemptOutcome] = [:]
        var told: [(receivers: [String], notice: AlertNotice)] = []
        var limitsAsked: [Int] = []
        /// Whether nothing can be asked.
        var isAway = false
    }

    struct Away: Error {}

    let content: Mutex<Content>
    static let now = Timestamp(microseconds: 1_795_200_000_000_000)

    init(_ change: (inout Content) -> Void = { _ in }) {
        var content = Content()
        change(&content)
        self.content = Mutex(content)
    }

    /// All of them as one.
    func books(settings: AlertSettings = AlertSettings()) -> AlertBooks {
        var books = AlertBooks(settings: { settings }, now: { Self.now })
        books.state = self
        books.silences = self
        books.deliveries = self
        books.tester = self
        return books
    }

    private func read<Value>(_ body: (inout Content) -> Value) throws -> Value {
        try self.content.withLock { content in
            if content.isAway { throw Away() }
            return body(&content)
        }
    }

    // MARK: StateStore

    func decide(_ alerts: [Alert]) async throws -> [Receipt] { [] }
    func reconcile(_ alerts: [Alert]) async throws -> [Receipt] { [] }
    func resolve(_ resolutions: [Resolution]) async throws -> [Telling] { [] }
    func settle() async throws -> [Telling] { [] }
    func update(_ settings: AlertSettings, configVersion: String) async {}

    func receipts(_ query: ReceiptQuery) async throws -> [DecisionRecord] {
        try self.read { content in
            content.limitsAsked.append(query.limit)
            let before = query.before.flatMap { UInt64($0) } ?? .max
            let fitting = content.records.filter { query.accepts($0) && (UInt64($0.cursor) ?? 0) < before }
            return Array(fitting.prefix(query.limit))
        }
    }

    func decisions(after cursor: String?, limit: Int) async throws -> DecisionTail {
        DecisionTail(records: [], end: cursor, hasMore: false, hasGap: false)
    }

    func statistics(tenant: String) async throws -> TenantFatigueStatistics {
        try self.read { content in
            let sent = content.records.filter { $0.subject.tenant == tenant }.map(\.subject.domain)
            return TenantFatigueStatistics(tenant: tenant, sentInLastHour: sent, settings: FatigueSettings())
        }
    }

    // MARK: SilenceBook

    func silences(includingExpired: Bool) async throws -> [Silence] {
        try self.read { content in
            content.silences.filter { includingExpired || $0.state(at: Self.now) != .expired }
        }
    }

    func add(_ request: SilenceRequest) async throws -> Silence {
        try self.read { content in
            let silence = Silence(
                id: "sil_\(content.silences.count + 1)",
                matchers: request.matchers,
                startsAt: request.startsAt ?? Self.now,
                endsAt: request.endsAt,
                createdBy: request.createdBy,
                reason: request.reason,
                expiresOnResolve: request.expiresOnResolve,
                createdAt: Self.now,
                updatedAt: Self.now
            )
            content.silences.insert(silence, at: 0)
            content.note(request.createdBy, "silence.created", silence.id)
            return silence
        }
    }

    func expire(_ id: String, by actor: String) async throws -> Silence {
        let silence: Silence? = try self.read { content in
            guard let place = content.silences.firstIndex(where: { $0.id == id }) else { return nil }
            content.silences[place].endsAt = Self.now
            content.note(actor, "silence.expired", id)
            return content.silences[place]
        }
        guard let silence else { throw SilenceError(.unknown, "there is no silence \(id)") }
        return silence
    }

    func auditLog(limit: Int) async throws -> [AuditEntry] { try self.read { Array($0.audit.prefix(limit)) } }

    // MARK: DeliveryBook

    func deliveries(_ query: DeliveryQuery) async throws -> [DeliveryRecord] {
        try self.read { content in
            let fitting = content.deliveries.filter { record in
                (query.receiver == nil || record.receiver == query.receiver)
                    && (query.status == nil || record.status == query.status)
                    && (query.deliveryID == nil || record.id == query.deliveryID)
                    && (query.alertIDs.map { ids in ids.contains { record.alertIDs.contains($0) } } ?? true)
            }
            return Array(fitting.prefix(query.limit))
        }
    }

    func payload(of deliveryID: String) async throws -> [UInt8]? { try self.read { $0.payloads[deliveryID] } }

    func retry(deadLetter deliveryID: String, by actor: String) async throws -> Bool {
        try self.read { content in
            let isThere = content.deliveries.contains { $0.id == deliveryID && $0.status == .dead }
            if isThere { content.note(actor, "dead_letter.retried", deliveryID) }
            return isThere
        }
    }

    func drop(deadLetter deliveryID: String, by actor: String) async throws -> Bool {
        try self.read { content in
            let before = content.deliveries.count
            content.deliveries.removeAll { $0.id == deliveryID && $0.status == .dead }
            if content.deliveries.count < before { content.note(actor, "dead_letter.dropped", deliveryID) }
            return content.deliveries.count < before
        }
    }

    // MARK: ReceiverTester

    func tell(_ receivers: [String], of notice: AlertNotice) async -> [ReceiverTest] {
        self.content.withLock { content in
            content.told.append((receivers, notice))
            return receivers.map { name in
                ReceiverTest(
                    receiver: name,
                    kind: .webhook,
                    outcome: content.outcomes[name] ?? .delivered,
                    elapsed: .milliseconds(250)
                )
            }
        }
    }
}

extension FakeBooks.Content {
    fileprivate mutating func note(_ actor: String, _ action: String, _ subject: String) {
        let entry = AuditEntry(at: FakeBooks.now, actor: actor, action: action, subject: subject, detail: "")
        self.audit.insert(entry, at: 0)
    }
}

// MARK: - Samples

extension DecisionRecord {
    /// A receipt whose cursor is its number.
    static func sample(
        _ number: Int,
        run: String = "r1",
        tenant: String = "t1",
        severity: Severity = .high,
        verdict: Verdict = .sent
    ) -> DecisionRecord {
        var decided = DecidedAlert.sample
        decided.alert.id = "a-\(number)"
        decided.alert.runID = run
        decided.alert.tenant = tenant
        decided.alert.severity = severity
        decided.receipt.alertID = decided.alert.id
        decided.receipt.verdict = verdict
        decided.receipt.decidedAt = Timestamp(microseconds: Int64(number) * 1_000_000)
        return DecisionRecord(
            cursor: String(number),
            subject: decided.alert.subject,
            receipt: decided.receipt
        )
    }
}

extension DeliveryRecord {
    static func sample(
        _ id: String,
        receiver: String = "ops",
        status: Status = .delivered,
        alerts: [String] = ["a-1"]
    ) -> DeliveryRecord {
        DeliveryRecord(
            id: id,
            receiver: receiver,
            kind: .webhook,
            status: status,
            alertIDs: alerts,
            tenant: "t1",
            title: "HIGH RUN_FAILED r1",
            attempts: 2,
            nextAttemptAt: status == .retrying ? FakeBooks.now : nil,
            lastReason: status == .delivered ? nil : "HTTP 500",
            createdAt: FakeBooks.now,
            updatedAt: FakeBooks.now,
            instance: "host-1"
        )
    }
}

extension Silence {
    static func sample(_ id: String, endsIn seconds: Int64 = 3_600) throws -> Silence {
        Silence(
            id: id,
            matchers: [try LabelMatcher.read("run_id=r1")],
            startsAt: Timestamp(microseconds: FakeBooks.now.microseconds - 7_200_000_000),
            endsAt: Timestamp(microseconds: FakeBooks.now.microseconds + seconds * 1_000_000),
            createdBy: "ada",
            reason: "known",
            createdAt: FakeBooks.now,
            updatedAt: FakeBooks.now
        )
    }
}
