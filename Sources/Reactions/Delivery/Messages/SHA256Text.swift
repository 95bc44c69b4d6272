import Crypto

/// SHA-256 as 64 hex digits.
package enum SHA256Text {
    package static func hex(of text: String) -> String {
        var text = text
        let digest = text.withUTF8 { SHA256.hash(data: UnsafeRawBufferPointer($0)) }
        return String(unsafeUninitializedCapacity: 2 * SHA256.byteCount) { buffer in
            var count = 0
            for byte in digest {
                buffer[count] = Self.digit(byte >> 4)
                buffer[count + 1] = Self.digit(byte & 0xF)
                count += 2
            }
            return count
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
