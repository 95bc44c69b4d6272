import CHiredis

/// One command, formatted for the wire by hiredis.
///
/// Formatted where it is made, so that the event loop only copies bytes. No description or mirror shows the arguments:
/// one of them may be a password.
package struct RedisCommand: Sendable {
    /// The bytes for the wire.
    package let encoded: [UInt8]

    /// First argument, for logs and errors.
    package let name: String

    /// A command of text arguments; the first one is its name.
    package init(_ parts: String...) {
        self.init(parts.map { part in Array(part.utf8) })
    }

    /// A command of binary arguments; the first one is its name.
    package init(_ parts: [[UInt8]]) {
        precondition(!parts.isEmpty, "a command has a name")
        self.name = String(decoding: parts[0], as: UTF8.self)
        self.encoded = Self.encode(parts)
    }

    /// A command that is written already.
    init(name: String, encoded: [UInt8]) {
        self.name = name
        self.encoded = encoded
    }

    private static func encode(_ parts: [[UInt8]]) -> [UInt8] {
        // hiredis wants one pointer for each argument: all of them into one buffer, pointers computed from lengths.
        var flat: [UInt8] = []
        flat.reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for part in parts { flat.append(contentsOf: part) }
        return flat.withUnsafeBytes { bytes in
            let base = bytes.bindMemory(to: CChar.self).baseAddress
            var offset = 0
            var arguments: [UnsafePointer<CChar>?] = parts.map { part in
                defer { offset += part.count }
                // An empty argument of an otherwise empty buffer has no address; hiredis then copies no byte.
                return base.map { $0 + offset }
            }
            return Self.format(&arguments, parts.map(\.count))
        }
    }

    private static func format(_ arguments: inout [UnsafePointer<CChar>?], _ lengths: [Int]) -> [UInt8] {
        var formatted: sds?
        let length = redisFormatSdsCommandArgv(&formatted, Int32(arguments.count), &arguments, lengths)
        // hiredis fails in one way only: no memory. Swift ends the process then, too.
        guard length >= 0, let formatted else { fatalError("hiredis could not format a command: no memory") }
        defer { redisFreeSdsCommand(formatted) }
        return Array(UnsafeRawBufferPointer(start: formatted, count: Int(length)))
    }
}

extension RedisCommand: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(self.name) (\(self.encoded.count) bytes)" }

    package var debugDescription: String { self.description }

    package var customMirror: Mirror { Mirror(self, children: ["name": self.name]) }
}
