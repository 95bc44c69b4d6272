/// An IPv4 or IPv6 address.
///
/// The two families never equal each other and no block of one holds an address of the other, not even the IPv4
/// addresses that IPv6 can express.
package struct IPAddress: Sendable, Hashable {
    package enum Family: UInt8, Sendable {
        case v4 = 4
        case v6 = 6

        /// How many bits an address has.
        package var bitCount: Int { self == .v4 ? 32 : 128 }
    }

    package var family: Family
    /// The bits, the first one being the highest; an IPv4 address is in the highest 32.
    package var high: UInt64
    package var low: UInt64

    package init(family: Family, high: UInt64, low: UInt64) {
        self.family = family
        self.high = high
        self.low = low
    }

    package init?(_ text: String) {
        var copy = text
        guard let address = copy.withUTF8({ $0.isEmpty ? nil : IPAddress($0.baseAddress!, count: $0.count) }) else {
            return nil
        }
        self = address
    }

    /// Reads `10.0.0.1` or `2001:db8::1`. No zone, no prefix length, no dotted part inside an IPv6 address.
    init?(_ start: UnsafePointer<UInt8>, count: Int) {
        // The longest text of an IPv4 address has 15 characters. An IPv6 address may carry leading zeros, but nobody
        // writes an address of hundreds of characters, and a long string should be told from one quickly.
        guard 2...64 ~= count else { return nil }
        var index = 0
        while index < count, start[index].hexDigit != nil { index += 1 }
        guard index < count else { return nil }
        if start[index] == UInt8(ascii: ".") {
            guard let bits = Self.parseV4(start, count: count) else { return nil }
            self.init(family: .v4, high: UInt64(bits) << 32, low: 0)
        } else if start[index] == UInt8(ascii: ":") {
            guard let (high, low) = Self.parseV6(start, count: count) else { return nil }
            self.init(family: .v6, high: high, low: low)
        } else {
            return nil
        }
    }

    private static func parseV4(_ start: UnsafePointer<UInt8>, count: Int) -> UInt32? {
        guard count <= 15 else { return nil }
        var bits: UInt32 = 0
        var octets = 0
        var index = 0
        while true {
            let octetStart = index
            var octet: UInt32 = 0
            while index < count, start[index].isASCIIDigit {
                octet = octet * 10 + UInt32(start[index] &- 0x30)
                index += 1
                guard octet <= 255 else { return nil }
            }
            let length = index - octetStart
            guard length > 0 else { return nil }
            // A leading zero means octal to some readers and nothing to others. Where both read the same number it is
            // let pass (`10.0.0.01`); where they differ (`010.0.0.1`) this is not an address.
            guard length == 1 || start[octetStart] != UInt8(ascii: "0") || octet < 8 else { return nil }
            bits = bits << 8 | octet
            octets += 1
            if octets == 4 { return index == count ? bits : nil }
            guard index < count, start[index] == UInt8(ascii: ".") else { return nil }
            index += 1
        }
    }

    private static func parseV6(_ start: UnsafePointer<UInt8>, count: Int) -> (UInt64, UInt64)? {
        // Groups before and after the "::", each side collected as 128 bits.
        var bits: (high: UInt64, low: UInt64) = (0, 0)
        var groups = 0
        var groupsBeforeGap: Int?
        var index = 0
        if start[0] == UInt8(ascii: ":") {
            guard start[1] == UInt8(ascii: ":") else { return nil }
            groupsBeforeGap = 0
            index = 2
        }
        while index < count {
            let groupStart = index
            var group: UInt64 = 0
            while index < count, let digit = start[index].hexDigit {
                group = group << 4 | UInt64(digit)
                index += 1
                guard group <= 0xFFFF else { return nil }
            }
            guard index > groupStart, groups < 8 else { return nil }
            bits = (bits.high << 16 | bits.low >> 48, bits.low << 16 | group)
            groups += 1
            guard index < count else { break }
            guard start[index] == UInt8(ascii: ":"), index + 1 < count else { return nil }
            index += 1
            if start[index] == UInt8(ascii: ":") {
                guard groupsBeforeGap == nil else { return nil }
                groupsBeforeGap = groups
                index += 1
            }
        }
        guard let before = groupsBeforeGap else { return groups == 8 ? bits : nil }
        // The gap stands for at least one group of zeros.
        guard groups < 8 else { return nil }
        return Self.spread(bits, groupsAfterGap: groups - before, missing: 8 - groups)
    }

    /// Moves the groups before the gap to the front of the address.
    private static func spread(
        _ bits: (high: UInt64, low: UInt64),
        groupsAfterGap: Int,
        missing: Int
    ) -> (UInt64, UInt64) {
        let all = UInt128(bits.high) << 64 | UInt128(bits.low)
        let tailMask = groupsAfterGap == 0 ? 0 : UInt128.max >> UInt128(128 - groupsAfterGap * 16)
        let head = (all & ~tailMask) << UInt128(missing * 16)
        let spread = head | (all & tailMask)
        return (UInt64(truncatingIfNeeded: spread >> 64), UInt64(truncatingIfNeeded: spread))
    }
}

/// The addresses that share their first bits: `10.0.0.0/8`.
package struct AddressBlock: Sendable, Hashable {
    package let family: IPAddress.Family
    /// How many of the first bits are shared.
    package let prefixLength: Int
    /// The shared bits; the others are zero.
    package let high: UInt64
    package let low: UInt64

    /// - Parameter address: Any address of the block; its host bits are cleared.
    package init(_ address: IPAddress, prefixLength: Int) {
        self.family = address.family
        self.prefixLength = prefixLength
        self.high = address.high & Self.highMask(prefixLength)
        self.low = address.low & Self.lowMask(prefixLength)
    }

    package func contains(_ address: IPAddress) -> Bool {
        address.family == self.family
            && address.high & Self.highMask(self.prefixLength) == self.high
            && address.low & Self.lowMask(self.prefixLength) == self.low
    }

    /// Whether every address of `other` is in this block too.
    func covers(_ other: AddressBlock) -> Bool {
        self.prefixLength <= other.prefixLength
            && self.contains(IPAddress(family: other.family, high: other.high, low: other.low))
    }

    @inlinable
    static func highMask(_ length: Int) -> UInt64 { length >= 64 ? .max : ~(UInt64.max >> UInt64(length)) }

    @inlinable
    static func lowMask(_ length: Int) -> UInt64 {
        if length <= 64 { return 0 }
        return length >= 128 ? .max : ~(UInt64.max >> UInt64(length - 64))
    }
}
