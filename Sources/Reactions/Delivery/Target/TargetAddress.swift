package import EventPatterns

/// Whether a receiver may be at an address of the network.
package enum AddressClass: String, Sendable, Hashable, CaseIterable {
    /// Anywhere on the internet.
    case ordinary
    case loopback
    case privateNetwork = "private"
    case linkLocal = "link_local"
    /// Where cloud machines ask for their own credentials.
    case metadata
    case sharedNetwork = "carrier_grade_nat"
    case multicast
    /// This network, broadcasts, documentation, benchmarks, the future: nobody is there.
    case reserved

    /// What kind of address it is. An IPv6 address that stands for an IPv4 address is judged as that one.
    package init(_ address: IPAddress) {
        if let inner = Self.embedded(in: address) {
            let inner = AddressClass(inner)
            // An ordinary address in an old costume is no ordinary address: nobody needs the costume.
            self = inner == .ordinary ? .reserved : inner
            return
        }
        let blocks = address.family == .v4 ? Self.blocksV4 : Self.blocksV6
        if let found = blocks.first(where: { $0.block.contains(address) }) {
            self = found.kind
        } else if address.family == .v6, !Self.global.contains(address) {
            self = .reserved
        } else {
            self = .ordinary
        }
    }

    private struct Entry: Sendable {
        let block: AddressBlock
        let kind: AddressClass

        init(_ text: String, _ length: Int, _ kind: AddressClass) {
            guard let address = IPAddress(text) else { preconditionFailure("no address: \(text)") }
            self.block = AddressBlock(address, prefixLength: length)
            self.kind = kind
        }
    }

    /// The special registries of IANA for IPv4; the first that holds an address counts.
    private static let blocksV4: [Entry] = [
        Entry("169.254.169.254", 32, .metadata), Entry("169.254.170.2", 32, .metadata),
        Entry("100.100.100.200", 32, .metadata), Entry("192.0.0.192", 32, .metadata),
        Entry("168.63.129.16", 32, .metadata), Entry("0.0.0.0", 8, .reserved), Entry("10.0.0.0", 8, .privateNetwork),
        Entry("100.64.0.0", 10, .sharedNetwork), Entry("127.0.0.0", 8, .loopback),
        Entry("169.254.0.0", 16, .linkLocal), Entry("172.16.0.0", 12, .privateNetwork),
        Entry("192.0.0.0", 24, .reserved), Entry("192.0.2.0", 24, .reserved), Entry("192.31.196.0", 24, .reserved),
        Entry("192.52.193.0", 24, .reserved), Entry("192.88.99.0", 24, .reserved),
        Entry("192.168.0.0", 16, .privateNetwork), Entry("192.175.48.0", 24, .reserved),
        Entry("198.18.0.0", 15, .reserved), Entry("198.51.100.0", 24, .reserved),
        Entry("203.0.113.0", 24, .reserved), Entry("224.0.0.0", 4, .multicast), Entry("240.0.0.0", 4, .reserved),
    ]

    private static let blocksV6: [Entry] = [
        Entry("::1", 128, .loopback), Entry("fd00:ec2::254", 128, .metadata), Entry("fd20:ce::254", 128, .metadata),
        Entry("fd00:ec2::23", 128, .metadata), Entry("fc00::", 7, .privateNetwork), Entry("fe80::", 10, .linkLocal),
        // Site-local, out of use since 2004, still routed somewhere.
        Entry("fec0::", 10, .privateNetwork), Entry("ff00::", 8, .multicast),
        // Teredo hides an IPv4 address behind an exclusive or; the rest of the block is protocols.
        Entry("2001::", 23, .reserved), Entry("2001:db8::", 32, .reserved), Entry("2002::", 16, .reserved),
        Entry("2620:4f:8000::", 48, .reserved), Entry("3fff::", 20, .reserved),
    ]

    /// All that was given to anybody so far.
    private static let global = AddressBlock(IPAddress("2000::")!, prefixLength: 3)

    /// How IPv6 addresses carry an IPv4 address: the block, and how many bits lie behind the address.
    private static let costumes: [(block: AddressBlock, shift: UInt64)] = [
        // Mapped (::ffff:0:0/96), translated (::ffff:0:0:0/96) and compatible (::/96).
        (AddressBlock(IPAddress("::ffff:0:0")!, prefixLength: 96), 0),
        (AddressBlock(IPAddress("::ffff:0:0:0")!, prefixLength: 96), 0),
        (AddressBlock(IPAddress("::")!, prefixLength: 96), 0),
        // NAT64, the well-known prefix and the local one.
        (AddressBlock(IPAddress("64:ff9b::")!, prefixLength: 96), 0),
        (AddressBlock(IPAddress("64:ff9b:1::")!, prefixLength: 48), 0),
    ]

    private static let sixToFour = AddressBlock(IPAddress("2002::")!, prefixLength: 16)
    private static let teredo = AddressBlock(IPAddress("2001::")!, prefixLength: 32)
    /// The address itself is no costume of 0.0.0.1.
    private static let loopbackV6 = IPAddress("::1")!
    /// ISATAP: the last 64 bits are 0000:5efe or 0200:5efe and an IPv4 address.
    private static let isatap: Set<UInt64> = [0x0000_5EFE, 0x0200_5EFE]

    private static func embedded(in address: IPAddress) -> IPAddress? {
        guard address.family == .v6, address != Self.loopbackV6 else { return nil }
        func inner(_ bits: UInt64) -> IPAddress {
            IPAddress(family: .v4, high: (bits & 0xFFFF_FFFF) << 32, low: 0)
        }
        if Self.costumes.contains(where: { $0.block.contains(address) }) { return inner(address.low) }
        if Self.sixToFour.contains(address) { return inner(address.high >> 16) }
        if Self.teredo.contains(address) { return inner(~address.low) }
        return Self.isatap.contains(address.low >> 32) ? inner(address.low) : nil
    }
}

extension IPAddress {
    /// The one text of the address: `10.0.0.1`, or the form of RFC 5952 without a dotted part, `2001:db8::1`.
    package var canonicalText: String {
        guard self.family == .v6 else {
            return (0..<4).map { String(self.high >> UInt64(56 - 8 * $0) & 0xFF) }.joined(separator: ".")
        }
        let groups = (0..<8).map { place in
            UInt16(truncatingIfNeeded: (place < 4 ? self.high : self.low) >> UInt64(48 - 16 * (place % 4)))
        }
        guard let gap = Self.longestGap(groups) else { return Self.text(groups[...]) }
        return Self.text(groups[..<gap.lowerBound]) + "::" + Self.text(groups[gap.upperBound...])
    }

    private static func text(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }

    /// The first of the longest rows of two or more zeros.
    private static func longestGap(_ groups: [UInt16]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start >= 2, end - start > (best?.count ?? 0) { best = start..<end }
            start = max(end, start + 1)
        }
        return best
    }
}
