import Events
import Reactions
import RedisClient

/// One alert as the script gets it.
struct DecisionCall {
    let alert: Alert
    let fingerprint: String
    let arguments: [[UInt8]]

    init(
        _ alert: Alert,
        _ settings: FatigueSettings,
        _ surroundings: AlertSurroundings,
        _ origin: ReceiptOrigin,
        wasSent: Bool
    ) {
        let rules = FatigueRules(settings, tenant: alert.tenant, domain: alert.domain)
        let mode: DecisionScript.Mode =
            if wasSent { .sentBefore } else if rules.isOff { .off } else if rules.isOffForTenant { .offForTenant } else
            { .checked }
        let isRouted = !surroundings.told.isEmpty
        let fingerprint = Fingerprint(key: alert.key, tenant: alert.tenant, domain: alert.domain).description
        self.alert = alert
        self.fingerprint = fingerprint
        self.arguments = [
            Array(alert.id.utf8), Array(fingerprint.utf8), Self.number(alert.severity.rank), Self.number(mode.rawValue),
            Self.number(rules.dedupWindow), Self.number(rules.cooldown), Self.number(rules.limit),
            Array(alert.domain.utf8),
            SubjectText.write(AlertSubject(alert), handler: alert.handler, fingerprint: fingerprint, origin),
            Array(alert.tenant.utf8),
            // Alerts that last are kept until they are resolved, whoever is told of them.
            isRouted && !wasSent || alert.lasts ? RoutedNotice.text(alert, surroundings.told) : [],
            Array(alert.type.utf8), Array(alert.runID.utf8), Self.receivers(alert, surroundings.receivers),
            Self.around(alert, surroundings),
        ]
    }

    func keys(_ keys: StateKeys) -> [[UInt8]] {
        [
            Array(keys.hour(tenant: self.alert.tenant).utf8),
            Array(keys.domain(tenant: self.alert.tenant, domain: self.alert.domain).utf8),
            Array(keys.identity(self.fingerprint).utf8),
            Array(keys.receipts(ofAlert: self.alert.id).utf8),
        ]
    }

    /// What is held back is counted for each receiver: the names of the counts, and behind them those of the receivers.
    private static func receivers(_ alert: Alert, _ receivers: [String]) -> [UInt8] {
        guard !receivers.isEmpty else { return [] }
        var text: [UInt8] = []
        for receiver in receivers {
            if !text.isEmpty { text.append(UInt8(ascii: " ")) }
            text += HeldBack.name(receiver: receiver, tenant: alert.tenant, domain: alert.domain).utf8
        }
        JSONValue.array(receivers.map { .string($0) }).write(into: &text)
        return text
    }

    /// What most alerts have nothing of; empty for these.
    private static func around(_ alert: Alert, _ surroundings: AlertSurroundings) -> [UInt8] {
        var members: [JSONMember] = []
        if let silence = surroundings.silence {
            members.append(JSONMember("s", [.string(silence.id), .number(String(silence.endsAt.microseconds))]))
        }
        if surroundings.isMuted, let mutedUntil = surroundings.mutedUntil {
            let names = DecisionNumbers.text(of: surroundings.mutedBy)
            members.append(JSONMember("m", [.string(names), .number(String(mutedUntil))]))
        }
        if !surroundings.leftOut.isEmpty {
            members.append(JSONMember("o", .string(DecisionNumbers.text(of: surroundings.leftOut))))
        }
        if surroundings.isBounded {
            let window = [surroundings.from, surroundings.until].map { JSONValue.number(String($0)) }
            members.append(JSONMember("v", .array(window)))
        }
        if let keys = surroundings.inhibition, !keys.isEmpty {
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

    private static func number(_ value: some FixedWidthInteger) -> [UInt8] { Array(String(value).utf8) }
}
