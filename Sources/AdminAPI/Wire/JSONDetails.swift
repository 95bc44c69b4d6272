package import Events
import FoundationEssentials

/// Any JSON value inside a `Codable` answer.
package struct JSONDetails: Sendable, Hashable {
    package var value: JSONValue

    package init(_ value: JSONValue) {
        self.value = value
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension JSONDetails: Encodable {
    package func encode(to encoder: any Encoder) throws {
        switch self.value {
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .bool(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .number(let text):
            var container = encoder.singleValueContainer()
            try Self.encodeNumber(text, to: &container)
        case .string(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .array(let elements):
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(JSONDetails(element)) }
        case .object(let members):
            var container = encoder.container(keyedBy: Key.self)
            for member in members {
                try container.encode(JSONDetails(member.value), forKey: Key(stringValue: member.name))
            }
        }
    }

    /// A number as exactly as `JSONEncoder` can write it; what no number type holds becomes its text.
    private static func encodeNumber(_ text: String, to container: inout any SingleValueEncodingContainer) throws {
        if let value = Int64(text) {
            try container.encode(value)
        } else if let value = UInt64(text) {
            try container.encode(value)
        } else if let value = Decimal(string: text), !value.isNaN {
            try container.encode(value)
        } else if let value = Double(text), value.isFinite {
            try container.encode(value)
        } else {
            try container.encode(text)
        }
    }
}

extension JSONDetails: Decodable {
    package init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Key.self) {
            self.init(
                .object(
                    try container.allKeys.map {
                        JSONMember($0.stringValue, try container.decode(JSONDetails.self, forKey: $0).value)
                    }
                )
            )
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [JSONValue] = []
            while !container.isAtEnd { elements.append(try container.decode(JSONDetails.self).value) }
            self.init(.array(elements))
        } else {
            self.init(try Self.scalar(try decoder.singleValueContainer()))
        }
    }

    private static func scalar(_ container: any SingleValueDecodingContainer) throws -> JSONValue {
        if container.decodeNil() { return .null }
        if let value = try? container.decode(Bool.self) { return .bool(value) }
        if let value = try? container.decode(Int64.self) { return .number("\(value)") }
        if let value = try? container.decode(UInt64.self) { return .number("\(value)") }
        if let value = try? container.decode(Decimal.self) { return .number("\(value)") }
        return .string(try container.decode(String.self))
    }
}
