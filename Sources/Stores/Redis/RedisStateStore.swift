import Events
package import Reactions
package import RedisClient
import Synchronization

/// Decides and remembers in Redis: any number of reactors on one namespace decide as one, and what was sent outlives all
/// of them.
///
/// Alerts are decided by one script, on Redis' clock. What is asked again because the answer was lost gets the same
/// answer, so a caller may try until it succeeds.
package final class RedisStateStore: StateStore {
    /// Whose time counts.
    package enum ServerClock: Sendable {
        /// `TIME`.
        case server
        /// A key that holds microseconds since 1970, so that a test can turn them.
        case key(String)

        /// The line of a script that reads it into `now`.
        var reading: String {
            switch self {
            case .server: "local time = redis.call('TIME') local now = time[1] * 1000000 + time[2]"
            case .key(let key): "local now = tonumber(redis.call('GET', '\(key)'))"
            }
        }
    }

    /// Receipts kept when nothing else is said; one takes about 1 KiB.
    package static let defaultReceiptCapacity = 100_000
    /// Alerts in one call of the script: a millisecond or two of the server.
    static let alertsPerCall = 64

    private struct State {
        var rules: AlertRules
        var configVersion: String
    }

    private let state: Mutex<State>
    private let commands: RedisCommandClient
    private let keys: StateKeys
    private let script: RedisScript
    private let hourScript: RedisScript
    private let instance: String
    private let receiptCapacity: Int
    private let bounds: FatigueBounds

    /// - Parameters:
    ///   - commands: Somebody else runs it.
    ///   - namespace: Reactors of one namespace share their state.
    ///   - instance: written into every receipt.
    package init(
        commands: RedisCommandClient,
        namespace: String,
        settings: AlertSettings = AlertSettings(),
        configVersion: String = "",
        instance: String,
        receiptCapacity: Int = RedisStateStore.defaultReceiptCapacity,
        bounds: FatigueBounds = FatigueBounds(),
        clock: ServerClock = .server
    ) {
        self.state = Mutex(State(rules: AlertRules(settings), configVersion: configVersion))
        self.commands = commands
        self.keys = StateKeys(namespace: namespace)
        self.script = DecisionScript.make(clock: clock)
        self.hourScript = HourScript.make(clock: clock)
        self.instance = instance
        self.receiptCapacity = max(1, receiptCapacity)
        self.bounds = bounds
    }

    // MARK: Deciding

    /// - Throws: `RedisError`; what was decided before it is decided the same way when asked again.
    package func decide(_ alerts: [Alert]) async throws -> [Receipt] {
        try await self.decide(alerts, wereSent: false)
    }

    /// Remembers alerts as sent that went out while the store could not be asked.
    ///
    /// - Throws: `RedisError`.
    package func reconcile(_ alerts: [Alert]) async throws -> [Receipt] {
        try await self.decide(alerts, wereSent: true)
    }

    private func decide(_ alerts: [Alert], wereSent: Bool) async throws -> [Receipt] {
        let (rules, configVersion) = self.state.withLock { ($0.rules, $0.configVersion) }
        var receipts: [Receipt] = []
        receipts.reserveCapacity(alerts.count)
        var start = alerts.startIndex
        while start < alerts.endIndex {
            let part = alerts[start..<min(start + Self.alertsPerCall, alerts.endIndex)]
            receipts += try await self.decide(part, wereSent, rules, configVersion)
            start = part.endIndex
        }
        return receipts
    }

    private func decide(
        _ alerts: ArraySlice<Alert>,
        _ wereSent: Bool,
        _ rules: AlertRules,
        _ configVersion: String
    ) async throws -> [Receipt] {
        let calls = alerts.map { DecisionCall($0, rules: rules, wasSent: wereSent) }
        let origin = ReceiptOrigin(instance: self.instance, configVersion: configVersion)
        let shared = [
            "\(FatigueRules.hour)", "\(FatigueRules.retryOfEmptyLimit)",
            // A little longer than anything looks back, so that expiry never decides.
            "\(rules.settings.fatigue.longestWindow / 1000 + 60_000)", "\(self.receiptCapacity)",
            "\(self.bounds.uncheckedRecordsPerTenant)", origin.text,
        ]
        let reply = try await self.commands.evaluate(
            self.script,
            keys: [self.keys.clock, self.keys.receipts, self.keys.notices] + calls.flatMap { $0.keys(self.keys) },
            arguments: shared + calls.flatMap(\.arguments)
        ).orThrow()
        guard let answers = reply.elements, answers.count == calls.count else {
            throw RedisError(.unexpectedReply, "the decision script did not answer for each alert")
        }
        return try zip(calls, answers).map { call, answer in
            guard let parts = answer.elements, parts.count == 3, let text = parts[0].text,
                let numbers = DecisionNumbers(text)
            else { throw RedisError(.unexpectedReply, "the decision script answered with something unknown") }
            return numbers.receipt(
                alertID: call.alert.id,
                fingerprint: call.fingerprint,
                domain: call.alert.domain,
                heldBackBy: parts[1].text ?? "",
                heldFingerprint: parts[2].text ?? "",
                handler: call.alert.handler,
                configVersion: configVersion,
                instance: self.instance
            )
        }
    }

    // MARK: Settings

    package func update(_ settings: AlertSettings, configVersion: String) async {
        let state = State(rules: AlertRules(settings), configVersion: configVersion)
        self.state.withLock { $0 = state }
    }

    // MARK: Asking

    /// - Throws: `RedisError`.
    package func receipts(_ query: ReceiptQuery) async throws -> [DecisionRecord] {
        var found: [DecisionRecord] = []
        var end = query.before.map { "(" + $0 } ?? "+"
        while found.count < query.limit {
            let reply = try await self.commands.send(
                RedisCommand("XREVRANGE", self.keys.receipts, end, "-", "COUNT", "500")
            ).orThrow()
            let entries = (reply.elements ?? []).compactMap(StreamEntry.init)
            for entry in entries {
                guard let record = entry.record else { continue }
                if let since = query.since, record.receipt.decidedAt < since { return found }
                if query.accepts(record) { found.append(record) }
                if found.count == query.limit { return found }
            }
            guard entries.count == 500, let last = entries.last else { return found }
            end = "(" + last.id
        }
        return found
    }

    /// - Throws: `RedisError`.
    package func statistics(tenant: String) async throws -> TenantFatigueStatistics {
        let settings = self.state.withLock { $0.rules.settings.fatigue }
        let reply = try await self.commands.evaluate(
            self.hourScript,
            keys: [self.keys.clock, self.keys.hour(tenant: tenant)],
            arguments: ["\(FatigueRules.hour)"]
        ).orThrow()
        let domains = (reply.elements ?? []).compactMap { member in
            // serial:domain
            member.text.map { String($0.drop { $0 != ":" }.dropFirst()) }
        }
        return TenantFatigueStatistics(tenant: tenant, sentInLastHour: domains, settings: settings)
    }
}
