import NIOCore
package import NIOHTTP1
import NIOPosix
package import NIOSSL
import Synchronization

/// A receiver on a port of 127.0.0.1 that keeps what it is sent and answers what it is told to.
package final class SinkServer: Sendable {
    package struct Request: Sendable {
        package var head: HTTPRequestHead
        package var body: [UInt8]

        package subscript(name: String) -> String? { self.head.headers.first(name: name) }
        package var text: String { String(decoding: self.body, as: UTF8.self) }
    }

    package enum Answer: Sendable {
        case status(Int, headers: [String: String] = [:], body: String = "")
        /// The same, after a while.
        case late(Duration, status: Int)
        /// Nothing at all.
        case silence
        /// A head, and then a byte from time to time, for ever.
        case drip
        /// A head and more bytes than anybody wants.
        case flood
        /// The connection ends without an answer.
        case close
    }

    private struct State {
        var requests: [Request] = []
        var connections = 0
    }

    private let state = Mutex(State())
    private let channel: any Channel

    package var port: Int { self.channel.localAddress?.port ?? 0 }
    package var requests: [Request] { self.state.withLock { $0.requests } }
    package var connections: Int { self.state.withLock { $0.connections } }

    private init(channel: any Channel) { self.channel = channel }

    /// Runs one while `body` runs.
    /// - Parameter answer: is given the request and its number, from 0.
    package static func with<Value>(
        tls: NIOSSLContext? = nil,
        host: String = "127.0.0.1",
        answer: @escaping @Sendable (Request, Int) -> Answer,
        _ body: (SinkServer) async throws -> Value
    ) async throws -> Value {
        let holder = Holder()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 64)
            .childChannelInitializer { channel in
                holder.server.withLock { $0 }?.state.withLock { $0.connections += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        SinkHandler { request in
                            guard let server = holder.server.withLock({ $0 }) else { return .close }
                            let number = server.state.withLock { state in
                                state.requests.append(request)
                                return state.requests.count - 1
                            }
                            return answer(request, number)
                        }
                    )
                }
            }
            .bind(host: host, port: 0).get()
        let server = SinkServer(channel: channel)
        holder.server.withLock { $0 = server }
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        try await channel.close()
        return try result.get()
    }

    private final class Holder: Sendable {
        let server = Mutex<SinkServer?>(nil)
    }
}

private final class SinkHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: (SinkServer.Request) -> SinkServer.Answer
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ answer: @escaping (SinkServer.Request) -> SinkServer.Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            self.body = []
        case .body(let part):
            self.body += part.readableBytesView
        case .end:
            guard let head = self.head else { return }
            self.perform(self.answer(SinkServer.Request(head: head, body: self.body)), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func perform(_ answer: SinkServer.Answer, _ context: ChannelHandlerContext) {
        switch answer {
        case .status(let status, let headers, let body):
            self.start(context, status, headers: headers, length: body.utf8.count)
            context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
        case .late(let delay, let status):
            let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: TimeAmount(delay)) {
                let (handler, context) = loopBound.value
                guard context.channel.isActive else { return }
                handler.perform(.status(status), context)
            }
        case .silence:
            break
        case .drip:
            self.start(context, 200, headers: [:], length: 1_000_000)
            self.drip(context)
        case .flood:
            self.start(context, 200, headers: [:], length: 50_000_000)
            let part = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1 << 20)
            for _ in 0..<8 {
                context.writeAndFlush(self.wrapOutboundOut(.body(.byteBuffer(part))), promise: nil)
            }
        case .close:
            context.close(promise: nil)
        }
    }

    private func start(_ context: ChannelHandlerContext, _ status: Int, headers: [String: String], length: Int) {
        var all = HTTPHeaders(headers.map { ($0.key, $0.value) })
        all.add(name: "content-length", value: "\(length)")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: all)
        context.writeAndFlush(self.wrapOutboundOut(.head(head)), promise: nil)
    }

    private func drip(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        let part = ByteBuffer(string: ".")
        context.writeAndFlush(self.wrapOutboundOut(.body(.byteBuffer(part))), promise: nil)
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .milliseconds(50)) {
            let (handler, context) = loopBound.value
            handler.drip(context)
        }
    }
}
