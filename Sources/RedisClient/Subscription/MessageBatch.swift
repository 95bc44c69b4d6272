/// The complete messages of one read, taken one after the other straight from the receive buffer.
///
/// What the subscription needs for itself (confirmations, answers to `PING`, the private channel) is taken out on the
/// way and never seen by the sink.
package struct MessageBatch: ~Copyable {
    /// One message. Good until the next call of `next()`, or until the sink returns.
    package struct Message {
        package let channel: UnsafeRawBufferPointer
        package let payload: UnsafeRawBufferPointer

        /// How many bytes may be read from the start of the payload; at least `payload.count`. What follows the payload
        /// is of no meaning, but a parser that reads in blocks needs no copy when there is enough of it.
        package let readable: Int

        @inlinable
        init(channel: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, readable: Int) {
            self.channel = channel
            self.payload = payload
            self.readable = readable
        }
    }

    @usableFromInline
    var scanner: FrameScanner
    @usableFromInline
    var tally: DeliveryTally
    @usableFromInline
    let privateNameLength: Int
    @usableFromInline
    let familyLength: Int
    let privateChannel: PrivateChannel
    var controls: [LinkControl] = []
    var violation: FrameViolation?
    /// A marker was reached: who delivers what follows is decided before anything more is taken.
    @usableFromInline
    var isCut = false

    init(scanner: consuming FrameScanner, tally: DeliveryTally, privateChannel: PrivateChannel) {
        self.scanner = scanner
        self.tally = tally
        self.privateChannel = privateChannel
        self.privateNameLength = privateChannel.name.count
        self.familyLength = SubscriptionSettings.privateChannelPrefix.utf8.count
    }

    /// The complete messages of bytes that did not come through a subscription: a recording, or a test's.
    ///
    /// - Parameter bytes: one read; they must stay where they are until the batch is gone.
    package init(reading bytes: UnsafeRawBufferPointer, limits: FrameLimits = FrameLimits()) {
        var scanner = FrameScanner(limits: limits)
        scanner.feed(bytes)
        self.init(
            scanner: scanner,
            tally: DeliveryTally(),
            privateChannel: PrivateChannel(name: SubscriptionSettings.privateChannelPrefix, token: "")
        )
    }

    /// The next message; nil when there is no further one.
    @inlinable
    package mutating func next() -> Message? {
        if self.isCut { return nil }
        while let frame = self.nextFrame() {
            let length = frame.channel.count
            if frame.kind == .message, length != self.privateNameLength {
                self.tally.channelMessages &+= 1
                return Message(channel: frame.channel, payload: frame.payload, readable: frame.readable)
            }
            // Shorter than what all private channels begin with.
            if frame.kind == .patternMessage, length < self.familyLength {
                self.tally.patternMessages &+= 1
                return Message(channel: frame.channel, payload: frame.payload, readable: frame.readable)
            }
            if let message = self.examine(frame) { return message }
            if self.isCut { return nil }
        }
        return nil
    }

    @inlinable
    mutating func nextFrame() -> ScannedFrame? {
        do {
            return try self.scanner.next()
        } catch {
            self.fail(error)
            return nil
        }
    }

    @usableFromInline
    mutating func fail(_ violation: FrameViolation) {
        self.violation = violation
    }

    /// A frame that is not an ordinary message, at least not at first sight.
    @usableFromInline
    mutating func examine(_ frame: ScannedFrame) -> Message? {
        switch self.privateChannel.classify(frame) {
        case .message:
            self.count(frame)
            return Message(channel: frame.channel, payload: frame.payload, readable: frame.readable)
        case .ignored:
            self.count(frame)
        case .ownCopy:
            break
        case .probe(let number):
            self.controls.append(.probe(number, self.tally))
        case .marker(let number):
            self.controls.append(.marker(number))
            self.isCut = true
        case .control(let control):
            if case .oversize = control { self.count(frame) }
            self.controls.append(control)
        }
        return nil
    }

    private mutating func count(_ frame: ScannedFrame) {
        // One that is too large has a kind of its own; it came through a pattern when it names one.
        if frame.kind == .patternMessage || !frame.pattern.isEmpty {
            self.tally.patternMessages &+= 1
        } else {
            self.tally.channelMessages &+= 1
        }
    }

    /// Takes what the sink left.
    mutating func drain() {
        while self.next() != nil {}
    }

    /// Ends the batch and gives the scanner back.
    consuming func finish() -> FrameScanner { self.scanner }
}
