import CHiredis
import RedisClient

/// hiredis as it comes, with its own reply objects: the oracle for our scanner and for our decoder.
enum Hiredis {
    /// The replies that hiredis finds, and what it says when it gives up.
    static func parse(_ bytes: [UInt8]) -> (replies: [RedisReply], error: String?) {
        guard let reader = redisReaderCreate() else { return ([], "no memory") }
        defer { redisReaderFree(reader) }
        var replies: [RedisReply] = []
        for start in stride(from: 0, to: bytes.count, by: 16_384) {
            let piece = Array(bytes[start..<min(start + 16_384, bytes.count)])
            _ = piece.withUnsafeBytes { redisReaderFeed(reader, $0.baseAddress, $0.count) }
            while true {
                var object: UnsafeMutableRawPointer?
                guard redisReaderGetReply(reader, &object) == REDIS_OK else {
                    let text = withUnsafeBytes(of: reader.pointee.errstr) { bytes in
                        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                    }
                    return (replies, text)
                }
                guard let object else { break }
                defer { freeReplyObject(object) }
                replies.append(Self.copy(object.assumingMemoryBound(to: redisReply.self)))
            }
        }
        return (replies, nil)
    }

    private static func copy(_ reply: UnsafeMutablePointer<redisReply>) -> RedisReply {
        let object = reply.pointee
        let text = UnsafeRawBufferPointer(start: object.str, count: object.str == nil ? 0 : object.len)
        switch object.type {
        case REDIS_REPLY_STATUS: return .simple(String(decoding: text, as: UTF8.self))
        case REDIS_REPLY_ERROR: return .error(RedisError(reply: text))
        case REDIS_REPLY_INTEGER: return .integer(Int64(object.integer))
        case REDIS_REPLY_STRING: return .bulk(Array(text))
        case REDIS_REPLY_NIL: return .null
        default:
            return .array((0..<object.elements).compactMap { index in object.element[index].map(Self.copy) })
        }
    }
}
