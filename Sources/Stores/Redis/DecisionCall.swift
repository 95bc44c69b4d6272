import Events
import Reactions
import RedisClient

/// One alert as the script gets it.
struct DecisionCall {
    let alert: Alert
    let fingerprint: String
    let arguments: [String]

    init(_ alert: Alert, _ settings: FatigueSettings, _ surroundings: AlertSurroundings, wasSent: Bool) {
        let rules = FatigueRules(settings, tenant: alert.tenant, domain: alert.domain)
        let mode: DecisionScript.Mode =
            if wasSent { .sentBefore } else if rules.isOff { .off } else if rules.isOffForTenant { .offForTenant } else
            { .checked }
        let isRouted = !surroundings.routes.isEmpty
        // Alerts that last are kept until they are resolved, whoever is told of them.
        let notice =
            isRouted && !wasSent || alert.lasts
            ? RoutedNotice(alert, nil, routes: surroundings.routes).json.compactText : ""
        self.alert = alert
        self.fingerprint = Fingerprint(key: alert.key, tenant: alert.tenant, domain: alert.domain).description
        self.arguments = [
            alert.id, self.fingerprint, "\(alert.severity.rank)", "\(mode.rawValue)", "\(rules.dedupWindow)",
            "\(rules.cooldown)", "\(rules.limit)", alert.domain,
            SubjectText.write(AlertSubject(alert), handler: alert.handler), alert.tenant, notice, alert.type,
            alert.runID, Self.receivers(alert, surroundings.receivers), Self.around(alert, surroundings),
        ]
    }

    func keys(_ keys: StateKeys) -> [String] {
        [
            keys.hour(tenant: self.alert.tenant),
            keys.domain(tenant: self.alert.tenant, domain: self.alert.domain),
            keys.identity(self.fingerprint),
            keys.receipts(ofAlert: self.alert.id),
        ]
    }

    /// What is held back is counted for each receiver: the names of the counts, and behind them those of the receivers.
    private static func receivers(_ alert: Alert, _ receivers: [String]) -> String {
        guard !receivers.isEmpty else { return "" }
        let names = receivers.map { HeldBack.name(receiver: $0, tenant: alert.tenant, domain: alert.domain) }
        return names.joined(separator: " ") + JSONValue.array(receivers.map { .string($0) }).compactText
    }

    /// What most alerts have nothing of; empty for these.
    private static func around(_ alert: Alert, _ surroundings: AlertSurroundings) -> String {
        var members: [JSONMember] = []
        if let silence = surroundings.silence {
            members.append(JSONMember("s", [.string(silence.id), Self.number(silence.endsAt.microseconds)]))
        }
        if surroundings.isMuted, let mutedUntil = surroundings.mutedUntil {
            let names = DecisionNumbers.text(of: surroundings.mutedBy)
            members.append(JSONMember("m", [.string(names), Self.number(mutedUntil)]))
        }
        if !surroundings.leftOut.isEmpty {
            members.append(JSONMember("o", .string(DecisionNumbers.text(of: surroundings.leftOut))))
        }
        if surroundings.isBounded {
            members.append(JSONMember("v", [Self.number(surroundings.from), Self.number(surroundings.until)]))
        }
        if let keys = surroundings.inhibition, !keys.isEmpty {
            let targets = keys.targets.map { target in
                JSONValue.array([.string(target.rule)] + target.keys.map { .string($0) })
            }
            if !targets.isEmpty { members.append(JSONMember("t", .array(targets))) }
            let sources = keys.sources.map { JSONValue.array([.string($0.key), Self.number($0.hold)]) }
            if !sources.isEmpty { members.append(JSONMember("k", .array(sources))) }
        }
        if alert.lasts { members.append(JSONMember("l", .string(AlertLabels(alert).fingerprintText))) }
        return members.isEmpty ? "" : JSONValue.object(members).compactText
    }

    private static func number(_ value: Int64) -> JSONValue { .number(String(value)) }
}
