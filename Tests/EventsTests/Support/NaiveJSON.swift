import Events

/// A JSON reader that is written to be read, not to be fast: one byte at a time, straight from RFC 8259. What the real
/// reader does is compared with it.
struct NaiveJSON {
    enum Failure: Error {
        case notJSON
        case invalidUTF8
        case tooDeep
    }

    private let bytes: [UInt8]
    private let acceptsNonFinite: Bool
    private var position = 0
    private(set) var hadNonFinite = false

    static func parse(_ bytes: [UInt8], acceptsNonFinite: Bool = false) throws(Failure) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .invalidUTF8 }
        var reader = NaiveJSON(bytes: bytes, acceptsNonFinite: acceptsNonFinite)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw .notJSON }
        return value
    }

    private init(bytes: [UInt8], acceptsNonFinite: Bool) {
        self.bytes = bytes
        self.acceptsNonFinite = acceptsNonFinite
    }

    private var current: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private mutating func skipSpace() {
        while let byte = self.current, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { self.position += 1 }
    }

    private mutating func take(_ text: String) -> Bool {
        guard self.bytes[self.position...].starts(with: text.utf8) else { return false }
        self.position += text.utf8.count
        return true
    }

    private mutating func value(depth: Int) throws(Failure) -> JSONValue {
        self.skipSpace()
        if self.take("null") { return .null }
        if self.take("true") { return .bool(true) }
        if self.take("false") { return .bool(false) }
        if self.acceptsNonFinite, self.take("NaN") || self.take("Infinity") || self.take("-Infinity") {
            self.hadNonFinite = true
            return .null
        }
        switch self.current {
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "{"): return try self.object(depth: depth + 1)
        case UInt8(ascii: "["): return try self.array(depth: depth + 1)
        default: return .number(try self.number())
        }
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONValue {
        guard depth <= 64 else { throw .tooDeep }
        self.position += 1
        var members: [JSONMember] = []
        self.skipSpace()
        if self.take("}") { return .object([]) }
        while true {
            self.skipSpace()
            guard self.current == UInt8(ascii: "\"") else { throw .notJSON }
            let name = try self.string()
            self.skipSpace()
            guard self.take(":") else { throw .notJSON }
            members.append(JSONMember(name, try self.value(depth: depth)))
            self.skipSpace()
            if self.take("}") { return .object(members) }
            guard self.take(",") else { throw .notJSON }
        }
    }

    private mutating func array(depth: Int) throws(Failure) -> JSONValue {
        guard depth <= 64 else { throw .tooDeep }
        self.position += 1
        var elements: [JSONValue] = []
        self.skipSpace()
        if self.take("]") { return .array([]) }
        while true {
            elements.append(try self.value(depth: depth))
            self.skipSpace()
            if self.take("]") { return .array(elements) }
            guard self.take(",") else { throw .notJSON }
        }
    }

    private mutating func digits() throws(Failure) {
        let start = self.position
        while let byte = self.current, (0x30...0x39).contains(byte) { self.position += 1 }
        guard self.position > start else { throw .notJSON }
    }

    private mutating func number() throws(Failure) -> String {
        let start = self.position
        _ = self.take("-")
        if !self.take("0") { try self.digits() }
        if self.take(".") { try self.digits() }
        if self.take("e") || self.take("E") {
            if !self.take("+") { _ = self.take("-") }
            try self.digits()
        }
        return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
    }

    private mutating func string() throws(Failure) -> String {
        self.position += 1
        var units: [UInt8] = []
        while let byte = self.current {
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
            case UInt8(ascii: "\\"): units += try self.escape()
            case ..<0x20: throw .notJSON
            default: units.append(byte)
            }
        }
        throw .notJSON
    }

    private mutating func escape() throws(Failure) -> [UInt8] {
        let simple: [(String, UInt8)] = [
            ("\"", 0x22), ("\\", 0x5C), ("/", 0x2F), ("b", 8), ("f", 12), ("n", 10), ("r", 13), ("t", 9),
        ]
        for (letter, meant) in simple where self.take(letter) { return [meant] }
        guard self.take("u") else { throw .notJSON }
        var code = try self.hex()
        if (0xD800..<0xDC00).contains(code) {
            guard self.take("\\u") else { throw .notJSON }
            let low = try self.hex()
            guard (0xDC00..<0xE000).contains(low) else { throw .notJSON }
            code = 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw .notJSON }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func hex() throws(Failure) -> UInt32 {
        guard self.position + 4 <= self.bytes.count else { throw .notJSON }
        let text = String(decoding: self.bytes[self.position..<self.position + 4], as: UTF8.self)
        guard text.allSatisfy(\.isHexDigit), text.utf8.count == 4, let value = UInt32(text, radix: 16) else {
            throw .notJSON
        }
        self.position += 4
        return value
    }
}
