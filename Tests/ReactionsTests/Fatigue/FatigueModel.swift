import Events
import Reactions

/// The decision about alerts as the text tells it, and nothing else: lists of what happened, searched from end to end.
struct FatigueModel {
    struct Decision: Hashable {
        var verdict: Verdict
        var count: Int
        var nextAllowed: Int64?
        var remaining: Int?
        var heldBackBy: String?
    }

    private struct Sent {
        var at: Int64
        var alert: Alert
        var isOver = false
    }

    /// An alert that was raised, whatever became of it.
    private struct Raised {
        var at: Int64
        var alert: Alert
        var labels: AlertLabels
        var fingerprint: String
        var rules: [InhibitionRule]
        var isOver = false
    }

    /// What is held back from one receiver, of one tenant and domain.
    struct Held: Hashable {
        var receiver: String
        var tenant: String
        var domain: String
        var alerts: [Alert]
        var verdicts: [Verdict]
        var due: Int64
    }

    /// Times in which intervals are known to hold; only for speed.
    private final class Mutes {
        var found: [String: Range<Int64>] = [:]
    }

    private enum Told { case steady, begun, told, ended }

    var settings: AlertSettings
    var silences: [Silence] = []
    private var sent: [Sent] = []
    private var raised: [Raised] = []
    private(set) var held: [Held] = []
    private var states: [String: [Bool]] = [:]
    private var flapping: [String: Told] = [:]
    /// Alerts that receivers know to fire, by identity and labels.
    private var told: [String: [String: Alert]] = [:]
    private var settlesAt: [String: Int64] = [:]
    /// The last alert of each identity that will be resolved.
    private var newest: [String: Alert] = [:]
    /// Identities that were resolved and not raised again.
    private var over: Set<String> = []
    /// How much the wall clock was set back in all.
    private var setBack: Int64 = 0
    private let mutes = Mutes()
    private var lastReading: Int64?

    init(_ settings: AlertSettings) {
        self.settings = settings
    }

    private mutating func begin(_ reading: Timestamp) -> Int64 {
        if let last = self.lastReading, reading.microseconds < last { self.setBack += last - reading.microseconds }
        self.lastReading = reading.microseconds
        let now = reading.microseconds + self.setBack
        // Only for speed: nothing is configured to look back this far.
        self.sent.removeAll { $0.at < now - 4 * 3_600_000_000 }
        self.raised.removeAll { $0.at < now - 600_000_000 }
        return now
    }

    // MARK: Alerts

    mutating func decide(_ alert: Alert, at reading: Timestamp) -> Decision {
        let now = self.begin(reading)
        if alert.lasts {
            self.newest[alert.identity] = alert
            self.over.remove(alert.identity)
            self.note(alert.identity, fires: true, now)
        }
        let matched = self.settings.routing.routes(of: AlertLabels(alert)).filter { !$0.receivers.isEmpty }
        let routes = matched.filter { route in !route.mute.contains { self.isMuted($0, reading) } }
        var decision = self.judge(alert, matched, routes, reading, now)
        if decision.verdict.isSent {
            self.sent.append(Sent(at: now, alert: alert))
            self.noteTold(alert, decision.verdict)
            if alert.lasts { self.told[alert.identity, default: [:]][AlertLabels(alert).description] = alert }
        } else if [.duplicate, .cooldown, .tenantRateLimit].contains(decision.verdict), self.settings.sendsDigests {
            let isEmptyLimit = decision.verdict == .tenantRateLimit && self.limit(alert) == 0
            let due = isEmptyLimit ? now + 3_600_000_000 : decision.nextAllowed ?? now
            for receiver in Set(routes.flatMap(\.receivers)) { self.hold(alert, decision.verdict, receiver, due) }
        }
        if !self.settings.inhibition.isEmpty {
            let fingerprint = Fingerprint(key: alert.key, tenant: alert.tenant, domain: alert.domain).description
            self.raised.append(
                Raised(
                    at: now,
                    alert: alert,
                    labels: AlertLabels(alert),
                    fingerprint: fingerprint,
                    rules: self.settings.inhibition
                )
            )
        }
        if decision.verdict != .silenced && decision.verdict != .muted {
            decision.nextAllowed = decision.nextAllowed.map { $0 - self.setBack }
        }
        return decision
    }

    private func judge(
        _ alert: Alert,
        _ matched: [RouteMatch],
        _ routes: [RouteMatch],
        _ reading: Timestamp,
        _ now: Int64
    ) -> Decision {
        let tenant = self.settings.fatigue.tenants[alert.tenant]
        let ofTenant = self.sent.filter { $0.alert.tenant == alert.tenant }
        let count = ofTenant.count { $0.at > now - 3_600_000_000 }
        if let (by, until) = self.inhibitor(of: alert, now) {
            return Decision(verdict: .inhibited, count: count, nextAllowed: until, heldBackBy: by)
        }
        let hiding = self.silences.filter {
            $0.state(at: reading) == .active && $0.matchers.matches(AlertLabels(alert))
        }
        if let last = hiding.map(\.endsAt).max() {
            return Decision(verdict: .silenced, count: count, nextAllowed: last.microseconds)
        }
        if !matched.isEmpty, routes.isEmpty {
            let ends = matched.map { route in
                route.mute.filter { self.isMuted($0, reading) }.map { self.endOfMute($0, reading) }.max() ?? 0
            }
            return Decision(verdict: .muted, count: count, nextAllowed: ends.min())
        }
        var decision = Decision(verdict: .fatigueDisabled, count: count)
        if self.settings.fatigue.enabled, tenant?.enabled != false {
            decision = self.check(alert, ofTenant, count, routes, now)
        }
        if decision.verdict.isSent, routes.isEmpty { decision.verdict = .noRoute }
        return decision
    }

    private func check(
        _ alert: Alert,
        _ ofTenant: [Sent],
        _ count: Int,
        _ routes: [RouteMatch],
        _ now: Int64
    ) -> Decision {
        let tenant = self.settings.fatigue.tenants[alert.tenant]
        let window = (tenant?.dedupWindow ?? self.settings.fatigue.dedupWindow).wholeMicroseconds
        let inDomain = ofTenant.filter { $0.alert.domain == alert.domain && $0.alert.severity >= alert.severity }
        if let same = inDomain.last(where: { $0.alert.key == alert.key && !$0.isOver }), now - same.at < window {
            return Decision(
                verdict: .duplicate,
                count: count,
                nextAllowed: same.at + window,
                heldBackBy: same.alert.id
            )
        }
        let cooldown = tenant?.cooldowns[alert.domain] ?? self.settings.fatigue.cooldowns[alert.domain]
        let length = (cooldown ?? self.settings.fatigue.defaultCooldown).wholeMicroseconds
        let counting = alert.severity >= .high ? inDomain.filter { $0.alert.type == alert.type } : inDomain
        if let other = counting.last, now - other.at < length, !(other.isOver && other.alert.key == alert.key) {
            return Decision(
                verdict: .cooldown,
                count: count,
                nextAllowed: other.at + length,
                heldBackBy: other.alert.id
            )
        }
        let limit = self.limit(alert)
        if count >= limit {
            let inHour = ofTenant.filter { $0.at > now - 3_600_000_000 }
            let next = limit == 0 ? now + 60_000_000 : inHour[count - limit].at + 3_600_000_000
            return Decision(verdict: .tenantRateLimit, count: count, nextAllowed: next, remaining: 0)
        }
        let isFlapping = alert.lasts && self.settings.flapping.isEnabled && self.flapping[alert.identity] == .told
        return Decision(verdict: isFlapping ? .flapping : .sent, count: count, remaining: limit - count)
    }

    private func limit(_ alert: Alert) -> Int {
        let own = self.settings.fatigue.tenants[alert.tenant]?.maxAlertsPerHour
        return max(0, own ?? self.settings.fatigue.maxAlertsPerTenantPerHour)
    }

    /// That an alert begins or ends to come and go is told with it.
    private mutating func noteTold(_ alert: Alert, _ verdict: Verdict) {
        guard verdict == .sent, alert.lasts, self.settings.flapping.isEnabled else { return }
        switch self.flapping[alert.identity] {
        case .begun: self.flapping[alert.identity] = .told
        case .ended:
            self.flapping[alert.identity] = .steady
            self.settlesAt[alert.identity] = nil
        default: break
        }
    }

    // MARK: Inhibition

    private func inhibitor(of alert: Alert, _ now: Int64) -> (by: String, until: Int64)? {
        let labels = AlertLabels(alert)
        for rule in self.settings.inhibition where rule.target.matches(labels) {
            let isBoth = rule.source.matches(labels)
            var standing: [String: (until: Int64, fingerprint: String, id: String)] = [:]
            for raised in self.raised where !raised.isOver {
                let other = raised.labels
                // The rule as it was when the alert was raised says how long that holds.
                guard let then = raised.rules.first(where: { $0.name == rule.name }), then.source.matches(other),
                    rule.equal.allSatisfy({ other[$0] == labels[$0] }), then.equal == rule.equal
                else { continue }
                let wasBoth = then.target.matches(other)
                if isBoth, wasBoth { continue }
                let until = raised.at + then.holdsFor.wholeMicroseconds
                standing[raised.alert.identity + (wasBoth ? "+" : "-")] = (until, raised.fingerprint, raised.alert.id)
            }
            let holding = standing.filter { $0.value.until > now }
            // Of marks that end at one time those of one side come first, then the higher fingerprint counts.
            let best = holding.max { lhs, rhs in
                let sides = (lhs.key.hasSuffix("-") ? 1 : 0, rhs.key.hasSuffix("-") ? 1 : 0)
                return (lhs.value.until, sides.0, lhs.value.fingerprint)
                    < (rhs.value.until, sides.1, rhs.value.fingerprint)
            }
            if let best { return (best.value.id, best.value.until) }
        }
        return nil
    }

    // MARK: Mute intervals

    private func isMuted(_ name: String, _ at: Timestamp) -> Bool {
        self.settings.muteIntervals[name].map { SlowMute.holds($0, at) } ?? false
    }

    /// Minute by minute.
    private func endOfMute(_ name: String, _ at: Timestamp) -> Int64 {
        if let known = self.mutes.found[name], known.contains(at.microseconds) { return known.upperBound }
        let start = at.microseconds / 60_000_000 * 60_000_000
        var minute = start
        while self.isMuted(name, Timestamp(microseconds: minute)) { minute += 60_000_000 }
        self.mutes.found[name] = start..<minute
        return minute
    }

    // MARK: Coming and going

    private mutating func note(_ identity: String, fires: Bool, _ now: Int64) {
        guard self.settings.flapping.isEnabled else { return }
        let before = self.states[identity]?.last
        self.states[identity, default: []].append(fires)
        let last = Array((self.states[identity] ?? []).suffix(21).reversed())
        var weight = 0
        // In units of a 95th: from 1.2 for the newest change to 0.8 for the oldest of 20.
        for index in 0..<20 where index + 1 < last.count && last[index] != last[index + 1] { weight += 114 - 2 * index }
        let isHigh = weight * 100 > self.settings.flapping.highPercent * 95 * 20
        let isLow = weight * 100 < self.settings.flapping.lowPercent * 95 * 20
        switch self.flapping[identity] ?? .steady {
        case .steady: if isHigh { self.flapping[identity] = .begun }
        case .begun: if isLow { self.flapping[identity] = .steady }
        case .told: if isLow { self.flapping[identity] = .ended }
        case .ended: if isHigh { self.flapping[identity] = .told }
        }
        if (self.flapping[identity] ?? .steady) == .steady {
            self.settlesAt[identity] = nil
        } else if let before, before != fires {
            self.settlesAt[identity] = now + self.settings.flapping.settlesAfter.wholeMicroseconds
        }
    }

    /// Ids of the alerts whose end is told, and with which verdict.
    mutating func resolve(_ resolution: Resolution, at reading: Timestamp) -> [String] {
        let now = self.begin(reading)
        let identity = "\(resolution.tenant)/\(resolution.domain)/\(resolution.key)"
        guard self.stands(identity) else { return [] }
        self.note(identity, fires: false, now)
        for index in self.raised.indices where self.raised[index].alert.identity == identity {
            self.raised[index].isOver = true
        }
        for index in self.sent.indices where self.sent[index].alert.identity == identity {
            self.sent[index].isOver = true
        }
        self.over.insert(identity)
        let told = self.told[identity] ?? [:]
        for alert in [self.newest[identity]].compactMap({ $0 }) + told.values {
            for index in self.silences.indices
            where self.silences[index].expiresOnResolve && self.silences[index].state(at: reading) != .expired
                && self.silences[index].matchers.matches(AlertLabels(alert))
            {
                self.silences[index].endsAt = reading
            }
        }
        let isHeld = self.settings.flapping.isEnabled && self.flapping[identity] == .told
        guard !told.isEmpty else { return [] }
        if !isHeld {
            self.told[identity] = nil
            if self.flapping[identity] == .ended {
                self.flapping[identity] = .steady
                self.settlesAt[identity] = nil
            }
        }
        return told.values.map { "\($0.id) \(isHeld ? "flapping" : "sent")" }.sorted()
    }

    private func stands(_ identity: String) -> Bool {
        self.newest[identity] != nil && !self.over.contains(identity)
    }

    // MARK: What is due

    private mutating func hold(_ alert: Alert, _ verdict: Verdict, _ receiver: String, _ due: Int64) {
        let place = self.held.firstIndex {
            $0.receiver == receiver && $0.tenant == alert.tenant && $0.domain == alert.domain
        }
        guard let place else {
            self.held.append(
                Held(
                    receiver: receiver,
                    tenant: alert.tenant,
                    domain: alert.domain,
                    alerts: [alert],
                    verdicts: [verdict],
                    due: due
                )
            )
            return
        }
        self.held[place].alerts.append(alert)
        self.held[place].verdicts.append(verdict)
    }

    /// What was held back and is told now; and the alerts that are told to come and go no longer, as `id status`.
    mutating func settle(at reading: Timestamp) -> (digests: Set<Held>, settled: Set<String>) {
        let now = self.begin(reading)
        let due = self.held.filter { $0.due <= now }
        self.held.removeAll { $0.due <= now }
        var settled: Set<String> = []
        for (identity, at) in self.settlesAt where at <= now {
            let fires = self.stands(identity)
            if self.flapping[identity] == .told || self.flapping[identity] == .ended {
                for alert in self.told[identity, default: [:]].values {
                    settled.insert("\(alert.id) \(fires ? "firing" : "resolved")")
                }
            }
            self.flapping[identity] = .steady
            self.states[identity] = [fires]
            self.settlesAt[identity] = nil
            if !fires { self.told[identity] = nil }
        }
        return (Set(due), settled)
    }
}

extension FatigueModel.Decision {
    init(_ receipt: Receipt) {
        self.init(
            verdict: receipt.verdict,
            count: receipt.count,
            nextAllowed: receipt.nextAllowedAt?.microseconds,
            remaining: receipt.remainingInWindow,
            heldBackBy: receipt.heldBackBy
        )
    }
}
