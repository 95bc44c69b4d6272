extension JSONValue {
    /// How the parts of a written text are set apart.
    package enum Style: Sendable {
        /// No space anywhere.
        case compact
        /// One space behind commas and colons, as Python writes and the original's publisher so sends.
        case spaced
    }

    /// Appends this value as JSON text, UTF-8. Numbers go out as they were written.
    package func write(into bytes: inout [UInt8], style: Style = .compact) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: value ? "true".utf8 : "false".utf8)
        case .number(let text): bytes.append(contentsOf: text.utf8)
        case .string(let text): bytes.appendJSONString(text)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.appendSeparator(",", style) }
                element.write(into: &bytes, style: style)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.appendSeparator(",", style) }
                bytes.appendJSONString(member.name)
                bytes.appendSeparator(":", style)
                member.value.write(into: &bytes, style: style)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// This value as JSON text without spaces.
    public var compactText: String { String(decoding: self.compactBytes, as: UTF8.self) }

    /// The bytes of `compactText`.
    package var compactBytes: [UInt8] {
        var bytes: [UInt8] = []
        self.write(into: &bytes)
        return bytes
    }

    /// This value with only the last of the members that share a name, at every level: what readers that take the first
    /// one have to be given.
    package var withoutRepeatedMembers: JSONValue {
        switch self {
        case .array(let elements):
            return .array(elements.map(\.withoutRepeatedMembers))
        case .object(let members):
            var seen: Set<[UInt8]> = []
            let last = members.reversed().filter { seen.insert(Array($0.name.utf8)).inserted }
            return .object(last.reversed().map { JSONMember($0.name, $0.value.withoutRepeatedMembers) })
        case .null, .bool, .number, .string:
            return self
        }
    }
}

extension [UInt8] {
    /// Appends a JSON string that means `text`. Quotes, backslashes and control characters are escaped.
    package mutating func appendJSONString(_ text: String) {
        var text = text
        text.withUTF8 { self.appendJSONString($0) }
    }

    /// - Parameter text: UTF-8.
    package mutating func appendJSONString(_ text: UnsafeBufferPointer<UInt8>) {
        self.append(UInt8(ascii: "\""))
        var start = 0
        for (index, byte) in text.enumerated()
        where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            self.append(contentsOf: text[start..<index])
            self.appendEscape(of: byte)
            start = index + 1
        }
        self.append(contentsOf: text[start...])
        self.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscape(of byte: UInt8) {
        self.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): self.append(byte)
        case 0x08: self.append(UInt8(ascii: "b"))
        case 0x09: self.append(UInt8(ascii: "t"))
        case 0x0A: self.append(UInt8(ascii: "n"))
        case 0x0C: self.append(UInt8(ascii: "f"))
        case 0x0D: self.append(UInt8(ascii: "r"))
        default:
            let low = byte & 0xF
            self.append(contentsOf: byte < 0x10 ? "u000".utf8 : "u001".utf8)
            self.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        }
    }

    fileprivate mutating func appendSeparator(_ character: Unicode.Scalar, _ style: JSONValue.Style) {
        self.append(UInt8(ascii: character))
        if style == .spaced { self.append(UInt8(ascii: " ")) }
    }
}
