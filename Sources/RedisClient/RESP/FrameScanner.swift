/// Finds the frames of a subscribed connection in the bytes of each read, without copying them.
///
/// An own bounded RESP2 scanner: hiredis' reader copies everything, knows no limit on lengths, does not check the bytes
/// behind a bulk and cannot skip a frame. The tests compare the two on every split of generated streams.
///
/// Use: `feed` the bytes of a read, then call `next()` until it returns nil; do so before the bytes go away. Only a
/// frame that straddles two reads is copied, into a carry buffer of its own.
package struct FrameScanner: ~Copyable {
    @usableFromInline
    enum Mode {
        /// At the first byte of a frame, in the receive buffer.
        case direct
        /// The carry buffer holds the beginning of a frame.
        case carrying
        /// Within a payload that is too long to keep.
        case skipping
        /// A violation was seen.
        case failed
    }

    @usableFromInline
    var mode = Mode.direct
    @usableFromInline
    var cursor: UnsafePointer<UInt8>
    @usableFromInline
    var end: UnsafePointer<UInt8>
    /// End of what may be read, at or behind `end`.
    @usableFromInline
    var readableEnd: UnsafePointer<UInt8>
    @usableFromInline
    let maxEventBytes: Int
    @usableFromInline
    let maxNameBytes: Int

    private let limits: FrameLimits
    private var carry = CarryBuffer()
    /// Length that the carried frame has at least, as far as its bytes tell.
    private var needed = 0
    /// Bytes of an oversize payload and its terminator that are still to come.
    private var toSkip = 0
    private var violation: FrameViolation?

    package init(limits: FrameLimits = FrameLimits()) {
        self.limits = limits
        self.maxEventBytes = limits.maxEventBytes
        self.maxNameBytes = limits.maxNameBytes
        self.cursor = UnsafePointer(self.carry.base)
        self.end = self.cursor
        self.readableEnd = self.cursor
    }

    /// Gives the scanner the bytes of one read. They must stay where they are until `next()` has returned nil.
    ///
    /// - Parameter slack: how many bytes behind the end of `bytes` may be read too (the unused rest of the receive
    ///   buffer); it only enters `ScannedFrame.readable`.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer, slack: Int = 0) {
        precondition(self.cursor == self.end, "the frames of the read before were not taken")
        guard let base = bytes.baseAddress else { return }
        self.cursor = base.assumingMemoryBound(to: UInt8.self)
        self.end = self.cursor + bytes.count
        self.readableEnd = self.end + slack
    }

    /// The next frame; nil when the rest of the read is used up.
    ///
    /// - Throws: `FrameViolation`, and the same again ever after.
    @inlinable
    package mutating func next() throws(FrameViolation) -> ScannedFrame? {
        if case .direct = self.mode, let frame = self.nextEvent() { return frame }
        return try self.nextOfAnyKind()
    }

    /// A whole event at the cursor, the only kind of frame that is frequent; nil when there is something else.
    @inlinable
    mutating func nextEvent() -> ScannedFrame? {
        let raw = UnsafeRawPointer(self.cursor)
        // The shortest one is "*3 $7 message $0 (empty) $0 (empty)" with its terminators: 29 bytes.
        guard self.end - self.cursor >= 28 else { return nil }
        let first = UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self))
        let second = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        let third = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
        if first == FrameHead.message, second == FrameHead.messageName, third & 0xFFFF == FrameHead.messageEnd {
            return self.nextEvent(.message, pattern: UnsafeRawBufferPointer(start: nil, count: 0), at: self.cursor + 18)
        }
        guard first == FrameHead.pattern, second == FrameHead.patternName, third & 0xFF_FFFF == FrameHead.patternEnd
        else { return nil }
        var at = self.cursor + 19
        guard let pattern = self.shortName(&at) else { return nil }
        return self.nextEvent(.patternMessage, pattern: pattern, at: at)
    }

    /// Channel and payload of an event, `at` behind the `$` of the channel's length.
    @inlinable
    mutating func nextEvent(
        _ kind: ScannedFrame.Kind,
        pattern: UnsafeRawBufferPointer,
        at start: UnsafePointer<UInt8>
    ) -> ScannedFrame? {
        var at = start
        guard let channel = self.shortName(&at) else { return nil }
        let length = self.shortLength(&at)
        guard length >= 0, length <= self.maxEventBytes, self.end - at >= length + 2 else { return nil }
        guard at[length] == 0x0D, at[length + 1] == 0x0A else { return nil }
        self.cursor = at + length + 2
        return ScannedFrame(
            kind,
            pattern: pattern,
            channel: channel,
            payload: UnsafeRawBufferPointer(start: at, count: length),
            readable: self.readableEnd - at
        )
    }

    /// Reads a name from behind the `$` of its length to behind the `$` of the next one; nil when there is anything
    /// else or the read ends.
    @inlinable
    func shortName(_ at: inout UnsafePointer<UInt8>) -> UnsafeRawBufferPointer? {
        let length = self.shortLength(&at)
        guard length >= 0, length <= self.maxNameBytes, self.end - at > length + 3 else { return nil }
        let name = UnsafeRawBufferPointer(start: at, count: length)
        guard at[length] == 0x0D, at[length + 1] == 0x0A, at[length + 2] == 0x24 else { return nil }
        at += length + 3
        return name
    }

    /// Reads a plain decimal number and its terminator; -1 when there is anything else or the read ends.
    @inlinable
    func shortLength(_ at: inout UnsafePointer<UInt8>) -> Int {
        let first = at
        var value = 0
        while at < self.end {
            let digit = at[0] &- 0x30
            guard digit <= 9 else { break }
            value = value &* 10 &+ Int(digit)
            at += 1
        }
        // A leading zero or more than nine digits: the thorough way decides.
        let digits = at - first
        guard digits > 0, digits < 10, first[0] != 0x30 || digits == 1 else { return -1 }
        guard self.end - at >= 2, at[0] == 0x0D, at[1] == 0x0A else { return -1 }
        at += 2
        return value
    }

    // MARK: The thorough way

    @usableFromInline
    mutating func nextOfAnyKind() throws(FrameViolation) -> ScannedFrame? {
        if let violation = self.violation {
            self.cursor = self.end
            throw violation
        }
        do {
            while self.cursor < self.end {
                switch self.mode {
                case .direct:
                    self.carry.shrink()
                    if let frame = try self.scanDirect() { return frame }
                case .carrying:
                    if let frame = try self.scanCarried() { return frame }
                case .skipping:
                    try self.skip()
                case .failed:
                    preconditionFailure("a failed scanner has its violation")
                }
            }
            return nil
        } catch {
            self.violation = error
            self.mode = .failed
            self.cursor = self.end
            throw error
        }
    }

    private mutating func scanDirect() throws(FrameViolation) -> ScannedFrame? {
        var reader = FrameReader(
            start: self.cursor,
            end: self.end,
            readableEnd: self.readableEnd,
            limits: self.limits
        )
        switch try reader.read() {
        case .frame(let frame, let length):
            self.cursor += length
            return frame
        case .oversize(let frame, let length, let rest):
            self.cursor += length
            self.startSkipping(rest)
            return frame
        case .incomplete(let needed):
            self.carry.append(self.cursor, count: self.end - self.cursor)
            self.needed = needed
            self.cursor = self.end
            self.mode = .carrying
            return nil
        }
    }

    /// Completes the carried frame with as many bytes as it needs; what was taken too much is given back.
    private mutating func scanCarried() throws(FrameViolation) -> ScannedFrame? {
        // While the head is not complete its length is unknown: take a few bytes rather than one at a time.
        let taken = min(max(self.needed - self.carry.count, 64), self.end - self.cursor)
        self.carry.append(self.cursor, count: taken)
        self.cursor += taken
        guard self.carry.count >= self.needed else { return nil }
        var reader = FrameReader(
            start: UnsafePointer(self.carry.base),
            end: UnsafePointer(self.carry.base) + self.carry.count,
            readableEnd: UnsafePointer(self.carry.base) + self.carry.readable,
            limits: self.limits
        )
        switch try reader.read() {
        case .frame(let frame, let length):
            self.leaveCarry(length)
            return frame
        case .oversize(let frame, let length, let rest):
            self.leaveCarry(length)
            self.startSkipping(rest)
            return frame
        case .incomplete(let needed):
            self.needed = needed
            return nil
        }
    }

    private mutating func leaveCarry(_ length: Int) {
        self.cursor -= self.carry.count - length
        self.carry.clear()
        self.mode = .direct
    }

    private mutating func startSkipping(_ rest: Int) {
        self.toSkip = rest
        self.mode = rest > 0 ? .skipping : .direct
    }

    private mutating func skip() throws(FrameViolation) {
        // The last two bytes are the terminator.
        let payload = min(self.toSkip - 2, self.end - self.cursor)
        if payload > 0 {
            self.cursor += payload
            self.toSkip -= payload
        }
        while self.toSkip > 0 && self.toSkip <= 2 && self.cursor < self.end {
            guard self.cursor[0] == (self.toSkip == 2 ? 0x0D : 0x0A) else { throw .missingTerminator }
            self.cursor += 1
            self.toSkip -= 1
        }
        if self.toSkip == 0 { self.mode = .direct }
    }
}

/// The first bytes of the two frames that hold events as little-endian numbers, so that three comparisons find them.
@usableFromInline
enum FrameHead {
    /// `*3 CR LF $7 CR LF`
    @usableFromInline
    static var message: UInt64 { 0x0A0D_3724_0A0D_332A }

    /// `message CR`
    @usableFromInline
    static var messageName: UInt64 { 0x0D65_6761_7373_656D }

    /// `LF $`
    @usableFromInline
    static var messageEnd: UInt32 { 0x240A }

    /// `*4 CR LF $8 CR LF`
    @usableFromInline
    static var pattern: UInt64 { 0x0A0D_3824_0A0D_342A }

    /// `pmessage`
    @usableFromInline
    static var patternName: UInt64 { 0x6567_6173_7365_6D70 }

    /// `CR LF $`
    @usableFromInline
    static var patternEnd: UInt32 { 0x24_0A0D }
}
