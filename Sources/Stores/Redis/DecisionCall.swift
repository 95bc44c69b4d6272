import Events
import Reactions
import RedisClient

/// One alert as the script gets it.
struct DecisionCall {
    let alert: Alert
    let fingerprint: String
    let arguments: [String]

    init(_ alert: Alert, rules settings: AlertRules, wasSent: Bool) {
        let rules = FatigueRules(settings.settings.fatigue, tenant: alert.tenant, domain: alert.domain)
        let mode: DecisionScript.Mode =
            if wasSent { .sentBefore } else if rules.isOff { .off } else if rules.isOffForTenant { .offForTenant } else
            { .checked }
        self.alert = alert
        self.fingerprint = Fingerprint(key: alert.key, tenant: alert.tenant, domain: alert.domain).description
        self.arguments = [
            alert.id, self.fingerprint, "\(alert.severity.rank)", "\(mode.rawValue)", "\(rules.dedupWindow)",
            "\(rules.cooldown)", "\(rules.limit)", alert.domain, Self.subject(alert), alert.tenant,
            wasSent ? "" : Self.notice(alert, settings.routes(of: alert)),
        ]
    }

    /// Empty when there is nobody to tell.
    private static func notice(_ alert: Alert, _ routes: [RouteMatch]) -> String {
        guard !routes.isEmpty else { return "" }
        let notice = AlertNotice(alert, receipt: nil, lasts: alert.lasts)
        return RoutedNotice(notice: notice, routes: routes).json.compactText
    }

    func keys(_ keys: StateKeys) -> [String] {
        [
            keys.hour(tenant: self.alert.tenant),
            keys.domain(tenant: self.alert.tenant, domain: self.alert.domain),
            keys.identity(self.fingerprint),
            keys.alert(self.alert.id),
        ]
    }

    /// What a receipt says of its alert.
    private static func subject(_ alert: Alert) -> String {
        var members: [JSONMember] = [
            JSONMember("type", .string(alert.type)), JSONMember("severity", .string(alert.severity.rawValue)),
            JSONMember("run_id", .string(alert.runID)), JSONMember("key", .string(alert.key)),
            JSONMember("handler", .string(alert.handler)), JSONMember("summary", .string(alert.summary)),
        ]
        if let event = alert.event {
            members.append(
                JSONMember("event", event.record)
            )
        }
        return JSONValue.object(members).compactText
    }
}

/// Who decided: the reactor, and by which settings.
struct ReceiptOrigin {
    let instance: String
    let configVersion: String

    var text: String {
        JSONValue.object([
            JSONMember("instance", .string(self.instance)), JSONMember("config", .string(self.configVersion)),
        ]).compactText
    }
}

/// An entry of the stream of receipts.
struct StreamEntry {
    let id: String
    private let fields: [String: String]

    init?(_ reply: RedisReply) {
        guard let parts = reply.elements, parts.count == 2, let id = parts[0].text, let list = parts[1].elements else {
            return nil
        }
        self.id = id
        var fields: [String: String] = [:]
        for index in stride(from: 0, to: list.count - 1, by: 2) {
            if let name = list[index].text { fields[name] = list[index + 1].text }
        }
        self.fields = fields
    }

    /// Nil for an entry that no version of the script has written.
    var record: DecisionRecord? {
        guard let numbers = self.fields["numbers"].flatMap(DecisionNumbers.init), let alert = self.fields["alert"],
            let fingerprint = self.fields["fingerprint"], let origin = self.json("origin"),
            let about = self.json("subject")
        else { return nil }
        let receipt = numbers.receipt(
            alertID: alert,
            fingerprint: fingerprint,
            domain: self.fields["domain"] ?? "",
            heldBackBy: self.fields["held_by"] ?? "",
            heldFingerprint: self.fields["held_fingerprint"] ?? "",
            handler: about["handler"]?.stringValue ?? "",
            configVersion: origin["config"]?.stringValue ?? "",
            instance: origin["instance"]?.stringValue ?? ""
        )
        return DecisionRecord(cursor: self.id, subject: self.subject(about), receipt: receipt)
    }

    func json(_ name: String) -> JSONValue? {
        self.fields[name].flatMap { try? JSONValue.parse(Array($0.utf8)) }
    }

    private func subject(_ about: JSONValue) -> AlertSubject {
        func text(_ name: String) -> String { about[name]?.stringValue ?? "" }
        return AlertSubject(
            type: text("type"),
            severity: Severity(rawValue: text("severity")) ?? .low,
            domain: self.fields["domain"] ?? "",
            tenant: self.fields["tenant"] ?? "",
            runID: text("run_id"),
            key: text("key"),
            summary: text("summary"),
            event: about["event"].flatMap(EventReference.init(record:))
        )
    }
}
