extension RedisReply {
    /// The reply that a scanned frame stands for, as an owned copy; nil for an oversize event, whose bytes are gone.
    package init?(_ frame: ScannedFrame) {
        switch frame.kind {
        case .message: self = .array([.bulk("message"), .bulk(frame.channel), .bulk(frame.payload)])
        case .patternMessage:
            self = .array([
                .bulk("pmessage"), .bulk(frame.pattern), .bulk(frame.channel), .bulk(frame.payload),
            ])
        case .subscribed: self = .confirmation("subscribe", frame)
        case .patternSubscribed: self = .confirmation("psubscribe", frame)
        case .unsubscribed: self = .confirmation("unsubscribe", frame)
        case .patternUnsubscribed: self = .confirmation("punsubscribe", frame)
        case .pong: self = .array([.bulk("pong"), .bulk(frame.payload)])
        case .simple: self = .simple(String(decoding: frame.payload, as: UTF8.self))
        case .error: self = .error(RedisError(reply: frame.payload))
        case .integer: self = .integer(frame.integer)
        case .bulk: self = .bulk(frame.payload)
        case .null: self = .null
        case .array: self = FrameTree.parse(frame.payload)
        case .oversize: return nil
        }
    }

    private static func bulk(_ text: StaticString) -> RedisReply {
        .bulk(Array(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)))
    }

    fileprivate static func bulk(_ bytes: UnsafeRawBufferPointer) -> RedisReply { .bulk(Array(bytes)) }

    private static func confirmation(_ name: StaticString, _ frame: ScannedFrame) -> RedisReply {
        let channel: RedisReply = frame.channel.baseAddress == nil ? .null : .bulk(frame.channel)
        return .array([.bulk(name), channel, .integer(frame.integer)])
    }
}

/// Reads the bytes of an array that the scanner has found to be well formed.
private enum FrameTree {
    static func parse(_ bytes: UnsafeRawBufferPointer) -> RedisReply {
        var rest = bytes[...]
        return Self.parse(&rest)
    }

    /// Goes as deep as the scanner allowed: a handful of levels.
    private static func parse(_ rest: inout Slice<UnsafeRawBufferPointer>) -> RedisReply {
        let type = rest.removeFirst()
        let line = UnsafeRawBufferPointer(rebasing: rest.prefix { $0 != 0x0D })
        rest = rest.dropFirst(line.count + 2)
        switch type {
        case UInt8(ascii: "+"): return .simple(String(decoding: line, as: UTF8.self))
        case UInt8(ascii: "-"): return .error(RedisError(reply: line))
        default: break
        }
        guard let number = Int64(plainDecimal: line) else {
            preconditionFailure("the scanner has checked every number")
        }
        switch type {
        case UInt8(ascii: ":"): return .integer(number)
        case _ where number < 0: return .null
        case UInt8(ascii: "*"): return .array((0..<number).map { _ in Self.parse(&rest) })
        default:
            let body = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(number)))
            rest = rest.dropFirst(Int(number) + 2)
            return .bulk(body)
        }
    }
}
