import Glibc
import NIOCore
import NIOPosix
import ReactorTestKit
import RedisServer

@testable import RedisClient

extension SubscriptionFaultTests {
    /// Publishes 0, 1, 2, ... at a rate while `body` runs, on one connection with pipelining so that a server that
    /// stops finds what was published meanwhile when it goes on.
    ///
    /// - Returns: how many were published.
    static func publishNumbers(
        to server: RedisServerProcess,
        perSecond: Int,
        seconds: Int,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> Int {
        let total = perSecond * seconds
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await body() }
            let clock = ContinuousClock()
            let start = clock.now
            // Each portion on a connection of its own: those that are made while the server is stopped wait in its
            // queue, as the connections of many producers do.
            for portion in stride(from: 0, to: total, by: perSecond / 100) {
                try await clock.sleep(until: start + .seconds(portion) / perSecond)
                tasks.addTask {
                    try await server.publish((portion..<portion + perSecond / 100).map(String.init), on: "aos.events")
                }
            }
            try await tasks.waitForAll()
        }
        return total
    }

    /// Whether numbers of the same portion stand in their order.
    static func areOrdered(_ numbers: [Int], within portion: Int) -> Bool {
        var last: [Int: Int] = [:]
        for number in numbers {
            if let before = last.updateValue(number, forKey: number / portion), before >= number { return false }
        }
        return true
    }

    /// A folder with a link `now.sock` that can be made to lead elsewhere.
    static func withSwitchedPath(
        _ body: @Sendable (_ folder: String, _ use: @Sendable (String) throws -> Void) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try await body(folder) { target in
                let next = "\(folder)/next.sock"
                guard symlink(target, next) == 0, rename(next, "\(folder)/now.sock") == 0 else {
                    throw ChannelError.operationUnsupported
                }
            }
        }
    }

    /// Passes what comes to a unix socket on to a port, and back.
    static func withUnixForwarder(
        _ path: String,
        to port: UInt16,
        _ body: @Sendable () async throws -> Void
    ) async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { client in
                let (toClient, toServer) = (ForwardingHandler(), ForwardingHandler())
                toClient.peer = toServer
                toServer.peer = toClient
                let bound = NIOLoopBound(toServer, eventLoop: client.eventLoop)
                return client.eventLoop.makeCompletedFuture { try client.pipeline.syncOperations.addHandler(toClient) }
                    .flatMap {
                        ClientBootstrap(group: client.eventLoop)
                            .channelInitializer { server in
                                server.eventLoop.makeCompletedFuture {
                                    try server.pipeline.syncOperations.addHandler(bound.value)
                                }
                            }
                            .connect(host: "127.0.0.1", port: Int(port))
                            .map { _ in }
                    }
            }
            .bind(unixDomainSocketPath: path)
            .get()
        do {
            try await body()
            try await listener.close()
        } catch {
            try await listener.close()
            throw error
        }
    }

    /// How many descriptors this process has open.
    static func openDescriptors() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return -1 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }
}

/// Passes what it reads to its peer's channel.
private final class ForwardingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    var peer: ForwardingHandler?
    private var context: ChannelHandlerContext?
    private var early: [ByteBuffer] = []

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        for buffer in self.early { context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil) }
        self.early = []
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.peer?.write(self.unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.peer?.context?.close(promise: nil)
        self.peer = nil
        context.fireChannelInactive()
    }

    private func write(_ buffer: ByteBuffer) {
        guard let context, context.channel.isActive else { return self.early.append(buffer) }
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
    }
}
