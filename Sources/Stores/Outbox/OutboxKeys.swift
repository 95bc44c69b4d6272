/// Which keys of Redis hold the outbox. They begin as all of the namespace do, and so lie on its shard:
///
/// - `notices`: a stream of what was decided to go out, with the consumer group `planners`. Who plans an entry deletes it.
/// - `notices:refused`: the newest of those that could not be read.
/// - `groups`: a hash of groups that wait or last, as `version record`; `groups:due`: when they have something to tell.
/// - `outbox:<receiver>`: a stream of deliveries, with the consumer group `senders`. Claimed while it is sent, deleted when
///   that is over, one way or another.
/// - `retries:<receiver>`: a sorted set of deliveries that wait for another attempt, by when it is due.
/// - `delivery:<id>`: a hash with all about a delivery; forgotten a while after it arrived.
/// - `deliveries`, `dead`: sorted sets of all deliveries and of the dead letters, by when they were made or died.
/// - `told:<alert>`: the set of the deliveries that tell of an alert.
/// - `receivers`: the set of those that have an outbox; `receivers:disabled`: a hash of those that said that they are no more.
/// - `audit`: a bounded stream of who changed what by hand.
struct OutboxKeys: Sendable {
    static let planners = "planners"
    static let senders = "senders"

    let base: String
    let notices: String

    init(_ keys: StateKeys) {
        self.base = keys.base
        self.notices = keys.base + "notices"
    }

    var deliveries: String { self.base + "deliveries" }
    var dead: String { self.base + "dead" }

    func delivery(_ id: String) -> String { self.base + "delivery:" + id }
    func told(_ alert: String) -> String { self.base + "told:" + alert }
}
