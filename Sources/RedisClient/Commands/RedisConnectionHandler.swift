import NIOCore
import NIOSSL
import NIOTLS
import TLSFailures

/// Who hears from a connection; always on its event loop.
protocol RedisConnectionDelegate: AnyObject {
    /// The connection may be used.
    func connectionReady(_ connection: RedisConnectionHandler, clientID: Int64?)

    /// The next reply, in the order of the commands.
    func connection(_ connection: RedisConnectionHandler, received reply: RedisReply)

    /// All replies of one read were given.
    func connectionReadComplete(_ connection: RedisConnectionHandler)

    /// The connection is gone. Called exactly once.
    func connection(_ connection: RedisConnectionHandler, endedWith error: RedisError)
}

/// The shell around `ConnectionStateMachine` and `ReplyDecoder` for a connection that commands are sent on.
final class RedisConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let decoder: ReplyDecoder
    private let greetingDeadline: TimeAmount
    private weak var delegate: (any RedisConnectionDelegate)?
    /// What happened before there was a delegate.
    private var unreported: [ConnectionStateMachine.Action] = []
    private var machine: ConnectionStateMachine
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?

    init(
        machine: ConnectionStateMachine,
        limits: ReplyLimits,
        greetingDeadline: Duration
    ) {
        self.machine = machine
        self.decoder = ReplyDecoder(limits: limits)
        self.greetingDeadline = TimeAmount(greetingDeadline)
    }

    /// Tells the delegate what happened so far and what happens from now on.
    func attach(_ delegate: any RedisConnectionDelegate) {
        self.delegate = delegate
        for action in self.unreported { self.report(action, to: delegate) }
        self.unreported = []
    }

    /// Writes formatted commands and flushes.
    func send(_ bytes: ByteBuffer) {
        guard let context else { return }
        context.writeAndFlush(self.wrapOutboundOut(bytes), promise: nil)
    }

    /// Closes the connection for this reason.
    func close(_ error: RedisError) {
        self.perform(self.machine.failed(error))
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { self.channelOpened(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.context = nil
        self.perform(self.machine.ended())
    }

    func channelActive(context: ChannelHandlerContext) {
        self.channelOpened(context)
        context.fireChannelActive()
    }

    private func channelOpened(_ context: ChannelHandlerContext) {
        guard self.timer == nil else { return }
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: self.greetingDeadline) {
            self.perform(self.machine.greetingDeadlinePassed())
        }
        self.perform(self.machine.opened())
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event { self.perform(self.machine.secured()) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = self.unwrapInboundIn(data)
        do throws(RedisError) {
            try buffer.withUnsafeReadableBytes { (bytes) throws(RedisError) in
                try self.decoder.decode(bytes) { reply in self.perform(self.machine.received(reply)) }
            }
        } catch {
            self.perform(self.machine.failed(error))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.delegate?.connectionReadComplete(self)
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.perform(self.machine.failed(Self.name(error)))
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.perform(self.machine.ended())
        context.fireChannelInactive()
    }

    // MARK: Actions

    private func perform(_ action: ConnectionStateMachine.Action) {
        switch action {
        case .none: break
        case .greet: self.greet()
        case .close: self.context?.close(promise: nil)
        case .becomeReady, .finish, .deliver:
            if case .deliver = action {} else { self.timer?.cancel() }
            guard let delegate else { return self.unreported.append(action) }
            self.report(action, to: delegate)
        }
    }

    private func report(_ action: ConnectionStateMachine.Action, to delegate: any RedisConnectionDelegate) {
        switch action {
        case .becomeReady(let clientID): delegate.connectionReady(self, clientID: clientID)
        case .deliver(let reply): delegate.connection(self, received: reply)
        case .finish(let error): delegate.connection(self, endedWith: error)
        case .none, .greet, .close: break
        }
    }

    private func greet() {
        guard let context else { return }
        var buffer = context.channel.allocator.buffer(capacity: 256)
        for command in self.machine.greeting { buffer.writeBytes(command.encoded) }
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
    }

    private static func name(_ error: any Error) -> RedisError {
        switch error {
        case let error as RedisError: error
        case NIOSSLError.uncleanShutdown: RedisError(.connectionClosed, "the server closed the connection")
        default:
            if let words = TLSFailure.words(for: error) {
                RedisError(.tlsFailed, words)
            } else {
                RedisError(.connectionClosed, "the connection failed: \(error)")
            }
        }
    }
}
