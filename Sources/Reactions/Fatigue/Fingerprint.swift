import Crypto

/// What tells alerts apart: the first 8 bytes of SHA-256 over `key:tenant:domain`, written as 16 hex digits as the
/// original system writes them.
package struct Fingerprint: Sendable, Hashable, LosslessStringConvertible {
    /// The 8 bytes, the first one highest.
    package let value: UInt64

    /// For example `2f419c51842c1e32` for `k`, `t`, `incidents`.
    package init(key: String, tenant: String, domain: String) {
        let length = key.utf8.count + tenant.utf8.count + domain.utf8.count + 2
        self = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: length) { bytes in
            var end = Self.write(key, to: bytes, at: 0)
            bytes.initializeElement(at: end, to: UInt8(ascii: ":"))
            end = Self.write(tenant, to: bytes, at: end + 1)
            bytes.initializeElement(at: end, to: UInt8(ascii: ":"))
            _ = Self.write(domain, to: bytes, at: end + 1)
            return Fingerprint(of: UnsafeRawBufferPointer(bytes))
        }
    }

    /// - Returns: Where the text ends.
    private static func write(_ text: String, to bytes: UnsafeMutableBufferPointer<UInt8>, at start: Int) -> Int {
        var text = text
        return text.withUTF8 { part in
            UnsafeMutableBufferPointer(rebasing: bytes[start...]).initialize(fromContentsOf: part) + start
        }
    }

    package init(of text: String) {
        var text = text
        self = text.withUTF8 { Fingerprint(of: UnsafeRawBufferPointer($0)) }
    }

    /// Nil for anything but what `description` writes.
    package init?(_ description: String) {
        guard description.utf8.count == 16 else { return nil }
        var value: UInt64 = 0
        for byte in description.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        self.value = value
    }

    private init(of bytes: UnsafeRawBufferPointer) {
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        // Bytes of the digest one by one would come out of an array that is made for it.
        self.value = hash.finalize().withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
    }

    package var description: String {
        var value = self.value
        return String(unsafeUninitializedCapacity: 16) { buffer in
            for index in stride(from: 15, through: 0, by: -1) {
                let digit = UInt8(value & 15)
                buffer[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                value >>= 4
            }
            return 16
        }
    }
}
