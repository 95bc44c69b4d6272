import Events

/// The members of an object that was written down, which all have to be there.
struct RecordFields {
    private let object: JSONValue
    private let name: String

    init(_ object: JSONValue, _ name: String) {
        self.object = object
        self.name = name
    }

    func error(_ field: String, _ message: String) -> AlertNotification.ReadError {
        AlertNotification.ReadError(description: "\(self.name): `\(field)` \(message)")
    }

    func isNull(_ field: String) -> Bool { self.object[field] == .null }

    func value(_ field: String) throws(AlertNotification.ReadError) -> JSONValue {
        guard let value = self.object[field] else { throw self.error(field, "is missing") }
        return value
    }

    func text(_ field: String) throws(AlertNotification.ReadError) -> String {
        guard let text = try self.value(field).stringValue else { throw self.error(field, "is no text") }
        return text
    }

    func integer(_ field: String) throws(AlertNotification.ReadError) -> Int {
        guard let number = try self.value(field).intValue else { throw self.error(field, "is no whole number") }
        return number
    }

    func timestamp(_ field: String) throws(AlertNotification.ReadError) -> Timestamp {
        Timestamp(microseconds: Int64(try self.integer(field)))
    }

    func duration(_ field: String) throws(AlertNotification.ReadError) -> Duration {
        .microseconds(Int64(try self.integer(field)))
    }

    func flag(_ field: String) throws(AlertNotification.ReadError) -> Bool {
        guard case .bool(let flag) = try self.value(field) else { throw self.error(field, "is neither true nor false") }
        return flag
    }

    func array(_ field: String) throws(AlertNotification.ReadError) -> [JSONValue] {
        guard let values = try self.value(field).arrayValue else { throw self.error(field, "is no list") }
        return values
    }

    func texts(_ field: String) throws(AlertNotification.ReadError) -> [String] {
        let values = try self.array(field)
        let texts = values.compactMap(\.stringValue)
        guard texts.count == values.count else { throw self.error(field, "is no list of texts") }
        return texts
    }

    func fields(_ field: String) throws(AlertNotification.ReadError) -> RecordFields {
        guard case .object = try self.value(field) else { throw self.error(field, "is no object") }
        return RecordFields(try self.value(field), field)
    }

    func labels(_ field: String) throws(AlertNotification.ReadError) -> AlertLabels {
        guard case .object(let members) = try self.value(field) else { throw self.error(field, "is no object") }
        var labels = AlertLabels()
        for member in members {
            guard let value = member.value.stringValue else { throw self.error(field, "has a label that is no text") }
            labels[member.name] = value
        }
        return labels
    }
}

extension JSONValue {
    /// Microseconds since 1970, so that nothing is lost.
    static func timestamp(_ timestamp: Timestamp) -> JSONValue { .number(String(timestamp.microseconds)) }

    /// Microseconds, likewise.
    static func duration(_ duration: Duration) -> JSONValue { .number(String(duration.wholeMicroseconds)) }
}
