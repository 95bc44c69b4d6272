import Events
import Reactions
import RedisClient

extension HeldBack {
    /// Nil for what the script has not written.
    init?(_ reply: RedisReply) {
        let fields = reply.fields
        guard let receiver = fields["receiver"], let tenant = fields["tenant"], let domain = fields["domain"],
            let since = fields["since"].flatMap({ Int64($0) }), let due = fields["due"].flatMap({ Int64($0) }),
            let first = fields["first"].flatMap(Example.init(stored:)),
            let last = fields["last"].flatMap(Example.init(stored:))
        else { return nil }
        var counts: [Kind: Int] = [:]
        // Not by `fields`, where types that merely look alike would be one.
        let members = reply.elements ?? []
        for index in stride(from: 0, to: members.count - 1, by: 2) {
            // k:outcome:rank:type
            guard let field = members[index].text, field.hasPrefix("k:"), let value = members[index + 1].text else {
                continue
            }
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
    fileprivate init?(stored text: String) {
        guard let end = text.lastIndex(of: "\n") else { return nil }
        guard let about = try? JSONValue.parse(Array(text[text.index(after: end)...].utf8)) else { return nil }
        self.init(
            alertID: String(text[..<end]),
            subject: SubjectText.read(about)
        )
    }
}
