/// A JSON value that owns its parts, for the slow path: details of alerts, templates, answers of the API.
///
/// Numbers keep the text they were written with, so that `25.10` stays `25.10` and no integer loses its last digits.
/// Objects keep their order.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    package static func number(_ value: Int) -> JSONValue { .number(String(value)) }

    /// A number; `NaN` and the infinities, which JSON cannot write, become `null`.
    package static func number(_ value: Double) -> JSONValue { value.isFinite ? .number("\(value)") : .null }

    /// The value of the last member of that name, as JSON readers usually take it.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The value at the end of a chain of member names.
    package subscript(path path: [String]) -> JSONValue? {
        path.reduce(Optional(self)) { $0?[$1] }
    }

    package var stringValue: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    package var intValue: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text)
    }

    package var doubleValue: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }

    package var arrayValue: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }
}

/// One `"name": value` of an object.
package struct JSONMember: Sendable, Hashable {
    package var name: String
    package var value: JSONValue

    package init(_ name: String, _ value: JSONValue) {
        self.name = name
        self.value = value
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int) { self = .number(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { JSONMember($0, $1) })
    }
    package init(nilLiteral: ()) { self = .null }
}
