import Events
package import Reactions
package import RedisClient

/// An entry of the stream of receipts, or of that of notices.
package struct StreamEntry: Sendable {
    package let id: String
    let fields: [String: String]

    package init?(_ reply: RedisReply) {
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

    /// Nil for an entry that no version of the scripts has written.
    package var record: DecisionRecord? {
        guard let numbers = self.fields["numbers"].flatMap(DecisionNumbers.init), let alert = self.fields["alert"],
            let fingerprint = self.fields["fingerprint"], let origin = self.json("origin"),
            let about = self.json("subject")
        else { return nil }
        let receipt = numbers.receipt(
            DecisionNumbers.Texts(
                alertID: alert,
                fingerprint: fingerprint,
                domain: self.fields["domain"] ?? "",
                heldBackBy: self.fields["held_by"] ?? "",
                heldFingerprint: self.fields["held_fingerprint"] ?? "",
                why: self.fields["why"] ?? "",
                handler: about["handler"]?.stringValue ?? "",
                origin: ReceiptOrigin(
                    instance: origin["instance"]?.stringValue ?? "",
                    configVersion: origin["config"]?.stringValue ?? ""
                )
            )
        )
        let subject = SubjectText.read(
            about,
            tenant: self.fields["tenant"] ?? "",
            domain: self.fields["domain"] ?? ""
        )
        return DecisionRecord(cursor: self.id, subject: subject, receipt: receipt)
    }

    /// What a notice tells, with the decision filled in; nil for an entry that holds none.
    package var notice: RoutedNotice? {
        guard let json = self.json("notice"), var notice = RoutedNotice(json: json) else { return nil }
        if let record = self.record { notice.decide(record.receipt) }
        return notice
    }

    private func json(_ name: String) -> JSONValue? {
        self.fields[name].flatMap { try? JSONValue.parse(Array($0.utf8)) }
    }
}

/// What a receipt says of its alert, as JSON. Tenant and domain are kept beside it.
enum SubjectText {
    static func write(_ subject: AlertSubject, handler: String) -> String {
        var members: [JSONMember] = [
            JSONMember("type", .string(subject.type)), JSONMember("severity", .string(subject.severity.rawValue)),
            JSONMember("run_id", .string(subject.runID)), JSONMember("key", .string(subject.key)),
            JSONMember("handler", .string(handler)), JSONMember("summary", .string(subject.summary)),
        ]
        if let event = subject.event { members.append(JSONMember("event", event.record)) }
        return JSONValue.object(members).compactText
    }

    static func read(_ about: JSONValue, tenant: String, domain: String) -> AlertSubject {
        func text(_ name: String) -> String { about[name]?.stringValue ?? "" }
        return AlertSubject(
            type: text("type"),
            severity: Severity(rawValue: text("severity")) ?? .low,
            domain: domain,
            tenant: tenant,
            runID: text("run_id"),
            key: text("key"),
            summary: text("summary"),
            event: about["event"].flatMap(EventReference.init(record:))
        )
    }
}
