import Crypto

/// What tells alerts apart: the first 8 bytes of SHA-256 over `key:tenant:domain`, written as 16 hex digits as the
/// original system writes them.
package struct Fingerprint: Sendable, Hashable, CustomStringConvertible {
    /// The 8 bytes, the first one highest.
    package let value: UInt64

    /// For example `2f419c51842c1e32` for `k`, `t`, `incidents`.
    package init(key: String, tenant: String, domain: String) {
        var text = ""
        text.reserveCapacity(key.utf8.count + tenant.utf8.count + domain.utf8.count + 2)
        text += key
        text += ":"
        text += tenant
        text += ":"
        text += domain
        self.init(of: text)
    }

    package init(of text: String) {
        var text = text
        self.value = text.withUTF8 { bytes in
            var hash = SHA256()
            hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
            return hash.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
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
