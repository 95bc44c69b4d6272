import Events
package import FoundationEssentials
import Telemetry

/// How the admin interface writes and reads JSON. Keys are in snake_case, sorted; times are RFC 3339 in UTC.
package enum AdminJSON {
    package static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        try JSONDecoder().decode(type, from: data)
    }
}

extension Timestamp {
    /// `2026-11-21T00:40:00.123456Z`
    var rfc3339: String { RFC3339.text(microseconds: self.microseconds) }
}
