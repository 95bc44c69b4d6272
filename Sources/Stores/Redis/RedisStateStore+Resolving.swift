import Events
package import Reactions
import RedisClient
import Synchronization

extension RedisStateStore {
    // MARK: Ends

    /// - Throws: `RedisError`. What was told before is not told again when asked again.
    package func resolve(_ resolutions: [Resolution]) async throws -> [Telling] {
        var tellings: [Telling] = []
        for resolution in resolutions { tellings += try await self.resolve(resolution) }
        return tellings
    }

    private func resolve(_ resolution: Resolution) async throws -> [Telling] {
        let fingerprint = Fingerprint(
            key: resolution.key,
            tenant: resolution.tenant,
            domain: resolution.domain
        ).description
        for _ in 0..<Self.maxRereads {
            let reply = try await self.commands.send(
                RedisCommand("HGETALL", self.keys.standing(fingerprint))
            ).orThrow()
            guard let standing = StoredStanding(reply), standing.fires else { return [] }
            let call = ResolveCall(resolution, fingerprint, standing)
            if let tellings = try await self.resolve(call) { return tellings }
            try await self.readSilences()
        }
        throw RedisError(.unexpectedReply, "silences or the alert change faster than they can be read")
    }

    /// - Returns: nil when the alert or a silence has changed since it was read.
    private func resolve(_ call: ResolveCall) async throws -> [Telling]? {
        let (arguments, origin) = self.state.withLock { state in
            let ids = (call.standing.newest.map { [$0] } ?? []) + call.told
            var silences: Set<String> = []
            for alert in ids where !state.silences.isEmpty {
                silences.formUnion(state.silences.endingOnResolve(of: AlertLabels(alert), at: state.now))
            }
            let origin = ReceiptOrigin(instance: self.instance, configVersion: state.configVersion)
            return (self.sharedArguments(state) + call.arguments(silences.sorted(), state.rules), origin)
        }
        let resolution = call.resolution
        let reply = try await self.commands.evaluate(
            self.scripts.resolve,
            keys: ScriptPrelude.keys(self.keys) + [
                self.keys.domain(tenant: resolution.tenant, domain: resolution.domain),
                self.keys.identity(call.fingerprint), self.keys.silences, self.keys.audit,
            ],
            arguments: arguments
        ).orThrow()
        guard let answers = reply.elements, answers.count >= 2 else {
            throw RedisError(.unexpectedReply, "the script that resolves alerts answered with something unknown")
        }
        self.note(now: answers[1])
        guard answers[0].text == "ok" else { return nil }
        return zip(call.told, answers.dropFirst(2)).compactMap { alert, answer in
            self.telling(
                alert.resolved(by: resolution.summary),
                .resolved,
                answer,
                call.fingerprint,
                handler: resolution.handler,
                origin
            )
        }
    }

    private func telling(
        _ alert: Alert,
        _ status: AlertStatus,
        _ answer: RedisReply,
        _ fingerprint: String,
        handler: String,
        _ origin: ReceiptOrigin,
        route: RouteMatch? = nil
    ) -> Telling? {
        guard let numbers = answer.text.flatMap(DecisionNumbers.init) else { return nil }
        let receipt = numbers.receipt(
            DecisionNumbers.Texts(
                alertID: alert.id,
                fingerprint: fingerprint,
                domain: alert.domain,
                heldBackBy: "",
                heldFingerprint: "",
                why: "",
                handler: handler,
                origin: origin
            )
        )
        return Telling(alert: alert, status: status, receipt: receipt, route: route)
    }

    // MARK: What is due

    /// - Throws: `RedisError`. What could not be told stays due.
    package func settle() async throws -> [Telling] {
        let shared = self.state.withLock { self.sharedArguments($0) }
        let reply = try await self.commands.evaluate(
            self.scripts.look,
            keys: ScriptPrelude.keys(self.keys),
            arguments: shared
        ).orThrow()
        guard let found = reply.elements, let now = found.first?.text.flatMap({ Int64($0) }) else {
            throw RedisError(.unexpectedReply, "the script that looks for what is due answered with something unknown")
        }
        var tellings: [Telling] = []
        for entry in found.dropFirst() {
            guard let parts = entry.elements, parts.count == 2, let member = parts[0].text else { continue }
            let call = SettleCall(member, parts[1], now: Timestamp(microseconds: now))
            tellings += try await self.take(call)
        }
        return tellings
    }

    private func take(_ call: SettleCall) async throws -> [Telling] {
        let (arguments, origin) = self.state.withLock { state in
            let origin = ReceiptOrigin(instance: self.instance, configVersion: state.configVersion)
            return (self.sharedArguments(state) + call.arguments(state.rules), origin)
        }
        let reply = try await self.commands.evaluate(
            self.scripts.take,
            keys: ScriptPrelude.keys(self.keys),
            arguments: arguments
        ).orThrow()
        guard let answers = reply.elements else { return [] }
        return zip(call.alerts, answers.dropFirst()).compactMap { alert, answer in
            self.telling(
                alert,
                call.status,
                answer,
                call.fingerprint,
                handler: alert.handler,
                origin,
                route: call.heldBack?.digestRoute
            )
        }
    }
}

/// An alert that stands, as it is kept.
struct StoredStanding {
    let revision: String
    let fires: Bool
    let flapping: Int
    /// Of its last states, the newest last: `1` where it fires.
    let states: String
    let newest: Alert?
    /// Those that somebody was told of, in the order of their labels' fingerprints.
    let told: [Alert]

    /// Nil when nothing is kept.
    init?(_ reply: RedisReply) {
        let fields = reply.fields
        guard let revision = fields["r"] else { return nil }
        self.revision = revision
        self.fires = fields["on"] == "1"
        self.flapping = fields["f"].flatMap { Int($0) } ?? 0
        self.states = fields["h"] ?? ""
        self.newest = fields["n"].flatMap(Self.alert)
        self.told = fields.filter { $0.key.hasPrefix("t:") }.sorted { $0.key < $1.key }.compactMap {
            Self.alert($0.value)
        }
    }

    private static func alert(_ text: String) -> Alert? {
        (try? JSONValue.parse(Array(text.utf8))).flatMap { RoutedNotice(json: $0) }?.notice.alert
    }
}

/// The end of an alert, as the script gets it.
private struct ResolveCall {
    let resolution: Resolution
    let fingerprint: String
    let standing: StoredStanding

    init(_ resolution: Resolution, _ fingerprint: String, _ standing: StoredStanding) {
        self.resolution = resolution
        self.fingerprint = fingerprint
        self.standing = standing
    }

    var told: [Alert] { self.standing.told }

    func arguments(_ silences: [String], _ rules: AlertRules) -> [String] {
        var generator = SystemRandomNumberGenerator()
        let ending: JSONValue = [
            "silences": .array(silences.map { .string($0) }),
            "version": .string(SilenceIdentifier.make(using: &generator)),
            "audit": .number(SilenceBounds.auditEntries), "actor": .string(SystemAlerts.handler),
            "detail": .string(SilenceBounds.endedByAlert),
        ]
        var arguments = [
            self.fingerprint, self.standing.revision, self.resolution.tenant, self.resolution.domain,
            ending.compactText,
        ]
        for alert in self.told {
            var subject = AlertSubject(alert)
            if let event = self.resolution.event { subject.event = event }
            let ended = alert.resolved(by: self.resolution.summary)
            arguments += [
                alert.id, alert.runID, SubjectText.write(subject, handler: self.resolution.handler),
                NoticeText.write(ended, .resolved, endsAt: self.resolution.raisedAt, rules),
            ]
        }
        return arguments
    }
}

/// Something that is due, as the script gets it.
private struct SettleCall {
    let member: String
    let alerts: [Alert]
    let status: AlertStatus
    let fingerprint: String
    let heldBack: HeldBack?
    private let known: String
    private let outcome: DecisionScript.Outcome
    private let amount: Int
    private let now: Timestamp

    init(_ member: String, _ reply: RedisReply, now: Timestamp) {
        self.member = member
        self.now = now
        let name = String(member.dropFirst(2))
        if member.hasPrefix("d:") {
            let fields = reply.fields
            self.heldBack = HeldBack(fields)
            self.alerts = self.heldBack.map { [$0.digest(at: now)] } ?? []
            self.known = fields["last"] ?? ""
            self.status = .firing
            self.outcome = .digest
            self.amount = self.heldBack?.total ?? 0
            self.fingerprint =
                self.alerts.first.map {
                    Fingerprint(key: $0.key, tenant: $0.tenant, domain: $0.domain).description
                } ?? name
        } else {
            let standing = StoredStanding(reply)
            self.heldBack = nil
            // What was never told to come and go has nothing to say when it no longer does.
            self.alerts = (standing?.flapping ?? 0) >= 2 ? standing?.told ?? [] : []
            self.known = standing?.revision ?? ""
            self.status = standing?.fires == false ? .resolved : .firing
            self.outcome = .flappingEnded
            self.amount = FlapWeights.percent(ofStates: standing?.states ?? "")
            self.fingerprint = name
        }
    }

    func arguments(_ rules: AlertRules) -> [String] {
        var arguments = [
            self.member, self.known, self.alerts.first?.tenant ?? "", self.alerts.first?.domain ?? "",
            self.fingerprint, "\(self.outcome.rawValue)", "\(self.amount)", self.status == .firing ? "1" : "0",
        ]
        for alert in self.alerts {
            let endsAt = self.status == .resolved ? self.now : nil
            let notice = NoticeText.write(alert, self.status, endsAt: endsAt, rules, self.heldBack?.digestRoute)
            arguments += [
                alert.id, alert.runID, SubjectText.write(AlertSubject(alert), handler: alert.handler), notice,
            ]
        }
        return arguments
    }
}

/// What is told of an alert, as JSON; empty when there is nobody to tell.
private enum NoticeText {
    static func write(
        _ alert: Alert,
        _ status: AlertStatus,
        endsAt: Timestamp?,
        _ rules: AlertRules,
        _ route: RouteMatch? = nil
    ) -> String {
        let routes = route.map { [$0] } ?? rules.routes(of: AlertLabels(alert))
        guard !routes.isEmpty else { return "" }
        return RoutedNotice(alert, nil, status: status, endsAt: endsAt, routes: routes).json.compactText
    }
}

extension HeldBack {
    /// Nil for what the script has not written.
    fileprivate init?(_ fields: [String: String]) {
        guard let receiver = fields["receiver"], let tenant = fields["tenant"], let domain = fields["domain"],
            let since = fields["since"].flatMap({ Int64($0) }), let due = fields["due"].flatMap({ Int64($0) }),
            let first = fields["first"].flatMap({ Example(stored: $0, tenant: tenant, domain: domain) }),
            let last = fields["last"].flatMap({ Example(stored: $0, tenant: tenant, domain: domain) })
        else { return nil }
        var counts: [Kind: Int] = [:]
        for (field, value) in fields where field.hasPrefix("k:") {
            // k:outcome:rank:type
            let parts = field.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, let rank = Int(parts[2]), let count = Int(value),
                let severity = Severity.allCases.first(where: { $0.rank == rank })
            else { continue }
            let verdict: Verdict =
                switch parts[1] {
                case "1": .duplicate
                case "2": .cooldown
                default: .tenantRateLimit
                }
            counts[Kind(verdict: verdict, type: String(parts[3]), severity: severity)] = count
        }
        self.init(
            receiver: receiver,
            tenant: tenant,
            domain: domain,
            counts: counts,
            first: first,
            last: last,
            since: since,
            due: due
        )
    }
}

extension HeldBack.Example {
    /// An alert's id, and behind a line feed what a receipt says of it.
    fileprivate init?(stored text: String, tenant: String, domain: String) {
        guard let end = text.lastIndex(of: "\n") else { return nil }
        guard let about = try? JSONValue.parse(Array(text[text.index(after: end)...].utf8)) else { return nil }
        self.init(
            alertID: String(text[..<end]),
            subject: SubjectText.read(about, tenant: tenant, domain: domain)
        )
    }
}

extension RedisReply {
    /// The members of a hash.
    var fields: [String: String] {
        let parts = self.elements ?? []
        var fields: [String: String] = [:]
        for index in stride(from: 0, to: parts.count - 1, by: 2) {
            if let name = parts[index].text { fields[name] = parts[index + 1].text }
        }
        return fields
    }
}
