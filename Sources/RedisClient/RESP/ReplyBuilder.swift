import CHiredis

/// What hiredis' reader builds while it parses: our replies instead of `redisReply` objects.
///
/// hiredis calls with a task for each element, in the order of the stream; an array announces its length before its
/// elements. The reader only wants a non-null pointer back, for which one sentinel does.
final class ReplyBuilder {
    private struct OpenArray {
        var left: Int
        var elements: [RedisReply]
    }

    private let limits: ReplyLimits
    private var open: [OpenArray] = []
    private var finished: RedisReply?
    private var bytes = 0
    private var elements = 0
    /// Why the builder refused an element; hiredis itself can only say "out of memory".
    private(set) var refusal: FrameViolation?

    init(limits: ReplyLimits) {
        self.limits = limits
    }

    /// The reply whose last element has just been given.
    func take() -> RedisReply? {
        defer { self.reset() }
        return self.finished
    }

    private func reset() {
        self.finished = nil
        self.bytes = 0
        self.elements = 0
    }

    // MARK: What hiredis calls

    func addString(type: Int32, bytes: UnsafeRawBufferPointer) -> Bool {
        self.bytes += bytes.count
        guard self.bytes <= self.limits.maxReplyBytes else {
            return self.refuse(.bulkTooLong(length: self.bytes, limit: self.limits.maxReplyBytes))
        }
        switch type {
        case REDIS_REPLY_STATUS: self.add(.simple(String(decoding: bytes, as: UTF8.self)))
        case REDIS_REPLY_ERROR: self.add(.error(RedisError(reply: bytes)))
        default:
            // The reader waits for the terminator but does not look at it.
            guard let end = bytes.baseAddress.map({ $0 + bytes.count }),
                end.load(as: UInt8.self) == 0x0D, end.load(fromByteOffset: 1, as: UInt8.self) == 0x0A
            else { return self.refuse(.missingTerminator) }
            self.add(.bulk(Array(bytes)))
        }
        return true
    }

    func addInteger(_ value: Int64) -> Bool {
        self.add(.integer(value))
        return true
    }

    func addNull() -> Bool {
        self.add(.null)
        return true
    }

    func openArray(count: Int) -> Bool {
        self.elements += count
        guard self.elements <= self.limits.maxElements else {
            return self.refuse(.tooManyElements(limit: self.limits.maxElements))
        }
        guard count > 0 else {
            self.add(.array([]))
            return true
        }
        var elements: [RedisReply] = []
        // Memory by what has come, not by what is announced.
        elements.reserveCapacity(min(count, 1_024))
        self.open.append(OpenArray(left: count, elements: elements))
        return true
    }

    private func refuse(_ violation: FrameViolation) -> Bool {
        self.refusal = violation
        return false
    }

    /// Puts an element into the innermost open array, and closes the arrays that it completes.
    private func add(_ reply: RedisReply) {
        var reply = reply
        while let last = self.open.indices.last {
            self.open[last].elements.append(reply)
            self.open[last].left -= 1
            guard self.open[last].left == 0 else { return }
            reply = .array(self.open.removeLast().elements)
        }
        self.finished = reply
    }
}

extension ReplyBuilder {
    /// A table of hiredis' object functions that lead to the builder in the reader's `privdata`.
    ///
    /// The caller frees it, after the reader.
    static func makeFunctions() -> UnsafeMutablePointer<redisReplyObjectFunctions> {
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        functions.initialize(
            to: redisReplyObjectFunctions(
                createString: { task, text, length in
                    ReplyBuilder.build(task) { builder, task in
                        builder.addString(type: task.type, bytes: UnsafeRawBufferPointer(start: text, count: length))
                    }
                },
                createArray: { task, count in
                    ReplyBuilder.build(task) { builder, _ in builder.openArray(count: Int(count)) }
                },
                createInteger: { task, value in
                    ReplyBuilder.build(task) { builder, _ in builder.addInteger(Int64(value)) }
                },
                createNil: { task in
                    ReplyBuilder.build(task) { builder, _ in builder.addNull() }
                },
                freeObject: { _ in }
            )
        )
        return functions
    }

    /// Finds the builder of a task; the result is a sentinel that nobody follows, or null to make the reader stop.
    private static func build(
        _ task: UnsafePointer<redisReadTask>?,
        _ body: (ReplyBuilder, redisReadTask) -> Bool
    ) -> UnsafeMutableRawPointer? {
        guard let task, let context = task.pointee.privdata else { return nil }
        let builder = Unmanaged<ReplyBuilder>.fromOpaque(context).takeUnretainedValue()
        return body(builder, task.pointee) ? context : nil
    }
}
