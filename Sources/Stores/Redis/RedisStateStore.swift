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
    /// And in the first of several calls: the server is not to wait until many are put into words.
    static let alertsOfFirstCall = 16
    /// What one of them takes as arguments, roughly.
    private static let bytesPerAlert = 2048
    /// Calls that are sent before the first of them is answered, so that the server never waits for the caller's words.
    static let callsInFlight = 2
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
        var receipts = [Receipt?](repeating: nil, count: alerts.count)
        for _ in 0...Self.maxRereads {
            let open = alerts.indices.filter { receipts[$0] == nil }
            guard !open.isEmpty else { return receipts.compactMap(\.self) }
            let isStale = try await self.decide(alerts, open[...], wereSent, &receipts)
            // Silences have changed, or the hour of a mute interval has struck.
            if isStale { try await self.readSilences() }
        }
        throw RedisError(.unexpectedReply, "silences change faster than they can be read")
    }

    /// Decides the alerts at some places, as far as what is known here holds. While the server is at one call, the next
    /// ones are put into words and sent behind it.
    ///
    /// - Returns: whether some were left out because it does not hold.
    private func decide(
        _ alerts: [Alert],
        _ places: ArraySlice<Int>,
        _ wereSent: Bool,
        _ receipts: inout [Receipt?]
    ) async throws -> Bool {
        try await withThrowingTaskGroup(of: (Prepared, RedisReply).self) { group in
            var rest = places
            var size = places.count > Self.alertsPerCall ? Self.alertsOfFirstCall : Self.alertsPerCall
            var inFlight = 0
            var isStale = false
            while true {
                while !isStale, !rest.isEmpty, inFlight < Self.callsInFlight {
                    let part = self.prepare(alerts, rest.prefix(size), wereSent)
                    rest = rest.dropFirst(size)
                    size = Self.alertsPerCall
                    inFlight += 1
                    // At once, so that calls leave in the order of the alerts.
                    group.addImmediateTask {
                        let reply = try await self.commands.evaluate(self.scripts.decide, part.arguments)
                        return (part, try reply.orThrow())
                    }
                }
                guard let (part, reply) = try await group.next() else { return isStale }
                inFlight -= 1
                let answer = try self.read(reply, part)
                for (place, receipt) in zip(part.places, answer.receipts) { receipts[place] = receipt }
                if answer.isStale { isStale = true }
            }
        }
    }

    /// One call of the script.
    private struct Prepared {
        /// Where the alerts stand among all.
        let places: ArraySlice<Int>
        let calls: [DecisionCall]
        let origin: ReceiptOrigin
        let arguments: ScriptArguments
    }

    private func prepare(_ alerts: [Alert], _ places: ArraySlice<Int>, _ wereSent: Bool) -> Prepared {
        self.state.withLock { state in
            let origin = ReceiptOrigin(instance: self.instance, configVersion: state.configVersion)
            var rules = DecisionRules()
            var own = ScriptArguments(capacity: places.count * Self.bytesPerAlert)
            let calls = places.map { place in
                let alert = alerts[place]
                return DecisionCall(
                    alert,
                    state.rules.settings.fatigue,
                    state.rules.surroundings(of: alert, state.silences, at: state.now),
                    origin,
                    wasSent: wereSent,
                    &rules,
                    &own
                )
            }
            var arguments = ScriptArguments(
                keys: ScriptPrelude.keys(self.keys),
                capacity: (places.count + 1) * Self.bytesPerAlert
            )
            for argument in self.sharedArguments(state) { arguments.add(argument) }
            arguments.add("\(FatigueRules.hour)")
            arguments.add("\(FatigueRules.retryOfEmptyLimit)")
            arguments.add("\(self.bounds.uncheckedRecordsPerTenant)")
            arguments.add(state.rules.settings.sendsDigests ? "1" : "0")
            rules.write(into: &arguments)
            arguments.add(own)
            return Prepared(places: places, calls: calls, origin: origin, arguments: arguments)
        }
    }

    private func read(_ reply: RedisReply, _ part: Prepared) throws -> (receipts: [Receipt], isStale: Bool) {
        guard let answers = reply.elements, answers.count >= 3, let status = answers[0].text,
            answers.count - 3 == part.calls.count || status == "stale"
        else { throw RedisError(.unexpectedReply, "the decision script did not answer for each alert") }
        self.note(now: answers[1])
        let receipts = try zip(part.calls, answers.dropFirst(3)).map { call, answer in
            guard let parts = Self.parts(of: answer), let numbers = DecisionNumbers(parts[0]) else {
                throw RedisError(.unexpectedReply, "the decision script answered with something unknown")
            }
            func text(_ place: Int) -> String { parts.count > place ? parts[place] : "" }
            return numbers.receipt(
                DecisionNumbers.Texts(
                    alertID: call.alert.id,
                    fingerprint: call.alert.fingerprint,
                    domain: call.alert.domain,
                    heldBackBy: text(1),
                    heldFingerprint: text(2),
                    why: text(3),
                    handler: call.alert.handler,
                    origin: part.origin
                )
            )
        }
        return (receipts, status == "stale")
    }

    /// The numbers, with most that are held back the alert that holds them behind a line feed, and with few a list of the
    /// numbers, that alert, its fingerprint, and why.
    private static func parts(of answer: RedisReply) -> [String]? {
        if let list = answer.elements { return list.count == 4 ? list.map { $0.text ?? "" } : nil }
        guard let text = answer.text else { return nil }
        guard let end = text.utf8.firstIndex(of: UInt8(ascii: "\n")) else { return [text] }
        return [String(text[..<end]), String(text[text.utf8.index(after: end)...])]
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
