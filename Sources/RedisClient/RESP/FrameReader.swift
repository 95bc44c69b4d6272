/// Reads one frame of any kind from its first byte, checking everything.
///
/// A value for one attempt: when the bytes end within the frame it says how many the frame needs at least, and the
/// scanner tries again from the start of the frame once they are there.
struct FrameReader {
    enum Outcome {
        case frame(ScannedFrame, length: Int)
        /// `rest`: bytes behind `length` that still belong to the frame.
        case oversize(ScannedFrame, length: Int, rest: Int)
        case incomplete(needed: Int)
    }

    /// Why reading stopped before the end of the frame.
    private enum Stop: Error {
        case incomplete(needed: Int)
        case violation(FrameViolation)
    }

    /// An element that holds no others; or the head of an array.
    private enum Element {
        case simple(UnsafeRawBufferPointer)
        case error(UnsafeRawBufferPointer)
        case integer(Int64)
        case bulk(UnsafeRawBufferPointer)
        case null
        case array(Int)
    }

    private let start: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private let readableEnd: UnsafePointer<UInt8>
    private let limits: FrameLimits
    private var at: UnsafePointer<UInt8>
    private var elements = 0

    init(
        start: UnsafePointer<UInt8>,
        end: UnsafePointer<UInt8>,
        readableEnd: UnsafePointer<UInt8>,
        limits: FrameLimits
    ) {
        self.start = start
        self.end = end
        self.readableEnd = readableEnd
        self.limits = limits
        self.at = start
    }

    mutating func read() throws(FrameViolation) -> Outcome {
        do {
            return try self.readFrame()
        } catch {
            switch error {
            case .incomplete(let needed): return .incomplete(needed: needed)
            case .violation(let violation): throw violation
            }
        }
    }

    private var consumed: Int { self.at - self.start }

    // MARK: Frames

    private mutating func readFrame() throws(Stop) -> Outcome {
        let frame: ScannedFrame
        switch try self.element(limit: self.limits.maxEventBytes) {
        case .simple(let text): frame = ScannedFrame(.simple, payload: text)
        case .error(let text): frame = ScannedFrame(.error, payload: text)
        case .integer(let value): frame = ScannedFrame(.integer, integer: value)
        case .bulk(let bytes): frame = ScannedFrame(.bulk, payload: bytes, readable: self.readable(bytes))
        case .null: frame = ScannedFrame(.null)
        case .array(let count): return try self.readArray(count)
        }
        return .frame(frame, length: self.consumed)
    }

    private mutating func readArray(_ count: Int) throws(Stop) -> Outcome {
        guard count >= 2, count <= 4, let kind = try self.kind(elements: count) else {
            return try self.readOtherArray(count)
        }
        switch kind {
        case .message, .patternMessage: return try self.readMessage(kind)
        case .pong: return try self.readPong()
        default: return try self.readConfirmation(kind)
        }
    }

    /// Looks at the first element without moving. Nil when the array is none of those that a subscription gets.
    private mutating func kind(elements: Int) throws(Stop) -> ScannedFrame.Kind? {
        guard self.at < self.end else { throw .incomplete(needed: self.consumed + 1) }
        guard self.at[0] == UInt8(ascii: "$") else { return nil }
        let before = self.at
        guard case .bulk(let name) = try self.element(limit: self.limits.maxNameBytes) else {
            self.at = before
            return nil
        }
        if let kind = Self.kind(name, elements: elements) { return kind }
        self.at = before
        return nil
    }

    private static func kind(_ name: UnsafeRawBufferPointer, elements: Int) -> ScannedFrame.Kind? {
        switch elements {
        case 2 where name.equals("pong"): .pong
        case 3 where name.equals("message"): .message
        case 3 where name.equals("subscribe"): .subscribed
        case 3 where name.equals("psubscribe"): .patternSubscribed
        case 3 where name.equals("unsubscribe"): .unsubscribed
        case 3 where name.equals("punsubscribe"): .patternUnsubscribed
        case 4 where name.equals("pmessage"): .patternMessage
        default: nil
        }
    }

    private mutating func readMessage(_ kind: ScannedFrame.Kind) throws(Stop) -> Outcome {
        var frame = ScannedFrame(kind)
        if kind == .patternMessage { frame.pattern = try self.name() }
        frame.channel = try self.name()
        let length = try self.bulkHead(limit: self.limits.maxSkippedBytes)
        guard length > self.limits.maxEventBytes else {
            frame.payload = try self.bulkBody(length)
            frame.readable = self.readable(frame.payload)
            return .frame(frame, length: self.consumed)
        }
        let prefix = min(self.limits.prefixBytes, length)
        guard self.end - self.at >= prefix else { throw .incomplete(needed: self.consumed + prefix) }
        frame.kind = .oversize
        frame.integer = Int64(length)
        frame.payload = UnsafeRawBufferPointer(start: self.at, count: prefix)
        frame.readable = self.readable(frame.payload)
        self.at += prefix
        return .oversize(frame, length: self.consumed, rest: length + 2 - prefix)
    }

    private mutating func readPong() throws(Stop) -> Outcome {
        let text = try self.name()
        return .frame(ScannedFrame(.pong, payload: text, readable: self.readable(text)), length: self.consumed)
    }

    private mutating func readConfirmation(_ kind: ScannedFrame.Kind) throws(Stop) -> Outcome {
        var frame = ScannedFrame(kind)
        switch try self.element(limit: self.limits.maxNameBytes) {
        case .bulk(let name): frame.channel = name
        case .null: break
        default: return try self.readOtherArrayFromStart()
        }
        guard case .integer(let count) = try self.element(limit: self.limits.maxEventBytes) else {
            return try self.readOtherArrayFromStart()
        }
        frame.integer = count
        return .frame(frame, length: self.consumed)
    }

    /// A confirmation that is shaped like none: an array like any other.
    private mutating func readOtherArrayFromStart() throws(Stop) -> Outcome {
        self.at = self.start
        self.elements = 0
        guard case .array(let count) = try self.element(limit: 0) else {
            preconditionFailure("the frame was read as an array before")
        }
        return try self.readOtherArray(count)
    }

    private mutating func readOtherArray(_ count: Int) throws(Stop) -> Outcome {
        var depth = 0
        // Elements that are still to come at each level; a tuple would not nest, and this path is rare.
        var left = [count]
        while !left.isEmpty {
            guard left[depth] > 0 else {
                left.removeLast()
                depth -= 1
                continue
            }
            left[depth] -= 1
            guard case .array(let inner) = try self.element(limit: self.limits.maxEventBytes) else { continue }
            guard depth + 2 <= self.limits.maxDepth else { throw .violation(.tooDeep(limit: self.limits.maxDepth)) }
            left.append(inner)
            depth += 1
        }
        let whole = UnsafeRawBufferPointer(start: self.start, count: self.consumed)
        return .frame(ScannedFrame(.array, payload: whole, readable: self.readable(whole)), length: self.consumed)
    }

    // MARK: Elements

    private mutating func element(limit: Int) throws(Stop) -> Element {
        guard self.at < self.end else { throw .incomplete(needed: self.consumed + 1) }
        let type = self.at[0]
        switch type {
        case UInt8(ascii: "+"): return .simple(try self.line())
        case UInt8(ascii: "-"): return .error(try self.line())
        case UInt8(ascii: ":"): return .integer(try self.number())
        case UInt8(ascii: "$"):
            let length = try self.lengthLine()
            return length < 0 ? .null : .bulk(try self.bulkBody(try self.checked(length, limit: limit)))
        case UInt8(ascii: "*"):
            let count = try self.lengthLine()
            guard count >= 0 else { return .null }
            guard count <= self.limits.maxElements - self.elements else {
                throw .violation(.tooManyElements(limit: self.limits.maxElements))
            }
            self.elements += count
            return .array(count)
        default: throw .violation(.unknownType(type))
        }
    }

    private mutating func name() throws(Stop) -> UnsafeRawBufferPointer {
        try self.bulkBody(try self.bulkHead(limit: self.limits.maxNameBytes))
    }

    private mutating func bulkHead(limit: Int) throws(Stop) -> Int {
        guard self.at < self.end else { throw .incomplete(needed: self.consumed + 1) }
        guard self.at[0] == UInt8(ascii: "$") else { throw .violation(.unknownType(self.at[0])) }
        let length = try self.lengthLine()
        guard length >= 0 else { throw .violation(.malformedNumber) }
        return try self.checked(length, limit: limit)
    }

    private func checked(_ length: Int, limit: Int) throws(Stop) -> Int {
        guard length <= limit else { throw .violation(.bulkTooLong(length: length, limit: limit)) }
        return length
    }

    private mutating func bulkBody(_ length: Int) throws(Stop) -> UnsafeRawBufferPointer {
        guard self.end - self.at >= length + 2 else { throw .incomplete(needed: self.consumed + length + 2) }
        guard self.at[length] == 0x0D, self.at[length + 1] == 0x0A else { throw .violation(.missingTerminator) }
        let bytes = UnsafeRawBufferPointer(start: self.at, count: length)
        self.at += length + 2
        return bytes
    }

    /// The line behind the type byte, without its terminator.
    private mutating func line(limit: Int? = nil) throws(Stop) -> UnsafeRawBufferPointer {
        let limit = limit ?? self.limits.maxLineBytes
        let first = self.at + 1
        var last = first
        while last < self.end, last[0] != 0x0D, last[0] != 0x0A { last += 1 }
        guard last - first <= limit else { throw .violation(.lineTooLong(limit: limit)) }
        guard last < self.end else { throw .incomplete(needed: last - self.start + 1) }
        guard last[0] == 0x0D else { throw .violation(.missingTerminator) }
        guard last + 1 < self.end else { throw .incomplete(needed: last - self.start + 2) }
        guard last[1] == 0x0A else { throw .violation(.missingTerminator) }
        self.at = last + 2
        return UnsafeRawBufferPointer(start: first, count: last - first)
    }

    /// A length: a number from 0, or -1 for null.
    private mutating func lengthLine() throws(Stop) -> Int {
        let value = try self.number()
        guard value >= -1, value <= Int64(Int.max) else { throw .violation(.malformedNumber) }
        return Int(value)
    }

    /// A number as Redis writes it: no sign but `-`, no leading zero.
    private mutating func number() throws(Stop) -> Int64 {
        let digits = try self.line(limit: Self.longestNumber)
        guard let value = Int64(plainDecimal: digits) else { throw .violation(.malformedNumber) }
        return value
    }

    /// `-9223372036854775808` has 20 characters.
    private static let longestNumber = 20

    private func readable(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        return UnsafeRawPointer(self.readableEnd) - base
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these are the bytes of `text`.
    @inlinable
    package func equals(_ text: StaticString) -> Bool {
        self.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}

extension Int64 {
    /// A number without plus sign, leading zeros, blanks or minus zero, as the protocol writes it; else nil.
    init?(plainDecimal text: UnsafeRawBufferPointer) {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative ? text.dropFirst() : text[...]
        guard let first = digits.first, first != UInt8(ascii: "0") || (digits.count == 1 && !isNegative) else {
            return nil
        }
        var value: Int64 = 0
        for byte in digits {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (scaled, overflowed) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte - 0x30)
            let (next, overflowedToo) =
                isNegative ? scaled.subtractingReportingOverflow(digit) : scaled.addingReportingOverflow(digit)
            guard !overflowed, !overflowedToo else { return nil }
            value = next
        }
        self = value
    }
}
