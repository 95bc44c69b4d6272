/// One reply of a Redis server, owned.
package enum RedisReply: Sendable, Equatable {
    case simple(String)
    case integer(Int64)
    case bulk([UInt8])
    case null
    case array([RedisReply])
    case error(RedisError)
}

extension RedisReply {
    /// Whether this is `+OK`.
    package var isOK: Bool { self == .simple("OK") }

    /// The text of a bulk or simple reply; what is not UTF-8 is repaired. Nil for any other kind.
    package var text: String? {
        switch self {
        case .simple(let text): text
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer, .null, .array, .error: nil
        }
    }

    /// The bytes of a bulk or simple reply. Nil for any other kind.
    package var bytes: [UInt8]? {
        switch self {
        case .simple(let text): Array(text.utf8)
        case .bulk(let bytes): bytes
        case .integer, .null, .array, .error: nil
        }
    }

    /// The number of an integer reply, or of a bulk that is a plain decimal number. Nil for any other.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .bulk(let bytes): bytes.withUnsafeBytes { text in Int64(plainDecimal: text) }
        case .simple, .null, .array, .error: nil
        }
    }

    /// The elements of an array reply. Nil for any other kind.
    package var elements: [RedisReply]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The error of an error reply. Nil for any other kind.
    package var error: RedisError? {
        if case .error(let error) = self { error } else { nil }
    }

    /// The reply, unless it is an error reply.
    ///
    /// - Throws: the server's error.
    package func orThrow() throws(RedisError) -> RedisReply {
        if case .error(let error) = self { throw error }
        return self
    }
}
