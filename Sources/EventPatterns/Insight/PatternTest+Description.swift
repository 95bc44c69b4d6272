import Events

extension PatternTest: CustomStringConvertible {
    /// The test in words close to how it is written: `numeric > 25`, `prefix "run."`, `"failed"`.
    package var description: String {
        switch self {
        case .text(let bytes): Self.quoted(bytes)
        case .address(let address): "the address \(address)"
        case .number(.exact(let value)): value.shortText
        case .number(.text(let bytes)): String(decoding: bytes, as: UTF8.self)
        case .bool(let value): value ? "true" : "false"
        case .null: "null"
        case .prefix(let bytes): "prefix \(Self.quoted(bytes))"
        case .suffix(let bytes): "suffix \(Self.quoted(bytes))"
        case .equalsIgnoringCase(let text): "equals-ignore-case \(Self.quoted(text))"
        case .prefixIgnoringCase(let text): "prefix equals-ignore-case \(Self.quoted(text))"
        case .suffixIgnoringCase(let text): "suffix equals-ignore-case \(Self.quoted(text))"
        case .wildcard(let glob): "wildcard \(Self.quoted(Array(glob.text.utf8)))"
        case .numeric(let range): "numeric \(range)"
        case .cidr(let block): "cidr \(block)"
        case .exists: "exists true"
        case .absent: "exists false"
        case .anythingBut(let tests): "anything-but \(tests.map(\.description).joined(separator: ", "))"
        }
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        JSONValue.string(String(decoding: bytes, as: UTF8.self)).compactText
    }

    private static func quoted(_ text: CaselessText) -> String { Self.quoted(Array(text.text.utf8)) }
}

extension IPAddress: CustomStringConvertible {
    /// IPv4 with dots; IPv6 in eight groups without gaps.
    package var description: String {
        switch self.family {
        case .v4:
            return stride(from: 56, through: 32, by: -8).map { String(self.high >> UInt64($0) & 0xFF) }
                .joined(separator: ".")
        case .v6:
            return [self.high, self.low].flatMap { half in
                stride(from: 48, through: 0, by: -16).map { String(half >> UInt64($0) & 0xFFFF, radix: 16) }
            }.joined(separator: ":")
        }
    }
}

extension AddressBlock: CustomStringConvertible {
    package var description: String {
        "\(IPAddress(family: self.family, high: self.high, low: self.low))/\(self.prefixLength)"
    }
}
