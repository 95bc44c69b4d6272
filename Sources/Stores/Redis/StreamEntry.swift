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
            let about = self.about,
            let fingerprint = (about["fingerprint"]?.stringValue).flatMap({ Fingerprint($0) })
        else { return nil }
        let subject = SubjectText.read(about)
        let receipt = numbers.receipt(
            DecisionNumbers.Texts(
                alertID: alert,
                fingerprint: fingerprint,
                domain: subject.domain,
                heldBackBy: self.fields["held_by"] ?? "",
                heldFingerprint: self.fields["held_fingerprint"] ?? "",
                why: self.fields["why"] ?? "",
                handler: about["handler"]?.stringValue ?? "",
                origin: ReceiptOrigin(
                    instance: about["instance"]?.stringValue ?? "",
                    configVersion: about["config"]?.stringValue ?? ""
                )
            )
        )
        return DecisionRecord(cursor: self.id, subject: subject, receipt: receipt)
    }

    /// What a notice tells, with the decision filled in; nil for an entry that holds none.
    package var notice: RoutedNotice? {
        guard let json = self.json("notice") ?? self.parts, var notice = RoutedNotice(json: json) else { return nil }
        if let record = self.record { notice.decide(record.receipt) }
        return notice
    }

    /// What was known before the decision. The first versions kept some of it in fields of their own.
    private var about: JSONValue? {
        guard case .object(var members)? = self.json("subject") else { return nil }
        for (field, name) in [("tenant", "tenant_id"), ("domain", "domain"), ("fingerprint", "fingerprint")] {
            if let text = self.fields[field] { members.append(JSONMember(name, .string(text))) }
        }
        if case .object(let origin)? = self.json("origin") { members += origin }
        return .object(members)
    }

    /// What is told, where the script did not put it together.
    private var parts: JSONValue? {
        guard let subject = self.fields["subject"], let rest = self.fields["rest"], let routes = self.fields["routes"]
        else { return nil }
        return try? JSONValue.parse(NoticeText.whole(subject: subject, rest: rest, routes: routes))
    }

    private func json(_ name: String) -> JSONValue? {
        self.fields[name].flatMap { try? JSONValue.parse(Array($0.utf8)) }
    }
}

/// What a receipt says of its alert, and who decided, as JSON: all that is known before the decision.
enum SubjectText {
    static func write(
        _ subject: AlertSubject,
        handler: String,
        fingerprint: String,
        _ origin: ReceiptOrigin
    ) -> [UInt8] {
        var text = JSONObjectText(capacity: 512)
        text.add("type", subject.type)
        text.add("severity", subject.severity.rawValue)
        text.add("run_id", subject.runID)
        text.add("summary", subject.summary)
        // What stands above is what digests say of an alert; the script that decides looks for this name behind it.
        text.add("domain", subject.domain)
        text.add("tenant_id", subject.tenant)
        text.add("key", subject.key)
        text.add("handler", handler)
        text.add("fingerprint", fingerprint)
        text.add("instance", origin.instance)
        text.add("config", origin.configVersion)
        if let event = subject.event { text.add("event") { event.writeRecord(into: &$0) } }
        return text.finished()
    }

    static func read(_ about: JSONValue) -> AlertSubject {
        func text(_ name: String) -> String { about[name]?.stringValue ?? "" }
        return AlertSubject(
            type: text("type"),
            severity: Severity(rawValue: text("severity")) ?? .low,
            domain: text("domain"),
            tenant: text("tenant_id"),
            runID: text("run_id"),
            key: text("key"),
            summary: text("summary"),
            event: about["event"].flatMap(EventReference.init(record:))
        )
    }
}
