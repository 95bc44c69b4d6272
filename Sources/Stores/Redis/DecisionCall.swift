import Events
import Reactions
import RedisClient

/// The rules that the alerts of one call are judged by, each once; alerts name them by their number.
struct DecisionRules {
    private struct Rule: Equatable {
        let rank: Int
        let mode: DecisionScript.Mode
        let dedupWindow: Int64
        let cooldown: Int64
        let limit: Int
        /// The number of the set of routes by which it is told.
        let routes: Int
    }

    private var all: [Rule] = []
    private var routeSets: [RouteSet] = []

    /// The number of the rule that an alert is judged by, from 1.
    fileprivate mutating func number(
        _ alert: Alert,
        _ settings: FatigueSettings,
        _ told: RouteSet,
        wasSent: Bool
    ) -> Int {
        let rules = FatigueRules(settings, tenant: alert.tenant, domain: alert.domain)
        let mode: DecisionScript.Mode =
            if wasSent { .sentBefore } else if rules.isOff { .off } else if rules.isOffForTenant { .offForTenant } else
            { .checked }
        let rule = Rule(
            rank: alert.severity.rank,
            mode: mode,
            dedupWindow: rules.dedupWindow,
            cooldown: rules.cooldown,
            limit: rules.limit,
            routes: self.number(told)
        )
        if let known = self.all.firstIndex(of: rule) { return known + 1 }
        self.all.append(rule)
        return self.all.count
    }

    /// The number of a set of routes, from 0. Their texts name all that they have.
    private mutating func number(_ told: RouteSet) -> Int {
        if let known = self.routeSets.firstIndex(where: { $0.text == told.text }) { return known }
        self.routeSets.append(told)
        return self.routeSets.count - 1
    }

    /// As the script reads them.
    func write(into arguments: inout ScriptArguments) {
        let rules = self.all.map {
            "\($0.rank) \($0.mode.rawValue) \($0.dedupWindow) \($0.cooldown) \($0.limit) \($0.routes)"
        }
        arguments.add(rules.joined(separator: " "))
        arguments.add(String(self.routeSets.count))
        for routes in self.routeSets {
            arguments.add(routes.text)
            arguments.add(JSONValue.array(routes.receivers.map { .string($0) }).compactBytes)
        }
    }
}

/// One alert as the script gets it.
struct DecisionCall {
    let alert: Alert

    /// - Parameter arguments: what the script gets of the alert is added to them.
    init(
        _ alert: Alert,
        _ settings: FatigueSettings,
        _ surroundings: AlertSurroundings,
        _ origin: ReceiptOrigin,
        wasSent: Bool,
        _ rules: inout DecisionRules,
        _ arguments: inout ScriptArguments
    ) {
        let isRouted = !surroundings.told.isEmpty
        self.alert = alert
        let fingerprint = alert.fingerprint.description
        arguments.add(alert.id)
        arguments.add(fingerprint)
        arguments.add(String(rules.number(alert, settings, surroundings.told, wasSent: wasSent)))
        arguments.add(alert.tenant)
        arguments.add(alert.domain)
        arguments.add(alert.type)
        arguments.add(alert.runID)
        arguments.add(
            SubjectText.write(alert.subject, handler: alert.handler, fingerprint: fingerprint, origin)
        )
        // Alerts that last are kept until they are resolved, whoever is told of them.
        arguments.add(isRouted && !wasSent || alert.lasts ? NoticeText.rest(of: alert) : [])
        arguments.add(Self.names(alert, surroundings.receivers))
        arguments.add(Self.around(alert, surroundings))
    }

    /// What is held back is counted for each receiver: the names of the counts.
    private static func names(_ alert: Alert, _ receivers: [String]) -> String {
        receivers.map { HeldBack.name(receiver: $0, tenant: alert.tenant, domain: alert.domain) }
            .joined(separator: " ")
    }

    /// What most alerts have nothing of; empty for these.
    private static func around(_ alert: Alert, _ surroundings: AlertSurroundings) -> [UInt8] {
        let limits = surroundings.limits ?? AlertLimits()
        var members: [JSONMember] = []
        if let silence = limits.silence {
            members.append(JSONMember("s", [.string(silence.id), .number(String(silence.endsAt.microseconds))]))
        }
        if surroundings.isMuted, let mutedUntil = limits.mutedUntil {
            let names = DecisionNumbers.text(of: limits.mutedBy)
            members.append(JSONMember("m", [.string(names), .number(String(mutedUntil))]))
        }
        if !limits.leftOut.isEmpty {
            members.append(JSONMember("o", .string(DecisionNumbers.text(of: limits.leftOut))))
        }
        if limits.isBounded {
            let window = [limits.from, limits.until].map { JSONValue.number(String($0)) }
            members.append(JSONMember("v", .array(window)))
        }
        if let keys = limits.inhibition, !keys.isEmpty {
            let targets = keys.targets.map { target in
                JSONValue.array([.string(target.rule)] + target.keys.map { .string($0) })
            }
            if !targets.isEmpty { members.append(JSONMember("t", .array(targets))) }
            let sources = keys.sources.map { JSONValue.array([.string($0.key), .number(String($0.hold))]) }
            if !sources.isEmpty { members.append(JSONMember("k", .array(sources))) }
        }
        if alert.lasts { members.append(JSONMember("l", .string(AlertLabels(alert).fingerprintText))) }
        return members.isEmpty ? [] : JSONValue.object(members).compactBytes
    }
}
