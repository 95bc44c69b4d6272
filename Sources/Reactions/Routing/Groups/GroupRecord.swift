package import Events

/// A group as an outbox keeps it: as it stands, in the process that made it, or as it was written down elsewhere.
package struct GroupRecord: Sendable, Hashable {
    private enum Form: Sendable {
        case standing(GroupState)
        case written(JSONValue)
    }

    private let form: Form

    init(_ state: GroupState) { self.form = .standing(state) }

    /// What was written down, which may turn out to be no group.
    package init(json: JSONValue) { self.form = .written(json) }

    /// To be written down.
    package var json: JSONValue {
        switch self.form {
        case .standing(let state): state.json
        case .written(let json): json
        }
    }

    func state() throws(AlertNotification.ReadError) -> GroupState {
        switch self.form {
        case .standing(let state): state
        case .written(let json): try GroupState(RecordFields(json, "group"))
        }
    }

    package static func == (lhs: GroupRecord, rhs: GroupRecord) -> Bool { lhs.json == rhs.json }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.json) }
}
