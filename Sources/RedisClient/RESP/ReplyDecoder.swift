import CHiredis

/// Turns the bytes of a command connection into replies, by hiredis' reader.
///
/// Not `Sendable`: it belongs to one connection. The limits are ours, hiredis has none.
package final class ReplyDecoder {
    /// The reader moves the rest of its buffer at each reply, so that large feeds cost quadratic time: 16 KiB is where
    /// the cost of a reply stops falling.
    private static let feedBytes = 16 * 1_024

    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let builder: ReplyBuilder
    private let limits: ReplyLimits
    private var failure: RedisError?

    package init(limits: ReplyLimits = ReplyLimits()) {
        self.limits = limits
        self.builder = ReplyBuilder(limits: limits)
        self.functions = ReplyBuilder.makeFunctions()
        // Fails only without memory; Swift ends the process then, too.
        guard let reader = redisReaderCreateWithFunctions(self.functions) else {
            fatalError("hiredis could not make a reader: no memory")
        }
        self.reader = reader
        // Unretained is enough: the reader calls only from within `decode`, and ends with this object.
        self.reader.pointee.privdata = Unmanaged.passUnretained(self.builder).toOpaque()
    }

    deinit {
        redisReaderFree(self.reader)
        self.functions.deallocate()
    }

    /// Takes the bytes of one read and gives each reply that they complete to `body`.
    ///
    /// - Throws: `RedisError` (`protocolViolation`), and the same again ever after.
    package func decode(_ bytes: UnsafeRawBufferPointer, _ body: (RedisReply) -> Void) throws(RedisError) {
        if let failure { throw failure }
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.feedBytes))
            rest = rest.dropFirst(piece.count)
            guard redisReaderFeed(self.reader, piece.baseAddress, piece.count) == REDIS_OK else {
                throw self.fail(self.readerError())
            }
            try self.drain(body)
            if let violation = self.violationOfPending() { throw self.fail(RedisError(violation)) }
        }
    }

    private func drain(_ body: (RedisReply) -> Void) throws(RedisError) {
        while true {
            var object: UnsafeMutableRawPointer?
            guard redisReaderGetReply(self.reader, &object) == REDIS_OK else {
                throw self.fail(self.readerError())
            }
            guard object != nil, let reply = self.builder.take() else { return }
            body(reply)
        }
    }

    private func fail(_ error: RedisError) -> RedisError {
        self.failure = error
        return error
    }

    private func readerError() -> RedisError {
        if let refusal = self.builder.refusal { return RedisError(refusal) }
        let text = withUnsafeBytes(of: self.reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(.protocolViolation, "the server sent what is not RESP2: \(text)")
    }

    /// Looks at the element that the reader waits for the end of, before its buffer grows without bound.
    private func violationOfPending() -> FrameViolation? {
        guard let buffer = self.reader.pointee.buf else { return nil }
        let count = self.reader.pointee.len - self.reader.pointee.pos
        guard count > 0 else { return nil }
        // The byte that tells the type is taken already; the type stands in the task.
        let pending = UnsafeRawBufferPointer(start: buffer + self.reader.pointee.pos, count: count)
        switch self.pendingType {
        case REDIS_REPLY_STATUS, REDIS_REPLY_ERROR:
            return count > self.limits.maxLineBytes ? .lineTooLong(limit: self.limits.maxLineBytes) : nil
        case REDIS_REPLY_STRING:
            return self.violationOfBulk(pending)
        case REDIS_REPLY_INTEGER, REDIS_REPLY_ARRAY:
            return count > Self.longestNumberLine ? .malformedNumber : nil
        default:
            return nil
        }
    }

    private var pendingType: Int32? {
        let index = Int(self.reader.pointee.ridx)
        guard index >= 0 else { return nil }
        return withUnsafeBytes(of: self.reader.pointee.rstack) { tasks in
            tasks.bindMemory(to: redisReadTask.self)[index].type
        }
    }

    private func violationOfBulk(_ pending: UnsafeRawBufferPointer) -> FrameViolation? {
        guard let end = pending.prefix(Self.longestNumberLine).firstIndex(of: 0x0D) else {
            return pending.count > Self.longestNumberLine ? .malformedNumber : nil
        }
        guard let length = Int64(plainDecimal: UnsafeRawBufferPointer(rebasing: pending[..<end])) else { return nil }
        guard length > Int64(self.limits.maxReplyBytes) else { return nil }
        return .bulkTooLong(length: Int(length), limit: self.limits.maxReplyBytes)
    }

    /// Sign, 19 digits, CR and LF.
    private static let longestNumberLine = 22
}
