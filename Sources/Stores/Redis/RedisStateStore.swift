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
    /// How often silences may change between being read and being used before the call is given up.
    static let maxRereads = 16

    struct State {
        var rules: AlertRules
        var configVersion: String
        var silences = SilenceSet()
        /// What the silences were at; another version in Redis means that they have changed.
        var silencesVersion = ""
        /// The latest time that Redis has shown.
        var now = Timestamp(microseconds: 0)
    }

    let state: Mutex<State>
    let commands: RedisCommandClient
    let keys: StateKeys
    let scripts: AlertScripts
    let instance: String
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
        self.scripts = AlertScripts(clock: clock)
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
        var receipts: [Receipt] = []
        receipts.reserveCapacity(alerts.count)
        var rereads = 0
        var prepared: Prepared?
        while receipts.count < alerts.count {
            let part = prepared ?? self.prepare(alerts.dropFirst(receipts.count), wereSent)
            async let replied = self.commands.evaluate(self.scripts.decide, keys: part.keys, arguments: part.arguments)
            // While the server is at it, the next ones are put into words.
            let rest = alerts.dropFirst(receipts.count + part.calls.count)
            prepared = rest.isEmpty ? nil : self.prepare(rest, wereSent)
            let answer = try self.read(try await replied.orThrow(), part)
            receipts += answer.receipts
            guard answer.isStale else { continue }
            // Silences have changed, or the hour of a mute interval has struck.
            prepared = nil
            rereads += 1
            guard rereads < Self.maxRereads else {
                throw RedisError(.unexpectedReply, "silences change faster than they can be read")
            }
            try await self.readSilences()
        }
        return receipts
    }

    /// One call of the script.
    private struct Prepared {
        let calls: [DecisionCall]
        let origin: ReceiptOrigin
        let keys: [[UInt8]]
        let arguments: [[UInt8]]
    }

    /// The first of these alerts, as many as one call takes.
    private func prepare(_ alerts: ArraySlice<Alert>, _ wereSent: Bool) -> Prepared {
        self.state.withLock { state in
            let origin = ReceiptOrigin(instance: self.instance, configVersion: state.configVersion)
            let calls = alerts.prefix(Self.alertsPerCall).map { alert in
                let surroundings = state.rules.surroundings(of: alert, state.silences, at: state.now)
                return DecisionCall(alert, state.rules.settings.fatigue, surroundings, origin, wasSent: wereSent)
            }
            let own = [
                "\(FatigueRules.hour)", "\(FatigueRules.retryOfEmptyLimit)", "\(self.bounds.uncheckedRecordsPerTenant)",
                state.rules.settings.sendsDigests ? "1" : "0",
            ]
            return Prepared(
                calls: calls,
                origin: origin,
                keys: ScriptPrelude.keys(self.keys) + calls.flatMap { $0.keys(self.keys) },
                arguments: self.sharedArguments(state) + own.map { Array($0.utf8) } + calls.flatMap(\.arguments)
            )
        }
    }

    private func read(_ reply: RedisReply, _ part: Prepared) throws -> (receipts: [Receipt], isStale: Bool) {
        guard let answers = reply.elements, answers.count >= 3, let status = answers[0].text,
            answers.count - 3 == part.calls.count || status == "stale"
        else { throw RedisError(.unexpectedReply, "the decision script did not answer for each alert") }
        self.note(now: answers[1])
        let receipts = try zip(part.calls, answers.dropFirst(3)).map { call, answer in
            guard let parts = answer.elements, parts.count == 4, let text = parts[0].text,
                let numbers = DecisionNumbers(text)
            else { throw RedisError(.unexpectedReply, "the decision script answered with something unknown") }
            return numbers.receipt(
                DecisionNumbers.Texts(
                    alertID: call.alert.id,
                    fingerprint: call.fingerprint,
                    domain: call.alert.domain,
                    heldBackBy: parts[1].text ?? "",
                    heldFingerprint: parts[2].text ?? "",
                    why: parts[3].text ?? "",
                    handler: call.alert.handler,
                    origin: part.origin
                )
            )
        }
        return (receipts, status == "stale")
    }

    /// What every script about alerts has first; see `ScriptPrelude`.
    func sharedArguments(_ state: State) -> [[UInt8]] {
        let settings = state.rules.settings
        let flapping = settings.flapping
        return [
            self.keys.base,
            // A little longer than anything looks back, so that expiry never decides.
            "\(settings.fatigue.longestWindow / 1000 + 60_000)", "\(self.receiptCapacity)", state.silencesVersion,
            "\(StandingBounds.retention / 1000)",
            flapping.isEnabled ? "\(flapping.highPercent * FlapWeights.ofPercent)" : "",
            flapping.isEnabled ? "\(flapping.lowPercent * FlapWeights.ofPercent)" : "",
            "\(flapping.settlesAfter.wholeMicroseconds)",
        ].map { Array($0.utf8) }
    }

    func note(now reply: RedisReply) {
        guard let now = reply.text.flatMap({ Int64($0) }) else { return }
        self.state.withLock { $0.now = max($0.now, Timestamp(microseconds: now)) }
    }

    // MARK: Settings

    package func update(_ settings: AlertSettings, configVersion: String) async {
        let rules = AlertRules(settings)
        self.state.withLock { state in
            state.rules = rules
            state.configVersion = configVersion
        }
    }
}

/// All scripts of a store.
struct AlertScripts: Sendable {
    let decide: RedisScript
    let resolve: RedisScript
    let look: RedisScript
    let take: RedisScript
    let hour: RedisScript
    let readSilences: RedisScript
    let addSilence: RedisScript
    let expireSilence: RedisScript

    init(clock: RedisStateStore.ServerClock) {
        self.decide = DecisionScript.make(clock: clock)
        self.resolve = ResolveScript.make(clock: clock)
        self.look = SettleScripts.look(clock: clock)
        self.take = SettleScripts.take(clock: clock)
        self.hour = HourScript.make(clock: clock)
        self.readSilences = SilenceScripts.read(clock: clock)
        self.addSilence = SilenceScripts.add(clock: clock)
        self.expireSilence = SilenceScripts.expire(clock: clock)
    }
}
