/// A JSON value that owns its parts, for the slow path: details of alerts, templates, answers of the API.
///
/// Numbers keep the text they were written with, so that `25.10` stays `25.10` and no integer loses its last digits.
/// Objects keep their order.
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// The number's own text, which must be a JSON number: it is written out as it is.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    /// A whole number.
    public static func number(_ value: Int) -> JSONValue { .number(String(value)) }

    /// A number; `NaN` and the infinities, which JSON cannot write, become `null`.
    public static func number(_ value: Double) -> JSONValue { value.isFinite ? .number("\(value)") : .null }

    /// The value of the last member of that name, as JSON readers usually take it.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        // `==` is quick and says which bytes are worth comparing: it takes two ways to write a letter for one.
        return members.last { $0.name == name && $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The value at the end of a chain of member names.
    public subscript(path path: [String]) -> JSONValue? {
        path.reduce(Optional(self)) { $0?[$1] }
    }

    /// The text of a string; nil for everything else.
    public var stringValue: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The value of a number that is written without fraction and exponent and fits; nil for everything else.
    public var intValue: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text)
    }

    /// The value of a number, rounded to binary; nil for everything else.
    public var doubleValue: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }

    /// The elements of an array; nil for everything else.
    public var arrayValue: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }
}

/// One `"name": value` of an object.
public struct JSONMember: Sendable, Hashable {
    public var name: String
    public var value: JSONValue

    public init(_ name: String, _ value: JSONValue) {
        self.name = name
        self.value = value
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .number(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { JSONMember($0, $1) })
    }
    public init(nilLiteral: ()) { self = .null }
}
