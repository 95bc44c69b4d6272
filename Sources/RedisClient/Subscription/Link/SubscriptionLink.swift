import NIOCore

/// Who hears from a link; always on its event loop.
protocol SubscriptionLinkOwner: AnyObject {
    var sink: any SubscriptionSink { get }

    /// How much has been delivered so far.
    var tally: DeliveryTally { get set }

    /// How many of the next messages may have been delivered by an earlier link already. They are delivered again but
    /// not counted again: what was received is what is deducted from a blind window's bound.
    var debt: DeliveryTally { get set }

    func link(_ link: SubscriptionLink, did input: SubscriptionSupervisor.Input)

    /// Whether it need not be told of a read before what the read brought, since it shows only that the link lives.
    func isAtEase(_ link: SubscriptionLink) -> Bool

    /// A run of reads is over that it need not be told of before.
    ///
    /// - Parameter drained: whether the socket was emptied.
    func link(_ link: SubscriptionLink, readAtEase drained: Bool)

    /// A message was skipped because of its size.
    func link(_ link: SubscriptionLink, skipped message: OversizeMessage)
}

/// One connection of a subscription: says who we are, subscribes, and gives what it reads to the sink in place.
///
/// It judges nothing. Everything besides messages goes to the owner, which decides through `SubscriptionSupervisor`.
final class SubscriptionLink: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Most reads in one turn of the event loop, so that nobody else on the loop waits for long.
    static let readsPerTurn: UInt = 16

    let id: LinkID
    private let privateChannel: PrivateChannel
    /// Nil once the link has left its channel. Until then the channel keeps the owner.
    private var owner: (any SubscriptionLinkOwner)?
    /// Until the server has answered everything that is said on a new connection.
    private var handshake: RedisHandshake?
    private var mode: FeedMode
    private var kept: KeptMessages
    private var moderation: ReadModeration
    private let rest: (Duration) -> Void
    /// Nil only while a batch has it.
    private var scanner: FrameScanner?
    private var context: ChannelHandlerContext?
    private var burstBytes = 0
    /// Whether the owner has not been told yet that bytes came: that is told once they are dealt with, or before anything
    /// else that they bring.
    private var isReadUntold = false
    /// Announced length of the last oversize message, as evidence should the link end within it.
    private var oversizeLength: Int?
    private var isPaused = false
    private var isOver = false

    /// - Parameter rest: lets the event loop's thread sleep.
    init(
        id: LinkID,
        mode: FeedMode,
        settings: SubscriptionSettings,
        privateChannel: PrivateChannel,
        owner: any SubscriptionLinkOwner,
        rest: @escaping (Duration) -> Void = ReadModeration.sleep
    ) {
        self.id = id
        self.mode = mode
        self.privateChannel = privateChannel
        self.owner = owner
        self.kept = KeptMessages(limit: settings.handoverBufferBytes, allocator: ByteBufferAllocator())
        self.moderation = settings.moderation
        self.rest = rest
        var limits = FrameLimits()
        limits.maxEventBytes = settings.maxEventBytes
        self.scanner = FrameScanner(limits: limits)
    }

    // MARK: Told by the owner

    /// Says who we are. `mode`: what to do with the messages that come after that.
    func start(_ mode: FeedMode, _ handshake: RedisHandshake) {
        self.mode = mode
        self.handshake = handshake
        self.send(handshake.commands)
    }

    func send(_ commands: [RedisCommand]) {
        guard let context, !self.isOver else { return }
        var buffer = context.channel.allocator.buffer(capacity: commands.reduce(0) { $0 + $1.encoded.count })
        for command in commands { buffer.writeBytes(command.encoded) }
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
    }

    /// From here on messages are dropped until `deliver()`, those that were kept included.
    func skip() {
        self.mode = .skip
        self.kept.drop()
        self.resumeReading()
    }

    func deliver() {
        self.mode = .deliver
    }

    func markKept() {
        self.kept.markHere()
    }

    /// Hands over what was kept, and delivers from here on.
    func release(fromMark: Bool) {
        self.mode = .deliver
        let bytes = self.kept.take(fromMark: fromMark)
        if bytes.readableBytes > 0 { self.deliverKept(bytes) }
        self.resumeReading()
    }

    /// The link is of no further use; nothing more is heard from it.
    func close() {
        guard !self.isOver else { return }
        self.isOver = true
        self.context?.close(promise: nil)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.end(.broken)
        self.owner = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isOver, let owner = self.owner else { return }
        let buffer = self.unwrapInboundIn(data)
        if self.burstBytes == 0 {
            self.isReadUntold = true
            if !owner.isAtEase(self) { self.tellRead() }
        }
        self.burstBytes += buffer.readableBytes
        owner.tally.bytes &+= UInt64(buffer.readableBytes)
        buffer.withVeryUnsafeBytes { storage in
            let bytes = UnsafeRawBufferPointer(rebasing: storage[buffer.readerIndex..<buffer.writerIndex])
            self.consume(bytes, slack: storage.count - buffer.writerIndex)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // A run of reads that was ended by its bound has left something in the socket.
        let bound = Int(Self.readsPerTurn) * RedisConnector.receiveBufferBytes
        let bytes = self.burstBytes
        let drained = bytes < bound - bound / 16
        self.burstBytes = 0
        if self.isReadUntold {
            self.isReadUntold = false
            if !self.isOver { self.owner?.link(self, readAtEase: drained) }
        } else {
            self.tell(.received(self.id, drained: drained))
        }
        context.fireChannelReadComplete()
        guard let rest = self.moderation.rest(afterRunOf: bytes), let owner, !owner.sink.isBehind else { return }
        self.rest(rest)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Before the handshake is over this is why there is no link: TLS, most of all.
        let isEarly = self.handshake != nil
        self.end(isEarly ? .connectFailed(RedisError(.connectFailed, "the connection failed: \(error)")) : .broken)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let (isMidFrame, announced) = self.unfinishedFrame()
        self.end(.closed(midFrame: isMidFrame, announced: announced))
        context.fireChannelInactive()
    }

    private func unfinishedFrame() -> (isMidFrame: Bool, announced: Int?) {
        switch self.scanner?.mode {
        case .carrying: (true, nil)
        case .skipping: (true, self.oversizeLength)
        case .direct, .failed, nil: (false, nil)
        }
    }

    // MARK: Reading

    /// Takes all frames of one read. Whatever may change who delivers what follows ends a segment.
    private func consume(_ bytes: UnsafeRawBufferPointer, slack: Int) {
        self.scanner?.feed(bytes, slack: slack)
        var isCut = true
        while isCut, !self.isOver {
            isCut = self.handshake != nil ? self.takeGreeting() : self.takeSegment()
        }
    }

    /// - Returns: whether there may be more.
    private func takeSegment() -> Bool {
        switch self.mode {
        case .deliver: self.deliverSegment()
        case .keep, .skip: self.holdSegment()
        }
    }

    private func deliverSegment() -> Bool {
        guard let owner, let scanner = self.scanner.take() else { return false }
        let before = owner.tally
        var batch = MessageBatch(scanner: scanner, tally: before, privateChannel: self.privateChannel)
        owner.sink.receive(&batch)
        batch.drain()
        owner.tally = batch.tally
        let (isCut, violation) = (batch.isCut, batch.violation)
        let controls = Self.settle(batch.controls, for: owner, since: before)
        self.scanner = batch.finish()
        for control in controls { self.take(control) }
        if let violation { self.end(.protocolViolation(violation)) }
        return isCut
    }

    /// Takes what an earlier link had delivered already out of the count, and out of what the probes among it say.
    private static func settle(
        _ controls: [LinkControl],
        for owner: any SubscriptionLinkOwner,
        since before: DeliveryTally
    ) -> [LinkControl] {
        guard owner.debt.hasMessages else { return controls }
        let debt = owner.debt
        owner.tally.pay(&owner.debt, since: before)
        return controls.map { control in
            guard case .probe(let number, var tally) = control else { return control }
            var debtThen = debt
            tally.pay(&debtThen, since: before)
            return .probe(number, tally)
        }
    }

    /// Keeps or drops messages, and takes out what concerns the subscription.
    private func holdSegment() -> Bool {
        do {
            while let frame = try self.scanner?.next() {
                switch self.privateChannel.classify(frame) {
                case .message, .ignored, .ownCopy, .probe:
                    // Our own probes, too, keep their place among the messages.
                    if self.mode == .keep { self.kept.append(frame) }
                case .marker(let number):
                    self.take(.marker(number))
                    return true
                case .control(let control):
                    self.take(control)
                }
            }
        } catch {
            self.end(.protocolViolation(error))
            return false
        }
        if self.mode == .keep, self.kept.isFull { self.pauseReading() }
        return false
    }

    private func takeGreeting() -> Bool {
        do {
            guard let frame = try self.scanner?.next() else { return false }
            guard let reply = RedisReply(frame), let step = self.handshake?.handle(reply) else { return true }
            switch step {
            case .wait:
                break
            case .ready:
                self.handshake = nil
                self.tell(.connected(self.id))
            case .failed(let error):
                self.end(.refused(error))
            }
            return true
        } catch {
            self.end(.protocolViolation(error))
            return false
        }
    }

    private func take(_ control: LinkControl) {
        switch control {
        case .confirmed(let name, let isPattern): self.tell(.confirmed(self.id, name: name, isPattern: isPattern))
        case .unconfirmed(let name, let isPattern): self.tell(.unconfirmed(self.id, name: name, isPattern: isPattern))
        case .pong(let number): self.tell(.pong(self.id, number))
        case .probe(let number, let tally): self.tell(.probe(self.id, number, tally))
        case .marker(let number): self.tell(.marker(self.id, number))
        case .error(let error): self.end(.refused(error))
        case .unexpected: break
        case .oversize(let message):
            self.oversizeLength = message.length
            // One that is dropped or kept is delivered by the other link as well, or is part of a window.
            if self.mode == .deliver, !self.isOver { self.owner?.link(self, skipped: message) }
        }
    }

    private func deliverKept(_ buffer: ByteBuffer) {
        guard let owner else { return }
        var limits = FrameLimits()
        limits.maxEventBytes = Int.max
        buffer.withVeryUnsafeBytes { storage in
            var scanner = FrameScanner(limits: limits)
            let bytes = UnsafeRawBufferPointer(rebasing: storage[buffer.readerIndex..<buffer.writerIndex])
            scanner.feed(bytes, slack: storage.count - buffer.writerIndex)
            let before = owner.tally
            var batch = MessageBatch(scanner: scanner, tally: before, privateChannel: self.privateChannel)
            owner.sink.receive(&batch)
            batch.drain()
            owner.tally = batch.tally
            for control in Self.settle(batch.controls, for: owner, since: before) { self.take(control) }
        }
    }

    // MARK: Back-pressure

    private func pauseReading() {
        guard !self.isPaused else { return }
        self.isPaused = true
        self.setAutoRead(false)
        self.tell(.keptIsFull(self.id))
    }

    private func resumeReading() {
        guard self.isPaused else { return }
        self.isPaused = false
        self.setAutoRead(true)
    }

    private func setAutoRead(_ value: Bool) {
        // Fails only on a channel that is closed.
        try? self.context?.channel.syncOptions?.setOption(.autoRead, value: value)
    }

    // MARK: Telling

    private func tell(_ input: SubscriptionSupervisor.Input) {
        guard !self.isOver else { return }
        self.tellRead()
        self.owner?.link(self, did: input)
    }

    private func tellRead() {
        guard self.isReadUntold else { return }
        self.isReadUntold = false
        self.owner?.link(self, did: .received(self.id, drained: false))
    }

    private func end(_ end: LinkEnd) {
        guard !self.isOver else { return }
        self.tell(.ended(self.id, end))
        self.close()
    }
}
