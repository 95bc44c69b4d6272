import Testing

@testable import EventPatterns

@Suite struct `Numbers` {
    @Test(arguments: [
        ("0", 0.0), ("-0", 0), ("-0.0e-7", 0), ("1", 1), ("1e0", 1), ("100e-2", 1), ("-2.50", -2.5), ("0.1", 0.1),
        ("123456789012345", 123_456_789_012_345), ("9007199254740992", 9_007_199_254_740_992), ("1e22", 1e22),
        ("1e23", 1e23),
        ("1.7976931348623157e308", Double.greatestFiniteMagnitude), ("5e-324", Double.leastNonzeroMagnitude),
        ("1E-320", Double(bitPattern: 2024)),
        ("5.684341886080802e-14", 5.684341886080802e-14), ("27.807807921694092", 27.807807921694092),
        ("0.000000000000000000000000000001", 1e-30), ("1000000000000000000000000000000", 1e30), (".5", 0.5), ("+5.", 5),
    ])
    func `are read when their double says all they say`(text: String, value: Double) {
        #expect(NumberValue(Array(text.utf8)) == .exact(value))
    }

    @Test(arguments: [
        "9007199254740993", "27.807807921694092123", "1e309", "-1e400", "1e-325",
        "1E-3200000000",
        "0.1000000000000000055511151231257827", "123456789012345678901234567890",
    ])
    func `keep their text otherwise`(text: String) {
        #expect(NumberValue(Array(text.utf8)) == .text(Array(text.utf8)))
    }

    @Test func `read back every double that is printed`() {
        var state: UInt64 = 42
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Double(bitPattern: state)
            guard value.isFinite else { continue }
            #expect(NumberValue(Array(value.description.utf8)) == .exact(value))
        }
    }
}

@Suite struct `Addresses` {
    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1"), ("255.255.255.255", "255.255.255.255"), ("10.0.0.01", "10.0.0.1"),
        ("1.02.003.4", "1.2.3.4"),
        ("::", "0:0:0:0:0:0:0:0"), ("::1", "0:0:0:0:0:0:0:1"), ("1::", "1:0:0:0:0:0:0:0"),
        ("2001:DB8::1", "2001:db8:0:0:0:0:0:1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1::7:8", "1:0:0:0:0:0:7:8"),
        ("0011:2233:4455:6677:8899:aabb:ccdd:eeff", "11:2233:4455:6677:8899:aabb:ccdd:eeff"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ])
    func `are read in every spelling`(text: String, plain: String) {
        #expect(IPAddress(text)?.description == plain)
    }

    @Test(arguments: [
        "", "1", "10.0.0", "10.0.0.0.1", "10.0.0.256", "010.0.0.1", "10.0.0.08", "10..0.1", ".10.0.0.1", "10.0.0.1 ",
        "a.b.c.d",
        "12:30", "ab:cd", ":", ":::", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
        "10000::", "g::", "fe80::1%eth0", "::ffff:10.0.0.1", "+1.2.3.4", "1.2.3.4/8",
    ])
    func `are not seen where there are none`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `a block holds the addresses that share its prefix`() throws {
        for length in 0...128 {
            let address = try #require(IPAddress("2001:db8:1234:5678:9abc:def0:1357:2468"))
            let block = AddressBlock(address, prefixLength: length)
            #expect(block.contains(address))
            guard length > 0 else { continue }
            // The last bit that is shared, flipped.
            let bit = UInt64(1) << UInt64((128 - length) % 64)
            var other = address
            if length <= 64 { other.high ^= bit } else { other.low ^= bit }
            #expect(!block.contains(other))
        }
    }
}

@Suite struct `Caseless text` {
    private static let scalars = (0..<0x30000).compactMap(Unicode.Scalar.init)

    /// What lets a rule be read from either end without going back.
    @Test func `no form of a character begins or ends with the other one`() {
        for scalar in Self.scalars {
            let unit = CaselessText.Unit(scalar)
            guard unit.lower != unit.upper else { continue }
            #expect(!unit.lower.starts(with: unit.upper) && !unit.upper.starts(with: unit.lower))
            #expect(!unit.lower.reversed().starts(with: unit.upper.reversed()))
            #expect(!unit.upper.reversed().starts(with: unit.lower.reversed()))
        }
    }

    /// What lets rules be found by folding.
    @Test func `both forms of every character fold alike and do not grow too much`() {
        for scalar in Self.scalars {
            let unit = CaselessText.Unit(scalar)
            guard unit.lower != unit.upper else { continue }
            #expect(CaseFolding.isFaithful(to: CaselessText(String(scalar))), "U+\(String(scalar.value, radix: 16))")
        }
    }

    @Test func `ASCII folds by bytes`() {
        for byte in UInt8(0)..<0x80 {
            let unit = CaselessText.Unit(Unicode.Scalar(byte))
            for other in UInt8(0)..<0x80 {
                #expect(
                    (unit.lower == [other] || unit.upper == [other]) == (byte.asciiLowercased == other.asciiLowercased)
                )
            }
        }
    }
}

@Suite struct `Finding pieces of wildcards` {
    @Test func `finds the first occurrence and takes linear time`() {
        func end(_ piece: String, _ value: String) -> Int? {
            let piece = Array(piece.utf8)
            let borders = PieceSearch.borders(of: piece)
            return Array(value.utf8).withUnsafeBufferPointer { value in
                PieceSearch.end(
                    of: piece,
                    count: piece.count,
                    borders: borders,
                    in: value.baseAddress!,
                    count: value.count
                )
            }
        }
        #expect(end("ab", "xxabab") == 4)
        #expect(end("aab", "aaab") == 4)
        #expect(end("aabaaa", "aabaabaaa") == 9)
        #expect(end("b", "aaa") == nil)
        #expect(end("aaab", "aaaaaaaa") == nil)
        #expect(end("abc", "ab") == nil)
    }
}
