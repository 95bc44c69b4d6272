package import EventPatterns

/// Where a receiver is: a name, or an address.
package enum TargetHost: Sendable, Hashable, CustomStringConvertible {
    /// In lower case, without a dot at its end.
    case name(String)
    case address(IPAddress)

    package var description: String {
        switch self {
        case .name(let name): name
        case .address(let address) where address.family == .v6: "[\(address.canonicalText)]"
        case .address(let address): address.canonicalText
        }
    }

    /// Reads the host of a URL as browsers do (WHATWG), so that every odd way to write an address is known for what it
    /// is: `127.1`, `0x7f000001`, `017700000001`, `2130706433`. Throws for what is neither.
    init(parsing text: Substring) throws(TargetRefusal) {
        if text.first == "[" {
            guard text.last == "]", let address = Self.addressV6(String(text.dropFirst().dropLast())) else {
                throw TargetRefusal(.badHost, "\"\(text.shown)\" is no IPv6 address")
            }
            self = .address(address)
            return
        }
        var name = try Self.lowered(text)
        if name.last == "." { name.removeLast() }
        guard !name.isEmpty else { throw TargetRefusal(.badHost, "the URL has no host") }
        if Self.endsInNumber(name) {
            guard let address = Self.addressV4(name) else {
                throw TargetRefusal(.badHost, "\"\(name.shown)\" is no IPv4 address")
            }
            self = .address(address)
            return
        }
        try Self.checkName(name)
        self = .name(name)
    }

    /// Only what a host name has. Percent signs would be decoded by some readers, other scripts folded by some
    /// (full-width digits are digits to them), so neither is let in: names beyond ASCII are written in Punycode.
    private static func lowered(_ text: Substring) throws(TargetRefusal) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): bytes.append(byte + 0x20)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: "_"):
                bytes.append(byte)
            default:
                throw TargetRefusal(
                    .badHost,
                    "the host \"\(text.shown)\" has other characters than letters, digits, - . _ (write names of other scripts as xn--...)"
                )
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func checkName(_ name: String) throws(TargetRefusal) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, parts.allSatisfy({ (1...63).contains($0.utf8.count) }) else {
            throw TargetRefusal(.badHost, "the host \"\(name.shown)\" has an empty part or one that is too long")
        }
        guard let first = parts.last?.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else {
            throw TargetRefusal(.badHost, "the last part of the host \"\(name.shown)\" does not begin with a letter")
        }
    }

    private static func endsInNumber(_ name: String) -> Bool {
        guard let last = name.split(separator: ".", omittingEmptySubsequences: false).last, !last.isEmpty else {
            return false
        }
        return last.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } || Self.number(last) != nil
    }

    /// One to four numbers, decimal, octal (0...) or hexadecimal (0x...); the last one fills what is left.
    private static func addressV4(_ name: String) -> IPAddress? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 4 else { return nil }
        var numbers: [UInt64] = []
        for part in parts {
            guard let number = Self.number(part) else { return nil }
            numbers.append(number)
        }
        guard let last = numbers.popLast(), numbers.allSatisfy({ $0 <= 255 }) else { return nil }
        guard last < 1 << UInt64(8 * (4 - numbers.count)) else { return nil }
        var bits = last
        for (place, number) in numbers.enumerated() { bits |= number << UInt64(8 * (3 - place)) }
        return IPAddress(family: .v4, high: bits << 32, low: 0)
    }

    private static func number(_ part: Substring) -> UInt64? {
        var digits = part
        var radix = 10
        if digits.hasPrefix("0x") {
            digits = digits.dropFirst(2)
            radix = 16
        } else if digits.count > 1, digits.hasPrefix("0") {
            digits = digits.dropFirst()
            radix = 8
        }
        // `0x` alone is zero to browsers.
        if digits.isEmpty { return radix == 16 ? 0 : nil }
        guard digits.utf8.first != UInt8(ascii: "+"), digits.utf8.first != UInt8(ascii: "-") else { return nil }
        // What does not fit is too large for an address, however it is written.
        return UInt64(digits, radix: radix)
    }

    /// With a dotted end, too; without a zone: link-local addresses are nobody's receiver.
    private static func addressV6(_ text: String) -> IPAddress? {
        guard let lastColon = text.lastIndex(of: ":") else { return nil }
        let tail = text[text.index(after: lastColon)...]
        guard tail.contains(".") else {
            let address = IPAddress(text)
            return address?.family == .v6 ? address : nil
        }
        let octets = tail.split(separator: ".", omittingEmptySubsequences: false).map { part -> UInt64? in
            guard (1...3).contains(part.utf8.count), part == "0" || part.first != "0" else { return nil }
            return UInt64(part).flatMap { $0 <= 255 ? $0 : nil }
        }
        guard octets.count == 4 else { return nil }
        var bits: UInt64 = 0
        for octet in octets {
            guard let octet else { return nil }
            bits = bits << 8 | octet
        }
        let groups = String(bits >> 16, radix: 16) + ":" + String(bits & 0xFFFF, radix: 16)
        let address = IPAddress(text[...lastColon] + groups)
        return address?.family == .v6 ? address : nil
    }
}

extension IPAddress {
    fileprivate init?(_ text: Substring) { self.init(String(text)) }
}
