/// Reads RESP2 replies from bytes that come in pieces. Written for clearness; an oracle, not a fast path.
struct RedisReplyParser {
    private var bytes: [UInt8] = []
    private var position = 0

    mutating func append(_ more: some Sequence<UInt8>) {
        self.bytes.append(contentsOf: more)
    }

    /// The next whole reply, or nil when more bytes are needed.
    mutating func next() throws -> RedisConsole.Reply? {
        let start = self.position
        guard let reply = try self.reply() else {
            self.position = start
            return nil
        }
        if self.position > 1 << 20 {
            self.bytes.removeFirst(self.position)
            self.position = 0
        }
        return reply
    }

    private mutating func reply() throws -> RedisConsole.Reply? {
        guard let line = self.line(), let kind = line.first else { return nil }
        let rest = String(line.dropFirst())
        switch kind {
        case "+": return .simple(rest)
        case "-": return .error(rest)
        case ":": return .integer(Int(rest) ?? 0)
        case "$": return try self.bulk(length: Int(rest) ?? -1)
        case "*": return try self.array(count: Int(rest) ?? -1)
        default: throw RedisConsole.Failure(description: "not a reply: \(line)")
        }
    }

    private mutating func bulk(length: Int) throws -> RedisConsole.Reply? {
        guard length >= 0 else { return .null }
        guard self.bytes.count >= self.position + length + 2 else { return nil }
        let text = String(decoding: self.bytes[self.position..<self.position + length], as: UTF8.self)
        self.position += length + 2
        return .bulk(text)
    }

    private mutating func array(count: Int) throws -> RedisConsole.Reply? {
        guard count >= 0 else { return .null }
        var elements: [RedisConsole.Reply] = []
        for _ in 0..<count {
            guard let element = try self.reply() else { return nil }
            elements.append(element)
        }
        return .array(elements)
    }

    private mutating func line() -> String? {
        guard let end = self.bytes[self.position...].firstIndex(of: UInt8(ascii: "\r")), end + 1 < self.bytes.count
        else { return nil }
        defer { self.position = end + 2 }
        return String(decoding: self.bytes[self.position..<end], as: UTF8.self)
    }
}
