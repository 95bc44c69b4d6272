import NIOCore

/// What one connection may do.
struct ConnectionLimits: Sendable {
    /// Bytes that a client may send without anything being written to it.
    var unansweredBytes: Int
    /// How long a client may leave what is written to it unread.
    var stall: TimeAmount
}

/// Closes a connection whose client sends without end or does not read.
///
/// The paths that take a body bound it (`BodyReader`), but what HTTP reads to skip one that nobody wants has no bound of its
/// own. Nor has the wait for a client to read an answer, while the client keeps one of the places for taps.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let limits: ConnectionLimits
    private var unanswered = 0
    /// Runs while the client does not read.
    private var stall: Scheduled<Void>?

    init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.unanswered += self.unwrapInboundIn(data).readableBytes
        guard self.unanswered <= self.limits.unansweredBytes else {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.unanswered = 0
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.stall?.cancel()
        self.stall = nil
        if !context.channel.isWritable {
            let channel = context.channel
            self.stall = context.eventLoop.scheduleTask(in: self.limits.stall) { channel.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.stall?.cancel()
        self.stall = nil
        context.fireChannelInactive()
    }
}

@available(*, unavailable)
extension ConnectionGuard: Sendable {}
