import Events
import Reactions
import RedisClient

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
