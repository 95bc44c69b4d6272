import DequeModule
import Events
package import Reactions
import Synchronization

/// The silences of a store in memory, and who changed them.
struct MemorySilences {
    /// Those that are not over, as decisions need them.
    private(set) var set = SilenceSet()
    /// By id, those that are over included.
    private var all: [String: Silence] = [:]
    private var audit: Deque<AuditEntry> = []

    func silences(includingExpired: Bool, at now: Timestamp) -> [Silence] {
        self.all.values
            .filter { silence in
                guard silence.state(at: now) == .expired else { return true }
                return includingExpired && silence.endsAt + SilenceBounds.retention > now
            }
            .sorted { ($1.createdAt, $1.id) < ($0.createdAt, $0.id) }
    }

    mutating func add(_ request: SilenceRequest, id: String, at now: Timestamp) throws(SilenceError) -> Silence {
        try request.check()
        self.forgetOld(now)
        guard request.endsAt > now else { throw .endsInThePast }
        let lasting = self.all.values.count { $0.state(at: now) != .expired }
        guard lasting < SilenceBounds.silences else { throw .tooMany }
        let silence = Silence(
            id: id,
            matchers: request.matchers,
            // What should have begun begins now, as in Alertmanager.
            startsAt: max(request.startsAt ?? now, now),
            endsAt: request.endsAt,
            createdBy: request.createdBy,
            reason: request.reason,
            expiresOnResolve: request.expiresOnResolve,
            createdAt: now,
            updatedAt: now
        )
        self.all[id] = silence
        self.log("silence.created", request.createdBy, silence, request.reason, now)
        self.rebuild()
        return silence
    }

    mutating func expire(_ id: String, by actor: String, at now: Timestamp) throws(SilenceError) -> Silence {
        guard var silence = self.all[id] else { throw .unknown(id) }
        guard silence.state(at: now) != .expired else { return silence }
        silence.endsAt = now
        silence.updatedAt = now
        self.all[id] = silence
        self.log("silence.expired", actor, silence, "", now)
        self.rebuild()
        return silence
    }

    /// What was acknowledged until it is over is over.
    mutating func endOnResolve(of alerts: [Alert], at now: Timestamp) {
        guard !self.set.isEmpty else { return }
        for alert in alerts {
            for id in self.set.endingOnResolve(of: AlertLabels(alert), at: now) {
                guard var silence = self.all[id] else { continue }
                silence.endsAt = now
                silence.updatedAt = now
                self.all[id] = silence
                self.log("silence.expired", SystemAlerts.handler, silence, SilenceBounds.endedByAlert, now)
            }
            self.rebuild()
        }
    }

    func auditLog(limit: Int) -> [AuditEntry] { Array(self.audit.reversed().prefix(max(0, limit))) }

    private mutating func log(_ action: String, _ actor: String, _ silence: Silence, _ detail: String, _ now: Timestamp)
    {
        if self.audit.count >= SilenceBounds.auditEntries { self.audit.removeFirst() }
        self.audit.append(AuditEntry(at: now, actor: actor, action: action, subject: silence.id, detail: detail))
    }

    private mutating func forgetOld(_ now: Timestamp) {
        self.all = self.all.filter { $0.value.endsAt + SilenceBounds.retention > now }
        self.rebuild()
    }

    private mutating func rebuild() { self.set = SilenceSet(Array(self.all.values)) }
}

extension SilenceError {
    static var endsInThePast: SilenceError { SilenceError(.invalid, field: "ends_at", "must lie in the future") }

    static var tooMany: SilenceError {
        SilenceError(.tooMany, "there are \(SilenceBounds.silences) silences already; expire some first")
    }

    static func unknown(_ id: String) -> SilenceError { SilenceError(.unknown, field: "id", "no silence \(id)") }
}

extension MemoryStateStore: SilenceBook {
    package func silences(includingExpired: Bool) async throws -> [Silence] {
        self.state.withLock { $0.silences.silences(includingExpired: includingExpired, at: self.clock()) }
    }

    package func add(_ request: SilenceRequest) async throws -> Silence {
        var generator = SystemRandomNumberGenerator()
        return try await self.add(request, id: SilenceIdentifier.make(using: &generator))
    }

    /// `add` with an id that the caller has made.
    package func add(_ request: SilenceRequest, id: String) async throws -> Silence {
        try self.state.withLock { try $0.silences.add(request, id: id, at: self.clock()) }
    }

    package func expire(_ id: String, by actor: String) async throws -> Silence {
        try self.state.withLock { try $0.silences.expire(id, by: actor, at: self.clock()) }
    }

    package func auditLog(limit: Int) async throws -> [AuditEntry] {
        self.state.withLock { $0.silences.auditLog(limit: limit) }
    }
}

/// `sil_` and 26 letters and digits.
enum SilenceIdentifier {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    static func make(using generator: inout some RandomNumberGenerator) -> String {
        let letters = (0..<26).map { _ in Self.alphabet[Int.random(in: 0..<32, using: &generator)] }
        return "sil_" + String(decoding: letters, as: UTF8.self)
    }
}
