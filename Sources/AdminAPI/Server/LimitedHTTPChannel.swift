import HummingbirdCore
import Logging
import NIOCore

/// HTTP/1.1 over a connection that is closed when the client sends more than a request here can need.
struct LimitedHTTPChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    let base: HTTP1Channel
    let byteLimit: Int

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        do {
            try channel.pipeline.syncOperations.addHandler(UnansweredByteLimit(self.byteLimit))
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return self.base.setup(channel: channel, logger: logger)
    }

    func handle(value: Value, logger: Logger) async {
        await self.base.handle(value: value, logger: logger)
    }
}

/// Closes a connection whose client sends more than `limit` bytes without anything being written to it.
///
/// No path here reads a body, and what HTTP reads to skip one has no bound of its own.
final class UnansweredByteLimit: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let limit: Int
    private var unanswered = 0

    init(_ limit: Int) {
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.unanswered += self.unwrapInboundIn(data).readableBytes
        guard self.unanswered <= self.limit else {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.unanswered = 0
        context.write(data, promise: promise)
    }
}

@available(*, unavailable)
extension UnansweredByteLimit: Sendable {}
