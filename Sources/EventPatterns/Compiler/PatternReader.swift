/// Reads JSON text into nodes that know their line and column. Strict: RFC 8259, UTF-8, nothing after the value.
///
/// Members of an object keep their order and their duplicates; what a duplicate means is the compiler's business.
/// Numbers keep their text.
struct PatternReader {
    /// How deep lists and objects may nest; the same bound as for events.
    static let maximumDepth = 64

    private let bytes: [UInt8]
    private var index = 0
    private var depth = 0
    /// The last place whose line and column are known; marks are asked for in rising order.
    private var known = PatternMark(line: 1, column: 1)
    private var knownIndex = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// - Throws: `PatternError` with one problem: where the text stops being JSON and why.
    static func read(_ bytes: [UInt8]) throws(PatternError) -> PatternNode {
        var reader = PatternReader(bytes)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw PatternError([PatternProblem(.malformedJSON, at: reader.known, "the text is not UTF-8")])
        }
        reader.skipSpace()
        let node = try reader.value()
        reader.skipSpace()
        guard reader.index == bytes.count else {
            throw reader.malformed("found more text after the end of the value")
        }
        return node
    }

    // MARK: Values

    private mutating func value() throws(PatternError) -> PatternNode {
        let mark = self.mark()
        guard let byte = self.peek else { throw self.malformed("the text ends where a value is needed") }
        switch byte {
        case UInt8(ascii: "{"): return try self.nested { (reader) throws(PatternError) in try reader.object(mark) }
        case UInt8(ascii: "["): return try self.nested { (reader) throws(PatternError) in try reader.array(mark) }
        case UInt8(ascii: "\""): return .string(try self.string(), mark)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try self.number(), mark)
        default: return try self.word(mark)
        }
    }

    private mutating func nested(
        _ body: (inout PatternReader) throws(PatternError) -> PatternNode
    ) throws(PatternError) -> PatternNode {
        guard self.depth < Self.maximumDepth else {
            let problem = PatternProblem(.tooDeep, at: self.mark(), "more than \(Self.maximumDepth) levels of nesting")
            throw PatternError([problem])
        }
        self.depth += 1
        defer { self.depth -= 1 }
        self.index += 1
        self.skipSpace()
        return try body(&self)
    }

    private mutating func object(_ mark: PatternMark) throws(PatternError) -> PatternNode {
        var members: [PatternMember] = []
        if self.take("}") { return .object(members, mark) }
        while true {
            let nameMark = self.mark()
            guard self.peek == UInt8(ascii: "\"") else {
                throw self.malformed("a member begins with its name in double quotes")
            }
            let name = try self.string()
            self.skipSpace()
            guard self.take(":") else { throw self.malformed("a colon is needed after the name") }
            self.skipSpace()
            members.append(PatternMember(name: name, mark: nameMark, value: try self.value()))
            self.skipSpace()
            if self.take("}") { return .object(members, mark) }
            guard self.take(",") else { throw self.malformed("a comma or } is needed after a member") }
            self.skipSpace()
        }
    }

    private mutating func array(_ mark: PatternMark) throws(PatternError) -> PatternNode {
        var elements: [PatternNode] = []
        if self.take("]") { return .array(elements, mark) }
        while true {
            elements.append(try self.value())
            self.skipSpace()
            if self.take("]") { return .array(elements, mark) }
            guard self.take(",") else { throw self.malformed("a comma or ] is needed after an element") }
            self.skipSpace()
        }
    }

    private mutating func word(_ mark: PatternMark) throws(PatternError) -> PatternNode {
        if self.take("true") { return .bool(true, mark) }
        if self.take("false") { return .bool(false, mark) }
        if self.take("null") { return .null(mark) }
        throw self.malformed("this is not a JSON value")
    }

    private mutating func number() throws(PatternError) -> String {
        let start = self.index
        _ = self.take("-")
        if self.take("0") {
            // A zero stands alone.
        } else {
            try self.digits()
        }
        if self.take(".") { try self.digits() }
        if self.take("e") || self.take("E") {
            if !self.take("+") { _ = self.take("-") }
            try self.digits()
        }
        if let byte = self.peek, byte.isASCIIDigit { throw self.malformed("a number does not begin with 0") }
        return String(decoding: self.bytes[start..<self.index], as: UTF8.self)
    }

    private mutating func digits() throws(PatternError) {
        let start = self.index
        while let byte = self.peek, byte.isASCIIDigit { self.index += 1 }
        guard self.index > start else { throw self.malformed("a digit is needed here") }
    }

    // MARK: Strings

    private mutating func string() throws(PatternError) -> String {
        self.index += 1
        var text: [UInt8] = []
        while let byte = self.peek {
            switch byte {
            case UInt8(ascii: "\""):
                self.index += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                self.index += 1
                try self.escape(into: &text)
            case 0..<0x20:
                throw self.malformed("a control character in a string must be escaped")
            default:
                text.append(byte)
                self.index += 1
            }
        }
        throw self.malformed("the string does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(PatternError) {
        guard let byte = self.peek else { throw self.malformed("the string does not end") }
        self.index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: UTF8.encode(try self.escapedScalar())!)
        default:
            self.index -= 1
            throw self.malformed("\\ is followed by one of \" \\ / b f n r t u")
        }
    }

    private mutating func escapedScalar() throws(PatternError) -> Unicode.Scalar {
        let first = try self.hexUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(UInt16(first)), self.take("\\u") else {
            throw self.malformed("half of a surrogate pair is not a character")
        }
        let second = try self.hexUnit()
        guard UTF16.isTrailSurrogate(UInt16(second)) else {
            throw self.malformed("half of a surrogate pair is not a character")
        }
        return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))!
    }

    private mutating func hexUnit() throws(PatternError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = self.peek?.hexDigit else { throw self.malformed("\\u needs four hexadecimal digits") }
            unit = unit << 4 | UInt32(digit)
            self.index += 1
        }
        return unit
    }

    // MARK: Bytes

    private var peek: UInt8? { self.index < self.bytes.count ? self.bytes[self.index] : nil }

    private mutating func take(_ literal: StaticString) -> Bool {
        let end = self.index + literal.utf8CodeUnitCount
        guard end <= self.bytes.count else { return false }
        for offset in 0..<literal.utf8CodeUnitCount where self.bytes[self.index + offset] != literal.utf8Start[offset] {
            return false
        }
        self.index = end
        return true
    }

    private mutating func skipSpace() {
        while let byte = self.peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { self.index += 1 }
    }

    /// Line and column of the current byte.
    private mutating func mark() -> PatternMark {
        while self.knownIndex < self.index {
            let byte = self.bytes[self.knownIndex]
            if byte == 0x0A {
                self.known.line += 1
                self.known.column = 1
            } else if byte & 0xC0 != 0x80 {
                self.known.column += 1
            }
            self.knownIndex += 1
        }
        return self.known
    }

    private mutating func malformed(_ reason: String) -> PatternError {
        PatternError([PatternProblem(.malformedJSON, at: self.mark(), reason)])
    }
}

extension PatternNode {
    /// Reads one JSON value; `PatternReader` says what is refused.
    package static func parse(json: [UInt8]) throws(PatternError) -> PatternNode {
        try PatternReader.read(json)
    }
}

extension UInt8 {
    @inlinable
    var isASCIIDigit: Bool { self &- 0x30 < 10 }

    @inlinable
    var hexDigit: UInt8? {
        switch self {
        case 0x30...0x39: self &- 0x30
        case 0x41...0x46: self &- 0x41 &+ 10
        case 0x61...0x66: self &- 0x61 &+ 10
        default: nil
        }
    }

    /// This byte with an ASCII capital made small.
    @inlinable
    var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}
