import Events
import Reactions

extension EventReference {
    /// As a receipt keeps it; times in microseconds since 1970, so that nothing is lost.
    var record: JSONValue {
        var members: [JSONMember] = [
            JSONMember("type", .string(self.eventType)), JSONMember("source", .string(self.source)),
            JSONMember("arrival", .number(String(self.arrival))),
            JSONMember("timestamp", .number(String(self.timestamp.microseconds))),
            JSONMember("arrived_at", .number(String(self.arrivedAt.microseconds))),
        ]
        if let id = self.eventID { members.append(JSONMember("id", .string(id))) }
        return .object(members)
    }

    /// The members of `record`, and those that a notice has as well.
    func writeRecord(into text: inout JSONObjectText) {
        text.add("type", self.eventType)
        text.add("source", self.source)
        text.add("arrival", self.arrival)
        text.add("timestamp", self.timestamp.microseconds)
        text.add("arrived_at", self.arrivedAt.microseconds)
        if let id = self.eventID { text.add("id", id) } else { text.add("id", JSONValue.null) }
    }

    /// Nil for what is no record of an event.
    init?(record: JSONValue) {
        guard let type = record["type"]?.stringValue, let arrival = record["arrival"]?.intValue,
            let timestamp = record["timestamp"]?.intValue, let arrivedAt = record["arrived_at"]?.intValue
        else { return nil }
        self.init(
            arrival: UInt64(clamping: arrival),
            eventType: type,
            timestamp: Timestamp(microseconds: Int64(timestamp)),
            arrivedAt: Timestamp(microseconds: Int64(arrivedAt)),
            source: record["source"]?.stringValue ?? "",
            eventID: record["id"]?.stringValue
        )
    }
}
