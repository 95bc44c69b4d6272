package import Events

/// Makes the ids of alerts: ULIDs (48 bits of milliseconds, 80 random bits, Crockford's base 32), so that they sort by
/// time and two reactors never make the same one.
package enum AlertIdentifiers {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    package static func make(at now: Timestamp, using generator: inout some RandomNumberGenerator) -> String {
        let milliseconds = UInt64(max(0, now.microseconds / 1000)) & 0xffff_ffff_ffff
        var high = milliseconds << 16 | UInt64(UInt16.random(in: .min ... .max, using: &generator))
        var low = UInt64.random(in: .min ... .max, using: &generator)
        var text = [UInt8](repeating: 0, count: 26)
        for index in text.indices.reversed() {
            text[index] = Self.alphabet[Int(low & 31)]
            low = low >> 5 | high << 59
            high >>= 5
        }
        return String(decoding: text, as: UTF8.self)
    }
}
