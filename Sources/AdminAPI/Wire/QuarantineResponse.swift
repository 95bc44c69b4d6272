import Events
import FoundationEssentials
package import ReactorRuntime

/// Answer of `/v1/quarantine`: messages that were not events, the newest first.
package struct QuarantineResponse: Sendable, Hashable, Codable {
    package struct Entry: Sendable, Hashable, Codable {
        package var reason: String
        package var arrivedAt: String
        package var channel: String
        /// Of the whole message, in bytes.
        package var length: Int
        /// The first bytes for a reader: printable ASCII as it is, everything else as `\n`, `\t`, `\r`, `\\` or `\xNN`.
        package var prefix: String
        /// The same bytes exactly.
        package var prefixBase64: String

        enum CodingKeys: String, CodingKey {
            case reason
            case arrivedAt = "arrived_at"
            case channel
            case length
            case prefix
            case prefixBase64 = "prefix_base64"
        }
    }

    package var entries: [Entry]

    package init(_ entries: [QuarantineEntry]) {
        self.entries = entries.map(Entry.init)
    }
}

extension QuarantineResponse.Entry {
    package init(_ entry: QuarantineEntry) {
        self.init(
            reason: entry.reason,
            arrivedAt: entry.arrivedAt.rfc3339,
            channel: entry.channel,
            length: entry.length,
            prefix: Self.escaped(entry.prefix),
            prefixBase64: Data(entry.prefix).base64EncodedString()
        )
    }

    private static func escaped(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\\"): text += #"\\"#
            case UInt8(ascii: "\n"): text += #"\n"#
            case UInt8(ascii: "\r"): text += #"\r"#
            case UInt8(ascii: "\t"): text += #"\t"#
            case 0x20..<0x7F: text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += #"\x"# + (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return text
    }
}
