extension JSONValue {
    /// This value as JSON text for people: one member or element a line, two spaces a level.
    package var indentedText: String {
        var bytes: [UInt8] = []
        self.indent(into: &bytes, level: 0)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func indent(into bytes: inout [UInt8], level: Int) {
        switch self {
        case .array(let elements) where !elements.isEmpty:
            Self.enclose("[", "]", elements, &bytes, level) { $0.indent(into: &$1, level: level + 1) }
        case .object(let members) where !members.isEmpty:
            Self.enclose("{", "}", members, &bytes, level) { member, bytes in
                bytes.appendJSONString(member.name)
                bytes.append(contentsOf: ": ".utf8)
                member.value.indent(into: &bytes, level: level + 1)
            }
        case .null, .bool, .number, .string, .array, .object: self.write(into: &bytes)
        }
    }

    private static func enclose<Part>(
        _ opening: Character,
        _ closing: Character,
        _ parts: [Part],
        _ bytes: inout [UInt8],
        _ level: Int,
        _ write: (Part, inout [UInt8]) -> Void
    ) {
        bytes.append(contentsOf: "\(opening)".utf8)
        for (index, part) in parts.enumerated() {
            bytes.append(contentsOf: "\(index > 0 ? "," : "")\n\(String(repeating: "  ", count: level + 1))".utf8)
            write(part, &bytes)
        }
        bytes.append(contentsOf: "\n\(String(repeating: "  ", count: level))\(closing)".utf8)
    }
}
